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
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var breaker: CircuitBreaker
    private var address: (literal: String, until: Instant)?

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
            breaker.failed(at: .now)
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
        waiters.removeFirst().resume()
    }

    // MARK: Making connections

    private func take(until deadline: Instant) async throws(HTTPClientError) -> ClientConnection {
        while true {
            if let connection = takeIdle() { return connection }
            if open < options.connectionsPerHostMax { return try await connect(until: deadline) }
            guard waiters.count < options.waitingPerHostMax else { throw .overloaded }
            await withCheckedContinuation { waiters.append($0) }
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

    private func connect(until deadline: Instant) async throws(HTTPClientError) -> ClientConnection {
        open += 1
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
