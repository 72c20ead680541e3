import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Models
import Synchronization
import TestSupport

@testable import Storefront

/// Neighbours that answer as the real ones do, with one store and two items.
struct Street {
    let catalog: FakeNeighbour
    let orders: FakeNeighbour
    let notifications: FakeNeighbour
    let store: Store
    let items: [Item]

    static let name = "老街 <script>alert(1)</script> \"小馆\""

    init(itemName: String = Self.name) async throws {
        catalog = try await FakeNeighbour()
        orders = try await FakeNeighbour()
        notifications = try await FakeNeighbour()
        store = Self.makeStore()
        items = [Self.item(store.summary.id, itemName), Self.item(store.summary.id, "Tea")]
        let (store, items) = (store, items)
        let path = "/v1/stores/\(store.summary.id)"
        catalog.on(.get, "/v1/stores") { _ in .json(.ok, Models.Page(items: [store.summary])) }
        catalog.on(.get, "/v1/cities") { _ in .json(.ok, Models.Page(items: [CityCount(name: "上海市", storeCount: 1)])) }
        catalog.on(.get, path) { _ in .json(.ok, store) }
        let review = Review(
            id: .make(at: .init(microseconds: 1)), rating: 5, text: "<img src=x onerror=alert(2)>",
            createdAt: .init(microseconds: 0))
        catalog.on(.get, path + "/window") { _ in
            .json(.ok, StoreWindow(store: store, menu: Models.Page(items: items), reviews: [review]))
        }
        catalog.on(.get, path + "/items") { _ in .json(.ok, Models.Page(items: items)) }
        catalog.on(.get, path + "/reviews") { _ in
            .json(.ok, Models.Page(items: [review]))
        }
        catalog.on(.get, "/v1/items/\(items[0].id)") { _ in .json(.ok, items[0]) }
        orders.on(.get, OrdersAPI.paymentMethods.path()) { _ in
            .json(.ok, PaymentMethods(gateways: GatewayName.allCases))
        }
        notifications.on(.post, "/v1/messages/sms") { _ in Response(status: .accepted) }
    }

    var neighbours: [String: FakeNeighbour] { ["catalog": catalog, "orders": orders, "notifications": notifications] }

    static let environment = ["STOREFRONT_STATIC_DIR": LookTests.root + "/Static", "OPERATOR_PHONES": "13800000000"]

    private static func makeStore() -> Store {
        let now = Timestamp(microseconds: 1_700_000_000_000_000)
        let period = OpeningPeriod(opens: TimeOfDay(minutes: 0)!, closes: TimeOfDay(minutes: 1_440)!)
        return Store(
            summary: StoreSummary(
                id: .make(at: now), number: nil, merchantID: .make(at: now), kind: .restaurant,
                name: LocalizedText(zh: name, en: name), address: "</p><script>x</script>", city: "上海市", province: "31",
                phone: "021-1", location: Coordinates(latitude: 31.23, longitude: 121.47), distanceMetres: 120,
                isOpenNow: true, hoursToday: [period], timeZone: "Asia/Shanghai", ratingAverage: 4.6, ratingCount: 3,
                isAcceptingOrders: true),
            openingHours: (1...7).map { DayHours(day: $0, periods: [period]) },
            description: LocalizedText(zh: "好", en: "good"))
    }

    private static func item(_ store: StoreID, _ name: String) -> Item {
        let now = Timestamp(microseconds: 1_700_000_000_000_000)
        let text = LocalizedText(zh: name, en: name)
        return Item(
            id: .make(at: now), storeID: store, code: nil, category: ItemCategory(id: .make(at: now), name: text),
            name: text, description: text, picture: "noodles",
            skus: [SKU(id: .make(at: now), name: text, price: Money(minorUnits: 1_800), available: 9)])
    }

    /// The code of the newest text message.
    func code() throws -> String {
        let sent = notifications.requests.last { $0.path == "/v1/messages/sms" }
        return try JSON.decode(CodeMessage.self, from: sent?.body ?? [], mode: .lenient).code
    }
}

/// A browser: keeps cookies, sends forms as a browser does.
final class Browser: Sendable {
    private let harness: ServiceHarness
    private let jar = Mutex<[String: String]>([:])

    init(_ harness: ServiceHarness) { self.harness = harness }

    var cookies: [String: String] { jar.withLock { $0 } }

    func get(_ path: String, language: String = "en") async throws -> ClientResponse {
        try await send(.get, path, [], [("accept-language", language)])
    }

    /// Sends a form with the token of `page`, from this site unless told otherwise.
    func post(
        _ path: String, _ fields: [(String, String)], token: String? = nil, origin: String? = nil
    ) async throws -> ClientResponse {
        var fields = fields
        if let token { fields.append(("form_token", token)) }
        let body = fields.map { PathPattern.percentEncoded($0.0) + "=" + PathPattern.percentEncoded($0.1) }
            .joined(separator: "&")
        return try await send(
            .post, path, Array(body.utf8),
            [
                ("content-type", "application/x-www-form-urlencoded"), ("origin", origin ?? harness.url),
                ("accept-language", "en"),
            ])
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ body: [UInt8], _ headers: [(String, String)]
    ) async throws -> ClientResponse {
        let cookie = cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        let answer = try await harness.send(
            method, path, body: body, headers: headers + (cookie.isEmpty ? [] : [("cookie", cookie)]))
        for line in answer.headers.all("set-cookie") {
            let pair = line.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            jar.withLock { $0[String(pair[0])] = pair[1].isEmpty ? nil : String(pair[1]) }
        }
        return answer
    }

    /// The token of the first form on a page.
    static func token(in page: ClientResponse) -> String? {
        page.text.firstMatch(of: /name="form_token" value="([^"]+)"/).map { String($0.1) }
    }

    /// Signs in through the pages.
    func signIn(_ phone: String, _ street: Street, returning: String = "/account") async throws -> ClientResponse {
        let token = Self.token(in: try await get("/sign-in"))
        let second = try await post("/sign-in/code", [("phone", phone), ("return", returning)], token: token)
        return try await post(
            "/sign-in", [("phone", phone), ("code", try street.code()), ("return", returning)],
            token: Self.token(in: second))
    }
}
