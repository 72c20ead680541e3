public import EventLoop
public import HTTPCore
import Synchronization

/// An HTTP/1.1 client: connections are pooled per host and loop, every request has a deadline, idempotent ones are
/// retried a few times, and a host that keeps failing is left alone for a moment.
public final class HTTPClient: Sendable {
    private struct PoolKey: Hashable {
        var loop: ObjectIdentifier
        var endpoint: Endpoint
    }

    private let group: EventLoopGroup
    private let options: HTTPClientOptions
    private let pools = Mutex<[PoolKey: HostPool]>([:])

    /// A client on the loops of `group`; a request from one of them stays on it.
    public init(group: EventLoopGroup, options: HTTPClientOptions = HTTPClientOptions()) {
        self.group = group
        self.options = options
    }

    /// Sends a request and collects the whole answer. Any status is an answer, not an error.
    public func send(_ request: ClientRequest) async throws(HTTPClientError) -> ClientResponse {
        var attempt = 0
        while true {
            do throws(HTTPClientError) {
                return try await sendOnce(request)
            } catch {
                guard mayRetry(error, request, attempt) else { throw error }
                try await pause(attempt, until: request.deadline)
                attempt += 1
            }
        }
    }

    /// Sends a request and hands out the body of the answer as it comes. Close the stream when done with it early.
    public func open(_ request: ClientRequest) async throws(HTTPClientError) -> ClientStream {
        let (pool, bytes) = try prepare(request)
        let (head, connection) = try await pool.exchange(
            bytes, isHead: request.method == .head, until: request.deadline)
        return ClientStream(head: head, connection: connection, pool: pool)
    }

    private func sendOnce(_ request: ClientRequest) async throws(HTTPClientError) -> ClientResponse {
        let (pool, bytes) = try prepare(request)
        let (head, connection) = try await pool.exchange(
            bytes, isHead: request.method == .head, until: request.deadline)
        var body: [UInt8] = []
        do throws(HTTPClientError) {
            while let part = try await connection.nextBodyBytes(until: request.deadline) {
                guard body.count + part.count <= options.bodyBytesMax else { throw .malformedResponse("too large a body") }
                if body.isEmpty { body = part } else { body.append(contentsOf: part) }
            }
        } catch {
            await connection.close()
            await pool.giveBack(connection)
            throw error
        }
        await pool.giveBack(connection)
        return ClientResponse(status: head.status, headers: head.headers, body: body)
    }

    private func prepare(_ request: ClientRequest) throws(HTTPClientError) -> (HostPool, [UInt8]) {
        guard let (endpoint, target) = Endpoint.parse(request.url) else { throw .invalidURL(request.url) }
        let loop = group.next()
        let pool = pools.withLock { pools in
            let key = PoolKey(loop: ObjectIdentifier(loop), endpoint: endpoint)
            if let pool = pools[key] { return pool }
            let pool = HostPool(loop: loop, endpoint: endpoint, options: options)
            pools[key] = pool
            return pool
        }
        return (pool, RequestEncoder.encode(request, target: target, authority: endpoint.authority))
    }

    /// Trying again is right when nothing was sent, or when doing it twice is as good as once.
    private func mayRetry(_ error: HTTPClientError, _ request: ClientRequest, _ attempt: Int) -> Bool {
        guard attempt < options.retriesMax, Instant.now < request.deadline else { return false }
        switch error {
        case .refused: return true
        case .connectionLost: return request.idempotent
        case .invalidURL, .unresolvable, .timedOut, .malformedResponse, .circuitOpen, .overloaded: return false
        }
    }

    private func pause(_ attempt: Int, until deadline: Instant) async throws(HTTPClientError) {
        let base = options.retryMilliseconds << attempt
        let pause = Duration.milliseconds(base + Int64.random(in: 0...base))
        guard Instant.now + pause < deadline else { throw .timedOut }
        do {
            try await group.next().sleep(for: pause)
        } catch {
            throw .connectionLost
        }
    }
}

/// An answer whose body is read as it comes: event streams, files.
public struct ClientStream: Sendable {
    /// The status.
    public let status: HTTPStatus
    /// The fields.
    public let headers: HTTPHeaders
    private let connection: ClientConnection
    private let pool: HostPool

    init(head: ResponseHead, connection: ClientConnection, pool: HostPool) {
        status = head.status
        headers = head.headers
        self.connection = connection
        self.pool = pool
    }

    /// The next bytes; nil at the end. When the calling task is cancelled the connection is closed.
    public func next(until deadline: Instant) async throws(HTTPClientError) -> [UInt8]? {
        let connection = connection
        let result: Result<[UInt8]?, HTTPClientError> = await withTaskCancellationHandler {
            do throws(HTTPClientError) {
                return .success(try await connection.nextBodyBytes(until: deadline))
            } catch {
                return .failure(error)
            }
        } onCancel: {
            connection.loop.execute { connection.assumeIsolated { $0.close() } }
        }
        return try result.get()
    }

    /// Ends the stream; the connection is used again if the body was read to its end.
    public func close() async {
        await pool.giveBack(connection)
    }
}

/// Writes requests as bytes: head and body in one piece, so that they leave in one packet when they fit.
enum RequestEncoder {
    static func encode(_ request: ClientRequest, target: String, authority: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256 + request.body.count)
        bytes.append(contentsOf: request.method.name.utf8)
        bytes.append(0x20)
        bytes.append(contentsOf: target.utf8)
        bytes.append(contentsOf: " HTTP/1.1\r\nhost: ".utf8)
        bytes.append(contentsOf: authority.utf8)
        for field in request.headers {
            bytes.append(contentsOf: "\r\n".utf8)
            bytes.append(contentsOf: field.name.utf8)
            bytes.append(contentsOf: ": ".utf8)
            // A line break in a value would smuggle a second request.
            bytes.append(contentsOf: field.value.utf8.map { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 ? $0 : 0x20 })
        }
        if !request.body.isEmpty || [.post, .put, .patch].contains(request.method) {
            bytes.append(contentsOf: "\r\ncontent-length: \(request.body.count)".utf8)
        }
        bytes.append(contentsOf: "\r\n\r\n".utf8)
        bytes.append(contentsOf: request.body)
        return bytes
    }
}
