import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Models
import ServiceKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct ServiceTests {
    private static let time = Timestamp(microseconds: 1_700_000_000_000_000)
    private let account = AccountID.make(at: time)
    private let store = StoreID.make(at: time)

    @Test func `has the standard endpoints`() async throws {
        try await ServiceHarness.with(NotesService.self) { notes in
            let value1 = try await notes.send(.get, "/healthz").status
            #expect(value1 == .ok)
            let value2 = try await notes.send(.get, "/readyz").status
            #expect(value2 == .ok)
            let value3 = try await notes.send(.get, "/openapi.yaml").text
            #expect(value3 == "openapi: 3.1.0\n")
            let keys: JSONValue = try await notes.send(.get, "/.well-known/jwks.json").decoded()
            #expect(keys["keys"]?.array?.first?["crv"]?.string == "P-256")
            let value4 = try await notes.send(.get, "/problems/note_too_long").text.contains("at most ten")
            #expect(value4)
            let value5 = try await notes.send(.get, "/problems/idempotency_key_reused").status
            #expect(value5 == .ok)
            let value6 = try await notes.send(.get, "/problems/none").status
            #expect(value6 == HTTPStatus(404))
            _ = try await notes.send(.get, "/v1/hello")
            let metrics = try await notes.send(.get, "/metrics").text
            #expect(metrics.contains("http_requests_total{method=\"GET\",route=\"/v1/hello\",status=\"2xx\"} 1"))
        }
    }

    @Test func `lets through whom the access rule names`() async throws {
        try await ServiceHarness.with(NotesService.self) { notes in
            let person = try TestTokens.user(account)
            let clerk = try TestTokens.user(account, stores: [store: .clerk])
            let manager = try TestTokens.user(account, stores: [store: .manager])
            let platformOperator = try TestTokens.user(account, isOperator: true)
            let catalog = try TestTokens.service("catalog")
            let storefront = try TestTokens.service("storefront")
            let board = "/v1/stores/\(store)/board"
            let expected: [(String, String?, Int)] = [
                ("/v1/hello", nil, 200), ("/v1/whoami", nil, 401), ("/v1/whoami", "x.y.z", 401),
                ("/v1/whoami", person, 200), ("/v1/whoami", catalog, 200), ("/v1/maybe", nil, 200),
                ("/v1/maybe", "x.y.z", 401), (board, person, 403), (board, clerk, 403), (board, manager, 200),
                (board, platformOperator, 200), (board, catalog, 403), ("/v1/operators", manager, 403),
                ("/v1/operators", platformOperator, 200), ("/v1/services", catalog, 200),
                ("/v1/services", storefront, 403), ("/v1/services", person, 403),
            ]
            for (path, token, status) in expected {
                let answer = try await notes.send(.get, path, token: token)
                #expect(answer.status.code == status, "\(path) with \(token?.prefix(5) ?? "no token")")
            }
        }
    }

    @Test func `believes on-behalf-of beside a service's token only`() async throws {
        try await ServiceHarness.with(NotesService.self) { notes in
            let header = [("on-behalf-of", account.description)]
            let other = AccountID.make(at: Self.time)
            let service = try await notes.send(
                .get, "/v1/whoami", token: try TestTokens.service("catalog"), headers: header)
            #expect(service.text == "service:catalog:\(account)")
            let person = try await notes.send(
                .get, "/v1/whoami", token: try TestTokens.user(other), headers: header)
            #expect(person.text == "user:\(other)")
        }
    }

    @Test func `turns errors into problems that name the field or say nothing`() async throws {
        try await ServiceHarness.with(NotesService.self) { notes in
            let token = try TestTokens.user(account)
            let unknown = try await notes.send(
                .post, "/v1/notes", body: [UInt8](#"{"text":"a","more":1}"#.utf8), token: token)
            #expect(unknown.status.code == 400)
            let problem: Problem = try unknown.decoded()
            #expect(problem.code == "invalid_request")
            #expect(problem.errors.first?.pointer == "/more")
            let long = try await notes.send(.post, "/v1/notes", json: NewNote(text: "12345678901"), token: token)
            let value7 = try long.decoded(Problem.self).code
            #expect(value7 == "note_too_long")
            #expect(long.headers["content-type"] == "application/problem+json")
            let boom = try await notes.send(.get, "/v1/boom")
            #expect(boom.status.code == 500)
            #expect(!boom.text.contains("138") && !boom.text.contains("Secret"))
            let value8 = try await notes.send(.get, "/v1/nowhere").status.code
            #expect(value8 == 404)
            let value9 = try await notes.send(.delete, "/v1/hello").status.code
            #expect(value9 == 405)
        }
    }

    @Test func `answers a conditional read with 304`() async throws {
        try await ServiceHarness.with(NotesService.self) { notes in
            let first = try await notes.send(.get, "/v1/hello")
            let tag = try #require(first.headers["etag"])
            #expect(first.headers["cache-control"] == "public, max-age=10")
            let second = try await notes.send(.get, "/v1/hello", headers: [("if-none-match", tag)])
            #expect(second.status.code == 304)
            #expect(second.body.isEmpty)
            #expect(second.headers["etag"] == tag)
        }
    }

    @Test func `takes the caller's deadline when it is earlier`() async throws {
        try await ServiceHarness.with(NotesService.self) { notes in
            let own = try #require(Int(try await notes.send(.get, "/v1/deadline").text))
            #expect((8_000...10_000).contains(own))
            let given = try await notes.send(.get, "/v1/deadline", headers: [("linli-deadline-ms", "1500")])
            let value10 = try #require(Int(given.text)) <= 1_500
            #expect(value10)
            let longer = try await notes.send(.get, "/v1/deadline", headers: [("linli-deadline-ms", "99999")])
            let value11 = try #require(Int(longer.text)) <= 10_000
            #expect(value11)
        }
    }

    @Test func `a wrong start names every setting and shows no secret`() async throws {
        let error = await #expect(throws: StartupError.self) {
            _ = try await RunningService.start(
                NotesService.self,
                environment: [
                    "PORT": "99999", "ORDERS_DATABASE_URL": "hunter2", "KEY_ENCRYPTION_KEY": "hunter2",
                    "STOREFRONT_URL": "http://127.0.0.1:1",
                ])
        }
        let text = try #require(error).description
        for name in ["PORT", "ORDERS_DATABASE_URL", "KEY_ENCRYPTION_KEY", "CATALOG_URL"] {
            #expect(text.contains("- \(name) "), "\(name) is named")
        }
        #expect(!text.contains("STOREFRONT_URL") && !text.contains("hunter2"))
    }

    @Test func `a write that names no authentication stops the start`() async throws {
        enum Careless: Service {
            static let name = "orders"
            static let databaseVariable = "ORDERS_DATABASE_URL"
            static let defaultPort = 7002
            static let migrations = NotesService.migrations
            static let openAPI: [UInt8] = []
            static func configuration(_ reader: inout ConfigurationReader) {}
            static func compose(_ configuration: Void, _ kit: Toolkit) async throws -> Composition {
                var routes = kit.routes
                routes.post("/v1/things", access: .public) { _, _ in .text(.ok, "") }
                return Composition(routes: routes)
            }
        }
        try await TestDatabase.with(migrations: KitMigrations.all + NotesService.migrations) { test in
            let standIn = try await FakeNeighbour()
            let error = await #expect(throws: StartupError.self) {
                _ = try await ServiceHarness.start(Careless.self, on: test, standIn: standIn)
            }
            #expect(error?.description.contains("POST /v1/things") == true)
            await standIn.stop()
        }
    }
}
