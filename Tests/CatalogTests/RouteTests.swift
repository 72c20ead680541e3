import EventLoop
import HTTPClient
import HTTPCore
import JSON
import Models
import Postgres
import ServiceKit
import TestSupport
import Testing
@testable import Catalog

/// The real routes on a real server: who may call, what comes back, what bad input gets.
@Suite(.serialized, .timeLimit(.minutes(5))) struct RouteTests {
    private let operatorID = AccountID.make(at: Shop.now)

    private func with(_ body: (ServiceHarness, Management) async throws -> Void) async throws {
        try await ServiceHarness.with(CatalogService.self) { catalog in
            let token = try TestTokens.user(operatorID, isOperator: true)
            try await body(catalog, Management(catalog: catalog, token: token))
        }
    }

    /// Makes things through the API, as `linli seed` does.
    private struct Management {
        let catalog: ServiceHarness
        let token: String

        func merchant(_ kind: StoreKind, code: String) async throws -> Merchant {
            let new = NewMerchant(code: code, name: LocalizedText(zh: "商户", en: "Merchant"), kind: kind)
            return try await catalog.send(.post, CatalogAPI.merchants.path(), json: new, token: token).decoded()
        }

        func store(
            _ merchant: Merchant, number: String = "1",
            at place: Coordinates = Coordinates(latitude: 31.23, longitude: 121.45)
        ) async throws -> Store {
            let period = OpeningPeriod(opens: TimeOfDay("00:00")!, closes: TimeOfDay("24:00")!)
            let new = NewStore(
                merchantID: merchant.id, number: number, name: LocalizedText(zh: "静安店", en: "Jing'an"),
                address: "南京西路 1 号", city: "上海市", province: "31", phone: "021-55500101",
                location: place, openingHours: (1...7).map { DayHours(day: $0, periods: [period]) })
            return try await catalog.send(.post, CatalogAPI.stores.path(), json: new, token: token).decoded()
        }

        func newItem(_ store: Store, code: String = "latte", stock: Int = 10) -> NewItem {
            NewItem(
                storeID: store.summary.id, code: code, category: LocalizedText(zh: "咖啡", en: "Coffee"),
                name: LocalizedText(zh: "拿铁", en: "Latte"), picture: "coffee",
                skus: [
                    NewSKU(
                        name: LocalizedText(zh: "中杯", en: "Medium"), price: Money(minorUnits: 2_400), stock: stock),
                    NewSKU(
                        name: LocalizedText(zh: "大杯", en: "Large"), price: Money(minorUnits: 2_800), stock: stock),
                ])
        }

        func item(_ store: Store, code: String = "latte", stock: Int = 10) async throws -> Item {
            try await catalog.send(
                .post, CatalogAPI.items.path(), json: newItem(store, code: code, stock: stock), token: token
            ).decoded()
        }
    }

    private func problem(_ response: ClientResponse) throws -> Problem {
        #expect(response.headers["content-type"]?.hasPrefix("application/problem+json") == true)
        return try response.decoded()
    }

    @Test func `merchants of every kind have stores and menus`() async throws {
        try await with { catalog, manage in
            for kind in StoreKind.allCases {
                let merchant = try await manage.merchant(kind, code: kind.rawValue)
                let store = try await manage.store(merchant)
                #expect(store.summary.kind == kind)
                #expect(store.summary.isOpenNow)
                let item = try await manage.item(store)
                let menu: Page<Item> = try await catalog.send(
                    .get, CatalogAPI.storeItems.path(store.summary.id)
                ).decoded()
                #expect(menu.items == [item])
                #expect(menu.items[0].skus.map(\.available) == [10, 10])
                let found: Item = try await catalog.send(.get, CatalogAPI.item.path(item.id)).decoded()
                #expect(found == item)
            }
        }
    }

    @Test func `making things twice gives the first`() async throws {
        try await with { catalog, manage in
            let merchant = try await manage.merchant(.cafe, code: "m")
            #expect(try await manage.merchant(.cafe, code: "m") == merchant)
            let store = try await manage.store(merchant)
            #expect(try await manage.store(merchant).summary.id == store.summary.id)
            let item = try await manage.item(store)
            #expect(try await manage.item(store, stock: 99) == item)
            let again = try await catalog.send(
                .post, CatalogAPI.items.path(), json: manage.newItem(store), token: manage.token)
            #expect(again.status == .ok)
        }
    }

    @Test func `the same key gives the same bytes, and another body under it is refused`() async throws {
        try await with { catalog, manage in
            let store = try await manage.store(try await manage.merchant(.cafe, code: "m"))
            let headers = [("idempotency-key", "k1")]
            let first = try await catalog.send(
                .post, CatalogAPI.items.path(), json: manage.newItem(store), token: manage.token, headers: headers)
            let second = try await catalog.send(
                .post, CatalogAPI.items.path(), json: manage.newItem(store), token: manage.token, headers: headers)
            #expect(first.status == .created)
            #expect(second.status == .created)
            #expect(first.body == second.body)
            #expect(second.headers["idempotency-replayed"] == "true")
            let other = try await catalog.send(
                .post, CatalogAPI.items.path(), json: manage.newItem(store, code: "x"), token: manage.token,
                headers: headers)
            #expect(try problem(other).code == "idempotency_key_reused")
        }
    }

    @Test func `public reads carry an ETag and answer a good copy with 304`() async throws {
        try await with { catalog, manage in
            let store = try await manage.store(try await manage.merchant(.cafe, code: "m"))
            _ = try await manage.item(store)
            let paths = [
                CatalogAPI.store.path(store.summary.id), CatalogAPI.storeItems.path(store.summary.id),
                CatalogAPI.cities.path(), CatalogAPI.stores.path() + "?lat=31.2&lng=121.4",
            ]
            for path in paths {
                let first = try await catalog.send(.get, path)
                #expect(first.status == .ok)
                let tag = try #require(first.headers["etag"])
                let second = try await catalog.send(.get, path, headers: [("if-none-match", tag)])
                #expect(second.status.code == 304)
                #expect(second.body.isEmpty)
            }
        }
    }

    @Test func `nobody changes anything without the right to`() async throws {
        try await with { catalog, manage in
            let store = try await manage.store(try await manage.merchant(.cafe, code: "m"))
            let item = try await manage.item(store)
            let sku = item.skus[0].id
            let clerk = try TestTokens.user(.make(at: Shop.now), stores: [store.summary.id: .clerk])
            let stranger = try TestTokens.user(.make(at: Shop.now))
            let orders = try TestTokens.service("orders")
            let change = SKUChange(price: Money(minorUnits: 1))
            let adjustment = StockAdjustment(
                storeID: store.summary.id, lines: [StockAdjustmentLine(skuID: sku, delta: 1, cause: .received)])
            let new = NewMerchant(code: "x", name: LocalizedText(zh: "x", en: "x"), kind: .cafe)
            let stock = CatalogAPI.storeStock.path(store.summary.id)
            let skuPath = CatalogAPI.sku.path(sku)
            let adjust = CatalogAPI.stockAdjustments.path()
            #expect(try await catalog.send(.post, CatalogAPI.merchants.path(), json: new).status.code == 401)
            for token in [clerk, stranger, orders] {
                let made = try await catalog.send(.post, CatalogAPI.merchants.path(), json: new, token: token)
                #expect(made.status.code == 403)
                let item = try await catalog.send(
                    .post, CatalogAPI.items.path(), json: manage.newItem(store, code: "y"), token: token)
                #expect(item.status.code == 403)
            }
            #expect(try await catalog.send(.patch, skuPath, json: change, token: clerk).status.code == 404)
            #expect(try await catalog.send(.post, adjust, json: adjustment, token: stranger).status.code == 403)
            #expect(try await catalog.send(.post, adjust, json: adjustment, token: clerk).status.code == 200)
            #expect(try await catalog.send(.get, stock, token: stranger).status.code == 403)
            #expect(try await catalog.send(.get, stock, token: clerk).status.code == 200)
            #expect(try await catalog.send(.get, stock).status.code == 401)
            let batch = ReservationBatch(reservations: [
                ReservationRequest(
                    orderID: .make(at: Shop.now), storeID: store.summary.id, expiresAt: Shop.now,
                    lines: [ReservationLine(skuID: sku, quantity: 1)])
            ])
            let reservations = CatalogAPI.reservations.path()
            #expect(try await catalog.send(.post, reservations, json: batch, token: manage.token).status.code == 403)
            let storefront = try TestTokens.service("storefront")
            #expect(try await catalog.send(.post, reservations, json: batch, token: storefront).status.code == 403)
            #expect(try await catalog.send(.post, reservations, json: batch, token: orders).status.code == 200)
        }
    }

    @Test func `a price is changed, and the currency is not`() async throws {
        try await with { catalog, manage in
            let store = try await manage.store(try await manage.merchant(.cafe, code: "m"))
            let sku = try await manage.item(store).skus[0].id
            let path = CatalogAPI.sku.path(sku)
            let changed: Item = try await catalog.send(
                .patch, path, json: SKUChange(price: Money(minorUnits: 2_500)), token: manage.token
            ).decoded()
            #expect(changed.skus[0].price == Money(minorUnits: 2_500))
            #expect(changed.skus[0].name.zh == "中杯")
            let dollars = try await catalog.send(
                .patch, path, json: SKUChange(price: Money(minorUnits: 1, currency: .usd)), token: manage.token)
            #expect(try problem(dollars).errors.map(\.pointer) == ["/price/currency"])
        }
    }

    @Test func `orders asks for prices and gets what is known and what is not`() async throws {
        try await with { catalog, manage in
            let store = try await manage.store(try await manage.merchant(.cafe, code: "m"))
            let item = try await manage.item(store)
            let unknown = SKUID.make(at: Shop.now)
            let token = try TestTokens.service("orders")
            let asked = PriceCheckRequest(
                storeID: store.summary.id, skuIDs: [item.skus[1].id, unknown, item.skus[0].id, item.skus[1].id])
            let check: PriceCheck = try await catalog.send(
                .post, CatalogAPI.priceChecks.path(), json: asked, token: token
            ).decoded()
            #expect(check.skus.map(\.skuID) == [item.skus[1].id, item.skus[0].id])
            #expect(check.skus[0].price == Money(minorUnits: 2_800))
            #expect(check.unknownSKUIDs == [unknown])
            #expect(check.store.isOpenNow)
            let none: PriceCheck = try await catalog.send(
                .post, CatalogAPI.priceChecks.path(),
                json: PriceCheckRequest(storeID: store.summary.id, skuIDs: [unknown]), token: token
            ).decoded()
            #expect(none.unknownSKUIDs == [unknown])
            let elsewhere = try await catalog.send(
                .post, CatalogAPI.priceChecks.path(),
                json: PriceCheckRequest(storeID: .make(at: Shop.now), skuIDs: [unknown]), token: token)
            #expect(elsewhere.status.code == 404)
        }
    }

    @Test func `requests that arrive together are one statement, and each gets its own answer`() async throws {
        try await with { catalog, manage in
            let store = try await manage.store(try await manage.merchant(.cafe, code: "m"))
            let sku = try await manage.item(store, stock: 7).skus[0].id
            let token = try TestTokens.service("orders")
            let outcomes = try await withThrowingTaskGroup(of: [ReservationResult].self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        let batch = ReservationBatch(
                            reservations: (0..<2).map { _ in
                                ReservationRequest(
                                    orderID: .make(at: Shop.now), storeID: store.summary.id, expiresAt: Shop.now,
                                    lines: [ReservationLine(skuID: sku, quantity: 1)])
                            })
                        let answer: ReservationResults = try await catalog.send(
                            .post, CatalogAPI.reservations.path(), json: batch, token: token
                        ).decoded()
                        #expect(answer.results.map(\.orderID) == batch.reservations.map(\.orderID))
                        return answer.results
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(outcomes.count { $0.outcome == .reserved } == 7)
            #expect(outcomes.count { $0.outcome == .outOfStock } == 73)
            #expect(try await catalog.test.database.one(StockFaults()) == 0)
        }
    }

    @Test func `events of orders are applied once each`() async throws {
        try await with { catalog, manage in
            let store = try await manage.store(try await manage.merchant(.cafe, code: "m"))
            let sku = try await manage.item(store, stock: 5).skus[0].id
            let token = try TestTokens.service("orders")
            let order = OrderID.make(at: Shop.now)
            let batch = ReservationBatch(reservations: [
                ReservationRequest(
                    orderID: order, storeID: store.summary.id, expiresAt: Shop.now + .seconds(900),
                    lines: [ReservationLine(skuID: sku, quantity: 2)])
            ])
            _ = try await catalog.send(.post, CatalogAPI.reservations.path(), json: batch, token: token)
            let review =
                #"{"order_id":"\#(order)","store_id":"\#(store.summary.id)","customer_id":"\#(operatorID)","#
                + #""review":{"id":"\#(ReviewID.make(at: Shop.now))","rating":4,"text":"好"},"total":1}"#
            let events = [
                event(OrderEvents.placed, order, 1), event(OrderEvents.paid, order, 2),
                event(OrderEvents.reviewed, order, 3, review),
            ]
            for round in 0..<2 {
                let receipt: EventReceipt = try await catalog.send(
                    .post, CatalogAPI.events.path(), json: EventDelivery(events: events), token: token
                ).decoded()
                #expect(receipt.results.allSatisfy { $0.outcome == (round == 0 ? .applied : .duplicate) })
            }
            let reservation: Reservation = try await catalog.send(
                .get, CatalogAPI.reservation.path(order), token: token
            ).decoded()
            #expect(reservation.state == .committed)
            let shown: Store = try await catalog.send(.get, CatalogAPI.store.path(store.summary.id)).decoded()
            #expect(shown.summary.ratingAverage == 4)
            #expect(shown.summary.ratingCount == 1)
            let reviews: Page<Review> = try await catalog.send(
                .get, CatalogAPI.storeReviews.path(store.summary.id)
            ).decoded()
            #expect(reviews.items.map(\.text) == ["好"])
            #expect(try await catalog.test.database.one(StockFaults()) == 0)
        }
    }

    @Test func `a deposit commits the stock once; the rest changes nothing, and expiry brings the goods back`() async throws {
        try await with { catalog, manage in
            let store = try await manage.store(try await manage.merchant(.cafe, code: "m"))
            let sku = try await manage.item(store, stock: 5).skus[0].id
            let token = try TestTokens.service("orders")
            let orders = (0..<2).map { _ in OrderID.make(at: Shop.now) }
            let batch = ReservationBatch(reservations: orders.map {
                ReservationRequest(
                    orderID: $0, storeID: store.summary.id, expiresAt: Shop.now + .seconds(900),
                    lines: [ReservationLine(skuID: sku, quantity: 2)])
            })
            _ = try await catalog.send(.post, CatalogAPI.reservations.path(), json: batch, token: token)
            let deliveries = [
                [event(OrderEvents.depositPaid, orders[0], 1), event(OrderEvents.depositPaid, orders[1], 1)],
                [event(OrderEvents.paid, orders[0], 2), event(OrderEvents.expired, orders[1], 2)],
            ]
            for events in deliveries {
                let receipt: EventReceipt = try await catalog.send(
                    .post, CatalogAPI.events.path(), json: EventDelivery(events: events), token: token
                ).decoded()
                #expect(receipt.results.allSatisfy { $0.outcome == .applied })
            }
            for (order, state) in zip(orders, [ReservationState.committed, .returned]) {
                let reservation: Reservation = try await catalog.send(
                    .get, CatalogAPI.reservation.path(order), token: token
                ).decoded()
                #expect(reservation.state == state)
            }
            let again = try await catalog.send(
                .post, CatalogAPI.reservations.path(),
                json: ReservationBatch(reservations: [
                    ReservationRequest(
                        orderID: .make(at: Shop.now), storeID: store.summary.id, expiresAt: Shop.now + .seconds(900),
                        lines: [ReservationLine(skuID: sku, quantity: 3)])
                ]), token: token)
            #expect(try again.decoded(ReservationResults.self).results.map(\.outcome) == [.reserved])
            #expect(try await catalog.test.database.one(StockFaults()) == 0)
        }
    }

    private func event(_ type: String, _ order: OrderID, _ sequence: Int64, _ data: String = "{}") -> EventEnvelope {
        EventEnvelope(
            id: .make(at: Shop.now), type: type, aggregate: order.description, sequence: sequence,
            occurredAt: Shop.now, data: Array(data.utf8))
    }

    @Test func `an import answers for each row, and a second one changes nothing`() async throws {
        try await with { catalog, manage in
            let merchant = try await manage.merchant(.cafe, code: "chain")
            let rows = [("1", "一号店", "GMT+08:00 Asia/Beijing"), ("2", "", "Asia/Macau"), ("3", "三号店", "Asia/Nowhere"),
                ("1", "又一号店", "Asia/Shanghai"), ("4", " 四号\t店 ", "Asia/Shanghai")]
                .enumerated().map { index, row in
                    StoreImportRow(
                        line: index + 2, number: row.0, name: row.1, address: "路", city: "上海市", province: "31",
                        timeZone: row.2, latitude: 31.2, longitude: 121.4)
                }
            func run() async throws -> StoreImportReport {
                try await catalog.send(
                    .post, CatalogAPI.storeImports.path(), json: StoreImport(merchantID: merchant.id, rows: rows),
                    token: manage.token
                ).decoded()
            }
            let first = try await run()
            #expect(first.results.map(\.outcome) == [.created, .rejected, .rejected, .rejected, .created])
            #expect(first.results.map(\.field) == [nil, "name", "time_zone", "number", nil])
            #expect((first.created, first.rejected) == (2, 3))
            let second = try await run()
            #expect(second.unchanged == 2)
            #expect(second.results.map(\.storeID) == first.results.map(\.storeID))
            let found: Page<StoreSummary> = try await catalog.send(
                .get, CatalogAPI.stores.path() + "?q=%E5%9B%9B%E5%8F%B7"
            ).decoded()
            #expect(found.items.map(\.name.zh) == ["四号 店"])
        }
    }

    @Test func `a body that breaks a rule gets a problem, and nothing is made`() async throws {
        let bodies = [
            "{", "[]", #"{"code":1}"#, #"{"code":"m","kind":"cafe"}"#,
            #"{"code":"m","name":{"zh":"a","en":"b"},"kind":"bank"}"#,
            #"{"code":"","name":{"zh":"a","en":"b"},"kind":"cafe"}"#,
            #"{"code":"m","name":{"zh":"a","en":"b"},"kind":"cafe","vip":true}"#,
            #"{"code":"m","code":"n","name":{"zh":"a","en":"b"},"kind":"cafe"}"#,
        ]
        try await with { catalog, manage in
            for body in bodies {
                let response = try await catalog.send(
                    .post, CatalogAPI.merchants.path(), body: Array(body.utf8), token: manage.token)
                #expect(response.status.code == 400, "\(body)")
                _ = try problem(response)
                #expect(!response.text.contains("SQL"))
            }
            let big = try await catalog.send(
                .post, CatalogAPI.merchants.path(), body: Array(repeating: 0x20, count: BodyLimits.small + 1),
                token: manage.token)
            #expect(big.status.code == 413)
            let made = try await manage.merchant(.cafe, code: "m")
            #expect(made.name.zh == "商户")
        }
    }

    /// PostgreSQL refuses to calculate with the smallest numbers a double holds.
    @Test func `a store can lie a hair's breadth from the equator`() async throws {
        try await with { _, manage in
            let merchant = try await manage.merchant(.cafe, code: "m")
            var place = Coordinates(latitude: 0, longitude: 121.45)
            place.latitude = .leastNonzeroMagnitude
            let store = try await manage.store(merchant, at: place)
            #expect(store.summary.location == Coordinates(latitude: 0, longitude: 121.45))
        }
    }

    @Test func `things that do not exist are 404, and names that are none are too`() async throws {
        try await with { catalog, _ in
            for path in [
                CatalogAPI.store.path(StoreID.make(at: Shop.now)), "/v1/stores/nonsense", "/v1/stores/1%27--",
                CatalogAPI.storeItems.path(StoreID.make(at: Shop.now)), CatalogAPI.item.path(ItemID.make(at: Shop.now)),
                CatalogAPI.storeReviews.path(StoreID.make(at: Shop.now)),
                CatalogAPI.storeWindow.path(StoreID.make(at: Shop.now)),
                CatalogAPI.merchant.path(MerchantID.make(at: Shop.now)),
            ] {
                let response = try await catalog.send(.get, path)
                #expect(response.status.code == 404, "\(path)")
                _ = try problem(response)
            }
            let query = try await catalog.send(.get, CatalogAPI.stores.path() + "?lat=abc&limit=9999")
            #expect(query.status.code == 400)
            #expect(try Set(problem(query).errors.map(\.pointer)) == ["?lat", "?limit"])
            let cursor = try await catalog.send(.get, CatalogAPI.stores.path() + "?cursor=%21")
            #expect(try problem(cursor).code == "invalid_cursor")
        }
    }

    @Test func `what is held is given back by the job when nobody else does`() async throws {
        try await ServiceHarness.with(
            CatalogService.self, environment: ["RESERVATION_GRACE_SECONDS": "1"]
        ) { catalog in
            let shop = try await Shop.make(catalog.test.database, stock: [3])
            let request = shop.request([(0, 3)], expiresAt: Shop.now)
            _ = try await shop.reserve([request])
            let job = ExpireOldReservations(
                database: catalog.test.database, grace: .seconds(1), now: { Shop.now + .seconds(2) })
            #expect(try await job.run() == .idle)
            #expect(try await shop.state(request.orderID) == .expired)
            #expect(try await shop.level(0) == (3, 0))
        }
    }
}
