import Models
import Postgres
import ServiceKit

/// Calls an order off inside a transaction that has locked it: the move, and all money that is left goes back.
struct EndOrder: Sendable {
    let kit: Toolkit

    /// - Throws: `.moveNotAllowed` when the order does not stand where `move` begins.
    func run(
        _ record: OrderRecord, _ move: OrderMove, by actor: Actor, reason: String?, traceparent: String?,
        _ tx: Transaction
    ) async throws {
        let now = kit.now()
        let states = try move.applied(to: record.states)
        let input = MoveOrders.Input(
            record, move, to: states, by: actor, at: now, reason: reason, traceparent: traceparent)
        guard try await tx.first(MoveOrders(inputs: [input])) != nil else { throw OrdersError.busy }
        guard record.states.payment != .unpaid else {
            // Whoever stands at the cashier's page shall not be able to pay any more.
            try await tx.execute(CheckPaymentsNow(orderID: record.id, now: now))
            return
        }
        let left = try await tx.one(RefundableOfOrder(id: record.id))
        guard left > 0 else { return }
        let refund = InsertRefund(
            id: .make(at: now), orderID: record.id, amount: left, reason: reason ?? "The order was cancelled.",
            now: now, actor: actor, traceparent: traceparent)
        guard try await tx.first(refund) != nil else { throw OrdersError.busy }
    }
}
