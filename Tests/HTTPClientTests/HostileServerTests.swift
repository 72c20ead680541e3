import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import Synchronization
import TestSupport
import Testing

/// The client against servers that lie, stall, break off and come back.
@Suite
struct HostileServerTests {
    private static let fine = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

    /// Reads one request without a body.
    private static func read(_ connection: RawConnection) -> Bool {
        connection.read(through: "\r\n\r\n") != nil
    }

    private static func get(_ server: RawServer, within: Duration = .seconds(30)) -> ClientRequest {
        ClientRequest(method: .get, url: server.url + "/", deadline: .now + within)
    }

    private static func post(_ server: RawServer) -> ClientRequest {
        ClientRequest(method: .post, url: server.url + "/", deadline: ClientTests.soon())
    }

    @Test(arguments: [
        "garbage\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 99 x\r\n\r\n", "HTTP/1.1 2000 x\r\n\r\n", "HTTP/1.1 2x0 x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\na : b\r\n\r\n", "HTTP/1.1 200 OK\r\na: b\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n", "HTTP/1.1 200 OK\r\n a: b\r\n\r\n", "HTTP/1.1 200 OK\r\na: \u{0}\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0x2\r\nok\r\n0\r\n\r\n", "HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n",
    ])
    func `an answer that is none is an error, and its connection is not used again`(text: String) async throws {
        let server = try RawServer { connection, index in
            guard Self.read(connection) else { return }
            connection.send(index == 0 ? text : Self.fine)
            _ = connection.readToEnd()
        }
        try await ClientTests.run { client in
            do {
                _ = try await client.send(Self.get(server))
                Issue.record("\(text.debugDescription) was taken")
            } catch {
                guard case .malformedResponse = error as? HTTPClientError else { throw error }
            }
            let answer1 = try await client.send(Self.get(server))
            #expect(answer1.status == .ok)
            #expect(server.accepted == 2)
        }
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\ncontent-le", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ])
    func `a truncated answer is never taken for whole; only what may be repeated is`(text: String) async throws {
        let server = try RawServer { connection, _ in
            guard Self.read(connection) else { return }
            connection.send(text)
        }
        try await ClientTests.run({ $0.retryMilliseconds = 0; $0.retriesMax = 2; $0.failuresToOpen = 100 }) { client in
            await #expect(throws: HTTPClientError.connectionLost) { try await client.send(Self.post(server)) }
            #expect(server.accepted == 1)
            await #expect(throws: HTTPClientError.connectionLost) { try await client.send(Self.get(server)) }
            #expect(server.accepted == 4)
            var keyed = Self.post(server)
            keyed.idempotent = true
            await #expect(throws: HTTPClientError.connectionLost) { try await client.send(keyed) }
            #expect(server.accepted == 7)
        }
    }

    @Test func `an answer that ends with the connection is whole`() async throws {
        let server = try RawServer { connection, _ in
            guard Self.read(connection) else { return }
            connection.send("HTTP/1.1 200 OK\r\n\r\neverything")
        }
        try await ClientTests.run { client in
            let answer2 = try await client.send(Self.get(server))
            #expect(answer2.body == Array("everything".utf8))
        }
    }

    @Test func `a retry after a broken connection succeeds`() async throws {
        let server = try RawServer { connection, index in
            guard Self.read(connection) else { return }
            if index == 0 { connection.reset() } else { connection.send(Self.fine) }
        }
        try await ClientTests.run({ $0.retryMilliseconds = 0 }) { client in
            let answer3 = try await client.send(Self.get(server))
            #expect(answer3.status == .ok)
            #expect(server.accepted == 2)
        }
    }

    @Test func `a connection that the server closed meanwhile is not used again`() async throws {
        let server = try RawServer { connection, _ in
            guard Self.read(connection) else { return }
            connection.send("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok")
        }
        try await ClientTests.run { client in
            for _ in 0..<3 {
                let answer = try await client.send(Self.post(server))
                #expect(answer.status == .ok)
            }
            #expect(server.accepted == 3)
        }
    }

    @Test func `bytes behind an answer are not the next answer`() async throws {
        let server = try RawServer { connection, _ in
            guard Self.read(connection) else { return }
            connection.send(Self.fine + "HTTP/1.1 500 Forged\r\ncontent-length: 0\r\n\r\n")
            _ = connection.readToEnd()
        }
        try await ClientTests.run { client in
            for _ in 0..<3 {
                let answer = try await client.send(Self.get(server))
                #expect(answer.status == .ok)
            }
            #expect(server.accepted == 3)
        }
    }

    @Test func `interim answers are skipped, a flood of them is an error`() async throws {
        let server = try RawServer { connection, index in
            guard Self.read(connection) else { return }
            let early = "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
            if index == 0 { connection.send(early + "HTTP/1.1 100 Continue\r\n\r\n" + Self.fine) }
            while index > 0, connection.send(early) {}
        }
        try await ClientTests.run { client in
            let answer4 = try await client.send(Self.get(server))
            #expect(answer4.body == Array("ok".utf8))
            await #expect(throws: HTTPClientError.malformedResponse("an answer that never comes")) {
                try await client.send(Self.get(server))
            }
        }
    }

    @Test func `a head or a body without end is an error at its limit`() async throws {
        let server = try RawServer { connection, index in
            guard Self.read(connection) else { return }
            connection.send(index == 0 ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 200 OK\r\n\r\n")
            while connection.send(String(repeating: "a: b\r\n", count: 1_000)) {}
        }
        try await ClientTests.run({ $0.bodyBytesMax = 1 << 20 }) { client in
            await #expect(throws: HTTPClientError.malformedResponse("a head without end")) {
                try await client.send(Self.get(server))
            }
            await #expect(throws: HTTPClientError.malformedResponse("too large a body")) {
                try await client.send(Self.get(server))
            }
        }
    }

    @Test func `a server that says nothing, or half of it, ends at the deadline`() async throws {
        let server = try RawServer { connection, index in
            guard Self.read(connection) else { return }
            if index == 1 { connection.send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel") }
            _ = connection.readToEnd()
        }
        try await ClientTests.run { client in
            for _ in 0..<2 {
                await #expect(throws: HTTPClientError.timedOut) {
                    try await client.send(Self.get(server, within: .milliseconds(50)))
                }
            }
        }
    }

    @Test func `a request that waits for a connection gives up at its own deadline`() async throws {
        let server = try RawServer { connection, _ in
            guard Self.read(connection) else { return }
            // Answers the first request only after the client gave up the second and asks for more.
            _ = connection.readToEnd()
        }
        try await ClientTests.run({ $0.connectionsPerHostMax = 1; $0.failuresToOpen = 100 }) { client in
            let long = Task { try await client.send(Self.get(server)) }
            while server.accepted < 1 { await Task.yield() }
            await #expect(throws: HTTPClientError.timedOut) {
                try await client.send(Self.get(server, within: .milliseconds(50)))
            }
            #expect(server.accepted == 1)
            long.cancel()
        }
    }

    @Test func `more waiting requests than allowed are refused at once`() async throws {
        let server = try RawServer { connection, _ in
            guard Self.read(connection) else { return }
            _ = connection.readToEnd()
        }
        try await ClientTests.run({ $0.connectionsPerHostMax = 1; $0.waitingPerHostMax = 0 }) { client in
            let long = Task { try await client.send(Self.get(server)) }
            while server.accepted < 1 { await Task.yield() }
            await #expect(throws: HTTPClientError.overloaded) { try await client.send(Self.get(server)) }
            long.cancel()
        }
    }

    @Test func `a port where nobody listens is refused, then left alone for a moment`() async throws {
        let port = try RawListener().port
        let request = ClientRequest(method: .get, url: "http://127.0.0.1:\(port)/", deadline: ClientTests.soon())
        try await ClientTests.run({ $0.retriesMax = 0; $0.failuresToOpen = 3; $0.openMilliseconds = 3_600_000 }) { client in
            for _ in 0..<3 {
                await #expect(throws: HTTPClientError.refused(code: 111)) { try await client.send(request) }
            }
            await #expect(throws: HTTPClientError.circuitOpen) { try await client.send(request) }
        }
    }

    @Test func `one try after the pause closes the circuit again`() async throws {
        let isUp = Atomic<Bool>(false)
        let server = try RawServer { connection, _ in
            guard Self.read(connection) else { return }
            if isUp.load(ordering: .sequentiallyConsistent) { connection.send(Self.fine) }
        }
        try await ClientTests.run({ $0.retriesMax = 0; $0.failuresToOpen = 2; $0.openMilliseconds = 0 }) { client in
            for _ in 0..<5 {
                await #expect(throws: HTTPClientError.connectionLost) { try await client.send(Self.get(server)) }
            }
            isUp.store(true, ordering: .sequentiallyConsistent)
            let answer5 = try await client.send(Self.get(server))
            #expect(answer5.status == .ok)
        }
    }
}
