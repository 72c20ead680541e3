import Models
import Postgres
import ServiceKit

/// Gives back what orders hold beyond their time.
///
/// `orders` expires its unpaid orders itself and says so; the grace is its head start. What remains are reservations
/// whose order never came to be, because something died between reserving and placing.
struct ExpireOldReservations: Sendable {
    /// A bounded batch: the rows stay locked for a few milliseconds.
    static let limit = 500

    let database: Database
    let grace: Duration
    let now: @Sendable () -> Timestamp

    /// One batch.
    func run() async throws -> JobProgress {
        let at = now()
        let expired = try await database.one(
            ExpireReservations(expiredBefore: at - grace, at: at, limit: Self.limit))
        return expired == Self.limit ? .more : .idle
    }
}
