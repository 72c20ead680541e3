import JSON
import Models
import Postgres
import ServiceKit

/// Applies money that came, exactly once, whoever brings the news: a notification, a look by `ResolvePayments`, or
/// the gateway's answer to something else.
struct SettlePayment: Sendable {
    let kit: Toolkit

    /// Adds the payment to what its order has, which is paid when the sum is complete; or, when the order can no longer
    /// take it, marks the payment late and asks its money back.
    ///
    /// - Parameter healed: what is over when this applies the money: marked so in the same transaction.
    /// - Throws: `.notificationMismatch` when number, amount or currency are not those of a payment here.
    func apply(_ facts: PaidFacts, traceparent: String?, healing healed: MarkHealed? = nil) async throws {
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
        let settlement = settlement(
            facts.id, facts.transactionID, facts.paidAt, of: record, lines, by: .gateway, traceparent: traceparent)
        guard let fits = try await run(settlement, healing: healed) else { return }
        if !fits { kit.logger.warning("payment came too late", ("payment_id", .text(facts.id))) }
    }

    private func run(_ settlement: ApplyPayment, healing healed: MarkHealed?) async throws -> Bool? {
        guard let healed else { return try await kit.database.first(settlement) }
        return try await kit.database.transaction { tx in
            let fits = try await tx.first(settlement)
            if fits != nil { try await tx.execute(healed) }
            return fits
        }
    }

    /// Settles a payment that no gateway takes part in, inside the transaction that stored it and has locked its order.
    func book(
        _ id: PaymentID, of record: OrderRecord, by actor: Actor, traceparent: String?, _ tx: Transaction
    ) async throws -> Payment {
        let lines = try await tx.all(LinesOfOrder(id: record.id))
        let settlement = settlement(id, nil, kit.now(), of: record, lines, by: actor, traceparent: traceparent)
        guard try await tx.first(settlement) == true else { throw OrdersError.busy }
        // Whoever stands at a cashier's page for more than is left shall not be able to pay it any more.
        try await tx.execute(CheckPaymentsNow(orderID: record.id, now: kit.now()))
        return try await tx.one(PaymentByID(id: id))
    }

    private func settlement(
        _ id: PaymentID, _ transactionID: String?, _ paidAt: Timestamp, of record: OrderRecord, _ lines: [QuoteLine],
        by actor: Actor, traceparent: String?
    ) -> ApplyPayment {
        let now = kit.now()
        var states = record.states
        states.payment = .paid
        return ApplyPayment(
            id: id, transactionID: transactionID, paidAt: paidAt, orderID: record.id, now: now, actor: actor,
            traceparent: traceparent, data: JSON.encode(record.eventData(states, lines: lines)),
            eventID: .make(at: now), refundID: .make(at: now))
    }
}
