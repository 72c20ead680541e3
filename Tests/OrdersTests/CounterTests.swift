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

/// Several payments of one order, and money that staff take and give at the counter.
@Suite(.serialized, .timeLimit(.minutes(5))) struct CounterTests {
    @Test func `cash pays an order at once, with change, in the name of who took it`() async throws {
        try await Shop.open { shop in
            let (customer, clerk) = (try shop.customer(), try shop.staff())
            let order = try await shop.place(customer)
            let payment = try await shop.takeCash(
                order.id, clerk, OfflinePayment(method: .cash, tendered: Money(minorUnits: 10_000)))
            #expect(payment.state == .paid)
            #expect(payment.amount == order.totals.total)
            #expect(payment.change == Money(minorUnits: 10_000 - 5_780))
            let paid = try await shop.read(customer, order.id)
            #expect(paid.states.payment == .paid)
            #expect(paid.queueNumber == 1)
            #expect(paid.totals.paid == order.totals.total)
            #expect(paid.story.last.map { [$0.move.rawValue, $0.actor] } == ["paid", "staff"])
            #expect(try await shop.count(.paidEvents) == 2)
            let figures = try await shop.figures(clerk)
            #expect(figures.cashTotal == order.totals.total)
            #expect(figures.terminalTotal.minorUnits == 0)
            #expect(figures.tills.map(\.staffID) == [clerk.id])
        }
    }

    @Test func `only the staff of the store take money, and only for what is open`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let cash = OfflinePayment(method: .cash)
            let elsewhere = try shop.staff(.manager, of: .make(at: shop.kit.now()))
            #expect(try await shop.cashAnswer(order.id, customer, cash).status == .forbidden)
            #expect(try await shop.cashAnswer(order.id, elsewhere, cash).status == .notFound)
            #expect(try await shop.count(.payments) == 0)
            _ = try await shop.post(OrdersAPI.orderCancel, order.id, customer)
            #expect(try await shop.cashAnswer(order.id, try shop.staff(), cash).code == "order_not_payable")
        }
    }

    @Test func `wrong amounts and slips are refused, and nothing is booked`() async throws {
        try await Shop.open { shop in
            let clerk = try shop.staff()
            let order = try await shop.place(try shop.customer())
            func code(_ input: OfflinePayment) async throws -> String? {
                try await shop.cashAnswer(order.id, clerk, input).code
            }
            func fen(_ amount: Int64) -> Money { Money(minorUnits: amount) }
            #expect(try await code(OfflinePayment(method: .cash, amount: fen(5_781))) == "amount_exceeds_rest")
            #expect(try await code(OfflinePayment(method: .cash, tendered: fen(5_779))) == "tendered_too_little")
            #expect(try await code(OfflinePayment(method: .terminal)) == "slip_mismatch")
            #expect(try await code(OfflinePayment(method: .cash, reference: "1")) == "slip_mismatch")
            #expect(try await code(OfflinePayment(method: .cash, amount: Money(minorUnits: 1, currency: .usd))) == "wrong_currency")
            let points = try await shop.orders.send(
                .post, OrdersAPI.orderOfflinePayments.path(order.id), body: Array(#"{"method":"points"}"#.utf8),
                token: clerk.token)
            #expect(points.status == .badRequest)
            #expect(try await shop.count(.payments) == 0)
        }
    }

    @Test func `the same booking twice counts once; another one finds the order paid`() async throws {
        try await Shop.open { shop in
            let (clerk, other) = (try shop.staff(), try shop.staff())
            let order = try await shop.place(try shop.customer())
            let cash = OfflinePayment(method: .cash)
            let same = try await together(5) { _ in try await shop.cashAnswer(order.id, clerk, cash, key: "k") }
            #expect(same.allSatisfy { $0.status == .created || $0.status.code == 409 })
            #expect(try await shop.cashAnswer(order.id, clerk, cash, key: "k").status == .created)
            #expect(try await shop.cashAnswer(order.id, other, cash, key: "k2").code == "order_not_payable")
            #expect(try await shop.count(.payments) == 1)
            let second = try await shop.place(try shop.customer())
            let race = try await together(6) { n in
                try await shop.cashAnswer(second.id, n % 2 == 0 ? clerk : other, cash, key: "r\(n)")
            }
            #expect(race.filter { $0.status == .created }.count == 1)
            #expect(race.filter { $0.code == "order_not_payable" }.count == 5)
        }
    }

    @Test func `a slip of the terminal is booked once in its store`() async throws {
        try await Shop.open { shop in
            let clerk = try shop.staff()
            let slip = OfflinePayment(method: .terminal, reference: "20261123-0042")
            let first = try await shop.place(try shop.customer())
            let second = try await shop.place(try shop.customer())
            #expect(try await shop.takeCash(first.id, clerk, slip).reference == "20261123-0042")
            #expect(try await shop.cashAnswer(second.id, clerk, slip).code == "slip_already_booked")
            let figures = try await shop.figures(clerk)
            #expect(figures.terminalTotal == first.totals.total)
            #expect(figures.cashTotal.minorUnits == 0)
        }
    }

    @Test func `money that comes through an open page after cash goes back by itself`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let page = try await shop.startPayment(customer, order.id)
            shop.weChat.pay(page.id)
            _ = try await shop.takeCash(order.id, try shop.staff(), OfflinePayment(method: .cash))
            #expect(try await shop.notify(try shop.weChat.notification(of: page.id)).status == .noContent)
            #expect(
                try await shop.refundUntil {
                    try await shop.read(customer, order.id).refunds.map(\.state) == [.succeeded]
                })
            let paid = try await shop.read(customer, order.id)
            #expect(Set(paid.payments.map(\.state)) == [.late, .paid])
            #expect(paid.states == OrderStates(payment: .paid, order: .open, fulfilment: .waiting))
            #expect(paid.totals.refunded.minorUnits == 0)
            #expect(shop.refundedFen == order.totals.total.minorUnits)
        }
    }

    @Test(arguments: 1...4) func `of cash and online money at once exactly one counts`(_ round: Int) async throws {
        try await Shop.open { shop in
            for _ in 0..<4 {
                let (customer, clerk) = (try shop.customer(), try shop.staff())
                let order = try await shop.place(customer)
                let page = try await shop.startPayment(customer, order.id)
                shop.weChat.pay(page.id)
                let news = try shop.weChat.notification(of: page.id)
                let answers = try await together(4) { n in
                    n % 2 == 0
                        ? try await shop.notify(news)
                        : try await shop.cashAnswer(order.id, clerk, OfflinePayment(method: .cash))
                }
                let cash = answers.filter { $0.status == .created }.count
                let ended = try await shop.read(customer, order.id)
                #expect(ended.states.payment == .paid)
                #expect(ended.totals.paid == order.totals.total)
                #expect(ended.payments.filter { $0.state == .paid }.count == 1)
                #expect(ended.payments.filter { $0.state == .late }.count == cash)
                #expect(ended.refunds.count == cash)
                #expect(ended.story.filter { $0.move == .paid }.count == 1)
            }
        }
    }

    @Test func `an order is paid in parts, each by its own way`() async throws {
        try await Shop.open { shop in
            let (customer, clerk) = (try shop.customer(), try shop.staff())
            let order = try await shop.place(customer)
            let part = try await shop.startPayment(customer, order.id, amount: 2_000)
            #expect(part.amount.minorUnits == 2_000)
            // The same part is the same page; all of it is another one.
            #expect(try await shop.startPayment(customer, order.id, amount: 2_000).id == part.id)
            #expect(try await shop.startPayment(customer, order.id).amount == order.totals.total)
            let page = try await shop.startPayment(customer, order.id, amount: 2_000)
            try await shop.payByWeChat(page)
            var now = try await shop.read(customer, order.id)
            #expect(now.states.payment == .unpaid)
            #expect(now.totals.paid.minorUnits == 2_000)
            #expect(now.story.map(\.move) == [.placed, .partPaid])
            #expect(try await shop.count(.paidEvents) == 0)
            #expect(try await shop.paymentAnswer(customer, order.id, amount: 3_781).code == "amount_exceeds_rest")
            _ = try await shop.takeCash(order.id, clerk, OfflinePayment(method: .cash, amount: Money(minorUnits: 1_780)))
            try await shop.payByWeChat(try await shop.startPayment(customer, order.id))
            now = try await shop.read(customer, order.id)
            #expect(now.states.payment == .paid)
            #expect(now.payments.filter { $0.state == .paid }.map(\.amount.minorUnits) == [2_000, 1_780, 2_000])
            #expect(try await shop.count(.paidEvents) == 2)
            #expect(try await shop.figures(clerk).cashTotal.minorUnits == 1_780)
        }
    }

    @Test func `a refund over several payments takes the gateway's money first, newest first, to the cent`() async throws {
        try await Shop.open { shop in
            let (customer, clerk, manager) = (try shop.customer(), try shop.staff(), try shop.staff(.manager))
            let order = try await shop.place(customer)
            try await shop.payByWeChat(try await shop.startPayment(customer, order.id, amount: 2_000))
            _ = try await shop.takeCash(order.id, clerk, OfflinePayment(method: .cash, amount: Money(minorUnits: 1_780)))
            try await shop.payByWeChat(try await shop.startPayment(customer, order.id))
            let answer = try await shop.orders.send(
                .post, OrdersAPI.orderRefunds.path(order.id),
                json: NewRefund(amount: Money(minorUnits: 4_500), reason: "凉了"), token: manager.token)
            let refund: Refund = try answer.decoded()
            #expect(([refund] + refund.further).map(\.amount.minorUnits).sorted() == [500, 2_000, 2_000])
            #expect(
                try await shop.refundUntil {
                    try await shop.read(customer, order.id).totals.refunded.minorUnits == 4_000
                })
            #expect(shop.refundedFen == 4_000)
            var now = try await shop.read(customer, order.id)
            #expect(now.states.payment == .partlyRefunded)
            let waiting = try #require(now.refunds.first { $0.gateway == .cash })
            #expect(waiting.state == .requested)
            #expect(waiting.amount.minorUnits == 500)
            // What is left goes back with the order.
            #expect(try await shop.post(OrdersAPI.orderCancel, order.id, manager).status == .ok)
            now = try await shop.read(customer, order.id)
            for refund in now.refunds where refund.gateway == .cash {
                #expect(try await shop.handOut(refund.id, clerk).status == .ok)
            }
            now = try await shop.read(customer, order.id)
            #expect(now.states == OrderStates(payment: .refunded, order: .cancelled, fulfilment: .waiting))
            #expect(now.totals.refunded == order.totals.total)
            #expect(try await shop.figures(clerk).tills.first?.cashReturned.minorUnits == 1_780)
        }
    }

    @Test func `a refund of cash waits for staff, who confirm it once`() async throws {
        try await Shop.open { shop in
            let (customer, clerk) = (try shop.customer(), try shop.staff())
            let order = try await shop.place(customer)
            _ = try await shop.takeCash(order.id, clerk, OfflinePayment(method: .cash))
            _ = try await shop.post(OrdersAPI.orderCancel, order.id, customer)
            let refund = try #require(try await shop.read(customer, order.id).refunds.first)
            #expect(refund.gateway == .cash)
            let till = try await shop.orders.send(.get, OrdersAPI.storeUnpaid.path(shop.storeID), token: clerk.token)
            #expect(try till.decoded(UnpaidOrders.self).refunds == [refund])
            // The job that sends refunds leaves it alone.
            try await shop.orders.test.run("UPDATE refunds SET check_at = 'epoch'")
            _ = try await shop.parts.sendRefunds.tick(shop.kit)
            #expect(try await shop.read(customer, order.id).refunds.map(\.state) == [.requested])
            #expect(try await shop.handOut(refund.id, customer).status == .forbidden)
            let answers = try await together(4) { try await shop.handOut(refund.id, clerk, key: "h\($0)") }
            #expect(answers.filter { $0.status == .ok }.count == 1)
            #expect(answers.filter { $0.code == "refund_not_waiting" }.count == 3)
            let ended = try await shop.read(customer, order.id)
            #expect(ended.states.payment == .refunded)
            #expect(ended.story.last.map { [$0.move.rawValue, $0.actor] } == ["refunded", "staff"])
            #expect(shop.weChat.state.withLock { $0.refundCalls.isEmpty })
        }
    }

    @Test func `staff do not confirm what a gateway moves`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.paidOrder(customer).order
            shop.weChat.state.withLock { $0.refundState = "PROCESSING" }
            _ = try await shop.post(OrdersAPI.orderCancel, order.id, customer)
            let refund = try #require(try await shop.read(customer, order.id).refunds.first)
            #expect(try await shop.handOut(refund.id, try shop.staff()).code == "refund_not_waiting")
        }
    }

    @Test func `an order that expires or is called off with a part paid gives the part back`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let expiring = try await shop.place(customer)
            try await shop.payByWeChat(try await shop.startPayment(customer, expiring.id, amount: 1_000))
            let cancelled = try await shop.place(customer)
            try await shop.payByWeChat(try await shop.startPayment(customer, cancelled.id, amount: 500))
            let refused = try await shop.orders.send(
                .post, OrdersAPI.orderRefunds.path(cancelled.id),
                json: NewRefund(amount: Money(minorUnits: 100), reason: "x"), token: try shop.staff(.manager).token)
            #expect(refused.code == "order_partly_paid")
            #expect(try await shop.post(OrdersAPI.orderCancel, cancelled.id, customer).status == .ok)
            try await shop.passTimeToPay()
            #expect(try await shop.expireUntil { try await shop.read(customer, expiring.id).states.order == .expired })
            #expect(try await shop.refundUntil { shop.refundedFen == 1_500 })
            for (id, fen) in [(expiring.id, 1_000), (cancelled.id, 500)] {
                #expect(
                    try await shop.refundUntil {
                        try await shop.read(customer, id).totals.refunded.minorUnits == Int64(fen)
                    })
                #expect(try await shop.read(customer, id).states.payment == .unpaid)
            }
        }
    }

    @Test func `staff see which orders wait for money`() async throws {
        try await Shop.open { shop in
            let (customer, clerk) = (try shop.customer(), try shop.staff())
            let order = try await shop.place(customer)
            _ = try await shop.paidOrder(customer)
            let answer = try await shop.orders.send(.get, OrdersAPI.storeUnpaid.path(shop.storeID), token: clerk.token)
            #expect(try answer.decoded(UnpaidOrders.self).orders.map(\.id) == [order.id])
            let refused = try await shop.orders.send(
                .get, OrdersAPI.storeUnpaid.path(shop.storeID), token: customer.token)
            #expect(refused.status == .forbidden)
        }
    }
}

extension Shop {
    func cashAnswer(
        _ order: OrderID, _ person: Person, _ input: OfflinePayment, key: String? = nil
    ) async throws -> ClientResponse {
        try await orders.send(
            .post, OrdersAPI.orderOfflinePayments.path(order), json: input, token: person.token,
            headers: key.map { [("idempotency-key", $0)] } ?? [])
    }

    func takeCash(_ order: OrderID, _ clerk: Person, _ input: OfflinePayment) async throws -> Payment {
        let answer = try await cashAnswer(order, clerk, input)
        guard answer.status == .created else { throw UnexpectedAnswer(answer) }
        return try answer.decoded()
    }

    func payByWeChat(_ payment: Payment) async throws {
        weChat.pay(payment.id)
        let answer = try await notify(try weChat.notification(of: payment.id))
        guard answer.status == .noContent else { throw UnexpectedAnswer(answer) }
    }

    func handOut(_ refund: RefundID, _ clerk: Person, key: String? = nil) async throws -> ClientResponse {
        try await orders.send(
            .post, OrdersAPI.refundHandedOut.path(refund), body: Array("{}".utf8), token: clerk.token,
            headers: key.map { [("idempotency-key", $0)] } ?? [])
    }

    func figures(_ clerk: Person) async throws -> StoreFigures {
        let answer = try await orders.send(.get, OrdersAPI.storeFigures.path(storeID), token: clerk.token)
        guard answer.status == .ok else { throw UnexpectedAnswer(answer) }
        return try answer.decoded()
    }
}
