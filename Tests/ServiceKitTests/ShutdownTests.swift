import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit
import Synchronization
import TestSupport
import Testing

/// A service with one slow route, which tells when a request is inside and goes on when it may.
private enum SlowService: Service {
    static let name = "orders"
    static let databaseVariable = "ORDERS_DATABASE_URL"
    static let defaultPort = 7002
    static let migrations: [Migration] = []
    static let openAPI: [UInt8] = []
    static let state = Locked((inside: 0, mayGo: false, drained: false))

    static func configuration(_ reader: inout ConfigurationReader) {}

    static func compose(_ configuration: Void, _ kit: Toolkit) async throws -> Composition {
        var routes = kit.routes
        routes.get("/v1/slow", access: .public) { _, _ in
            state.withLock { $0.inside += 1 }
            while !state.withLock({ $0.mayGo }) { try await kit.loops.next().sleep(for: .milliseconds(1)) }
            return .text(.ok, "done")
        }
        return Composition(routes: routes, onDrain: { state.withLock { $0.drained = true } })
    }
}

@Suite(.timeLimit(.minutes(1)), .serialized) struct ShutdownTests {
    @Test func `a request under way is finished, new connections are refused`() async throws {
        SlowService.state.withLock { $0 = (0, false, false) }
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            let standIn = try await FakeNeighbour()
            let harness = try await ServiceHarness.start(SlowService.self, on: test, standIn: standIn)
            let http = HTTPClient(group: TestPostgres.group)
            let url = harness.url
            async let slow = http.send(
                ClientRequest(method: .get, url: url + "/v1/slow", deadline: Instant.now + .seconds(20)))
            while SlowService.state.withLock({ $0.inside }) == 0 {
                try await TestPostgres.group.next().sleep(for: .milliseconds(1))
            }
            async let stopped: Void = harness.service.shutDown()
            while !SlowService.state.withLock({ $0.drained }) {
                try await TestPostgres.group.next().sleep(for: .milliseconds(1))
            }
            SlowService.state.withLock { $0.mayGo = true }
            let answer = try await slow
            #expect(answer.status == .ok)
            #expect(answer.text == "done")
            await stopped
            await #expect(throws: (any Error).self) {
                try await http.send(
                    ClientRequest(method: .get, url: url + "/healthz", deadline: Instant.now + .seconds(2)))
            }
            await standIn.stop()
        }
    }

    @Test func `more requests than the limit are shed with 503 and Retry-After`() async throws {
        SlowService.state.withLock { $0 = (0, false, false) }
        try await ServiceHarness.with(SlowService.self, environment: ["REQUESTS_IN_FLIGHT_MAX": "2"]) { harness in
            try await withThrowingTaskGroup(of: ClientResponse.self) { group in
                for _ in 0..<2 { group.addTask { try await harness.send(.get, "/v1/slow") } }
                while SlowService.state.withLock({ $0.inside }) < 2 {
                    try await TestPostgres.group.next().sleep(for: .milliseconds(1))
                }
                let shed = try await harness.send(.get, "/v1/slow")
                #expect(shed.status == .serviceUnavailable)
                #expect(shed.headers["retry-after"] == "1")
                let health = try await harness.send(.get, "/healthz")
                #expect(health.status == .ok, "health is never shed")
                SlowService.state.withLock { $0.mayGo = true }
                for try await answer in group { #expect(answer.status == .ok) }
            }
        }
    }
}
