import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// `GET /v1/points`: the caller's own balance and what changed it.
struct ReadPoints: Sendable {
    /// Page sizes.
    private static let limits = 1...100

    let kit: Toolkit

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        guard let customer = caller.accountID else { throw KitProblems.forbidden.error("Only people have points.") }
        let limit = try request.query.int("limit", in: Self.limits) ?? 20
        var before = Int64.max
        if let cursor = request.query["cursor"] {
            guard let id = Int64(try Cursor.decode(cursor, count: 1)[0]) else {
                throw KitProblems.invalidCursorKind.error("The cursor was not made by this list.")
            }
            before = id
        }
        let balance = try await kit.database.first(PointBalance(customerID: customer), deadline: request.deadline) ?? 0
        var rows = try await kit.database.all(
            PointEntriesOfCustomer(customerID: customer, before: before, limit: limit + 1), deadline: request.deadline)
        var next: String?
        if rows.count > limit {
            rows.removeLast()
            next = rows.last.map { Cursor.encode(String($0.id)) }
        }
        return .json(.ok, Points(balance: balance, items: rows.map(\.entry), nextCursor: next))
    }
}
