import JSON
import Models
import Postgres
import ServiceKit

/// Applies money that came, exactly once, whoever brings the news: a notification, a look by `ResolvePayments`, or
/// the gateway's answer to something else.
struct SettlePayment: Sendable {
    let kit: Toolkit

    /// Marks the payment and its order as paid; or, when the order can no longer take it, marks the payment late and
    /// asks its money back.
    ///
    /// - Throws: `.notificationMismatch` when number, amount or currency are not those of a payment here.
    func apply(_ facts: PaidFacts, traceparent: String?) async throws {
        guard let payment = try await kit.database.first(PaymentByID(id: facts.id)) else {
            throw OrdersError.notificationMismatch("out_trade_no")
        }
        guard payment.amount.currency == facts.amount.currency else {
            throw OrdersError.notificationMismatch("currency")
        }
        guard payment.amount == facts.amount else { throw OrdersError.notificationMismatch("amount") }
        guard payment.state != .paid, payment.state != .late else {
            guard payment.transactionID == facts.transactionID else {
                throw OrdersError.notificationMismatch("transaction_id")
            }
            return
        }
        let record = try await kit.database.one(OrderByID(id: payment.orderID))
        let lines = try await kit.database.all(LinesOfOrder(id: payment.orderID))
        let now = kit.now()
        var states = record.states
        states.payment = .paid
        let settlement = ApplyPayment(
            facts: facts, orderID: record.id, now: now, traceparent: traceparent,
            data: JSON.encode(record.eventData(states, lines: lines)), eventID: .make(at: now),
            refundID: .make(at: now))
        guard let fits = try await kit.database.first(settlement) else { return }
        if !fits { kit.logger.warning("payment came too late", ("payment_id", .text(facts.id))) }
    }
}
