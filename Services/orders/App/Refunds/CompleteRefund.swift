import JSON
import Models
import Postgres
import ServiceKit

/// Applies what the gateway says about a refund, exactly once.
struct CompleteRefund: Sendable {
    let kit: Toolkit

    /// - Parameter healed: what is over when this ends the refund: marked so in the same transaction.
    /// - Throws: `.notificationMismatch` when there is no such refund, or it is of another amount.
    func apply(
        _ refund: GatewayRefund, by actor: Actor = .gateway, traceparent: String?, healing healed: MarkHealed? = nil
    ) async throws {
        if refund.state == .processing {
            try await kit.database.execute(
                MarkRefundProcessing(id: refund.id, gatewayRefundID: refund.gatewayRefundID))
            return
        }
        guard let known = try await kit.database.first(OrderOfRefund(id: refund.id)) else {
            throw OrdersError.notificationMismatch("out_refund_no")
        }
        guard refund.amount == nil || refund.amount == known.amount else {
            throw OrdersError.notificationMismatch("amount")
        }
        guard known.state == .requested || known.state == .processing else { return }
        try await kit.database.transaction { tx in
            let record = try await tx.one(LockOrder(id: known.orderID))
            let isNew = try await end(refund, known, record, by: actor, traceparent, tx)
            if isNew, let healed { try await tx.execute(healed) }
        }
        if refund.state == .failed {
            kit.logger.error("the gateway refused a refund for good", ("refund_id", .text(refund.id)))
        }
    }

    /// Ends a refund inside a transaction that has locked its order.
    ///
    /// - Returns: whether it ended now; false: it had ended before.
    func end(
        _ refund: GatewayRefund, _ known: OrderOfRefund.Row, _ record: OrderRecord, by actor: Actor,
        _ traceparent: String?, _ tx: Transaction
    ) async throws -> Bool {
        let now = kit.now()
        var states = record.states
        // What was paid in part only was never paid: the order stays unpaid however much of it goes back.
        if known.isOfOrder, refund.state == .succeeded, states.payment != .unpaid {
            states.payment = StateMachines.payment(
                afterRefunding: record.refunded + known.amount.minorUnits, of: record.placed.total.minorUnits)
        }
        var data = record.eventData(states, reason: known.reason)
        data.refund = OrderEventRefund(id: refund.id, amount: known.amount)
        let end = EndRefund(
            id: refund.id, state: refund.state == .succeeded ? .succeeded : .failed, at: now,
            gatewayRefundID: refund.gatewayRefundID, paymentState: states.payment, isOfOrder: known.isOfOrder,
            traceparent: traceparent, eventID: .make(at: now), orderID: record.id, data: JSON.encode(data),
            actor: actor)
        guard try await tx.first(end) != nil else { return false }
        if known.isOfOrder, refund.state == .succeeded {
            let points = RefundPoints(
                record: record, refundID: refund.id, amount: known.amount, gateway: known.gateway, now: now)
            try await points.apply(tx)
        }
        return true
    }
}
