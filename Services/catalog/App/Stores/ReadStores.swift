import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// `GET /v1/stores/{store_id}`.
struct GetStore: Sendable {
    let database: Database
    let now: @Sendable () -> Timestamp

    func handle(_ request: Request, _: Caller) async throws -> Response {
        let id = try request.parameters.require("store_id", as: StoreID.self)
        guard let store = try await database.first(FindStore(id: id, at: now()), deadline: request.deadline) else {
            throw CatalogProblems.noSuchStore
        }
        return Response.json(.ok, store).conditional(for: request, cacheControl: "public, max-age=15")
    }
}

/// `GET /v1/cities`: most stores first.
struct ListCities: Sendable {
    let database: Database

    func handle(_ request: Request, _: Caller) async throws -> Response {
        var checks = QueryChecks { request.query[$0] }
        let limit = checks.limit(default: 100, max: 500)
        try checks.finish()
        var after: (count: Int64, name: String) = (.max, "")
        if let cursor = request.query["cursor"] {
            let parts = try Cursor.decode(cursor, count: 2)
            guard let count = Int64(parts[0]) else {
                throw KitProblems.invalidCursorKind.error("The cursor was not made by this list.")
            }
            after = (count, parts[1])
        }
        let rows = try await database.all(Cities(after: after, limit: limit + 1), deadline: request.deadline)
        let shown = Array(rows.prefix(limit))
        let next = rows.count > limit ? shown.last.map { Cursor.encode(String($0.storeCount), $0.name) } : nil
        return Response.json(.ok, Page(items: shown, nextCursor: next))
            .conditional(for: request, cacheControl: "public, max-age=60")
    }
}

/// `GET /v1/merchants/{merchant_id}`.
struct GetMerchant: Sendable {
    let database: Database

    func handle(_ request: Request, _: Caller) async throws -> Response {
        let id = try request.parameters.require("merchant_id", as: MerchantID.self)
        guard let merchant = try await database.first(FindMerchant(id: id), deadline: request.deadline) else {
            throw KitProblems.notFound.error("There is no such merchant.")
        }
        return Response.json(.ok, merchant).conditional(for: request, cacheControl: "public, max-age=60")
    }
}
