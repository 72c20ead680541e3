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

/// A part now and the rest later: what the deposit changes, and what happens when the rest does not come.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DepositTests {
    @Test func `the deposit is due first, then the rest until its day, then the order is paid`() async throws {
        try await Shop.open { shop in
            let (customer, clerk) = (try shop.customer(), try shop.staff())
            let order = try await shop.place(customer)
            // A page for all of it that is open already is replaced by one for the deposit.
            let whole = try await shop.startPayment(customer, order.id)
            let due = shop.kit.now() + .seconds(30 * 86_400)
            let agreed = try await shop.agree(order.id, clerk, 1_000, until: due)
            #expect(agreed.deposit?.minorUnits == 1_000)
            #expect(agreed.balanceDueAt == due)
            #expect(agreed.amountDue.minorUnits == 1_000)
            #expect(agreed.expiresAt == order.expiresAt)
            let page = try await shop.startPayment(customer, order.id)
            #expect(page.id != whole.id)
            #expect(page.amount.minorUnits == 1_000)
            try await shop.payByWeChat(page)
            var now = try await shop.read(customer, order.id)
            #expect(now.states == OrderStates(payment: .unpaid, order: .open, fulfilment: .waiting))
            #expect(now.expiresAt == due)
            #expect(now.amountDue == now.totals.rest)
            #expect(now.story.map(\.move) == [.placed, .depositAgreed, .depositPaid])
            // Stock is committed; the customer is told.
            #expect(try await shop.events("order.deposit_paid", to: "catalog") == 1)
            #expect(try await shop.events("order.deposit_paid", to: "notifications") == 1)
            #expect(try await shop.count(.paidEvents) == 0)
            // Nobody begins before the rest is paid.
            #expect(try await shop.post(OrdersAPI.orderAccept, order.id, clerk).code == "move_not_allowed")
            // Some of the rest at the counter, then all of it.
            _ = try await shop.takeCash(order.id, clerk, OfflinePayment(method: .cash, amount: Money(minorUnits: 780)))
            #expect(try await shop.events("order.deposit_paid", to: "catalog") == 1)
            let balance = try await shop.startPayment(customer, order.id)
            #expect(balance.amount.minorUnits == 4_000)
            try await shop.payByWeChat(balance)
            now = try await shop.read(customer, order.id)
            #expect(now.states.payment == .paid)
            #expect(try await shop.count(.paidEvents) == 2)
            #expect(try await shop.post(OrdersAPI.orderAccept, order.id, clerk).status == .ok)
        }
    }

    @Test func `placing again after the deposit was paid gets the first answer, byte for byte`() async throws {
        try await Shop.open { shop in
            let (customer, clerk) = (try shop.customer(), try shop.staff())
            let quote = try await shop.quote(customer)
            let first = try await shop.placeAnswer(customer, quote, key: "placed-once")
            let order: Order = try first.decoded()
            let due = shop.kit.now() + .seconds(30 * 86_400)
            _ = try await shop.agree(order.id, clerk, 1_000, until: due)
            try await shop.payByWeChat(try await shop.startPayment(customer, order.id))
            #expect(try await shop.read(customer, order.id).expiresAt == due)
            let again = try await shop.placeAnswer(customer, quote, key: "placed-once")
            #expect(again.status == .created)
            #expect(again.headers["idempotency-replayed"] == "true")
            #expect(again.body == first.body)
        }
    }

    @Test func `a payment asked for again after the deposit came asks the gateway for the same end`() async throws {
        try await Shop.open { shop in
            let (customer, clerk) = (try shop.customer(), try shop.staff())
            let order = try await shop.place(customer)
            _ = try await shop.agree(order.id, clerk, 1_000, until: shop.kit.now() + .seconds(30 * 86_400))
            // The gateway makes it payable, and its answer is lost.
            shop.weChat.state.withLock { $0.failuresAfter = 50 }
            #expect(try await shop.paymentAnswer(customer, order.id, amount: 500).status == .serviceUnavailable)
            shop.weChat.state.withLock { $0.failuresAfter = 0 }
            let cash = OfflinePayment(method: .cash, amount: Money(minorUnits: 1_000))
            _ = try await shop.takeCash(order.id, clerk, cash)
            let payment = try await shop.startPayment(customer, order.id, amount: 500)
            let asked = shop.weChat.state.withLock { $0.asked[payment.id.description] ?? [] }
            #expect(asked.count > 1)
            #expect(Set(asked).count == 1)
        }
    }

    @Test func `the rest that does not come sends the deposit back, and the goods`() async throws {
        try await Shop.open { shop in
            let (customer, clerk) = (try shop.customer(), try shop.staff())
            let order = try await shop.place(customer)
            _ = try await shop.agree(order.id, clerk, 1_500, until: shop.kit.now() + .seconds(86_400))
            try await shop.payByWeChat(try await shop.startPayment(customer, order.id))
            // The usual time to pay passes: nothing happens.
            try await shop.passTimeToPay()
            let other = try await shop.place(customer)
            try await shop.orders.test.run(
                "UPDATE orders SET placed_at = placed_at - interval '1 hour', expires_at = placed_at "
                    + "WHERE deposit IS NULL")
            #expect(try await shop.expireUntil { try await shop.read(customer, other.id).states.order == .expired })
            #expect(try await shop.read(customer, order.id).states.order == .open)
            // The day comes.
            try await shop.orders.test.run(
                "UPDATE orders SET placed_at = placed_at - interval '3 days', expires_at = expires_at - interval '3 days'")
            #expect(try await shop.expireUntil { try await shop.read(customer, order.id).states.order == .expired })
            #expect(try await shop.events("order.expired", to: "catalog") == 2)
            #expect(
                try await shop.refundUntil {
                    try await shop.read(customer, order.id).refunds.map(\.state) == [.succeeded]
                })
            #expect(shop.refundedFen == 1_500)
            #expect(try await shop.read(customer, order.id).states.payment == .unpaid)
        }
    }

    @Test func `a paid deposit frees the customer's place among unpaid orders`() async throws {
        try await Shop.open { shop in
            let (customer, clerk) = (try shop.customer(), try shop.staff())
            for _ in 0..<6 {
                let order = try await shop.place(customer)
                _ = try await shop.agree(order.id, clerk, 1_000, until: shop.kit.now() + .seconds(86_400))
                try await shop.payByWeChat(try await shop.startPayment(customer, order.id))
            }
        }
    }

    @Test func `stock that is gone when the deposit comes ends the order, and the deposit goes back`() async throws {
        try await Shop.open { shop in
            let (customer, clerk) = (try shop.customer(), try shop.staff())
            let order = try await shop.place(customer)
            _ = try await shop.agree(order.id, clerk, 1_000, until: shop.kit.now() + .seconds(86_400))
            try await shop.payByWeChat(try await shop.startPayment(customer, order.id))
            let event = EventEnvelope(
                id: .make(at: shop.kit.now()), type: "stock.commit_failed", aggregate: order.id.description, sequence: 1,
                occurredAt: shop.kit.now(), data: JSON.encode(StockCommitFailed(orderID: order.id)))
            let answer = try await shop.orders.send(
                .post, OrdersAPI.events.path(), json: EventDelivery(events: [event]),
                token: try TestTokens.service("catalog"))
            #expect(answer.status == .ok)
            #expect(try await shop.read(customer, order.id).states.order == .cancelled)
            #expect(try await shop.refundUntil { shop.refundedFen == 1_000 })
        }
    }

    @Test func `only staff agree, before anything is paid, and only what is a deposit`() async throws {
        try await Shop.open { shop in
            let (customer, clerk) = (try shop.customer(), try shop.staff())
            let order = try await shop.place(customer)
            let tomorrow = shop.kit.now() + .seconds(86_400)
            func answer(_ person: Person, _ fen: Int64, _ due: Timestamp) async throws -> ClientResponse {
                try await shop.depositAnswer(order.id, person, fen, until: due)
            }
            #expect(try await answer(customer, 1_000, tomorrow).status == .forbidden)
            #expect(try await answer(clerk, 5_780, tomorrow).code == "invalid_deposit")
            #expect(try await answer(clerk, 1_000, order.expiresAt).code == "invalid_deposit")
            #expect(try await answer(clerk, 1_000, shop.kit.now() + .seconds(181 * 86_400)).code == "invalid_deposit")
            #expect(try await answer(clerk, 0, tomorrow).status == .badRequest)
            #expect(try await shop.count(.story) == 0)
            try await shop.payByWeChat(try await shop.startPayment(customer, order.id, amount: 1))
            #expect(try await answer(clerk, 1_000, tomorrow).code == "order_partly_paid")
        }
    }
}

extension Shop {
    func depositAnswer(
        _ order: OrderID, _ person: Person, _ fen: Int64, until due: Timestamp
    ) async throws -> ClientResponse {
        try await orders.send(
            .post, OrdersAPI.orderDeposit.path(order),
            json: NewDeposit(amount: Money(minorUnits: fen), balanceDueAt: due), token: person.token)
    }

    func agree(_ order: OrderID, _ clerk: Person, _ fen: Int64, until due: Timestamp) async throws -> Order {
        let answer = try await depositAnswer(order, clerk, fen, until: due)
        guard answer.status == .ok else { throw UnexpectedAnswer(answer) }
        return try answer.decoded()
    }
}
