import EventLoop
public import HTTPClient
public import HTTPCore
public import JSON
import Models
public import ServiceKit

/// A service composed in the test's process: real routes on a free port, a real database, faked neighbours.
///
/// ```swift
/// try await ServiceHarness.with(OrdersService.self, neighbours: ["catalog": catalog]) { orders in
///     let token = try TestTokens.user(account)
///     let answer = try await orders.send(.post, "/v1/quotes", json: input, token: token)
///     #expect(answer.status == .created)
/// }
/// ```
public struct ServiceHarness: Sendable {
    /// The started service, with its toolkit.
    public let service: RunningService
    /// `http://127.0.0.1:<port>`.
    public let url: String
    /// The service's own database, for looking into.
    public let test: TestDatabase
    /// Speaks to the service.
    public let http: HTTPClient

    /// The toolkit of the started service.
    public var kit: Toolkit { service.kit }

    /// Starts `service`, runs `body`, shuts down and drops the database.
    ///
    /// - Parameters:
    ///   - neighbours: by service name; those not given are stood in for by one fake that only publishes keys.
    ///   - environment: settings beside the usual ones.
    public static func with<S: Service>(
        _ service: S.Type, neighbours: [String: FakeNeighbour] = [:], environment: [String: String] = [:],
        clock: WallClock = .system, _ body: (ServiceHarness) async throws -> Void
    ) async throws {
        try await TestDatabase.with(migrations: KitMigrations.all + S.migrations) { test in
            let standIn = try await FakeNeighbour()
            let harness = try await start(
                service, on: test, neighbours: neighbours, standIn: standIn, environment: environment, clock: clock)
            do {
                try await body(harness)
            } catch {
                await harness.service.shutDown()
                await standIn.stop()
                throw error
            }
            await harness.service.shutDown()
            await standIn.stop()
        }
    }

    /// Starts `service` on a database that the test owns; the test shuts it down. For several replicas on one
    /// database, and for restarts.
    public static func start<S: Service>(
        _ service: S.Type, on test: TestDatabase, neighbours: [String: FakeNeighbour] = [:],
        standIn: FakeNeighbour, environment: [String: String] = [:], clock: WallClock = .system,
        logger: Logger? = nil
    ) async throws -> ServiceHarness {
        var settings = [
            "PORT": "0", "LINLI_ENVIRONMENT": "development", "LOG_LEVEL": "error", "SHUTDOWN_SECONDS": "5",
            // Debug builds on a machine that runs other tests are slow without being overloaded.
            "QUEUE_WAIT_MAX_MS": "5000",
            "KEY_ENCRYPTION_KEY": "bGlubGktdGVzdC1rZXktZW5jcnlwdGlvbi1rZXktMzI=",
        ]
        settings[S.databaseVariable] = test.url
        for (name, variable) in KitConfiguration.addressVariables where name != S.name {
            settings[variable] = (neighbours[name] ?? standIn).url
        }
        settings.merge(environment) { _, given in given }
        let running = try await RunningService.start(
            service, environment: settings, loops: TestPostgres.group, clock: clock, logger: logger)
        return ServiceHarness(
            service: running, url: "http://127.0.0.1:\(running.port)", test: test, http: running.kit.http)
    }

    /// Sends a request. POST without a key gets a fresh `Idempotency-Key`.
    public func send(
        _ method: HTTPMethod, _ path: String, body: [UInt8] = [], token: String? = nil,
        headers extra: [(String, String)] = []
    ) async throws -> ClientResponse {
        var headers = HTTPHeaders()
        if !body.isEmpty { headers.set("content-type", "application/json") }
        if let token { headers.set("authorization", "Bearer " + token) }
        if method == .post { headers.set("idempotency-key", TraceParent.make().traceID) }
        for (name, value) in extra { headers.set(name, value) }
        return try await http.send(
            ClientRequest(method: method, url: url + path, headers: headers, body: body, deadline: .now + .seconds(20)))
    }

    /// Sends a value as JSON.
    public func send(
        _ method: HTTPMethod, _ path: String, json: some JSONWritable, token: String? = nil,
        headers: [(String, String)] = []
    ) async throws -> ClientResponse {
        try await send(method, path, body: JSON.encode(json), token: token, headers: headers)
    }
}

extension ClientResponse {
    /// The body as a value.
    public func decoded<Value: JSONReadable>(_ type: Value.Type = Value.self) throws -> Value {
        try JSON.decode(Value.self, from: body, mode: .lenient)
    }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }
}
