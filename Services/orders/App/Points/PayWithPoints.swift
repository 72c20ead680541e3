import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// `POST /v1/orders/{order_id}/payments` with gateway `points`: the customer's points pay, settled at once.
///
/// The points leave the balance in one conditional statement, in the transaction that settles the payment: two orders
/// that want the same points cannot both have them.
struct PayWithPoints: Sendable {
    let kit: Toolkit
    let settle: SettlePayment

    func handle(
        _ input: NewPayment, _ id: OrderID, _ request: Request, _ caller: Caller, body: [UInt8]
    ) async throws -> Response {
        try await kit.idempotency.run(request, caller, body: body) { tx in
            guard let record = try await tx.first(LockOrder(id: id)),
                let customer = caller.accountID, record.placed.customerID == customer
            else { throw OrdersError.notFound("order") }
            guard record.isPayable, record.placed.expiresAt > kit.now() else {
                throw OrdersError.notPayable(record.states)
            }
            guard record.placed.total.currency == Points.currency else { throw OrdersError.methodNotOffered([]) }
            let available = try await tx.first(PointBalance(customerID: customer)) ?? 0
            var amount = try record.amount(toPay: input.amount)
            // Nobody said how many: as many as there are.
            if input.amount == nil { amount = amount.with(min(amount.minorUnits, available)) }
            guard amount.minorUnits > 0 else { throw OrdersError.insufficientPoints(available: available) }
            let now = kit.now()
            let payment = InsertPointPayment(id: .make(at: now), orderID: id, amount: amount, now: now)
            try await tx.execute(payment)
            let spend = SpendPoints(
                customerID: customer, points: amount.minorUnits, orderID: id, paymentID: payment.id, now: now)
            guard try await tx.execute(spend) == 1 else {
                throw OrdersError.insufficientPoints(available: available)
            }
            let traceparent = request.traceparent
            return .json(
                .created,
                try await settle.book(
                    payment.id, of: record, by: .customer(customer), traceparent: traceparent, tx))
        }
    }
}
