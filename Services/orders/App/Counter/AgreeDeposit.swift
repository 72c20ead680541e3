import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/orders/{order_id}/deposit`: the staff of the store let the customer pay a part now and the rest later.
///
/// The deposit is to be paid in the order's usual time. Once it is, the order waits for the rest until `balance_due_at`
/// and its goods leave the shelf (`order.deposit_paid`); not paid by then it expires like any order, the deposit goes
/// back and so do the goods. It can be agreed anew while nothing was paid.
struct AgreeDeposit: Sendable {
    private static let bodyBytesMax = 4_096
    /// Half a year: furniture made to order, a table for a wedding.
    private static let daysMax = 180

    let kit: Toolkit
    let assembler: OrderAssembler

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try request.parameters.require("order_id", as: OrderID.self)
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        let input = try JSON.decode(NewDeposit.self, from: body, mode: .strict)
        return try await kit.idempotency.run(request, caller, body: body) { tx in
            guard let record = try await tx.first(LockOrder(id: id)), record.isVisible(to: caller) else {
                throw OrdersError.notFound("order")
            }
            guard caller.mayAct(for: record.placed.storeID) else {
                throw KitProblems.forbidden.error("Only the staff of the store agree a deposit.")
            }
            guard record.isPayable else { throw OrdersError.notPayable(record.states) }
            guard record.paid == 0 else {
                throw OrdersError.partlyPaid(paid: record.placed.total.with(record.paid))
            }
            let now = kit.now()
            try Self.check(input, record, now)
            try await tx.execute(
                StoreDeposit(
                    orderID: id, amount: input.amount.minorUnits, balanceDueAt: input.balanceDueAt, now: now,
                    actor: Actor(caller, on: record), traceparent: request.traceparent))
            let agreed = try await tx.one(OrderByID(id: id))
            return .json(.ok, try await assembler.order(agreed, for: caller, from: .transaction(tx)))
        }
    }

    private static func check(_ input: NewDeposit, _ record: OrderRecord, _ now: Timestamp) throws(OrdersError) {
        let total = record.placed.total
        guard input.amount.currency == total.currency else { throw .wrongCurrency(total.currency) }
        guard input.amount.minorUnits < total.minorUnits else {
            throw .invalidDeposit(pointer: "/amount", detail: "must be less than the total, \(total.formatted)")
        }
        guard input.balanceDueAt > max(now, record.placed.expiresAt) else {
            throw .invalidDeposit(pointer: "/balance_due_at", detail: "must be after the time to pay the deposit")
        }
        guard input.balanceDueAt <= now + .seconds(daysMax * 86_400) else {
            throw .invalidDeposit(pointer: "/balance_due_at", detail: "must be at most \(daysMax) days away")
        }
    }
}
