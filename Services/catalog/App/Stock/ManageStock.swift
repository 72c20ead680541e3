import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/stock/adjustments` (the store's staff, operators): all lines or none.
struct ChangeStock: Sendable {
    let kit: Toolkit

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let (body, input) = try await request.json(StockAdjustment.self, upTo: BodyLimits.large)
        guard caller.mayAct(for: input.storeID) else { throw CatalogProblems.notStaff }
        guard Set(input.lines.map(\.skuID)).count == input.lines.count else {
            throw CatalogProblems.invalidField("/lines", "has one SKU twice")
        }
        do {
            return try await kit.idempotency.run(request, caller, body: body) { tx in
                let rows = try await tx.all(AdjustStock(adjustment: input, actor: caller.name, at: kit.now()))
                let known = Set(rows.map(\.level.skuID))
                if let unknown = input.lines.firstIndex(where: { !known.contains($0.skuID) }) {
                    throw CatalogProblems.invalidField("/lines/\(unknown)/sku_id", "is no SKU of this store")
                }
                return .json(.ok, StockAdjusted(batch: rows.first?.batch ?? 0, levels: rows.map(\.level)))
            }
        } catch let error as PostgresError where error.isCheckViolation("stock_never_negative") {
            throw CatalogProblems.stockBelowReserved.error(
                "The change would leave less on hand than is held for unpaid orders. Nothing was changed.")
        }
    }
}

/// `GET /v1/stores/{store_id}/stock` (its staff).
struct ListStock: Sendable {
    let database: Database

    func handle(_ request: Request, _: Caller) async throws -> Response {
        let storeID = try request.parameters.require("store_id", as: StoreID.self)
        var checks = QueryChecks { request.query[$0] }
        let limit = checks.limit(default: 100, max: 500)
        try checks.finish()
        var after = UUID128(high: 0, low: 0)
        if let cursor = request.query["cursor"] {
            guard let id = SKUID(try Cursor.decode(cursor, count: 1)[0]) else {
                throw KitProblems.invalidCursorKind.error("The cursor was not made by this list.")
            }
            after = id.uuid
        }
        let rows = try await database.all(
            StockLevels(storeID: storeID, after: after, limit: limit + 1), deadline: request.deadline)
        let shown = Array(rows.prefix(limit))
        let next = rows.count > limit ? shown.last.map { Cursor.encode($0.skuID.description) } : nil
        return .json(.ok, Page(items: shown, nextCursor: next))
    }
}

/// `GET /v1/stores/{store_id}/stock-ledger` (its staff), newest first.
struct ListStockLedger: Sendable {
    let database: Database

    func handle(_ request: Request, _: Caller) async throws -> Response {
        let storeID = try request.parameters.require("store_id", as: StoreID.self)
        var checks = QueryChecks { request.query[$0] }
        let limit = checks.limit(default: 100, max: 500)
        var skuID: SKUID?
        if let word = checks.text("sku_id", max: 40) {
            skuID = SKUID(word)
            if skuID == nil { checks.fail("sku_id", "must be the identifier of a SKU") }
        }
        try checks.finish()
        var before = Int64.max
        if let cursor = request.query["cursor"] {
            guard let id = Int64(try Cursor.decode(cursor, count: 1)[0]) else {
                throw KitProblems.invalidCursorKind.error("The cursor was not made by this list.")
            }
            before = id
        }
        let rows = try await database.all(
            StockLedgerPage(storeID: storeID, before: before, skuID: skuID, limit: limit + 1),
            deadline: request.deadline)
        let shown = Array(rows.prefix(limit))
        let next = rows.count > limit ? shown.last.map { Cursor.encode(String($0.id)) } : nil
        return .json(.ok, Page(items: shown, nextCursor: next))
    }
}
