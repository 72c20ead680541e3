import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit
import TestSupport

@testable import Orders

/// The orders service with a catalog and a gateway to talk to, and the steps of a customer and a store.
struct Shop: Sendable {
    let orders: ServiceHarness
    let catalog: FakeCatalog
    let weChat: FakeWeChat
    let gateways: FakeGateways
    let storeID: StoreID
    let merchantID: MerchantID

    static func open(_ environment: [String: String] = [:], _ body: (Shop) async throws -> Void) async throws {
        let weChat = try await FakeWeChat()
        let gateways = try await FakeGateways()
        let catalog = try await FakeCatalog()
        let notifications = try await FakeNeighbour()
        notifications.on(.post, "/v1/events") { try FakeCatalog.receipt($0) }
        let settings = weChat.environment.merging(gateways.environment) { a, _ in a }
            .merging(environment) { _, given in given }
        try await ServiceHarness.with(
            OrdersService.self, neighbours: ["catalog": catalog.neighbour, "notifications": notifications],
            environment: settings
        ) { orders in
            try await body(
                Shop(
                    orders: orders, catalog: catalog, weChat: weChat, gateways: gateways,
                    storeID: catalog.storeID, merchantID: catalog.merchantID))
        }
        await catalog.neighbour.stop()
        await notifications.stop()
        await weChat.stop()
        await gateways.stop()
    }

    var kit: Toolkit { orders.kit }

    // MARK: People

    func customer() throws -> Person {
        let id = AccountID.make(at: kit.now())
        return Person(id: id, token: try TestTokens.user(id))
    }

    func staff(_ role: StaffRole = .clerk, of store: StoreID? = nil) throws -> Person {
        let id = AccountID.make(at: kit.now())
        return Person(id: id, token: try TestTokens.user(id, stores: [store ?? storeID: role]))
    }

    // MARK: Steps

    func quote(_ person: Person, _ lines: [(SKUID, Int)]? = nil) async throws -> Quote {
        let answer = try await quoteAnswer(person, lines ?? [(catalog.noodles, 2)])
        guard answer.status == .created else { throw UnexpectedAnswer(answer) }
        return try answer.decoded()
    }

    func quoteAnswer(_ person: Person, _ lines: [(SKUID, Int)]) async throws -> ClientResponse {
        let input = QuoteRequest(
            storeID: storeID, lines: lines.map { QuoteRequestLine(skuID: $0.0, quantity: $0.1) })
        return try await orders.send(.post, "/v1/quotes", json: input, token: person.token)
    }

    func placeAnswer(_ person: Person, _ quote: Quote, key: String? = nil) async throws -> ClientResponse {
        try await orders.send(
            .post, "/v1/orders", json: PlaceOrderRequest(quoteToken: quote.token), token: person.token,
            headers: key.map { [("idempotency-key", $0)] } ?? [])
    }

    func place(_ person: Person, _ lines: [(SKUID, Int)]? = nil) async throws -> Order {
        let answer = try await placeAnswer(person, try await quote(person, lines))
        guard answer.status == .created else { throw UnexpectedAnswer(answer) }
        return try answer.decoded()
    }

    func paymentAnswer(
        _ person: Person, _ order: OrderID, gateway: GatewayName = .wechat, channel: PaymentChannel = .h5,
        amount: Int64? = nil, key: String? = nil
    ) async throws -> ClientResponse {
        try await orders.send(
            .post, OrdersAPI.orderPayments.path(order),
            json: NewPayment(gateway: gateway, channel: channel, amount: amount.map { Money(minorUnits: $0) }), token: person.token, headers: key.map { [("idempotency-key", $0)] } ?? [])
    }

    func startPayment(
        _ person: Person, _ order: OrderID, gateway: GatewayName = .wechat, channel: PaymentChannel = .h5,
        amount: Int64? = nil
    ) async throws -> Payment {
        let answer = try await paymentAnswer(person, order, gateway: gateway, channel: channel, amount: amount)
        guard answer.status == .created else { throw UnexpectedAnswer(answer) }
        return try answer.decoded()
    }

    func notify(_ notification: (headers: [(String, String)], body: [UInt8])) async throws -> ClientResponse {
        try await orders.send(
            .post, OrdersAPI.weChatNotifications.path(), body: notification.body, headers: notification.headers)
    }

    func notify(_ gateway: GatewayName, _ body: [UInt8]) async throws -> ClientResponse {
        let pattern = gateway == .alipay ? OrdersAPI.alipayNotifications : OrdersAPI.cardNotifications
        return try await orders.send(
            .post, pattern.path(), body: body, headers: [("content-type", "application/x-www-form-urlencoded")])
    }

    /// Places and pays.
    func paidOrder(_ person: Person, _ lines: [(SKUID, Int)]? = nil) async throws -> (order: Order, payment: Payment) {
        let order = try await place(person, lines)
        let payment = try await startPayment(person, order.id)
        weChat.pay(payment.id)
        let answer = try await notify(try weChat.notification(of: payment.id))
        guard answer.status == .noContent else { throw UnexpectedAnswer(answer) }
        return (try await read(person, order.id), payment)
    }

    func read(_ person: Person, _ order: OrderID) async throws -> Order {
        let answer = try await orders.send(.get, OrdersAPI.order.path(order), token: person.token)
        guard answer.status == .ok else { throw UnexpectedAnswer(answer) }
        return try answer.decoded()
    }

    func post(
        _ pattern: PathPattern, _ order: OrderID, _ person: Person, body: [UInt8] = Array("{}".utf8), key: String? = nil
    ) async throws -> ClientResponse {
        try await orders.send(
            .post, pattern.path(order), body: body, token: person.token,
            headers: key.map { [("idempotency-key", $0)] } ?? [])
    }

    /// Moves a paid order until it is ready.
    func makeReady(_ order: OrderID, _ clerk: Person) async throws {
        for pattern in [OrdersAPI.orderAccept, OrdersAPI.orderPrepare, OrdersAPI.orderReady] {
            let answer = try await post(pattern, order, clerk)
            guard answer.status == .ok else { throw UnexpectedAnswer(answer) }
        }
    }

    func collect(_ code: String, _ clerk: Person, store: StoreID? = nil, key: String? = nil) async throws -> ClientResponse {
        try await orders.send(
            .post, OrdersAPI.storeCollections.path(store ?? storeID), json: CollectionRequest(code: code),
            token: clerk.token, headers: key.map { [("idempotency-key", $0)] } ?? [])
    }

    // MARK: Jobs, run until something is true (the service's own run beside them)

    func until(_ job: () async throws -> Void, _ isTrue: () async throws -> Bool) async throws -> Bool {
        let deadline = Instant.now + .seconds(20)
        while Instant.now < deadline {
            try await job()
            if try await isTrue() { return true }
        }
        return false
    }

    func expireUntil(_ isTrue: () async throws -> Bool) async throws -> Bool {
        try await until({ _ = try await ExpireUnpaidOrders.tick(kit) }, isTrue)
    }

    func resolveUntil(_ isTrue: () async throws -> Bool) async throws -> Bool {
        let job = parts.resolvePayments
        return try await until(
            {
                try await orders.test.run("UPDATE payments SET check_at = 'epoch'")
                _ = try await job.tick(kit)
            }, isTrue)
    }

    func refundUntil(_ isTrue: () async throws -> Bool) async throws -> Bool {
        let job = parts.sendRefunds
        return try await until(
            {
                try await orders.test.run("UPDATE refunds SET check_at = 'epoch'")
                _ = try await job.tick(kit)
            }, isTrue)
    }

    /// A second copy of the service's use cases, as another replica has them.
    var parts: Parts {
        var reader = ConfigurationReader(
            weChat.environment.merging(gateways.environment) { a, _ in a }.merging(["KEY_ENCRYPTION_KEY": "bGlubGktdGVzdC1rZXktZW5jcnlwdGlvbi1rZXktMzI="]) { a, _ in a })
        let configuration = OrdersService.configuration(&reader)
        guard let gateways = try? PaymentGateways(configuration, kit) else { preconditionFailure("no gateway") }
        return Parts(configuration, kit, gateways: gateways)
    }

    func count(_ what: CountRows.What) async throws -> Int { try await kit.database.one(CountRows(what: what)) }
}

struct Person: Sendable {
    let id: AccountID
    let token: String
}

struct UnexpectedAnswer: Error, CustomStringConvertible {
    let description: String
    init(_ answer: ClientResponse) { description = "\(answer.status.code): \(answer.text)" }
}

extension ClientResponse {
    /// The problem's code, or nil.
    var code: String? { (try? JSON.decode(Problem.self, from: body, mode: .lenient))?.code }
    var problem: Problem? { try? JSON.decode(Problem.self, from: body, mode: .lenient) }
}

/// Row counts, for "nothing was changed".
struct CountRows: Statement {
    enum What: String, Sendable { case orders, lines, payments, refunds, story, outbox, paid, paidEvents }
    static let name: StaticString = "test_count_rows"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT CASE $1
            WHEN 'orders' THEN (SELECT count(*) FROM orders)
            WHEN 'lines' THEN (SELECT count(*) FROM order_lines)
            WHEN 'payments' THEN (SELECT count(*) FROM payments)
            WHEN 'refunds' THEN (SELECT count(*) FROM refunds)
            WHEN 'story' THEN (SELECT count(*) FROM order_story)
            WHEN 'outbox' THEN (SELECT count(*) FROM outbox)
            WHEN 'paid' THEN (SELECT count(*) FROM order_story WHERE move = 'paid')
            WHEN 'paidEvents' THEN (SELECT count(*) FROM outbox WHERE type = 'order.paid')
        END
        """
    let what: What

    func bind(to parameters: inout Parameters) { parameters.append(what.rawValue) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}

/// Events of a type for one neighbour, delivered or not.
struct CountEvents: Statement {
    static let name: StaticString = "test_count_events"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT count(*) FROM outbox WHERE type = $1 AND consumer = $2"
    let type: String
    let consumer: String

    func bind(to parameters: inout Parameters) {
        parameters.append(type)
        parameters.append(consumer)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}
