import HTTPCore
import HTTPServer
import TestSupport
import Testing

/// Peers that send or read as slowly as they can. Deadlines are made short, so that they pass while the test waits for
/// their effect; nothing is asserted about how long anything took.
@Suite
struct SlowPeerTests {
    private func limits(_ change: (inout HTTPLimits) -> Void) -> HTTPLimits {
        var limits = HTTPLimits()
        limits.lingerMilliseconds = 50
        change(&limits)
        return limits
    }

    @Test func `a head that never ends is 408`() async throws {
        try await TestServer.run(ProtocolTests.router(), limits: limits { $0.headMilliseconds = 50 }) { server in
            let connection = try server.connect()
            connection.send("GET /plain HTTP/1.1\r\nHost: a\r\nX: y")
            let answer = connection.readAnswer()
            #expect(answer?.status == 408 && answer?["connection"] == "close")
            #expect(connection.readToEnd().end == .closed)
        }
    }

    @Test func `a head that comes byte by byte has one deadline from its first byte`() async throws {
        try await TestServer.run(ProtocolTests.router(), limits: limits { $0.headMilliseconds = 50 }) { server in
            let connection = try server.connect()
            // Far more bytes than fit the deadline if each one granted another: it ends because the server ends it.
            var sent = 0
            connection.send("GET /plain HTTP/1.1\r\nHost: a\r\n")
            while sent < 100_000_000, connection.send("a:b\r\n".utf8.map { $0 }[sent % 5..<sent % 5 + 1].map { $0 }) { sent += 1 }
            let bytes = String(decoding: connection.readToEnd().bytes, as: UTF8.self)
            // 408, or 431 on a machine that is quick enough; a reset may have swallowed either.
            #expect(bytes.isEmpty || bytes.hasPrefix("HTTP/1.1 408") || bytes.hasPrefix("HTTP/1.1 431"))
        }
    }

    @Test func `a body that never ends is 408`() async throws {
        try await TestServer.run(ProtocolTests.router(), limits: limits { $0.bodyMilliseconds = 50 }) { server in
            for framing in ["Content-Length: 5\r\n\r\nhel", "Transfer-Encoding: chunked\r\n\r\n5\r\nhel"] {
                let connection = try server.connect()
                connection.send("POST /echo HTTP/1.1\r\nHost: a\r\n\(framing)")
                let answer = connection.readAnswer()
                #expect(answer?.status == 408 && answer?["connection"] == "close")
            }
        }
    }

    @Test func `an idle connection is closed in silence`() async throws {
        try await TestServer.run(ProtocolTests.router(), limits: limits { $0.idleMilliseconds = 50 }) { server in
            let unused = try server.connect()
            let used = try server.connect()
            used.send("GET /plain HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(used.readAnswer()?.status == 200)
            for connection in [unused, used] {
                let (bytes, end) = connection.readToEnd()
                #expect(bytes.isEmpty && end == .closed)
            }
        }
    }

    @Test func `a peer that reads nothing stops a stream after bounded output`() async throws {
        let written = Tally()
        let ended = Gate()
        var router = Router()
        router.on(.get, "/endless") { _ in
            Response(status: .ok, body: .stream { writer in
                defer { ended.open() }
                let part = [UInt8](repeating: 0x61, count: 16_384)
                while true {
                    try await writer.write(part)
                    written.add(part.count)
                }
            })
        }
        try await TestServer.run(router, limits: limits { $0.writeStallMilliseconds = 100 }) { server in
            let connection = try server.connect(receiveBufferBytes: 4_096)
            connection.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
            await ended.wait()
            // What the kernel's buffers hold, and no more.
            #expect(written.value > 0 && written.value < 32 << 20)
        }
    }

    @Test func `a pipeline whose answers nobody reads stops being served`() async throws {
        let served = Tally()
        let page = [UInt8](repeating: 0x61, count: 65_536)
        var router = Router()
        router.on(.get, "/page") { _ in
            served.add()
            return .bytes(.ok, page, type: "text/plain")
        }
        try await TestServer.run(
            router, limits: limits { $0.writeStallMilliseconds = 100; $0.requestsPerConnectionMax = 100_000 }
        ) { server in
            let connection = try server.connect(receiveBufferBytes: 4_096)
            for _ in 0..<100 { connection.send(String(repeating: "GET /page HTTP/1.1\r\nHost: a\r\n\r\n", count: 50)) }
            // A second client shows that the loop is alive; the first one's connection ends by the stall deadline.
            let other = try server.connect()
            other.send("GET /page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(other.readAnswer()?.body.count == page.count)
            while server.server.connectionCount > 0 { await Task.yield() }
            #expect(served.value < 5_000 && served.value * page.count < 64 << 20)
        }
    }

    @Test func `a flood of pipelined requests is answered in order`() async throws {
        var router = Router()
        router.on(.get, "/{n}") { request in .text(.ok, request.parameters["n"] ?? "") }
        try await TestServer.run(router, limits: limits { $0.requestsPerConnectionMax = 100_000 }) { server in
            let connection = try server.connect()
            for hundred in 0..<50 {
                let numbers = hundred * 100..<(hundred + 1) * 100
                connection.send(numbers.map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            }
            for number in 0..<5_000 {
                guard let answer = connection.readAnswer(), answer.text == String(number) else {
                    Issue.record("answer \(number) is missing or wrong")
                    return
                }
            }
        }
    }

    @Test func `a connection serves so many requests and no more`() async throws {
        try await TestServer.run(ProtocolTests.router(), limits: limits { $0.requestsPerConnectionMax = 3 }) { server in
            let connection = try server.connect()
            connection.send(String(repeating: "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n", count: 5))
            var fields: [String?] = []
            while let answer = connection.readAnswer() { fields.append(answer["connection"]) }
            #expect(fields == [nil, nil, "close"])
        }
    }
}
