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
        let sources = try await tx.all(RefundableOfOrder(id: record.id))
        let left = sources.reduce(0) { $0 + $1.left }
        guard input.amount.minorUnits > 0, input.amount.minorUnits <= left else {
            throw OrdersError.refundExceedsPayment(left: Money(minorUnits: left, currency: currency))
        }
        let actor = Actor(caller, on: record)
        if input.amount.minorUnits == left, record.states.order == .open {
            let move = record.isPayable ? OrderMove.cancel : .abort
            let refunds = try await end.run(
                record, move, by: actor, reason: input.reason, traceparent: traceparent, tx)
            return try Self.answer(refunds)
        }
        guard !record.isPayable else { throw OrdersError.partlyPaid(paid: record.placed.total.with(record.paid)) }
        return try Self.answer(
            try await PayBack(kit: kit).part(
                input.amount.minorUnits, from: sources, of: record, by: actor, reason: input.reason,
                traceparent: traceparent, tx))
    }

    /// The first, with the others in it.
    private static func answer(_ refunds: [Refund]) throws -> Refund {
        guard var first = refunds.first else { throw OrdersError.busy }
        first.further = Array(refunds.dropFirst())
        return first
    }
}
