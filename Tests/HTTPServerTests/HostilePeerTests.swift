import EventLoop
import HTTPCore
import HTTPServer
import TestSupport
import Testing

/// Peers that break off, flood, or send what nobody asked for.
@Suite
struct HostilePeerTests {
    private let get = "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n"

    private func isAlive(_ server: TestServer) throws -> Bool {
        let connection = try server.connect()
        connection.send(get)
        return connection.readAnswer()?.status == 200
    }

    @Test func `a peer that ends its sending still gets its answers`() async throws {
        try await TestServer.run(ProtocolTests.router()) { server in
            let connection = try server.connect()
            connection.send(get + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi" + get)
            connection.finishSending()
            #expect(connection.readAnswer()?.status == 200)
            #expect(connection.readAnswer()?.text == "hi")
            #expect(connection.readAnswer()?.status == 200)
            #expect(connection.readToEnd().end == .closed)
        }
    }

    @Test func `a peer that ends its sending while the handler works still gets its answer`() async throws {
        let gate = Gate(), begun = Gate()
        var router = Router()
        router.on(.get, "/slow") { _ in
            begun.open()
            await gate.wait()
            return .text(.ok, "done")
        }
        try await TestServer.run(router) { server in
            let connection = try server.connect()
            connection.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            await begun.wait()
            connection.finishSending()
            gate.open()
            #expect(connection.readAnswer()?.text == "done")
        }
    }

    @Test func `the end of the stream within a head or a body ends the connection without an answer to guess`() async throws {
        let acted = Tally()
        var router = ProtocolTests.router()
        router.on(.post, "/act") { request in
            var body = request.body
            _ = try await body.collect(upTo: 100)
            acted.add()
            return .noContent
        }
        try await TestServer.run(router) { server in
            for text in [
                "GET /pl", "GET /plain HTTP/1.1\r\nHost: a\r\n",
                "POST /act HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel",
                "POST /act HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
                "POST /act HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            ] {
                let connection = try server.connect()
                connection.send(text)
                connection.finishSending()
                #expect(connection.readToEnd().end != .silent)
            }
            #expect(acted.value == 0)
            #expect(try isAlive(server))
        }
    }

    @Test func `a reset in the middle of a body leaves nothing behind`() async throws {
        let failed = Tally()
        var router = ProtocolTests.router()
        router.on(.post, "/take") { request in
            var body = request.body
            do { _ = try await body.collect(upTo: 1 << 20) } catch {
                failed.add()
                throw error
            }
            return .noContent
        }
        try await TestServer.run(router) { server in
            for _ in 0..<50 {
                let connection = try server.connect()
                connection.send("POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nsome of it")
                connection.reset()
            }
            #expect(try isAlive(server))
            while server.server.connectionCount > 0 { await Task.yield() }
            #expect(failed.value <= 50)
        }
    }

    @Test func `a reset while a stream is written ends the stream`() async throws {
        let ended = Gate()
        var router = Router()
        router.on(.get, "/events") { _ in
            Response(status: .ok, body: .stream { writer in
                defer { ended.open() }
                while true { try await writer.write(Array("data: x\n\n".utf8)) }
            })
        }
        try await TestServer.run(router) { server in
            let connection = try server.connect()
            connection.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(connection.read(through: "data: x") != nil)
            connection.reset()
            await ended.wait()
        }
    }

    @Test func `an answer before the body has come is read by a peer that goes on sending`() async throws {
        try await TestServer.run(ProtocolTests.router()) { server in
            let connection = try server.connect()
            connection.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
            // Within what the server still reads after its answer, so that no reset destroys it.
            connection.send([UInt8](repeating: 0x61, count: 100_000))
            let answer = connection.readAnswer()
            #expect(answer?.status == 413 && answer?["connection"] == "close")
            #expect(connection.readToEnd().end == .closed)
        }
    }

    @Test func `a body without end is refused at its limit, whatever it says`() async throws {
        try await TestServer.run(ProtocolTests.router()) { server in
            let connection = try server.connect()
            connection.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = "400\r\n" + String(repeating: "a", count: 1_024) + "\r\n"
            connection.send(chunk + chunk)
            #expect(connection.readAnswer()?.status == 413)
        }
    }

    @Test func `floods of fields, of a field, of a line, of empty lines and of chunk framing end in a refusal`() async throws {
        let start = "GET /plain HTTP/1.1\r\nHost: a\r\n"
        let chunked = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let floods: [(String, String, Int)] = [
            (start, "a: b\r\n", 431), (start + "x: ", "aaaaaaaaaaaaaaaa", 431), ("GET /", "aaaaaaaaaaaaaaaa", 414),
            ("", "\r\n", 400), (chunked + "1;", "aaaaaaaaaaaaaaaa", 400), (chunked, "1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n", 400),
            (chunked + "0\r\n", "t: aaaaaaaaaa\r\n", 431), (chunked + "0\r\nt: ", "aaaaaaaaaaaaaaaa", 431),
        ]
        try await TestServer.run(ProtocolTests.router()) { server in
            for (first, again, status) in floods {
                let connection = try server.connect()
                connection.send(first)
                var sent = 0
                let part = String(repeating: again, count: 64)
                // Bounded by what the server reads while it says goodbye, so that its answer survives.
                while sent < 60_000, connection.send(part) { sent += part.utf8.count }
                let answer = connection.readAnswer()
                #expect(answer?.status == status && answer?["connection"] == "close", "\(first.debugDescription)")
            }
            #expect(try isAlive(server))
        }
    }

    @Test func `connections beyond the limit are closed at once, and one that ends makes room`() async throws {
        var limits = HTTPLimits()
        limits.connectionsMax = 3
        try await TestServer.run(ProtocolTests.router(), limits: limits) { server in
            var kept: [RawConnection] = []
            for _ in 0..<3 {
                let connection = try server.connect()
                connection.send(get)
                #expect(connection.readAnswer()?.status == 200)
                kept.append(connection)
            }
            let (bytes, end) = try server.connect().readToEnd()
            #expect(bytes.isEmpty && end != .silent)
            kept.removeLast().close()
            while server.server.connectionCount > 2 { await Task.yield() }
            #expect(try isAlive(server))
        }
    }

    @Test func `draining finishes what runs, closes what idles and takes nothing new`() async throws {
        let gate = Gate(), begun = Gate()
        var router = ProtocolTests.router()
        router.on(.get, "/slow") { _ in
            begun.open()
            await gate.wait()
            return .text(.ok, "done")
        }
        try await TestServer.run(router) { server in
            let idle = try server.connect()
            idle.send(get)
            #expect(idle.readAnswer()?.status == 200)
            let busy = try server.connect()
            busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            await begun.wait()
            // On the loop: the threads of the pool may all be blocked by tests that read from sockets.
            let drained = server.group.all[0].spawn { await server.server.drain(deadline: .distantFuture) }
            #expect(idle.readToEnd().end == .closed)
            gate.open()
            let answer = busy.readAnswer()
            #expect(answer?.text == "done" && answer?["connection"] == "close")
            await drained.value
            #expect(throws: RawConnectionError.self) { try server.connect() }
        }
    }
}
