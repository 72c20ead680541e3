import HTTPClient
import HTTPCore
import JSON
import Models
import Postgres
import ServiceKit
import TestSupport
import Testing

@testable import Catalog

/// The version of a store's window: new with everything that the window shows, and only then.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WindowTests {
    private struct Watcher {
        let catalog: ServiceHarness
        let shop: Shop
        var tag = ""

        /// Asks with the last version: the new window, or nil when nothing is new.
        mutating func look() async throws -> StoreWindow? {
            let headers = tag.isEmpty ? [] : [("if-none-match", tag)]
            let answer = try await catalog.send(
                .get, CatalogAPI.storeWindow.path(shop.storeID), headers: headers)
            let seen = try #require(answer.headers["etag"])
            if answer.status == .notModified {
                #expect(seen == tag && answer.body.isEmpty)
                return nil
            }
            #expect(answer.status == .ok && seen != tag)
            tag = seen
            return try answer.decoded()
        }
    }

    private func with(_ body: (ServiceHarness, Shop, inout Watcher) async throws -> Void) async throws {
        try await ServiceHarness.with(CatalogService.self) { catalog in
            let shop = try await Shop.make(catalog.test.database, stock: [3, 100])
            var watcher = Watcher(catalog: catalog, shop: shop)
            try await body(catalog, shop, &watcher)
        }
    }

    @Test func `a window is what the single reads tell, and is told once`() async throws {
        try await with { catalog, shop, watcher in
            let window = try #require(try await watcher.look())
            let store: Store = try await catalog.send(.get, CatalogAPI.store.path(shop.storeID)).decoded()
            let menu: Page<Item> = try await catalog.send(.get, CatalogAPI.storeItems.path(shop.storeID)).decoded()
            #expect(window == StoreWindow(store: store, menu: menu, reviews: []))
            #expect(try await watcher.look() == nil)
            #expect(try await watcher.look() == nil)
        }
    }

    @Test func `prices, items, hours and reviews make a new version each`() async throws {
        try await with { catalog, shop, watcher in
            let token = try TestTokens.user(AccountID.make(at: Shop.now), isOperator: true)
            _ = try await watcher.look()
            let price = SKUChange(price: Money(minorUnits: 1_234))
            _ = try await catalog.send(.patch, CatalogAPI.sku.path(shop.skuIDs[1]), json: price, token: token)
            var window = try #require(try await watcher.look())
            #expect(window.menu.items[0].skus[1].price == Money(minorUnits: 1_234))
            #expect(try await watcher.look() == nil)

            let item = NewItem(
                storeID: shop.storeID, category: LocalizedText(zh: "汤", en: "Soup"),
                name: LocalizedText(zh: "热汤", en: "Hot soup"), skus: [NewSKU(price: Money(minorUnits: 800), stock: 0)])
            let made = try await catalog.send(.post, CatalogAPI.items.path(), json: item, token: token)
            #expect(made.status.code == 201)
            window = try #require(try await watcher.look())
            #expect(window.menu.items.map(\.name.en).contains("Hot soup"))

            try await catalog.test.run("UPDATE stores SET hours = ARRAY[0, 10080]")
            window = try #require(try await watcher.look())
            #expect(window.store.summary.isOpenNow)
            try await catalog.test.run("UPDATE stores SET accepting_orders = NOT accepting_orders")
            #expect(try await watcher.look() != nil)

            let told =
                #"{"order_id":"\#(OrderID.make(at: Shop.now))","store_id":"\#(shop.storeID)","total":1,"#
                + #""review":{"id":"\#(ReviewID.make(at: Shop.now))","rating":5,"text":"好"}}"#
            let review = try ReviewedOrder(
                EventEnvelope(
                    id: .make(at: Shop.now), type: OrderEvents.reviewed, aggregate: "ord", sequence: 1,
                    occurredAt: Shop.now, data: Array(told.utf8)))
            _ = try await shop.database.execute(InsertReview(review: review, at: Shop.now))
            window = try #require(try await watcher.look())
            #expect(window.reviews.map(\.text) == ["好"])
            #expect(window.store.summary.ratingCount == 1)
            _ = try await shop.database.execute(InsertReview(review: review, at: Shop.now))
            // The same review told again changes nothing.
            #expect(try await watcher.look() == nil)
        }
    }

    @Test func `stock that is reserved, sold out or given back is seen at once, without a word in the versions`() async throws {
        try await with { catalog, shop, watcher in
            _ = try await watcher.look()
            let before = try await catalog.test.database.one(VersionSum())
            let first = watcher.tag
            let request = shop.request([(0, 3)], expiresAt: Shop.now)
            _ = try await shop.reserve([request])
            let window = try #require(try await watcher.look())
            #expect(window.menu.items[0].skus.map(\.available) == [0, 100])
            #expect(try await watcher.look() == nil)
            let job = ExpireOldReservations(
                database: catalog.test.database, grace: .seconds(1), now: { Shop.now + .seconds(2) })
            _ = try await job.run()
            let back = try #require(try await watcher.look())
            #expect(back.menu.items[0].skus.map(\.available) == [3, 100])
            // What is shown is what was shown first, and so is its version.
            #expect(watcher.tag == first)
            #expect(try await catalog.test.database.one(VersionSum()) == before)
        }
    }

    @Test func `opening, closing and a new day make a new version by themselves`() async throws {
        try await with { catalog, shop, _ in
            // Monday, eight to eight.
            try await catalog.test.run("UPDATE stores SET hours = ARRAY[480, 1200], time_zone = 'Asia/Shanghai'")
            func tag(_ microseconds: Int64) async throws -> String {
                let at = Timestamp(microseconds: microseconds)
                return try await catalog.test.database.one(StoreWindowVersion(id: shop.storeID, at: at)).tag
            }
            // 1970-01-05 was a Monday; Shanghai is eight hours ahead.
            let monday: Int64 = 4 * 86_400 - 8 * 3_600
            func at(_ hours: Int64) -> Int64 { (monday + hours * 3_600) * 1_000_000 }
            let (one, seven, eight) = (try await tag(at(1)), try await tag(at(7)), try await tag(at(8)))
            let (evening, closed) = (try await tag(at(19)), try await tag(at(20)))
            let (night, tuesday) = (try await tag(at(23)), try await tag(at(24)))
            #expect(seven == one && seven != eight)
            #expect(eight == evening && closed == seven)
            #expect(night == closed && tuesday != night)
        }
    }

    @Test func `one store's changes are not another's`() async throws {
        try await with { catalog, shop, watcher in
            _ = try await watcher.look()
            let other = try await Shop.make(catalog.test.database, stock: [1])
            let token = try TestTokens.user(AccountID.make(at: Shop.now), isOperator: true)
            _ = try await catalog.send(
                .patch, CatalogAPI.sku.path(other.skuIDs[0]), json: SKUChange(price: Money(minorUnits: 5)), token: token)
            #expect(try await watcher.look() == nil)
            #expect(other.storeID != shop.storeID)
        }
    }
}

/// All versions together.
private struct VersionSum: Statement {
    static let name: StaticString = "test_version_sum"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT coalesce(sum(version), 0)::bigint FROM store_versions"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.next() }
}
