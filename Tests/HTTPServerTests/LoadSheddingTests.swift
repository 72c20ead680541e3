import EventLoop
import HTTPCore
import Models
import Synchronization
import TestSupport
import Testing
@testable import HTTPServer

/// A queue that the test makes as long as it likes.
private final class Queue: Sendable {
    private let nanoseconds = Atomic<Int64>(0)
    var wait: Duration {
        get { .nanoseconds(nanoseconds.load(ordering: .sequentiallyConsistent)) }
        set { nanoseconds.store(newValue.wholeNanoseconds, ordering: .sequentiallyConsistent) }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct LoadSheddingTests {
    private let get = "GET /work HTTP/1.1\r\nHost: a\r\n\r\n"

    private func router(_ queue: Queue, acted: Tally, refused: Tally, waitMax: Duration = .seconds(10)) -> Router {
        var router = Router()
        router.on(.get, "/work") { _ in
            acted.add()
            return .text(.ok, "done")
        }
        router.on(.post, "/work") { request in
            var body = request.body
            acted.add()
            return .text(.ok, String(decoding: try await body.collect(upTo: 1 << 24), as: UTF8.self))
        }
        router.on(.get, "/healthz", isSheddable: false) { _ in .text(.ok, "ok") }
        router.shedding = LoadShedding(
            waitMax: waitMax,
            answer: Response(status: .serviceUnavailable, headers: ["retry-after": "1"], body: .bytes([33])),
            furtherWait: { queue.wait.wholeNanoseconds }, onRefusal: { refused.add() })
        return router
    }

    @Test func `while work waits too long, requests are refused before any work, and served again at once after`() async throws {
        let queue = Queue(), acted = Tally(), refused = Tally()
        try await TestServer.run(router(queue, acted: acted, refused: refused)) { server in
            let connection = try server.connect()
            connection.send(get)
            #expect(connection.readAnswer()?.status == 200)
            queue.wait = .seconds(60)
            connection.send(get)
            let refusal = try #require(connection.readAnswer())
            #expect(refusal.status == 503)
            #expect(refusal["retry-after"] == "1")
            #expect(acted.value == 1 && refused.value == 1)
            queue.wait = .zero
            connection.send(get)
            #expect(connection.readAnswer()?.status == 200, "the same connection is served again")
        }
    }

    @Test func `what must answer under any load does`() async throws {
        let queue = Queue(), refused = Tally()
        queue.wait = .seconds(60)
        try await TestServer.run(router(queue, acted: Tally(), refused: refused)) { server in
            let connection = try server.connect()
            for _ in 0..<3 {
                connection.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(connection.readAnswer()?.status == 200)
            }
            connection.send("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(connection.readAnswer()?.status == 404)
            #expect(refused.value == 0)
        }
    }

    @Test func `the body of a refused request does not become the next request`() async throws {
        let queue = Queue(), acted = Tally()
        queue.wait = .seconds(60)
        try await TestServer.run(router(queue, acted: acted, refused: Tally())) { server in
            let connection = try server.connect()
            let health = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
            connection.send(
                "POST /work HTTP/1.1\r\nHost: a\r\nContent-Length: \(get.utf8.count)\r\n\r\n\(get)"
                    + "POST /work HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + health)
            #expect(connection.readAnswer()?.status == 503)
            #expect(connection.readAnswer()?.status == 503)
            #expect(connection.readAnswer()?.status == 200)
            #expect(acted.value == 0)
            // A body that is yet to come is not waited for.
            connection.send("POST /work HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc")
            #expect(connection.readAnswer()?.status == 503)
            connection.finishSending()
            #expect(connection.readToEnd().end == .closed)
            #expect(acted.value == 0)
        }
    }

    @Test func `of requests that come together, as many are served as do not make the others late`() async throws {
        let started = Gate(), isSent = Atomic<Bool>(false), acted = Tally(), refused = Tally()
        var router = router(Queue(), acted: acted, refused: refused, waitMax: .milliseconds(50))
        // Handlers that keep the loop from its sockets, as none should.
        router.on(.get, "/busy") { _ in
            started.open()
            while !isSent.load(ordering: .acquiring) {}
            return .text(.ok, "")
        }
        router.on(.get, "/hard") { _ in
            acted.add()
            let end = Instant.now + .milliseconds(30)
            while Instant.now < end {}
            return .text(.ok, "")
        }
        try await TestServer.run(router) { server in
            let connections = try (0..<20).map { _ in try server.connect() }
            for connection in connections {
                connection.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(connection.readAnswer()?.status == 200)
            }
            let busy = try server.connect()
            busy.send("GET /busy HTTP/1.1\r\nHost: a\r\n\r\n")
            await started.wait()
            for connection in connections { connection.send("GET /hard HTTP/1.1\r\nHost: a\r\n\r\n") }
            isSent.store(true, ordering: .releasing)
            let statuses = connections.map { $0.readAnswer()?.status }
            let served = statuses.count { $0 == 200 }
            // After six the turn has lasted 180 ms, which is beyond three times the limit.
            #expect((1...6).contains(served) && statuses.count { $0 == 503 } == 20 - served)
            #expect(acted.value == served && refused.value == 20 - served)
            #expect(busy.readAnswer()?.status == 200)
            // Nothing waits any more.
            for connection in connections {
                connection.send(get)
                #expect(connection.readAnswer()?.status == 200)
            }
        }
    }

    // MARK: The decision by itself

    private static let short = Duration.milliseconds(30), long = Duration.milliseconds(60)

    /// What a gate with a limit of 50 ms says to these waits, each asked for at its millisecond.
    private func decisions(_ asked: [(at: Int, wait: Duration)]) -> [Bool] {
        var gate = AdmissionGate(waitMax: .milliseconds(50))
        let start = Instant(nanoseconds: 1_000_000_000_000)
        return asked.map { gate.admits(wait: $0.wait.wholeNanoseconds, at: start + .milliseconds($0.at)) }
    }

    @Test func `a burst above the limit is tolerated for a moment, three times the limit never`() {
        let said = decisions([
            (0, .milliseconds(50)), (1, .milliseconds(150)), (2, .milliseconds(151)), (3, .milliseconds(150)),
        ])
        #expect(said == [true, true, false, true])
    }

    @Test func `a queue that stays is held at the limit, and what would wait less comes in`() {
        let first = decisions((0..<10).map { (10 * $0, Self.long) })
        #expect(first.allSatisfy { $0 }, "a tenth of a second of patience")
        let steps = (0..<50).flatMap { [(10 * $0, Self.long), (10 * $0 + 5, Self.short)] }
        #expect(decisions(steps).dropFirst(22) == ArraySlice((11..<50).flatMap { _ in [false, true] }))
    }

    @Test func `refusals are answered at once until the budget is spent, which time and served requests fill`() {
        var budget = RefusalBudget()
        func takeAll(_ moment: Instant) -> Int {
            var taken = 0
            while budget.take(at: moment) { taken += 1 }
            return taken
        }
        let start = Instant(nanoseconds: 1_000_000_000_000)
        #expect(takeAll(start) == LoadShedding.refusalsAtOnce)
        #expect(takeAll(start + .milliseconds(100)) == LoadShedding.refusalsPerSecond / 10)
        for _ in 0..<10 * LoadShedding.servedPerRefusal { budget.served() }
        #expect(takeAll(start + .milliseconds(100)) == 10)
        #expect(takeAll(start + .seconds(60)) == LoadShedding.refusalsAtOnce, "a rest saves no more than that")
    }

    @Test func `a flood is refused in time, and what waits for its refusal is served when there is room again`()
        async throws
    {
        let queue = Queue(), acted = Tally(), refused = Tally()
        queue.wait = .seconds(60)
        let flood = 4 * LoadShedding.refusalsAtOnce
        try await TestServer.run(router(queue, acted: acted, refused: refused)) { server in
            let connections = try (0..<32).map { _ in try server.connect() }
            for connection in connections { connection.send(String(repeating: get, count: flood / 32)) }
            // Beyond what is refused at once, the rest is on its way to be: nothing is lost, nothing is served.
            #expect(connections[0].readAnswer()?.status == 503)
            queue.wait = .zero
            for (index, connection) in connections.enumerated() {
                for _ in (index == 0 ? 1 : 0)..<flood / 32 {
                    let status = connection.readAnswer()?.status
                    #expect(status == 503 || status == 200)
                }
            }
            #expect(acted.value + refused.value == flood / 32 * 32 && acted.value > 0)
        }
    }

    @Test func `a server that ends lets nobody wait for a refusal`() async throws {
        let queue = Queue(), refused = Tally()
        queue.wait = .seconds(60)
        try await TestServer.run(router(queue, acted: Tally(), refused: refused)) { server in
            let connections = try (0..<LoadShedding.refusalsAtOnce + 50).map { _ in try server.connect() }
            for connection in connections { connection.send(get) }
            #expect(connections[0].readAnswer()?.status == 503)
            await server.server.drain(deadline: .distantFuture)
            #expect(server.server.connectionCount == 0)
        }
    }

    @Test func `after a window without a long wait a burst is a burst again`() {
        let overload = (0..<50).map { (10 * $0, Self.long) }
        let calm = (50..<70).map { (10 * $0, Self.short) }
        #expect(decisions(overload + calm + [(700, Self.long)]).last == true)
        #expect(decisions(overload + [(500, Self.long)]).last == false)
        #expect(decisions(overload + [(900, Self.long)]).last == true, "no request at all is calm too")
    }

    @Test func `long waits with quiet time between them are bursts`() {
        #expect(decisions((0..<20).map { (200 * $0, Self.long) }).allSatisfy { $0 })
    }
}
