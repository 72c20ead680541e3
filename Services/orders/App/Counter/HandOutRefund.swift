import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/refunds/{refund_id}/handed-out`: the staff of the store gave the money of a refund to the customer, in
/// cash or with the till's own card terminal. No gateway knows of it; this is what ends the refund.
struct HandOutRefund: Sendable {
    /// 1 KiB: the body is `{}`.
    private static let bodyBytesMax = 1_024

    let kit: Toolkit
    let complete: CompleteRefund

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try request.parameters.require("refund_id", as: RefundID.self)
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        if !body.isEmpty { _ = try JSON.decode(EmptyRequest.self, from: body, mode: .strict) }
        return try await kit.idempotency.run(request, caller, body: body) { tx in
            guard let known = try await tx.first(OrderOfRefund(id: id)),
                let record = try await tx.first(LockOrder(id: known.orderID)), record.isVisible(to: caller)
            else { throw OrdersError.notFound("refund") }
            guard let staff = caller.accountID, caller.mayAct(for: record.placed.storeID) else {
                throw KitProblems.forbidden.error("Only the staff of the store hand money out.")
            }
            guard known.gateway.isAtCounter else { throw OrdersError.refundNotWaiting }
            let news = GatewayRefund(id: id, state: .succeeded, gatewayRefundID: nil, completedAt: kit.now())
            guard try await complete.end(news, known, record, by: .staff(staff), request.traceparent, tx) else {
                throw OrdersError.refundNotWaiting
            }
            guard let refund = try await tx.all(RefundsOfOrder(id: record.id)).first(where: { $0.id == id }) else {
                throw OrdersError.notFound("refund")
            }
            return .json(.ok, refund)
        }
    }
}
