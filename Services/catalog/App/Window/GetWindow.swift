import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// `GET /v1/stores/{store_id}/window`: all that a store's page shows at first sight, in one answer with a version.
///
/// Whoever has this version already is told so after one short statement; nothing is read for the page itself.
struct GetWindow: Sendable {
    private static let itemsMax = 100
    private static let reviewsMax = 10

    let database: Database
    let now: @Sendable () -> Timestamp

    func handle(_ request: Request, _: Caller) async throws -> Response {
        let id = try request.parameters.require("store_id", as: StoreID.self)
        let at = now()
        let deadline = request.deadline
        // Before the window itself: what changes in between is shown under the older version, and asked for again.
        guard let version = try await database.first(StoreWindowVersion(id: id, at: at), deadline: deadline) else {
            throw CatalogProblems.noSuchStore
        }
        return try await Response.versioned(version.tag, for: request) {
            async let store = database.first(FindStore(id: id, at: at), deadline: deadline)
            async let rows = database.all(
                MenuPage(
                    storeID: id, after: UUID128(high: 0, low: 0), categoryID: nil, text: "", limit: Self.itemsMax + 1),
                deadline: deadline)
            let reviews = try await database.all(
                StoreReviews(storeID: id, before: ListReviews.end, limit: Self.reviewsMax), deadline: deadline)
            guard let store = try await store else { throw CatalogProblems.noSuchStore }
            return .json(
                .ok,
                StoreWindow(
                    store: store, menu: ListItems.page(ItemRow.items(try await rows), limit: Self.itemsMax),
                    reviews: reviews))
        }
    }
}
