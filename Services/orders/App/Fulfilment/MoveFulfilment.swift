import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/orders/{order_id}/accept`, `/prepare` and `/ready`: the staff of the order's store move it on.
struct MoveFulfilment: Sendable {
    /// 1 KiB: the body is `{}`.
    private static let bodyBytesMax = 1_024
    /// A pickup code that another waiting order of the store has is derived anew; once in 10^11 orders.
    private static let codeTriesMax = 3

    let kit: Toolkit
    let assembler: OrderAssembler
    let move: OrderMove

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try request.parameters.require("order_id", as: OrderID.self)
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        if !body.isEmpty { _ = try JSON.decode(EmptyRequest.self, from: body, mode: .strict) }
        for attempt in 0..<Self.codeTriesMax {
            do {
                return try await kit.idempotency.run(request, caller, body: body) { tx in
                    try await handle(id, caller, request, codeAttempt: attempt, tx)
                }
            } catch let error as PostgresError where error.isUniqueViolation("orders_by_pickup_hash") {
                continue
            }
        }
        throw OrdersError.busy
    }

    private func handle(
        _ id: OrderID, _ caller: Caller, _ request: Request, codeAttempt: Int, _ tx: Transaction
    ) async throws -> Response {
        guard let record = try await tx.first(OrderByID(id: id)), record.isVisible(to: caller) else {
            throw OrdersError.notFound("order")
        }
        // The customer sees the order but is not its store.
        guard caller.mayAct(for: record.placed.storeID) else {
            throw KitProblems.forbidden.error("Only the staff of the store move its orders.")
        }
        let states = try move.applied(to: record.states)
        let pickup = move == .makeReady ? assembler.pickupCodes.stored(for: record, attempt: codeAttempt) : nil
        let input = MoveOrders.Input(
            record, move, to: states, by: Actor(caller, on: record), at: kit.now(), reason: nil,
            traceparent: request.traceparent, pickup: pickup)
        guard try await tx.first(MoveOrders(inputs: [input])) != nil else {
            throw OrdersError.moveNotAllowed(move, from: try await tx.one(OrderByID(id: id)).states)
        }
        let moved = try await tx.one(OrderByID(id: id))
        return .json(.ok, try await assembler.order(moved, for: caller, from: .transaction(tx)))
    }
}
