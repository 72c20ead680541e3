import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// `GET /v1/stores/{store_id}/reviews`, newest first.
struct ListReviews: Sendable {
    /// After every review: the end of the year 9999.
    static let end: (at: Timestamp, id: UUID128) = (Timestamp(microseconds: 253_402_300_799_000_000), .max)

    let database: Database

    func handle(_ request: Request, _: Caller) async throws -> Response {
        let storeID = try request.parameters.require("store_id", as: StoreID.self)
        var checks = QueryChecks { request.query[$0] }
        let limit = checks.limit(default: 20, max: 100)
        try checks.finish()
        var before = Self.end
        if let cursor = request.query["cursor"] {
            let parts = try Cursor.decode(cursor, count: 2)
            guard let microseconds = Int64(parts[0]), let id = ReviewID(parts[1]) else {
                throw KitProblems.invalidCursorKind.error("The cursor was not made by this list.")
            }
            before = (Timestamp(microseconds: microseconds), id.uuid)
        }
        let rows = try await database.all(
            StoreReviews(storeID: storeID, before: before, limit: limit + 1), deadline: request.deadline)
        if rows.isEmpty, try await !database.one(StoreExists(id: storeID), deadline: request.deadline) {
            throw CatalogProblems.noSuchStore
        }
        let shown = Array(rows.prefix(limit))
        let next = rows.count > limit
            ? shown.last.map { Cursor.encode(String($0.createdAt.microseconds), $0.id.description) } : nil
        return Response.json(.ok, Page(items: shown, nextCursor: next))
            .conditional(for: request, cacheControl: "public, max-age=15")
    }
}

extension UUID128 {
    /// After every identifier.
    static let max = UUID128(high: .max, low: .max)
}
