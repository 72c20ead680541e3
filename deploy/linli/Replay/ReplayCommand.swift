import EventLoop
import HTTPCore
import JSON
import Models

/// `linli replay orders FILE`: a till's orders through the public API; the figures at the end are the merchant's own.
struct ReplayCommand: Sendable {
    private static let messagesWithin = Duration.seconds(120)
    private static let look = Duration.milliseconds(250)

    let tool: Tool
    let limit: Int?
    let customers: Int
    let parallel: Int

    func run(file: String) async throws -> ReplayReport {
        guard let bytes = readFile(file) else { throw CommandError("\(file) cannot be read") }
        var orders = try OrderFile(String(decoding: bytes, as: UTF8.self))
        for bad in orders.badLines { note("line \(bad.line): \(bad.reason)\n") }
        if let limit { orders.limit(to: limit) }
        guard !orders.orders.isEmpty else { throw CommandError("\(file) has no orders") }

        let began = Instant.now
        let staff = try await tool.signIn.asOperator()
        let people = try await signInCustomers()
        let store = try await openStore(staff)
        let skus = try await makeMenu(ReplayMenu(orders.orders), of: store, staff)
        let done = try await journeys(orders.orders, store, staff, people, skus)
        let figures: StoreFigures = try await tool.door.call(.get, OrdersAPI.storeFigures.path(store), token: staff)
        let notified = try await messages(to: people, about: done)
        return ReplayReport(
            storeID: store, figures: figures,
            collected: done.count { $0.states.fulfilment == .collected }, notified: notified,
            expectedOrders: orders.orders.count, expectedItems: Int(orders.itemCount),
            expectedRevenue: Money(minorUnits: orders.revenue, currency: .cny),
            seconds: Double((Instant.now - began).wholeMilliseconds) / 1_000)
    }

    /// People of the replay have numbers of their own; signing in again uses the tokens of before.
    private func signInCustomers() async throws -> [String] {
        var tokens: [String] = []
        for number in 1...customers {
            let token = try await tool.signIn.token(of: "1390000\(1_000 + number)")
            try await dropUnpaidOrders(token)
            tokens.append(token)
        }
        return tokens
    }

    /// A replay that was broken off may have left unpaid orders, of which a person may have only a few.
    private func dropUnpaidOrders(_ customer: String) async throws {
        let page: Page<OrderSummary> = try await tool.door.call(
            .get, OrdersAPI.orders.path() + "?limit=100", token: customer)
        for order in page.items where order.states.order == .open && order.states.payment == .unpaid {
            do {
                try await tool.door.send(
                    .post, OrdersAPI.orderCancel.path(order.id), body: JSON.encode(CancelRequest()), token: customer,
                    key: newKey())
            } catch DoorError.problem(409, _, _) {
                continue  // It ended by itself meanwhile.
            }
        }
    }

    /// A store of its own for each run, so that its figures are the run's.
    private func openStore(_ staff: String) async throws -> StoreID {
        let name = LocalizedText(zh: "回放餐厅", en: "Replay Kitchen")
        let merchant: Merchant = try await tool.door.call(
            .post, CatalogAPI.merchants.path(), body: NewMerchant(code: "replay", name: name, kind: .restaurant),
            token: staff, key: newKey())
        let store: Store = try await tool.door.call(
            .post, CatalogAPI.stores.path(),
            body: NewStore(
                merchantID: merchant.id, number: newKey(), name: name, address: "黄浦区南京东路 1 号", city: "上海市",
                province: "31", location: Coordinates(latitude: 31.2397, longitude: 121.4998),
                openingHours: DayHours.always),
            token: staff, key: newKey())
        return store.summary.id
    }

    private func makeMenu(
        _ menu: ReplayMenu, of store: StoreID, _ staff: String
    ) async throws -> [ReplayMenu.Variant: SKUID] {
        var skus: [ReplayMenu.Variant: SKUID] = [:]
        for (number, item) in menu.items.enumerated() {
            let made: Item = try await tool.door.call(
                .post, CatalogAPI.items.path(), body: menu.newItem(item, code: "item-\(number + 1)", of: store),
                token: staff, key: newKey())
            for sku in made.skus { skus[ReplayMenu.Variant(item: item.name, price: sku.price.minorUnits)] = sku.id }
        }
        return skus
    }

    private func journeys(
        _ orders: [OrderFile.Order], _ store: StoreID, _ staff: String, _ people: [String],
        _ skus: [ReplayMenu.Variant: SKUID]
    ) async throws -> [Order] {
        let counter = Counted(Progress("replaying orders", total: orders.count))
        let done = Locked<[Order]>([])
        let door = tool.door
        // Fewer at once for a person than the number of unpaid orders that one may have.
        try await forEach(Array(orders.enumerated()), atOnce: min(parallel, people.count * 4)) { number, order in
            let journey = OrderJourney(door: door, store: store, customer: people[number % people.count], staff: staff)
            let finished = try await journey.make(try ReplayMenu.lines(of: order, skus: skus))
            done.withLock { $0.append(finished) }
            counter.one()
        }
        return done.withLock(\.self)
    }

    /// How many of the orders have a message that they are ready; messages follow orders, so it waits for them.
    private func messages(to people: [String], about orders: [Order]) async throws -> Int {
        let ids = Set(orders.map(\.id))
        guard let since = orders.map(\.placedAt).min() else { return 0 }
        let end = Instant.now + Self.messagesWithin
        while true {
            var told: [OrderID] = []
            for token in people { told += try await readyMessages(token, since: since).filter(ids.contains) }
            // A message too many is wrong as well, so they are counted, not made a set of.
            if told.count >= orders.count || Instant.now > end { return told.count }
            try await tool.door.loop.sleep(for: Self.look)
        }
    }

    /// Inboxes begin with the newest message and keep those of every replay there was.
    private func readyMessages(_ token: String, since: Timestamp) async throws -> [OrderID] {
        var orders: [OrderID] = []
        var cursor: String?
        repeat {
            let query = "?limit=100" + (cursor.map { "&cursor=\(PathPattern.percentEncoded($0))" } ?? "")
            let page: Page<InboxMessage> = try await tool.door.call(
                .get, NotificationsAPI.inbox.path() + query, token: token)
            orders += page.items.filter { $0.kind == "ready" }.compactMap(\.orderID)
            cursor = page.items.contains { $0.createdAt < since } ? nil : page.nextCursor
        } while cursor != nil
        return orders
    }
}

struct ReplayReport: Report {
    let storeID: StoreID
    let figures: StoreFigures
    let collected: Int
    let notified: Int
    let expectedOrders: Int
    let expectedItems: Int
    let expectedRevenue: Money
    let seconds: Double

    var isRight: Bool {
        [figures.ordersCompleted, figures.ordersPaid, collected, notified].allSatisfy { $0 == expectedOrders }
            && figures.itemsSold == expectedItems && figures.revenue == expectedRevenue
    }

    var text: String {
        """
        orders completed  \(figures.ordersCompleted) of \(expectedOrders)
        paid              \(figures.ordersPaid)
        collected         \(collected)
        notified          \(notified)
        items             \(figures.itemsSold) of \(expectedItems)
        revenue           \(figures.revenue.formatted) of \(expectedRevenue.formatted)
        time              \(seconds) s
        """
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("store_id", storeID)
        json.field("orders_completed", figures.ordersCompleted)
        json.field("paid", figures.ordersPaid)
        json.field("collected", collected)
        json.field("notified", notified)
        json.field("items", figures.itemsSold)
        json.field("revenue", figures.revenue.formatted)
        json.field("expected_orders", expectedOrders)
        json.field("expected_items", expectedItems)
        json.field("expected_revenue", expectedRevenue.formatted)
        json.field("seconds", seconds)
        json.endObject()
    }
}
