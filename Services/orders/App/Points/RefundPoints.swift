import Models
import Postgres

/// What a refund that arrived means for its customer's points, in its transaction, which has locked the order.
///
/// A payment by points gives them back. Money of a completed order takes back what it had earned: so many that the
/// order keeps a point for each whole yuan that is left. A balance never falls below zero: of points that were spent
/// meanwhile only what is there is taken, and the next refund of the same order asks for the others again.
struct RefundPoints: Sendable {
    let record: OrderRecord
    let refundID: RefundID
    let amount: Money
    let gateway: GatewayName
    let now: Timestamp

    func apply(_ tx: Transaction) async throws(PostgresError) {
        guard gateway != .points else { return try await change(by: amount.minorUnits, .restored, tx) }
        guard record.states.order == .completed else { return }
        guard let balance = try await tx.first(LockPointAccount(customerID: record.placed.customerID)) else { return }
        let points = min(balance, try await tx.one(PointsOwed(orderID: record.id)))
        guard points > 0 else { return }
        try await change(by: -points, .clawedBack, tx)
    }

    private func change(by delta: Int64, _ cause: PointCause, _ tx: Transaction) async throws(PostgresError) {
        let change = ChangePointsByRefund(
            customerID: record.placed.customerID, delta: delta, orderID: record.id, refundID: refundID, now: now,
            cause: cause)
        _ = try await tx.execute(change)
    }
}
