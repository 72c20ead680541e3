import EventLoop
import HTTPCore
import JSON
import Models

/// One order from the quote to the counter, as its customer and the store's staff would do it.
///
/// Every step may meet a service that was killed a moment ago: it is repeated under the key it was first tried with.
struct OrderJourney: Sendable {
    private static let paymentWithin = Duration.seconds(120)
    /// A press of the pay button that was lost with the gateway's process is repeated.
    private static let pressAgainAfter = Duration.seconds(5)
    private static let firstLook = Duration.milliseconds(20)
    private static let longestLook = Duration.milliseconds(400)

    let door: Door
    let store: StoreID
    let customer: String
    let staff: String

    /// Places, pays, prepares and collects; returns the order as it stands in the end.
    func make(_ lines: [QuoteRequestLine]) async throws -> Order {
        let order = try await place(lines)
        try await pay(order.id)
        for (move, state) in [
            (OrdersAPI.orderAccept, FulfilmentState.accepted), (OrdersAPI.orderPrepare, .preparing),
            (OrdersAPI.orderReady, .ready),
        ] {
            try await moveOn(order.id, move.path(order.id), to: state)
        }
        return try await collect(order.id)
    }

    private func place(_ lines: [QuoteRequestLine]) async throws -> Order {
        let quote: Quote = try await door.call(
            .post, OrdersAPI.quotes.path(), body: QuoteRequest(storeID: store, lines: lines), token: customer,
            key: newKey())
        return try await door.call(
            .post, OrdersAPI.orders.path(), body: PlaceOrderRequest(quoteToken: quote.token), token: customer,
            key: newKey())
    }

    private func pay(_ id: OrderID) async throws {
        let payment: Payment = try await door.call(
            .post, OrdersAPI.orderPayments.path(id), body: NewPayment(gateway: .wechat, channel: .h5), token: customer,
            key: newKey())
        guard let cashier = payment.cashierURL else { throw CommandError("payment \(payment.id) has no cashier page") }
        let end = Instant.now + Self.paymentWithin
        while Instant.now < end {
            try await door.send(
                .post, cashier, body: Array("decision=pay".utf8), contentType: "application/x-www-form-urlencoded")
            if try await isPaid(id, by: min(end, .now + Self.pressAgainAfter)) { return }
        }
        throw CommandError("order \(id) was paid at the gateway and is not paid here")
    }

    private func isPaid(_ id: OrderID, by end: Instant) async throws -> Bool {
        var pause = Self.firstLook
        repeat {
            if try await order(id).states.payment == .paid { return true }
            try await door.loop.sleep(for: pause)
            pause = min(pause * 2, Self.longestLook)
        } while Instant.now < end
        return false
    }

    /// Makes a move of the staff; one that was made already counts.
    func moveOn(_ id: OrderID, _ target: String, to state: FulfilmentState) async throws {
        do {
            try await door.send(.post, target, body: Array("{}".utf8), token: staff, key: newKey())
        } catch DoorError.problem(409, let code, let detail) {
            // The move before was answered by a process that died; the order itself says whether it was made.
            guard try await order(id).states.fulfilment == state else {
                throw DoorError.problem(status: 409, code: code, detail: detail)
            }
        }
    }

    private func collect(_ id: OrderID) async throws -> Order {
        let ready = try await order(id)
        if let code = ready.pickupCode {
            do {
                try await door.send(
                    .post, OrdersAPI.storeCollections.path(store), body: JSON.encode(CollectionRequest(code: code)),
                    token: staff, key: newKey())
            } catch DoorError.problem(let status, let code, let detail) {
                guard try await order(id).states.fulfilment == .collected else {
                    throw DoorError.problem(status: status, code: code, detail: detail)
                }
            }
        }
        return try await order(id)
    }

    private func order(_ id: OrderID) async throws -> Order {
        try await door.call(.get, OrdersAPI.order.path(id), token: customer)
    }
}
