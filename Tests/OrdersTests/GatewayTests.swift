import EventLoop
import HTTPClient
import HTTPCore
import Models
import ServiceKit
import TestSupport
import Testing

@testable import Orders

/// Alipay and bank cards: what WeChat Pay's tests show, by the protocols of the others, and changing one's mind.
@Suite(.serialized, .timeLimit(.minutes(5))) struct GatewayTests {
    private static let both: [GatewayName] = [.alipay, .card]

    @Test func `the ways to pay are those with settings`() async throws {
        try await Shop.open { shop in
            let answer = try await shop.orders.send(
                .get, OrdersAPI.paymentMethods.path(), token: try shop.customer().token)
            let methods: PaymentMethods = try answer.decoded()
            #expect(methods.gateways == [.wechat, .alipay, .card])
        }
        try await Shop.open(["ALIPAY_APP_ID": "", "UNIONPAY_MER_ID": ""]) { shop in
            let customer = try shop.customer()
            let answer = try await shop.orders.send(.get, OrdersAPI.paymentMethods.path(), token: customer.token)
            let methods: PaymentMethods = try answer.decoded()
            #expect(methods.gateways == [.wechat])
            let order = try await shop.place(customer)
            let refused = try await shop.paymentAnswer(customer, order.id, gateway: .alipay)
            #expect(refused.status.code == 422)
            #expect(refused.code == "method_not_offered")
            #expect(try await shop.count(.payments) == 0)
        }
    }

    @Test(arguments: both) func `a notification pays the order once`(_ gateway: GatewayName) async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let payment = try await shop.startPayment(customer, order.id, gateway: gateway)
            #expect(payment.state == .open)
            #expect((payment.cashierForm != nil) == (gateway == .card))
            #expect(try await shop.startPayment(customer, order.id, gateway: gateway) == payment)
            shop.gateways.pay(payment)
            for _ in 0..<3 {
                let answer = try await shop.notify(gateway, try shop.gateways.notification(of: payment))
                #expect(answer.status == .ok)
                #expect(answer.text == (gateway == .alipay ? "success" : "ok"))
            }
            #expect(try await shop.read(customer, order.id).states.payment == .paid)
            #expect(try await shop.count(.paidEvents) == 2)
        }
    }

    @Test(arguments: both) func `what does not fit is refused and moves nothing`(_ gateway: GatewayName) async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let payment = try await shop.startPayment(customer, order.id, gateway: gateway)
            shop.gateways.pay(payment)
            let isAlipay = gateway == .alipay
            let forged = try await shop.notify(gateway, try shop.gateways.notification(of: payment, forged: true))
            #expect(forged.status == .unauthorized)
            #expect(forged.code == "notification_forged")
            let changes: [[String: String]] =
                isAlipay
                ? [
                    ["total_amount": "0.01"], ["app_id": "2021000000000009"], ["seller_id": "2088000000000009"],
                    ["out_trade_no": "somebody_elses"],
                ] : [["txnAmt": "1"], ["merId": "777290058110009"], ["currencyCode": "840"], ["orderId": "somebodyelses"]]
            for change in changes {
                let answer = try await shop.notify(gateway, try shop.gateways.notification(of: payment, change))
                #expect(answer.code == "notification_mismatch", "\(change)")
            }
            let rubbish = try await shop.notify(gateway, Array("%%%=&&x".utf8))
            #expect(rubbish.status == .unauthorized)
            #expect(try await shop.read(customer, order.id).states.payment == .unpaid)
            #expect(try await shop.count(.paid) == 0)
        }
    }

    @Test(arguments: both) func `a lost notification is found by asking`(_ gateway: GatewayName) async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let payment = try await shop.startPayment(customer, order.id, gateway: gateway)
            shop.gateways.pay(payment)
            #expect(try await shop.resolveUntil { try await shop.read(customer, order.id).states.payment == .paid })
        }
    }

    @Test(arguments: both) func `parts and the rest go back, each once`(_ gateway: GatewayName) async throws {
        try await Shop.open { shop in
            let customer = try shop.customer(), manager = try shop.staff(.manager)
            let order = try await shop.place(customer)
            let payment = try await shop.startPayment(customer, order.id, gateway: gateway)
            shop.gateways.pay(payment)
            _ = try await shop.notify(gateway, try shop.gateways.notification(of: payment))
            // The answer to the first try is lost after the money moved.
            shop.gateways.state.withLock { $0.failuresAfter = 1 }
            let total = payment.amount.minorUnits
            for (fen, left) in [(Int64(100), OrderPaymentState.partlyRefunded), (total - 100, .refunded)] {
                let answer = try await shop.orders.send(
                    .post, OrdersAPI.orderRefunds.path(order.id),
                    json: NewRefund(amount: Money(minorUnits: fen), reason: "少了一份"), token: manager.token)
                #expect(answer.status == .created)
                #expect(try await shop.refundUntil { try await shop.read(customer, order.id).states.payment == left })
            }
            let number = FakeGateways.number(payment)
            #expect(shop.gateways.state.withLock { $0.trades[number]?.returned } == total)
            #expect(shop.gateways.state.withLock { $0.refunds.count } == 2)
        }
    }

    @Test(arguments: both) func `who pays twice after changing the way gets the second back`(
        _ gateway: GatewayName
    ) async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let first = try await shop.startPayment(customer, order.id, gateway: gateway)
            let second = try await shop.startPayment(customer, order.id, gateway: .wechat)
            #expect(first.id != second.id)
            // The page of the first is still open in another window.
            shop.weChat.pay(second.id)
            _ = try await shop.notify(try shop.weChat.notification(of: second.id))
            #expect(try await shop.read(customer, order.id).states.payment == .paid)
            shop.gateways.pay(first)
            // Nobody tells: the page that could not be closed is watched.
            #expect(try await shop.resolveUntil { try await shop.count(.refunds) == 1 })
            let number = FakeGateways.number(first), total = first.amount.minorUnits
            #expect(
                try await shop.refundUntil { shop.gateways.state.withLock { $0.trades[number]?.returned } == total })
            let read = try await shop.read(customer, order.id)
            #expect(read.states.payment == .paid)
            #expect(read.payments.map(\.state).contains(.late))
            #expect(try await shop.count(.paid) == 1)
        }
    }

    @Test func `what was paid before the change counts`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let first = try await shop.startPayment(customer, order.id, gateway: .alipay)
            shop.gateways.pay(first)
            let answer = try await shop.paymentAnswer(customer, order.id, gateway: .card)
            #expect(answer.code == "order_not_payable")
            #expect(try await shop.read(customer, order.id).states.payment == .paid)
            #expect(try await shop.count(.payments) == 1)
        }
    }
}
