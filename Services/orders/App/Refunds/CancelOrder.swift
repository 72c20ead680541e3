import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/orders/{order_id}/cancel`: the customer before the store begins to make it, or the store's manager at any
/// time before it is handed over. Stock goes back by the event, money by a refund.
struct CancelOrder: Sendable {
    private static let bodyBytesMax = 4_096

    let kit: Toolkit
    let assembler: OrderAssembler
    let end: EndOrder

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try request.parameters.require("order_id", as: OrderID.self)
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        let input = body.isEmpty ? CancelRequest() : try JSON.decode(CancelRequest.self, from: body, mode: .strict)
        return try await kit.idempotency.run(request, caller, body: body) { tx in
            guard let record = try await tx.first(LockOrder(id: id)), record.isVisible(to: caller) else {
                throw OrdersError.notFound("order")
            }
            let move = try Self.move(of: caller, on: record)
            try await end.run(
                record, move, by: Actor(caller, on: record), reason: input.reason, traceparent: request.traceparent, tx)
            let ended = try await tx.one(OrderByID(id: id))
            return .json(.ok, try await assembler.order(ended, for: caller, from: .transaction(tx)))
        }
    }

    private static func move(of caller: Caller, on record: OrderRecord) throws -> OrderMove {
        if caller.accountID == record.placed.customerID { return .cancel }
        guard caller.mayAct(for: record.placed.storeID, as: .manager) else {
            throw KitProblems.forbidden.error("Only a manager calls an order of the store off.")
        }
        return record.states.payment == .unpaid ? .cancel : .abort
    }
}
