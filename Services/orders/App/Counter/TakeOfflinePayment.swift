import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/orders/{order_id}/offline-payments`: the staff of the store took cash, or money by the till's own card
/// terminal. It is settled at once, by the statement that settles every payment.
///
/// A page that is open at a gateway meanwhile is closed there; money that comes through it all the same is late and
/// goes back by itself.
struct TakeOfflinePayment: Sendable {
    private static let bodyBytesMax = 4_096

    let kit: Toolkit
    let settle: SettlePayment

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try request.parameters.require("order_id", as: OrderID.self)
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        let input = try JSON.decode(OfflinePayment.self, from: body, mode: .strict)
        if input.method == .terminal, input.reference == nil { throw OrdersError.slipMissing }
        guard (input.method == .terminal || input.reference == nil), (input.method == .cash || input.tendered == nil)
        else { throw OrdersError.slipNotExpected }
        do {
            return try await kit.idempotency.run(request, caller, body: body) { tx in
                .json(.created, try await take(input, id, caller, request.traceparent, tx))
            }
        } catch let error as PostgresError where error.isUniqueViolation("payments_by_slip") {
            throw OrdersError.slipAlreadyBooked
        }
    }

    private func take(
        _ input: OfflinePayment, _ id: OrderID, _ caller: Caller, _ traceparent: String?, _ tx: Transaction
    ) async throws -> Payment {
        guard let record = try await tx.first(LockOrder(id: id)), record.isVisible(to: caller) else {
            throw OrdersError.notFound("order")
        }
        guard let staff = caller.accountID, caller.mayAct(for: record.placed.storeID) else {
            throw KitProblems.forbidden.error("Only the staff of the store take money at its counter.")
        }
        guard record.isPayable else { throw OrdersError.notPayable(record.states) }
        let amount = try record.amount(toPay: input.amount)
        if let tendered = input.tendered {
            guard tendered.currency == amount.currency else { throw OrdersError.wrongCurrency(amount.currency) }
            guard tendered.minorUnits >= amount.minorUnits else { throw OrdersError.tenderedTooLittle(amount: amount) }
        }
        let now = kit.now()
        let payment = InsertCounterPayment(
            id: .make(at: now), orderID: id, gateway: input.method, amount: amount, storeID: record.placed.storeID,
            staffID: staff, tendered: input.tendered, reference: input.reference, now: now)
        try await tx.execute(payment)
        return try await settle.book(payment.id, of: record, by: .staff(staff), traceparent: traceparent, tx)
    }
}
