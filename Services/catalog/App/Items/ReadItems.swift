import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `GET /v1/stores/{store_id}/items`: a page of the menu, in the order the store made it.
struct ListItems: Sendable {
    let database: Database

    func handle(_ request: Request, _: Caller) async throws -> Response {
        let storeID = try request.parameters.require("store_id", as: StoreID.self)
        var checks = QueryChecks { request.query[$0] }
        let limit = checks.limit(default: 50, max: 100)
        let text = checks.text("q", max: 60)
        var categoryID: CategoryID?
        if let word = checks.text("category", max: 40) {
            categoryID = CategoryID(word)
            if categoryID == nil { checks.fail("category", "must be the identifier of a category") }
        }
        try checks.finish()
        var after = UUID128(high: 0, low: 0)
        if let cursor = request.query["cursor"] {
            guard let id = ItemID(try Cursor.decode(cursor, count: 1)[0]) else {
                throw KitProblems.invalidCursorKind.error("The cursor was not made by this list.")
            }
            after = id.uuid
        }
        let page = MenuPage(
            storeID: storeID, after: after, categoryID: categoryID, text: text ?? "", limit: limit + 1)
        let items = ItemRow.items(try await database.all(page, deadline: request.deadline))
        if items.isEmpty, try await !database.one(StoreExists(id: storeID), deadline: request.deadline) {
            throw CatalogProblems.noSuchStore
        }
        return Response.json(.ok, Self.page(items, limit: limit))
            .conditional(for: request, cacheControl: "public, max-age=2")
    }

    /// Cuts what was read with `limit + 1` to the page, with the cursor of the next one.
    static func page(_ items: [Item], limit: Int) -> Page<Item> {
        let shown = Array(items.prefix(limit))
        return Page(
            items: shown, nextCursor: items.count > limit ? shown.last.map { Cursor.encode($0.id.description) } : nil)
    }
}

/// `GET /v1/items/{item_id}`.
struct GetItem: Sendable {
    let database: Database

    func handle(_ request: Request, _: Caller) async throws -> Response {
        let id = try request.parameters.require("item_id", as: ItemID.self)
        let rows = try await database.all(FindItem(id: id), deadline: request.deadline)
        guard let item = ItemRow.items(rows).first else { throw CatalogProblems.noSuchItem }
        return Response.json(.ok, item).conditional(for: request, cacheControl: "public, max-age=2")
    }
}

/// `POST /v1/price-checks` (service `orders`): a read with a body.
struct CheckPrices: Sendable {
    let database: Database
    let now: @Sendable () -> Timestamp

    func handle(_ request: Request, _: Caller) async throws -> Response {
        let (_, input) = try await request.json(PriceCheckRequest.self, upTo: BodyLimits.small)
        guard (1...200).contains(input.skuIDs.count) else {
            throw CatalogProblems.invalidField("/sku_ids", "must have 1 to 200 identifiers")
        }
        let rows = try await database.all(
            PricesNow(storeID: input.storeID, skuIDs: input.skuIDs, at: now()), deadline: request.deadline)
        guard let store = rows.first?.store else { throw CatalogProblems.noSuchStore }
        let found = Dictionary(rows.compactMap(\.sku).map { ($0.skuID, $0) }, uniquingKeysWith: { first, _ in first })
        var seen = Set<SKUID>()
        let asked = input.skuIDs.filter { seen.insert($0).inserted }
        return .json(
            .ok,
            PriceCheck(
                store: store, skus: asked.compactMap { found[$0] }, unknownSKUIDs: asked.filter { found[$0] == nil }))
    }
}
