import EventLoop
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/orders/{order_id}/payments`: a way to pay.
///
/// The payment is stored first and its identifier is the number at the gateway; then the gateway is asked, outside any
/// transaction; then its answer is stored with the answer to this request. Dying in between leaves a `created` payment
/// that a repetition continues and `ResolvePayments` asks about.
struct StartPayment: Sendable {
    private static let bodyBytesMax = 4_096
    /// 127 characters: WeChat Pay's limit for a description.
    private static let descriptionMax = 127

    let kit: Toolkit
    let gateways: PaymentGateways
    let settle: SettlePayment
    let points: PayWithPoints

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try request.parameters.require("order_id", as: OrderID.self)
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        let ticket = try kit.idempotency.ticket(request, caller, body: body)
        let input = try JSON.decode(NewPayment.self, from: body, mode: .strict)
        if let answer = try await kit.idempotency.storedAnswer(ticket) { return answer }
        if input.gateway == .points { return try await points.handle(input, id, request, caller, body: body) }
        guard let record = try await kit.database.first(OrderByID(id: id), deadline: request.deadline),
            record.placed.customerID == caller.accountID
        else { throw OrdersError.notFound("order") }
        // Also when a payment is still open at the gateway: it is about to be closed there.
        guard record.isPayable else { throw OrdersError.notPayable(record.states) }
        guard gateways.names.contains(input.gateway), try gateways.named(input.gateway).channels.contains(input.channel)
        else { throw OrdersError.methodNotOffered(gateways.names) }
        if input.channel == .jsapi, input.openID == nil { throw OrdersError.openIDMissing }
        let payment = try await stored(input, for: record, request)
        return try await answer(try await prepared(payment, record, input, request), ticket, request)
    }

    /// The open payment of the order, or a new one.
    private func stored(_ input: NewPayment, for record: OrderRecord, _ request: Request) async throws -> Payment {
        var record = record
        // A second look after a payment by another channel was closed, or a rival was faster.
        for _ in 0..<3 {
            let now = kit.now()
            let amount = try record.amount(toPay: input.amount)
            let insert = InsertPayment(
                id: .make(at: now), orderID: record.id, gateway: input.gateway, channel: input.channel, amount: amount,
                now: now)
            if let made = try await kit.database.first(insert, deadline: request.deadline) {
                kit.fault("after-storing-payment-before-gateway")
                return made
            }
            let payments = try await kit.database.all(PaymentsOfOrder(id: record.id), deadline: request.deadline)
            if let open = payments.first(where: { $0.state == .created || $0.state == .open }) {
                if open.channel == input.channel, open.gateway == input.gateway, open.amount == amount { return open }
                try await replace(open, request.callContext)
            }
            record = try await kit.database.one(OrderByID(id: record.id), deadline: request.deadline)
            guard record.isPayable, record.placed.expiresAt > kit.now() else {
                throw OrdersError.notPayable(record.states)
            }
        }
        throw OrdersError.busy
    }

    /// Closes a payment at the gateway so that another channel or amount can take its place; money that came meanwhile counts.
    private func replace(_ payment: Payment, _ context: CallContext) async throws {
        do {
            try await gateways.named(payment.gateway).close(payment.id, context)
            _ = try await kit.database.execute(ClosePayment(id: payment.id))
        } catch GatewayError.refused {
            guard case .paid(let facts) = try await asked(payment, context) else {
                _ = try await kit.database.execute(ClosePayment(id: payment.id))
                return
            }
            try await settle.apply(facts, traceparent: context.traceparent)
        } catch is GatewayError {
            throw OrdersError.gatewayUnavailable
        }
    }

    private func asked(_ payment: Payment, _ context: CallContext) async throws -> GatewayPayment {
        do {
            return try await gateways.named(payment.gateway).payment(payment.id, context)
        } catch {
            throw OrdersError.gatewayUnavailable
        }
    }

    private func prepared(
        _ payment: Payment, _ record: OrderRecord, _ input: NewPayment, _ request: Request
    ) async throws -> Payment {
        guard payment.state == .created else { return payment }
        let lines = try await kit.database.all(LinesOfOrder(id: record.id), deadline: request.deadline)
        // As stored with the payment: a deposit may have moved the order's end since a first try, and the gateway must
        // be asked for the same again.
        let expiresAt = try await kit.database.one(ExpiryOfPayment(id: payment.id), deadline: request.deadline)
        let order = PreparedOrder(
            id: payment.id, channel: payment.channel, amount: payment.amount,
            description: Self.description(record, lines), expiresAt: expiresAt, openID: input.openID,
            returnURL: input.returnURL, payerAddress: request.peerAddress)
        do {
            let answer = try await gateways.named(payment.gateway).prepare(order, request.callContext)
            kit.fault("after-gateway-before-storing-answer")
            let saved = SavePreparedPayment(id: payment.id, answer: answer)
            return try await kit.database.first(saved, deadline: request.deadline) ?? payment
        } catch GatewayError.refused(let code) {
            // Refused because it was paid already: the answer to a notification that was lost.
            if case .paid(let facts) = try await asked(payment, request.callContext) {
                try await settle.apply(facts, traceparent: request.traceparent)
                let current = try await kit.database.one(OrderByID(id: record.id), deadline: request.deadline)
                throw OrdersError.notPayable(current.states)
            }
            _ = try await kit.database.execute(ClosePayment(id: payment.id))
            throw OrdersError.gatewayRefused(code: code)
        } catch is GatewayError {
            throw OrdersError.gatewayUnavailable
        }
    }

    private func answer(_ payment: Payment, _ ticket: IdempotencyTicket, _ request: Request) async throws -> Response {
        let response = Response.json(.created, payment)
        let columns = ticket.columns(of: response)
        let store = StoreAnswer(ticket: ticket, status: columns.status, headers: columns.headers, body: columns.body)
        guard try await kit.database.execute(store, deadline: request.deadline) == 0 else { return response }
        // The same request ran twice at once and the other was faster: both answer alike.
        return try await kit.idempotency.storedAnswer(ticket) ?? response
    }

    /// `邻里面馆 牛肉面 等3件`: what the customer reads at the gateway.
    static func description(_ record: OrderRecord, _ lines: [QuoteLine]) -> String {
        let first = lines.first?.itemName.zh ?? ""
        let rest = record.itemCount > 1 ? " 等\(record.itemCount)件" : ""
        let text = "\(record.placed.storeName.zh) \(first)\(rest)"
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(descriptionMax)))
    }
}
