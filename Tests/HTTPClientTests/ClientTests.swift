import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import TestSupport
import Testing

/// The client against a server that behaves.
@Suite
struct ClientTests {
    static func router() -> Router {
        var router = Router()
        router.on(.get, "/plain") { _ in .text(.ok, "hello") }
        router.on(.get, "/empty") { _ in .noContent }
        router.on(.get, "/echo-field") { request in .text(.ok, request.headers["x-test"] ?? "none") }
        router.on(.post, "/echo") { request in
            var body = request.body
            return .bytes(.created, try await body.collect(upTo: 1 << 20), type: "text/plain")
        }
        router.on(.get, "/parts") { _ in
            Response(status: .ok, body: .stream { writer in
                for part in ["one ", "two ", "three"] { try await writer.write(Array(part.utf8)) }
            })
        }
        return router
    }

    static func soon() -> Instant { .now + .seconds(30) }

    /// A client with one loop of its own.
    static func run(
        _ change: (inout HTTPClientOptions) -> Void = { _ in }, _ body: (HTTPClient) async throws -> Void
    ) async throws {
        var options = HTTPClientOptions()
        change(&options)
        let group = EventLoopGroup(count: 1, name: "client")
        defer { group.stop() }
        try await body(HTTPClient(group: group, options: options))
    }

    @Test func `requests and answers go both ways whole`() async throws {
        try await TestServer.run(Self.router()) { server in
            try await Self.run { client in
                let url = "http://127.0.0.1:\(server.port)"
                let get = try await client.send(ClientRequest(method: .get, url: url + "/plain", deadline: Self.soon()))
                #expect(get.status == .ok && get.body == Array("hello".utf8) && get.headers["content-length"] == "5")
                let large = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
                let post = try await client.send(
                    ClientRequest(method: .post, url: url + "/echo", body: large, deadline: Self.soon()))
                #expect(post.status == .created && post.body == large)
                let head = try await client.send(ClientRequest(method: .head, url: url + "/plain", deadline: Self.soon()))
                #expect(head.body.isEmpty && head.headers["content-length"] == "5")
                let parts = try await client.send(ClientRequest(method: .get, url: url + "/parts", deadline: Self.soon()))
                #expect(String(decoding: parts.body, as: UTF8.self) == "one two three")
                let none = try await client.send(ClientRequest(method: .get, url: url + "/empty", deadline: Self.soon()))
                #expect(none.status == .noContent && none.body.isEmpty)
                let missing = try await client.send(ClientRequest(method: .get, url: url + "/no", deadline: Self.soon()))
                #expect(missing.status == .notFound)
            }
        }
    }

    @Test func `one connection serves request after request`() async throws {
        try await TestServer.run(Self.router()) { server in
            try await Self.run { client in
                for _ in 0..<50 {
                    let request = ClientRequest(
                        method: .get, url: "http://127.0.0.1:\(server.port)/plain", deadline: Self.soon())
                    _ = try await client.send(request)
                }
                #expect(server.server.connectionCount == 1)
            }
        }
    }

    @Test func `requests at once share so many connections and wait for the rest`() async throws {
        try await TestServer.run(Self.router()) { server in
            try await Self.run({ $0.connectionsPerHostMax = 4 }) { client in
                let url = "http://127.0.0.1:\(server.port)/parts"
                let bodies = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<100 {
                        group.addTask {
                            try await client.send(ClientRequest(method: .get, url: url, deadline: Self.soon())).body.count
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(bodies == Array(repeating: 13, count: 100))
                #expect(server.server.connectionCount <= 4)
            }
        }
    }

    @Test func `a stream is handed out as it comes`() async throws {
        try await TestServer.run(Self.router()) { server in
            try await Self.run { client in
                let stream = try await client.open(
                    ClientRequest(method: .get, url: "http://127.0.0.1:\(server.port)/parts", deadline: Self.soon()))
                var text: [UInt8] = []
                while let part = try await stream.next(until: Self.soon()) { text += part }
                await stream.close()
                #expect(stream.status == .ok && String(decoding: text, as: UTF8.self) == "one two three")
            }
        }
    }

    @Test func `a value with a line break does not become a field or a request`() async throws {
        try await TestServer.run(Self.router()) { server in
            try await Self.run { client in
                let answer = try await client.send(ClientRequest(
                    method: .get, url: "http://127.0.0.1:\(server.port)/echo-field",
                    headers: ["x-test": "a\r\nx-other: b\r\n\r\nGET /plain HTTP/1.1"], deadline: Self.soon()))
                #expect(String(decoding: answer.body, as: UTF8.self) == "a  x-other: b    GET /plain HTTP/1.1")
            }
        }
    }

    @Test(arguments: [
        "https://a/", "ftp://a/", "a/b", "http://", "http:///x", "http://a:0/", "http://a:99999/", "http://u@a/", "http://a b/",
        "http://a/\r\nx", "http://a/ü", "http://[::1/",
    ])
    func `a URL that cannot be fetched is an error before anything is sent`(url: String) async throws {
        try await Self.run { client in
            await #expect(throws: HTTPClientError.invalidURL(url)) {
                try await client.send(ClientRequest(method: .get, url: url, deadline: Self.soon()))
            }
        }
    }
}
