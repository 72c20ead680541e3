import Models
import Postgres
import ServiceKit

/// Ends orders whose time to pay is over; catalog and the customer hear of it, and what was paid goes back.
///
/// Claims with SKIP LOCKED, so replicas share the work and an order that is being paid this moment is left to its
/// payment: whoever has the row first decides, and the other finds the order changed.
enum ExpireUnpaidOrders {
    /// 200 orders: one transaction of some 10 ms.
    private static let batchMax = 200

    static func tick(_ kit: Toolkit) async throws -> JobProgress {
        let count = try await kit.database.transaction { tx in
            let now = kit.now()
            let due = try await tx.all(LockDueOrders(now: now, limit: batchMax))
            guard !due.isEmpty else { return 0 }
            var moves: [MoveOrders.Input] = []
            for record in due {
                let states = try OrderMove.expire.applied(to: record.states)
                moves.append(
                    MoveOrders.Input(
                        record, .expire, to: states, by: .system, at: now, reason: nil, traceparent: nil))
            }
            try await tx.execute(MoveOrders(inputs: moves))
            for record in due where record.paid > 0 {
                try await PayBack(kit: kit).all(
                    of: record, by: .system, reason: "The order was not paid in full in time.", traceparent: nil, tx)
            }
            return due.count
        }
        return count == batchMax ? .more : .idle
    }
}
