import Postgres
import ServiceKit

/// Books the payments of completed orders, and refunds that come later, in the settlement journal.
///
/// One replica books at a time (a lock of the transaction): the shares of a refund follow from the refunds before it.
/// What was claimed is forgotten in the transaction that books it, so a crash leaves it to the next run; and each
/// payment and refund can be booked once only.
struct SettleCompletedOrders: Sendable {
    /// 500 orders: one statement of some 50 ms.
    private static let batchMax = 500

    let defaults: SettlementRates

    func tick(_ kit: Toolkit) async throws -> JobProgress {
        let count = try await kit.database.transaction { tx in
            guard try await tx.one(TryLockSettlementJournal()) else { return 0 }
            // A statement of its own: it must see what was booked before the lock was given.
            return try await tx.one(BookSettlements(defaults: defaults, limit: Self.batchMax))
        }
        return count == Self.batchMax ? .more : .idle
    }
}
