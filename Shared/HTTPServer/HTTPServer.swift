import CLinux
public import EventLoop
public import HTTPCore
import Synchronization

/// The server cannot listen.
public struct ListenError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The errno value.
    public let code: Int32

    /// A sentence.
    public var description: String {
        switch code {
        case 98: "the port is taken"
        case 99: "the address is not one of this machine"
        case 13: "ports below 1024 need more rights"
        default: "error \(code)"
        }
    }
}

/// An HTTP/1.1 server: accepts connections on one loop and deals them to all in turn.
public final class HTTPServer: Sendable {
    private let address: String
    private let port: Int
    private let router: Router
    private let limits: HTTPLimits
    private let listening = Mutex<Listening?>(nil)

    private struct Listening {
        var acceptor: Acceptor
        var states: [LoopState]
        var port: Int
    }

    /// A server that does not listen yet. Port 0 lets the kernel choose; see ``boundPort``.
    public init(address: String, port: Int, router: Router, limits: HTTPLimits = HTTPLimits()) {
        self.address = address
        self.port = port
        self.router = router
        self.limits = limits
    }

    /// Begins to listen and to serve.
    public func start(on group: EventLoopGroup) async throws(ListenError) {
        let fd = clinux_listen(address, UInt16(clamping: port), 4_096, false)
        guard fd >= 0 else { throw ListenError(code: -fd) }
        let states = group.all.map { LoopState(loop: $0, shedding: router.shedding) }
        let acceptor = Acceptor(loop: group.all[0], fd: fd, router: router, limits: limits, states: states)
        listening.withLock {
            $0 = Listening(acceptor: acceptor, states: states, port: Int(clinux_bound_port(fd)))
        }
        group.all[0].spawn { await acceptor.run() }
    }

    /// The port it listens on; 0 before ``start(on:)``.
    public var boundPort: Int {
        listening.withLock { $0?.port ?? 0 }
    }

    /// Connections at the moment.
    public var connectionCount: Int {
        listening.withLock { $0?.acceptor.count.value ?? 0 }
    }

    /// Stops accepting, closes idle connections, lets the others finish their request until `deadline`, then cuts them.
    public func drain(deadline: Instant) async {
        guard let current = listening.withLock({ $0 }) else { return }
        await current.acceptor.stop()
        for state in current.states { state.loop.execute { state.drain() } }
        let loop = current.acceptor.loop
        while current.acceptor.count.value > 0, Instant.now < deadline {
            // Off the request path: looking ten times a second is enough.
            try? await loop.sleep(for: .milliseconds(10))
        }
        for state in current.states { state.loop.execute { state.abort() } }
    }
}

/// How many connections are open, in all and from each address.
final class ConnectionCount: Sendable {
    private let total = Atomic<Int>(0)
    private let byAddress = Locked<[String: Int]>([:])

    var value: Int { total.load(ordering: .relaxed) }

    /// Counts one more; false, and nothing counted, when a limit is reached. Addresses of this machine have no limit of
    /// their own: a proxy or a neighbour speaks for many.
    func enter(_ address: String, _ limits: HTTPLimits) -> Bool {
        guard total.wrappingAdd(1, ordering: .relaxed).newValue <= limits.connectionsMax else {
            total.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        guard !Self.isLocal(address) else { return true }
        let isAllowed = byAddress.withLock { counts in
            guard counts[address, default: 0] < limits.connectionsPerAddressMax else { return false }
            counts[address, default: 0] += 1
            return true
        }
        if !isAllowed { total.wrappingSubtract(1, ordering: .relaxed) }
        return isAllowed
    }

    func leave(_ address: String) {
        total.wrappingSubtract(1, ordering: .relaxed)
        guard !Self.isLocal(address) else { return }
        byAddress.withLock { counts in
            let left = counts[address, default: 1] - 1
            counts[address] = left > 0 ? left : nil
        }
    }

    private static func isLocal(_ address: String) -> Bool {
        address.hasPrefix("127.") || address == "::1"
    }
}

/// Takes connections from the listening socket.
actor Acceptor: LoopBound {
    nonisolated let loop: EventLoop
    nonisolated let count = ConnectionCount()
    private let fd: Int32
    private let router: Router
    private let limits: HTTPLimits
    private let states: [LoopState]
    private var source: IOSource?
    private var turn = 0
    private var isStopped = false

    /// Errno values that say "no descriptors left": accepting pauses instead of spinning.
    private static let exhausted: Set<Int> = [23, 24]
    /// How long it pauses.
    private static let exhaustedPause = Duration.milliseconds(50)
    /// Connections taken before those that are there get their turn.
    private static let acceptedInARowMax = 64

    init(loop: EventLoop, fd: Int32, router: Router, limits: HTTPLimits, states: [LoopState]) {
        self.loop = loop
        self.fd = fd
        self.router = router
        self.limits = limits
        self.states = states
    }

    func run() async {
        guard !isStopped, let source = try? IOSource(fd: fd, loop: loop, mode: .edge) else {
            _ = clinux_close(fd)
            return
        }
        self.source = source
        var inARow = 0
        while source.isOpen {
            var peer = [CChar](repeating: 0, count: 64)
            let client = Int(clinux_accept(fd, &peer, Int32(peer.count)))
            if client >= 0 {
                admit(Int32(client), String(decoding: peer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
                inARow += 1
                guard inARow % Self.acceptedInARowMax == 0 else { continue }
                await Task.yield()
            } else if Self.exhausted.contains(-client) {
                try? await loop.sleep(for: Self.exhaustedPause)
            } else if client == -11 {
                source.markNotReadable()
                _ = await source.waitReadable()
            }
        }
    }

    func stop() {
        isStopped = true
        source?.close()
        source = nil
    }

    private func admit(_ client: Int32, _ address: String) {
        guard count.enter(address, limits) else {
            _ = clinux_close(client)
            return
        }
        let state = states[turn % states.count]
        turn += 1
        let count = count, router = router, limits = limits
        let begin: @Sendable () -> Void = {
            ServerConnection.begin(
                fd: client, address: address, state: state, router: router, limits: limits) { count.leave(address) }
        }
        if state.loop === loop { begin() } else { state.loop.execute(begin) }
    }
}
