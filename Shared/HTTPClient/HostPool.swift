import CLinux
import EventLoop
import HTTPCore

/// The connections of one loop to one host.
actor HostPool: LoopBound {
    nonisolated let loop: EventLoop
    private let endpoint: Endpoint
    private let options: HTTPClientOptions
    private var idle: [ClientConnection] = []
    private var open = 0
    private var waiters: [Waiter] = []
    private var breaker: CircuitBreaker
    private var address: (literal: String, until: Instant)?

    /// A request that waits for a connection, and the timer that ends its wait.
    private struct Waiter {
        var id: Int
        var continuation: CheckedContinuation<Void, Never>
        var timer: TimerID
    }
    private var lastWaiterID = 0
    private var waiting = 0

    /// How long a resolved address is believed.
    private static let addressLifetime = Duration.seconds(5)

    init(loop: EventLoop, endpoint: Endpoint, options: HTTPClientOptions) {
        self.loop = loop
        self.endpoint = endpoint
        self.options = options
        breaker = CircuitBreaker(
            failuresToOpen: options.failuresToOpen, openFor: .milliseconds(options.openMilliseconds))
    }

    /// Sends a request once and reads the head of the answer. The caller gives the connection back.
    func exchange(
        _ bytes: [UInt8], isHead: Bool, until deadline: Instant
    ) async throws(HTTPClientError) -> (ResponseHead, ClientConnection) {
        guard breaker.admits(at: .now) else { throw .circuitOpen }
        do throws(HTTPClientError) {
            let result = try await exchangeOnce(bytes, isHead: isHead, until: deadline)
            breaker.succeeded()
            return result
        } catch {
            // A queue of ours that is full says nothing about the host.
            if error == .overloaded { breaker.undecided() } else { breaker.failed(at: .now) }
            throw error
        }
    }

    private func exchangeOnce(
        _ bytes: [UInt8], isHead: Bool, until deadline: Instant
    ) async throws(HTTPClientError) -> (ResponseHead, ClientConnection) {
        let connection = try await take(until: deadline)
        do throws(HTTPClientError) {
            return (try await connection.exchange(bytes, isHead: isHead, until: deadline), connection)
        } catch {
            discard(connection)
            throw error
        }
    }

    /// Takes a connection back after its answer has been read, or not.
    func giveBack(_ connection: ClientConnection) async {
        guard await connection.isUsable, idle.count < options.connectionsPerHostMax else { return discard(connection) }
        await connection.putAside()
        idle.append(connection)
        wakeOne()
    }

    private func discard(_ connection: ClientConnection) {
        connection.assumeIsolated { $0.close() }
        open -= 1
        wakeOne()
    }

    private func wakeOne() {
        guard !waiters.isEmpty else { return }
        wake(waiters.removeFirst())
    }

    private func wake(_ waiter: Waiter) {
        loop.cancel(waiter.timer)
        waiter.continuation.resume()
    }

    /// Waits until a connection may be free, or the deadline has passed.
    private func waitForTurn(until deadline: Instant) async {
        lastWaiterID += 1
        let id = lastWaiterID
        let timer = loop.schedule(at: deadline) { [weak self] in self?.assumeIsolated { $0.giveUp(id) } }
        await withCheckedContinuation { waiters.append(Waiter(id: id, continuation: $0, timer: timer)) }
    }

    private func giveUp(_ id: Int) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        wake(waiters.remove(at: index))
    }

    // MARK: Making connections

    private func take(until deadline: Instant) async throws(HTTPClientError) -> ClientConnection {
        while true {
            if let connection = takeIdle() { return connection }
            // Counted before the call: calling may suspend, and others would count the same place.
            if open < options.connectionsPerHostMax {
                open += 1
                return try await connect(until: deadline)
            }
            guard waiting < options.waitingPerHostMax else { throw .overloaded }
            waiting += 1
            await waitForTurn(until: deadline)
            waiting -= 1
            guard Instant.now < deadline else {
                wakeOne()
                throw .timedOut
            }
        }
    }

    /// The connection used last, which is the least likely to have been closed; stale ones are dropped on the way.
    private func takeIdle() -> ClientConnection? {
        let oldest = loop.turnTime.nanoseconds - options.idleMilliseconds * 1_000_000
        while let connection = idle.popLast() {
            let isFresh = connection.assumeIsolated { $0.isUsable && $0.idleSince.nanoseconds >= oldest }
            if isFresh { return connection }
            connection.assumeIsolated { $0.close() }
            open -= 1
        }
        return nil
    }

    /// Makes a connection for a place that is counted already.
    private func connect(until deadline: Instant) async throws(HTTPClientError) -> ClientConnection {
        do throws(HTTPClientError) {
            let literal = try await resolve()
            let limit = min(deadline, Instant.now + .milliseconds(options.connectMilliseconds))
            return try await ClientConnection.open(literal, endpoint.port, loop: loop, until: limit)
        } catch {
            open -= 1
            address = nil
            wakeOne()
            throw error
        }
    }

    private func resolve() async throws(HTTPClientError) -> String {
        if let address, address.until > .now { return address.literal }
        let host = endpoint.host
        if host.utf8.allSatisfy({ $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") || Self.isHex($0) }),
            host.contains(":") || host.last?.isNumber == true
        {
            return host
        }
        let literal = try? await BlockingPool.shared.run { () -> String? in
            var buffer = [CChar](repeating: 0, count: 64)
            guard clinux_resolve(host, &buffer, Int32(buffer.count)) == 0 else { return nil }
            return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        guard let literal else { throw .unresolvable(host: host) }
        address = (literal, Instant.now + Self.addressLifetime)
        return literal
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 6
    }
}
