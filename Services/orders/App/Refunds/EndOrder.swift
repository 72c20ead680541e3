import Models
import Postgres
import ServiceKit

/// Calls an order off inside a transaction that has locked it: the move, and all money that is left goes back.
struct EndOrder: Sendable {
    let kit: Toolkit

    /// - Throws: `.moveNotAllowed` when the order does not stand where `move` begins.
    /// - Returns: the refunds that were stored.
    @discardableResult
    func run(
        _ record: OrderRecord, _ move: OrderMove, by actor: Actor, reason: String?, traceparent: String?,
        _ tx: Transaction
    ) async throws -> [Refund] {
        let now = kit.now()
        let states = try move.applied(to: record.states)
        let input = MoveOrders.Input(
            record, move, to: states, by: actor, at: now, reason: reason, traceparent: traceparent)
        guard try await tx.first(MoveOrders(inputs: [input])) != nil else { throw OrdersError.busy }
        if record.states.payment == .unpaid {
            // Whoever stands at the cashier's page shall not be able to pay any more.
            try await tx.execute(CheckPaymentsNow(orderID: record.id, now: now))
        }
        guard record.paid > 0 else { return [] }
        return try await PayBack(kit: kit).all(
            of: record, by: actor, reason: reason ?? "The order was cancelled.", traceparent: traceparent, tx)
    }
}
