import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/orders/{order_id}/refunds`: a manager of the store sends money back. Sending back all that is left of an
/// order that is still open calls it off.
struct RequestRefund: Sendable {
    private static let bodyBytesMax = 4_096

    let kit: Toolkit
    let end: EndOrder

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try request.parameters.require("order_id", as: OrderID.self)
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        let input = try JSON.decode(NewRefund.self, from: body, mode: .strict)
        return try await kit.idempotency.run(request, caller, body: body) { tx in
            guard let record = try await tx.first(LockOrder(id: id)), record.isVisible(to: caller) else {
                throw OrdersError.notFound("order")
            }
            guard caller.mayAct(for: record.placed.storeID, as: .manager) else {
                throw KitProblems.forbidden.error("Only a manager of the store sends money back.")
            }
            return .json(.created, try await refund(input, record, caller, request.traceparent, tx))
        }
    }

    private func refund(
        _ input: NewRefund, _ record: OrderRecord, _ caller: Caller, _ traceparent: String?, _ tx: Transaction
    ) async throws -> Refund {
        let currency = record.placed.total.currency
        guard input.amount.currency == currency else { throw OrdersError.wrongCurrency(currency) }
        let left = try await tx.one(RefundableOfOrder(id: record.id))
        guard input.amount.minorUnits > 0, input.amount.minorUnits <= left else {
            throw OrdersError.refundExceedsPayment(left: Money(minorUnits: left, currency: currency))
        }
        let actor = Actor(caller, on: record)
        if input.amount.minorUnits == left, record.states.order == .open {
            try await end.run(record, .abort, by: actor, reason: input.reason, traceparent: traceparent, tx)
            guard let refund = try await tx.all(RefundsOfOrder(id: record.id)).last else { throw OrdersError.busy }
            return refund
        }
        let now = kit.now()
        let insert = InsertRefund(
            id: .make(at: now), orderID: record.id, amount: input.amount.minorUnits, reason: input.reason, now: now,
            actor: actor, traceparent: traceparent)
        guard let refund = try await tx.first(insert) else {
            throw OrdersError.refundExceedsPayment(left: Money(minorUnits: left, currency: currency))
        }
        return refund
    }
}
