public import EventLoop
public import HTTPCore
public import HTTPServer

/// A server with its own loop, for tests over real sockets.
public struct TestServer: Sendable {
    /// The server.
    public let server: HTTPServer
    /// Its loop or loops.
    public let group: EventLoopGroup

    /// Where it listens.
    public var port: Int { server.boundPort }

    /// Runs `body` against a server with these routes and ends the server afterwards.
    public static func run(
        _ router: Router, limits: HTTPLimits = HTTPLimits(), loops: Int = 1,
        _ body: (TestServer) async throws -> Void
    ) async throws {
        let group = EventLoopGroup(count: loops, name: "test")
        let server = HTTPServer(address: "127.0.0.1", port: 0, router: router, limits: limits)
        try await server.start(on: group)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(TestServer(server: server, group: group)))
        } catch {
            result = .failure(error)
        }
        await server.drain(deadline: .now)
        group.stop()
        try result.get()
    }

    /// A new connection to it.
    public func connect(receiveBufferBytes: Int32? = nil) throws -> RawConnection {
        try RawConnection(port: port, receiveBufferBytes: receiveBufferBytes)
    }
}
