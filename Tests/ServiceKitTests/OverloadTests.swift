import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit
import TestSupport
import Testing

/// Waits for whoever holds the lock that the test takes.
private struct WaitInDatabase: Statement {
    static let name: StaticString = "test_wait_in_database"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT pg_advisory_xact_lock_shared(7711)::text"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

private struct HoldLock: Statement {
    static let name: StaticString = "test_hold_lock"
    static let mode = StatementMode.write
    static let sql: StaticString = "SELECT pg_advisory_xact_lock(7711)::text"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

private enum WaitingService: Service {
    static let name = "orders"
    static let databaseVariable = "ORDERS_DATABASE_URL"
    static let defaultPort = 7002
    static let migrations: [Migration] = []
    static let openAPI: [UInt8] = []

    static func configuration(_ reader: inout ConfigurationReader) {}

    static func compose(_ configuration: Void, _ kit: Toolkit) async throws -> Composition {
        var routes = kit.routes
        routes.get("/v1/wait", access: .public) { _, _ in
            _ = try await kit.database.one(WaitInDatabase())
            return .text(.ok, "waited")
        }
        routes.get("/v1/quick", access: .public) { _, _ in .text(.ok, "quick") }
        return Composition(routes: routes)
    }
}

@Suite(.timeLimit(.minutes(1))) struct OverloadTests {
    @Test func `a database that does not keep up makes the service refuse early, and serve again at once when it does`()
        async throws
    {
        try await ServiceHarness.with(WaitingService.self, environment: ["QUEUE_WAIT_MAX_MS": "100"]) { harness in
            let loop = TestPostgres.group.all[0]
            let isHeld = Locked(false), mayRelease = Locked(false)
            let holding = loop.spawn {
                try? await harness.test.database.transaction { tx in
                    _ = try await tx.one(HoldLock())
                    isHeld.withLock { $0 = true }
                    while !mayRelease.withLock({ $0 }) { try await loop.sleep(for: .milliseconds(1)) }
                }
            }
            while !isHeld.withLock({ $0 }) { try await loop.sleep(for: .milliseconds(1)) }
            try await withThrowingTaskGroup(of: ClientResponse.self) { group in
                for _ in 0..<20 { group.addTask { try await harness.send(.get, "/v1/wait") } }
                var refusal = try await harness.send(.get, "/v1/quick")
                while refusal.status == .ok { refusal = try await harness.send(.get, "/v1/quick") }
                #expect(refusal.status == .serviceUnavailable)
                #expect(refusal.headers["retry-after"] == "1")
                let problem: Problem = try refusal.decoded()
                #expect(problem.code == "overloaded")
                let health = try await harness.send(.get, "/healthz")
                #expect(health.status == .ok)
                let metrics = try await harness.send(.get, "/metrics").text
                #expect(metrics.contains("http_requests_shed_total") && !metrics.contains("http_requests_shed_total 0"))
                mayRelease.withLock { $0 = true }
                await holding.value
                // What was accepted before is served; what was refused early was never begun.
                for try await answer in group {
                    #expect(answer.status == .ok || answer.status == .serviceUnavailable)
                }
            }
            let after = try await harness.send(.get, "/v1/quick")
            #expect(after.status == .ok)
        }
    }
}
