import JSON
import Models
import Postgres
import ServiceKit

/// Applies what the gateway says about a refund, exactly once.
struct CompleteRefund: Sendable {
    let kit: Toolkit

    /// - Throws: `.notificationMismatch` when there is no such refund.
    func apply(_ refund: GatewayRefund, traceparent: String?) async throws {
        if refund.state == .processing {
            try await kit.database.execute(
                MarkRefundProcessing(id: refund.id, gatewayRefundID: refund.gatewayRefundID))
            return
        }
        guard let known = try await kit.database.first(OrderOfRefund(id: refund.id)) else {
            throw OrdersError.notificationMismatch("out_refund_no")
        }
        guard known.state == .requested || known.state == .processing else { return }
        try await kit.database.transaction { tx in
            let record = try await tx.one(LockOrder(id: known.orderID))
            let end = Self.end(refund, known, record, at: kit.now(), traceparent)
            try await tx.execute(end)
        }
        if refund.state == .failed {
            kit.logger.error("the gateway refused a refund for good", ("refund_id", .text(refund.id)))
        }
    }

    private static func end(
        _ refund: GatewayRefund, _ known: OrderOfRefund.Row, _ record: OrderRecord, at now: Timestamp,
        _ traceparent: String?
    ) -> EndRefund {
        var states = record.states
        if known.isOfOrder, refund.state == .succeeded {
            states.payment = StateMachines.payment(
                afterRefunding: record.refunded + known.amount.minorUnits, of: record.placed.total.minorUnits)
        }
        var data = record.eventData(states, reason: known.reason)
        data.refund = OrderEventRefund(id: refund.id, amount: known.amount)
        return EndRefund(
            id: refund.id, state: refund.state == .succeeded ? .succeeded : .failed, at: now,
            gatewayRefundID: refund.gatewayRefundID, paymentState: states.payment, isOfOrder: known.isOfOrder,
            traceparent: traceparent, eventID: .make(at: now), orderID: record.id, data: JSON.encode(data))
    }
}
