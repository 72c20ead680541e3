import HTTPCore
import HTTPServer
import TestSupport
import Testing

/// What RFC 9110 and RFC 9112 ask of a server beyond reading the bytes, over a real socket.
@Suite
struct ProtocolTests {
    static func router() -> Router {
        var router = Router()
        router.on(.get, "/plain") { _ in .text(.ok, "hello") }
        router.on(.post, "/echo") { request in
            var body = request.body
            return .bytes(.ok, try await body.collect(upTo: 1_000), type: "text/plain")
        }
        router.on(.put, "/things/{id}") { request in .text(.created, request.parameters["id"] ?? "") }
        router.on(.get, "/parts") { _ in
            Response(status: .ok, body: .stream { writer in
                for part in ["one ", "two ", "three"] { try await writer.write(Array(part.utf8)) }
            })
        }
        router.on(.get, "/empty") { _ in .noContent }
        router.on(.get, "/broken") { _ in throw Broken() }
        router.on(.get, "/cut") { _ in
            Response(status: .ok, body: .stream { writer in
                try await writer.write(Array("begun".utf8))
                throw Broken()
            })
        }
        return router
    }
    struct Broken: Error {}

    /// Sends bytes on a new connection and gives the answers until the server closes; the test's own end is closed
    /// first, so that a kept connection ends.
    private func answers(_ text: String, heads: Set<Int> = [], _ server: TestServer) throws -> [RawAnswer] {
        let connection = try server.connect()
        connection.send(text)
        connection.finishSending()
        var answers: [RawAnswer] = []
        while let answer = connection.readAnswer(toHead: heads.contains(answers.count)) { answers.append(answer) }
        return answers
    }

    @Test func `HEAD has the fields of GET and no body`() async throws {
        try await TestServer.run(Self.router()) { server in
            let host = "HTTP/1.1\r\nHost: a\r\n\r\n"
            let both = try answers("HEAD /plain \(host)GET /plain \(host)", heads: [0], server)
            #expect(both.map(\.status) == [200, 200])
            #expect(both[0]["content-length"] == "5" && both[1].text == "hello")
            #expect(both[0]["content-type"] == both[1]["content-type"])
            let streamed = try answers("HEAD /parts \(host)GET /plain \(host)", heads: [0], server)
            #expect(streamed.map(\.status) == [200, 200])
            #expect(streamed[0]["transfer-encoding"] == "chunked")
        }
    }

    @Test func `a known method that the path has not is 405 with Allow, an unknown one 501`() async throws {
        try await TestServer.run(Self.router()) { server in
            let wrong = try answers("DELETE /plain HTTP/1.1\r\nHost: a\r\n\r\n", server)
            #expect(wrong.first?.status == 405 && wrong.first?["allow"] == "GET, HEAD, OPTIONS")
            #expect(try answers("TRACE /echo HTTP/1.1\r\nHost: a\r\n\r\n", server).first?["allow"] == "POST, OPTIONS")
            let options = try answers("OPTIONS /plain HTTP/1.1\r\nHost: a\r\n\r\n", server)
            #expect(options.first?.status == 204 && options.first?["allow"] == "GET, HEAD, OPTIONS")
            #expect(try answers("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", server).first?.status == 204)
            let unknown = try answers("BREW /plain HTTP/1.1\r\nHost: a\r\n\r\n", server)
            #expect(unknown.first?.status == 501 && unknown.first?["connection"] == "close")
        }
    }

    @Test func `a body that nobody wanted does not become the next request`() async throws {
        try await TestServer.run(Self.router()) { server in
            let smuggled = "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n"
            let length = "Content-Length: \(smuggled.utf8.count)\r\n\r\n"
            for target in ["DELETE /plain", "POST /nothing", "GET /plain", "HEAD /plain", "OPTIONS /plain"] {
                let text = "\(target) HTTP/1.1\r\nHost: a\r\n\(length)\(smuggled)"
                let all = try answers(text, heads: target.hasPrefix("HEAD") ? [0] : [], server)
                #expect(all.count == 1, "\(target)")
            }
        }
    }

    @Test func `a chunked body that came whole leaves the connection usable, whoever read it`() async throws {
        try await TestServer.run(Self.router()) { server in
            let chunks = "HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n"
            let all = try answers("POST /echo \(chunks)POST /nothing \(chunks)GET /plain HTTP/1.1\r\nHost: a\r\n\r\n", server)
            #expect(all.map(\.status) == [200, 404, 200])
            #expect(all.first?.text == "abcde")
        }
    }

    @Test func `a malformed chunked body is 400 before anybody acts on the request`() async throws {
        try await TestServer.run(Self.router()) { server in
            for target in ["POST /echo", "POST /nothing", "GET /plain"] {
                let text = "\(target) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n"
                let all = try answers(text, server)
                #expect(all.map(\.status) == [400] && all[0]["connection"] == "close", "\(target)")
            }
        }
    }

    @Test func `HTTP 1-0 closes unless asked, and its streams end with the connection`() async throws {
        try await TestServer.run(Self.router()) { server in
            let closing = try answers("GET /plain HTTP/1.0\r\n\r\nGET /plain HTTP/1.0\r\n\r\n", server)
            #expect(closing.count == 1 && closing[0]["connection"] == "close")
            let kept = try answers(
                "GET /plain HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /plain HTTP/1.0\r\n\r\n", server)
            #expect(kept.map { $0["connection"] } == ["keep-alive", "close"])
            let stream = try answers("GET /parts HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", server)
            #expect(stream.first?.text == "one two three" && stream.first?["transfer-encoding"] == nil)
            #expect(stream.first?["connection"] == "close")
        }
    }

    @Test func `Connection close ends the connection after the answer`() async throws {
        try await TestServer.run(Self.router()) { server in
            let connection = try server.connect()
            connection.send("GET /plain HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /plain HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(connection.readAnswer()?["connection"] == "close")
            let (rest, end) = connection.readToEnd()
            #expect(rest.isEmpty && end == .closed)
        }
    }

    @Test func `100 Continue is sent when somebody wants the body, and not otherwise`() async throws {
        try await TestServer.run(Self.router()) { server in
            let head = "HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
            let patient = try server.connect()
            patient.send("POST /echo \(head)")
            #expect(patient.readAnswer()?.status == 100)
            patient.send("hi")
            #expect(patient.readAnswer()?.text == "hi")

            let eager = try answers("POST /echo \(head)hi", server)
            #expect(eager.map(\.status) == [200])
            let unwanted = try answers("POST /nothing \(head)", server)
            #expect(unwanted.map(\.status) == [404] && unwanted[0]["connection"] == "close")
            let large = try answers(
                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n", server)
            #expect(large.map(\.status) == [413])
            let unknown = try answers(
                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: tea\r\n\r\nhi", server)
            #expect(unknown.map(\.status) == [417])
        }
    }

    @Test func `answers carry a date, a length, and no body where none may be`() async throws {
        try await TestServer.run(Self.router()) { server in
            let plain = try #require(try answers("GET /plain HTTP/1.1\r\nHost: a\r\n\r\n", server).first)
            #expect(plain["date"]?.hasSuffix(" GMT") == true && plain["date"]?.utf8.count == 29)
            let empty = try #require(try answers("GET /empty HTTP/1.1\r\nHost: a\r\n\r\n", server).first)
            #expect(empty.status == 204 && empty["content-length"] == nil && empty["transfer-encoding"] == nil)
        }
    }

    @Test func `an error in a handler is 500 without detail, and the connection lives on`() async throws {
        try await TestServer.run(Self.router()) { server in
            let get = "HTTP/1.1\r\nHost: a\r\n\r\n"
            let all = try answers("GET /broken \(get)GET /plain \(get)", server)
            #expect(all.map(\.status) == [500, 200])
            #expect(!all[0].text.contains("Broken"))
        }
    }

    @Test func `a stream that fails is cut off, so that nobody takes it for whole`() async throws {
        try await TestServer.run(Self.router()) { server in
            let connection = try server.connect()
            connection.send("GET /cut HTTP/1.1\r\nHost: a\r\n\r\n")
            let text = String(decoding: connection.readToEnd().bytes, as: UTF8.self)
            #expect(text.contains("5\r\nbegun\r\n") && !text.contains("0\r\n\r\n"))
        }
    }

    @Test(arguments: [
        ("/things/%41b", 201, "Ab"), ("/things/%E9%82%BB", 201, "邻"), ("/things/a.b", 201, "a.b"), ("/things/a+b", 201, "a+b"),
        ("/things/..", 400, nil), ("/things/%2e%2e", 400, nil), ("/things/../plain", 400, nil), ("/./things/a", 400, nil),
        ("/things/a%2Fb", 400, nil), ("/things/a%5cb", 400, nil), ("/things/%00", 400, nil), ("/things/%0d%0aX:y", 400, nil),
        ("/things/%zz", 400, nil), ("/things/%e", 400, nil), ("/things/%FF", 400, nil), ("/things/%C0%AF", 400, nil),
        ("/things/%ED%A0%80", 400, nil), ("/things/a\\b", 404, nil), ("//things/a", 404, nil), ("/things/a/", 404, nil),
        ("/things//a", 404, nil), ("/things/", 404, nil), ("/%74hings/a", 201, "a"), ("/things/a?x=../..%2f", 201, "a"),
        ("http://a/things/b", 201, "b"),
    ] as [(String, Int, String?)])
    func `paths are decoded once, after they are split`(target: String, status: Int, id: String?) async throws {
        try await TestServer.run(Self.router()) { server in
            let answer = try #require(try answers("PUT \(target) HTTP/1.1\r\nHost: a\r\n\r\n", server).first)
            #expect(answer.status == status)
            if let id { #expect(answer.text == id) }
        }
    }

    @Test func `the preface of HTTP 2 is refused as a version`() async throws {
        try await TestServer.run(Self.router()) { server in
            let all = try answers("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", server)
            #expect(all.map(\.status) == [505])
        }
    }

    @Test func `a request to upgrade is answered in HTTP 1-1`() async throws {
        try await TestServer.run(Self.router()) { server in
            let text = "GET /plain HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"
            let all = try answers(text, server)
            #expect(all.map(\.status) == [200])
        }
    }

    @Test func `values with line breaks cannot write fields of an answer`() async throws {
        var router = Router()
        router.on(.get, "/go") { request in .redirect(to: request.query["to"] ?? "/") }
        try await TestServer.run(router) { server in
            let answer = try #require(
                try answers("GET /go?to=/a%0d%0aSet-Cookie:%20x=y HTTP/1.1\r\nHost: a\r\n\r\n", server).first)
            #expect(answer.status == 303 && answer["set-cookie"] == nil)
        }
    }
}
