import EventLoop
import HTTPClient
import HTTPCore
import JSON
import Models
import Postgres
import ServiceKit
import TestSupport
import Testing

@testable import Orders

/// How orders end before they are collected: expiry, cancelling, stock that was gone; and that money goes back once.
@Suite(.serialized, .timeLimit(.minutes(5))) struct EndingTests {
    @Test func `an unpaid order expires and gives its stock back`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let payment = try await shop.startPayment(customer, order.id)
            try await shop.passTimeToPay()
            #expect(try await shop.expireUntil { try await shop.read(customer, order.id).states.order == .expired })
            #expect(try await shop.events("order.expired", to: "catalog") == 1)
            #expect(try await shop.events("order.expired", to: "notifications") == 1)
            #expect(try await shop.read(customer, order.id).story.map(\.move) == [.placed, .expired])
            #expect(try await shop.paymentAnswer(customer, order.id).code == "order_not_payable")
            // Nobody can pay it at the gateway any more.
            let number = payment.id.description
            #expect(try await shop.resolveUntil { shop.weChat.state.withLock { $0.trades[number]?.state == "CLOSED" } })
        }
    }

    @Test func `a paid order does not expire`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let paid = try await shop.paidOrder(customer).order
            let unpaid = try await shop.place(customer)
            try await shop.passTimeToPay()
            #expect(try await shop.expireUntil { try await shop.read(customer, unpaid.id).states.order == .expired })
            #expect(try await shop.read(customer, paid.id).states.order == .open)
        }
    }

    @Test func `money that comes after the order expired goes back by itself`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let payment = try await shop.startPayment(customer, order.id)
            try await shop.passTimeToPay()
            #expect(try await shop.expireUntil { try await shop.read(customer, order.id).states.order == .expired })
            shop.weChat.pay(payment.id)
            let notification = try shop.weChat.notification(of: payment.id)
            for answer in try await together(5, { _ in try await shop.notify(notification) }) {
                #expect(answer.status == .noContent)
            }
            #expect(
                try await shop.refundUntil {
                    try await shop.read(customer, order.id).refunds.map(\.state) == [.succeeded]
                })
            let ended = try await shop.read(customer, order.id)
            #expect(ended.states == OrderStates(payment: .unpaid, order: .expired, fulfilment: .waiting))
            #expect(ended.payments.map(\.state) == [.late])
            #expect(ended.story.map(\.move).contains(.paidLate))
            #expect(shop.refundedFen == order.totals.total.minorUnits)
            #expect(try await shop.count(.paidEvents) == 0)
        }
    }

    @Test func `an unpaid order is cancelled without a refund`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let answer = try await shop.post(OrdersAPI.orderCancel, order.id, customer, body: Array(#"{"reason":"太晚"}"#.utf8))
            #expect(answer.status == .ok)
            let ended: Order = try answer.decoded()
            #expect(ended.states.order == .cancelled)
            #expect(ended.story.last?.reason == "太晚")
            #expect(try await shop.count(.refunds) == 0)
            #expect(try await shop.events("order.cancelled", to: "catalog") == 1)
        }
    }

    @Test func `cancelling a paid order before preparation refunds it once, however often it is asked`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.paidOrder(customer).order
            let answers = try await together(8) { try await shop.post(OrdersAPI.orderCancel, order.id, customer, key: "c\($0)") }
            #expect(answers.filter { $0.status == .ok }.count == 1)
            #expect(answers.filter { $0.code == "move_not_allowed" }.count == 7)
            try await expectRefundedOnce(order, customer, shop)
        }
    }

    @Test func `an answer of the gateway that is lost does not pay back twice`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.paidOrder(customer).order
            // The money has moved, but this service never hears of it: as after a crash between the two.
            shop.weChat.state.withLock { $0.failuresAfter = 3 }
            _ = try await shop.post(OrdersAPI.orderCancel, order.id, customer)
            try await expectRefundedOnce(order, customer, shop)
            #expect(shop.weChat.state.withLock { $0.refundCalls.count } == 1)
        }
    }

    @Test func `a gateway that was down is asked again under the same number`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.paidOrder(customer).order
            shop.weChat.state.withLock { $0.failuresBefore = 6 }
            _ = try await shop.post(OrdersAPI.orderCancel, order.id, customer)
            try await expectRefundedOnce(order, customer, shop)
            #expect(shop.weChat.state.withLock { $0.refundCalls.count } == 1)
        }
    }

    @Test func `a refund under way at the gateway ends with its notification`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.paidOrder(customer).order
            shop.weChat.state.withLock { $0.refundState = "PROCESSING" }
            _ = try await shop.post(OrdersAPI.orderCancel, order.id, customer)
            #expect(
                try await shop.refundUntil {
                    try await shop.read(customer, order.id).refunds.map(\.state) == [.processing]
                })
            #expect(try await shop.read(customer, order.id).states.payment == .paid)
            shop.weChat.state.withLock { $0.refundState = "SUCCESS" }
            try await expectRefundedOnce(order, customer, shop)
        }
    }

    @Test func `once preparation began the customer cannot cancel, but a manager can`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let clerk = try shop.staff()
            let order = try await shop.paidOrder(customer).order
            _ = try await shop.post(OrdersAPI.orderAccept, order.id, clerk)
            _ = try await shop.post(OrdersAPI.orderPrepare, order.id, clerk)
            let refused = try await shop.post(OrdersAPI.orderCancel, order.id, customer)
            #expect(refused.status.code == 409)
            #expect(refused.problem?.extensions["states"]?["fulfilment"]?.string == "preparing")
            #expect(try await shop.post(OrdersAPI.orderCancel, order.id, clerk).status == .forbidden)
            #expect(try await shop.count(.refunds) == 0)
            #expect(try await shop.post(OrdersAPI.orderCancel, order.id, try shop.staff(.manager)).status == .ok)
            try await expectRefundedOnce(order, customer, shop)
        }
    }

    @Test func `stock that could not be taken after all ends the order with a refund, once`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.paidOrder(customer).order
            let event = EventEnvelope(
                id: .make(at: shop.kit.now()), type: "stock.commit_failed", aggregate: order.id.description, sequence: 1,
                occurredAt: shop.kit.now(), data: JSON.encode(StockCommitFailed(orderID: order.id)))
            let body = JSON.encode(EventDelivery(events: [event]))
            for _ in 0..<3 {
                let answer = try await shop.orders.send(
                    .post, OrdersAPI.events.path(), body: body, token: try TestTokens.service("catalog"))
                #expect(answer.status == .ok)
            }
            try await expectRefundedOnce(order, customer, shop)
            #expect(try await shop.read(customer, order.id).story.contains { $0.move == .cancelled && $0.actor == "catalog" })
        }
    }

    @Test func `nobody but catalog tells about stock`() async throws {
        try await Shop.open { shop in
            let order = try await shop.paidOrder(try shop.customer()).order
            let event = EventEnvelope(
                id: .make(at: shop.kit.now()), type: "stock.commit_failed", aggregate: order.id.description, sequence: 1,
                occurredAt: shop.kit.now(), data: JSON.encode(StockCommitFailed(orderID: order.id)))
            for token in [try shop.customer().token, try TestTokens.service("storefront")] {
                let answer = try await shop.orders.send(
                    .post, OrdersAPI.events.path(), json: EventDelivery(events: [event]), token: token)
                #expect(answer.status == .forbidden)
            }
            #expect(try await shop.count(.refunds) == 0)
        }
    }

    @Test func `refunds that race never exceed what was paid`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let manager = try shop.staff(.manager)
            let order = try await shop.paidOrder(customer).order
            let part = NewRefund(amount: Money(minorUnits: 3_468), reason: "凉了")
            let answers = try await together(6) { _ in
                try await shop.orders.send(
                    .post, OrdersAPI.orderRefunds.path(order.id), json: part, token: manager.token)
            }
            #expect(answers.filter { $0.status == .created }.count == 1)
            #expect(answers.filter { $0.code == "refund_exceeds_payment" }.count == 5)
            #expect(
                try await shop.refundUntil {
                    try await shop.read(customer, order.id).states.payment == .partlyRefunded
                })
            #expect(shop.refundedFen == 3_468)
            #expect(try await shop.read(customer, order.id).states.order == .open)
            // What is left goes back with the cancelled order.
            _ = try await shop.post(OrdersAPI.orderCancel, order.id, customer)
            #expect(try await shop.refundUntil { try await shop.read(customer, order.id).states.payment == .refunded })
            #expect(shop.refundedFen == order.totals.total.minorUnits)
        }
    }

    private func expectRefundedOnce(_ order: Order, _ customer: Person, _ shop: Shop) async throws {
        #expect(try await shop.refundUntil { try await shop.read(customer, order.id).states.payment == .refunded })
        let ended = try await shop.read(customer, order.id)
        #expect(ended.states.order == .cancelled)
        #expect(ended.refunds.map(\.state) == [.succeeded])
        #expect(ended.totals.refunded == order.totals.total)
        #expect(ended.story.filter { $0.move == .refunded }.count == 1)
        #expect(shop.refundedFen == order.totals.total.minorUnits)
        #expect(try await shop.events("order.cancelled", to: "catalog") == 1)
        #expect(try await shop.events("order.refunded", to: "notifications") == 1)
    }
}

extension Shop {
    /// All the money the gateway gave back.
    var refundedFen: Int64 { weChat.state.withLock { $0.refunds.values.reduce(0) { $0 + $1.amount } } }

    /// Lets the time to pay be over for every order.
    func passTimeToPay() async throws {
        try await orders.test.run(
            """
            UPDATE orders SET placed_at = placed_at - interval '2 hours', expires_at = expires_at - interval '2 hours';
            """)
    }

    /// How many events of a type were written for a neighbour, delivered or not.
    func events(_ type: String, to consumer: String) async throws -> Int {
        try await kit.database.one(CountEvents(type: type, consumer: consumer))
    }
}
