import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Models
import TestSupport
import Testing

@testable import LinliCommand

/// A public API that is told what to answer, and a door to it.
private struct Street {
    let neighbour: FakeNeighbour
    let door: Door

    init() async throws {
        neighbour = try await FakeNeighbour()
        var options = HTTPClientOptions()
        options.retriesMax = 0
        door = Door(
            client: HTTPClient(group: TestPostgres.group, options: options), loop: TestPostgres.group.all[0],
            base: neighbour.url)
    }

    /// Answers with `problems` in turn, then with 200 and `{}`.
    func answer(_ path: String, after problems: [(status: Int, code: String)]) {
        let rest = Locked(problems)
        neighbour.on(.post, path) { _ in
            guard let next = rest.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else {
                return .json(.ok, JSONValue.object([:]))
            }
            return .problem(Problem(code: next.code, title: "Not now", status: next.status, detail: "Not now."))
        }
    }

    func posts(_ path: String) -> [RecordedRequest] {
        neighbour.requests.filter { $0.method == .post && $0.path == path }
    }
}

@Suite
struct DoorTests {
    @Test func `what may pass is tried again, always with the same key and body`() async throws {
        let street = try await Street()
        street.answer(
            "/api/v1/orders",
            after: [
                (503, "unavailable"), (500, "internal_error"), (409, "idempotency_key_in_use"), (502, "gateway_refused"),
            ])
        let body = Array("{\"a\":1}".utf8)
        let answer = try await street.door.send(.post, "/v1/orders", body: body, token: "t", key: "k-1")
        #expect(answer.status == .ok)
        let posts = street.posts("/api/v1/orders")
        #expect(posts.count == 5)
        #expect(posts.allSatisfy { $0.headers["idempotency-key"] == "k-1" })
        #expect(posts.allSatisfy { $0.headers["authorization"] == "Bearer t" })
        #expect(Set(posts.map(\.body)) == [body])
        await street.neighbour.stop()
    }

    @Test(arguments: [
        (400, "malformed_json"), (401, "unauthenticated"), (404, "not_found"), (409, "out_of_stock"),
        (422, "idempotency_key_reused"),
    ])
    func `what cannot pass is told at once`(status: Int, code: String) async throws {
        let street = try await Street()
        street.answer("/api/v1/orders", after: [(status, code)])
        let error = await #expect(throws: DoorError.self) { try await street.door.send(.post, "/v1/orders", key: "k") }
        #expect(error?.code == code)
        #expect(error?.isPassing == false)
        #expect(street.posts("/api/v1/orders").count == 1)
        await street.neighbour.stop()
    }

    @Test func `no answer and too many requests may pass`() {
        #expect(DoorError.unreachable(url: "http://x", why: "refused").isPassing)
        #expect(DoorError.problem(status: 429, code: "too_many_requests", detail: "").isPassing)
        #expect(!DoorError.unreadable("x").isPassing)
    }

    @Test func `a move that was made already counts as made, one that was not does not`() async throws {
        let street = try await Street()
        let order = Self.order(.accepted)
        let path = "/api/v1/orders/\(order.id)"
        let conflict = (status: 409, code: "move_not_allowed")
        street.answer(path + "/accept", after: [conflict])
        street.answer(path + "/prepare", after: [conflict])
        street.neighbour.on(.get, path) { _ in .json(.ok, order) }
        let journey = OrderJourney(door: street.door, store: order.storeID, customer: "c", staff: "s")
        try await journey.moveOn(order.id, OrdersAPI.orderAccept.path(order.id), to: .accepted)
        let error = await #expect(throws: DoorError.self) {
            try await journey.moveOn(order.id, OrdersAPI.orderPrepare.path(order.id), to: .preparing)
        }
        #expect(error?.code == "move_not_allowed")
        await street.neighbour.stop()
    }

    private static func order(_ fulfilment: FulfilmentState) -> Order {
        let now = Timestamp(microseconds: 1_764_000_000_000_000)
        let name = LocalizedText(zh: "面馆", en: "Noodles")
        let zero = Money(minorUnits: 0), price = Money(minorUnits: 100)
        return Order(
            id: .make(at: now), number: "1", storeID: .make(at: now), storeName: name, customerID: .make(at: now),
            fulfilment: .pickup, states: OrderStates(payment: .paid, order: .open, fulfilment: fulfilment), lines: [],
            totals: OrderTotals(subtotal: price, discountTotal: zero, total: price, refunded: zero), placedAt: now,
            expiresAt: now, story: [], payments: [], refunds: [])
    }
}

@Suite
struct ImportTests {
    @Test(arguments: [
        ("Starbucks", "starbucks"), ("Grandma's Noodles", "grandma-s-noodles"), ("  A & B  ", "a-b"),
    ])
    func `a merchant is found again by its name`(name: String, code: String) {
        #expect(ImportStoresCommand.code(name) == code)
    }

    @Test func `rejected rows are reported with line, field and reason`() {
        var report = ImportReport(
            merchantID: .make(at: Timestamp(microseconds: 0)),
            rejected: [ImportReport.Rejected(line: 7, field: "Latitude", reason: "is not a number")])
        report.add(
            StoreImportReport(
                created: 2, updated: 0, unchanged: 1, rejected: 1,
                results: [
                    StoreImportResult(
                        line: 4, number: "x", outcome: .rejected, field: "time_zone",
                        reason: "is not an IANA time zone")
                ]))
        #expect(report.text.contains("line 7: Latitude is not a number"))
        #expect(report.text.contains("line 4: time_zone is not an IANA time zone"))
        #expect(report.text.hasSuffix("2 stores created, 0 updated, 1 unchanged, 2 rows rejected"))
        #expect(report.json.contains("{\"line\":7,\"field\":\"Latitude\",\"reason\":\"is not a number\"}"))
    }

    @Test func `the demonstration city can be read whole`() throws {
        let bytes = try #require(readFile(OrderFileTests.root + "/seeds/demo/shanghai.json"))
        let city = try JSON.decode(DemoCity.self, from: bytes)
        #expect(city.merchants.count >= 5)
        #expect(city.merchants.allSatisfy { !$0.stores.isEmpty && !$0.items.isEmpty })
    }
}
