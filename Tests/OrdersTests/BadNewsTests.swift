import EventLoop
import HTTPClient
import HTTPCore
import JSON
import Models
import ServiceKit
import TestSupport
import Testing

@testable import Orders

/// Notifications that are signed and still not to be believed: of another time, amount or merchant, or no sense at all.
/// Those that are not signed are in `PaymentTests` and `GatewayTests`.
@Suite(.serialized, .timeLimit(.minutes(5))) struct BadNewsTests {
    /// What must stay as it is.
    private struct Stand: Equatable {
        let states: OrderStates
        let payments: [PaymentState]
        let refunds: [RefundState]
        let story, outbox: Int
    }

    private func stand(_ shop: Shop, _ customer: Person, _ id: OrderID) async throws -> Stand {
        let order = try await shop.read(customer, id)
        return Stand(
            states: order.states, payments: order.payments.map(\.state), refunds: order.refunds.map(\.state),
            story: try await shop.count(.story), outbox: try await shop.count(.outbox))
    }

    /// A paid order of which 100 fen are on their way back, at the gateway and for as long as nothing is heard.
    private func refunding(
        _ shop: Shop, _ customer: Person, _ gateway: GatewayName
    ) async throws -> (order: OrderID, payment: Payment, refund: RefundID) {
        let manager = try shop.staff(.manager)
        let order = try await shop.place(customer)
        let payment = try await shop.startPayment(customer, order.id, gateway: gateway)
        if gateway == .wechat {
            shop.weChat.state.withLock { $0.refundState = "PROCESSING" }
            try await shop.payByWeChat(payment)
        } else {
            shop.gateways.pay(payment)
            _ = try await shop.notify(gateway, try shop.gateways.notification(of: payment))
        }
        // Sent by nobody before the test says so: the gateway's own answers would be the truth.
        try await shop.orders.test.run(
            """
            CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN NEW.check_at := ''infinity''; RETURN NEW; END';
            CREATE TRIGGER hold BEFORE INSERT ON refunds FOR EACH ROW EXECUTE FUNCTION hold();
            """)
        let answer = try await shop.orders.send(
            .post, OrdersAPI.orderRefunds.path(order.id),
            json: NewRefund(amount: Money(minorUnits: 100), reason: "少了一份"), token: manager.token)
        guard answer.status == .created else { throw UnexpectedAnswer(answer) }
        let refund = try #require(try await shop.read(customer, order.id).refunds.first)
        return (order.id, payment, refund.id)
    }

    @Test func `a refund's news of another amount, merchant or number ends nothing`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let (order, payment, refund) = try await refunding(shop, customer, .wechat)
            #expect(try await shop.refundUntil { shop.weChat.state.withLock { $0.refunds.count == 1 } })
            #expect(
                try await shop.refundUntil {
                    try await shop.read(customer, order).refunds.map(\.state) == [.processing]
                })
            let before = try await stand(shop, customer, order)
            func news(
                _ number: String, fen: Int64 = 100, mchid: String = "1900000001"
            ) throws -> (headers: [(String, String)], body: [UInt8]) {
                let told = FakeWeChat.RefundOrder(
                    tradeNo: payment.id.description, amount: fen, total: payment.amount.minorUnits)
                guard case .object(var members) = FakeWeChat.refundDocument(number, told, "SUCCESS") else {
                    preconditionFailure("no object")
                }
                members["mchid"] = .string(mchid)
                return try FakeWeChat.notification("REFUND.SUCCESS", .object(members))
            }
            let wrong = [
                try news(refund.description, fen: 99), try news(refund.description, fen: 101),
                try news(refund.description, mchid: "1900000002"),
                try news(RefundID.make(at: shop.kit.now()).description), try news("somebody_elses"),
            ]
            for (index, notification) in wrong.enumerated() {
                let answer = try await shop.notify(notification)
                #expect(answer.status.code == 422, "\(index)")
                #expect(answer.code == "notification_mismatch", "\(index)")
            }
            #expect(try await stand(shop, customer, order) == before)
            // The right one ends it, once.
            for _ in 0..<2 { #expect(try await shop.notify(try news(refund.description)).status == .noContent) }
            let after = try await shop.read(customer, order)
            #expect(after.states.payment == .partlyRefunded)
            #expect(after.story.count { $0.move == .refunded } == 1)
        }
    }

    @Test func `a card refund's news of another amount, merchant or number ends nothing`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let (order, payment, refund) = try await refunding(shop, customer, .card)
            let before = try await stand(shop, customer, order)
            let right = [
                "txnType": "04", "orderId": refund.description.replacing("_", with: ""), "txnAmt": "100",
                "queryId": "2026112300000001",
            ]
            for change in [["txnAmt": "99"], ["merId": "777290058110009"], ["orderId": "somebodyelses"]] {
                let fields = right.merging(change) { $1 }
                let answer = try await shop.notify(.card, try shop.gateways.notification(of: payment, fields))
                #expect(answer.code == "notification_mismatch", "\(change)")
            }
            #expect(try await stand(shop, customer, order) == before)
            for _ in 0..<2 {
                #expect(
                    try await shop.notify(.card, try shop.gateways.notification(of: payment, right)).status == .ok)
            }
            #expect(try await shop.read(customer, order).states.payment == .partlyRefunded)
        }
    }

    @Test func `news that is old, or of the future, is not believed though it is signed`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let payment = try await shop.startPayment(customer, order.id)
            shop.weChat.pay(payment.id)
            try await shop.orders.test.run("UPDATE payments SET check_at = 'infinity'")
            let before = try await stand(shop, customer, order.id)
            let body = try shop.weChat.notification(of: payment.id).body
            for age in [301, 86_400, -301] {
                let answer = try await shop.notify((try FakeWeChat.signature(over: body, secondsAgo: age), body))
                #expect(answer.status == .unauthorized, "\(age)")
                #expect(answer.code == "notification_forged", "\(age)")
            }
            #expect(try await stand(shop, customer, order.id) == before)
            #expect(try await shop.notify((try FakeWeChat.signature(over: body), body)).status == .noContent)
        }
    }

    @Test func `a certificate that comes along with a card's news proves nothing`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let payment = try await shop.startPayment(customer, order.id, gateway: .card)
            let before = try await stand(shop, customer, order.id)
            let own = ["signPubKeyCert": FakeGateways.strangersCertificate, "txnAmt": "\(payment.amount.minorUnits)"]
            let news = try shop.gateways.notification(of: payment, own, forged: true)
            let answer = try await shop.notify(.card, news)
            #expect(answer.status == .unauthorized)
            #expect(answer.code == "notification_forged")
            #expect(try await stand(shop, customer, order.id) == before)
        }
    }

    @Test func `signed nonsense of WeChat Pay is refused as unreadable`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            _ = try await shop.startPayment(customer, order.id)
            let before = try await stand(shop, customer, order.id)
            var messages = try ["{", "", "[]", "null", "{\"event_type\":1}", "\u{0}"].map { text in
                (headers: try FakeWeChat.signature(over: Array(text.utf8)), body: Array(text.utf8))
            }
            messages.append(try FakeWeChat.notification("TRANSACTION.SUCCESS", ["out_trade_no": 1]))
            messages.append(try FakeWeChat.notification("REFUND.SUCCESS", .array([])))
            messages.append(try FakeWeChat.notification("COUPON.USE", ["a": "b"]))
            for (index, message) in messages.enumerated() {
                let answer = try await shop.notify(message)
                #expect(answer.status == .badRequest, "\(index): \(answer.text)")
                #expect(answer.code == "invalid_request", "\(index)")
            }
            #expect(try await stand(shop, customer, order.id) == before)
        }
    }

    @Test(arguments: [GatewayName.alipay, .card]) func `signed nonsense of the others is refused as unreadable`(
        _ gateway: GatewayName
    ) async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let payment = try await shop.startPayment(customer, order.id, gateway: gateway)
            let before = try await stand(shop, customer, order.id)
            let changes: [[String: String]] =
                gateway == .alipay
                ? [["trade_status": "NONSENSE"], ["total_amount": "ten"], ["total_amount": "1.001"]]
                : [["txnAmt": "ten"], ["txnAmt": "1.00"], ["txnAmt": ""]]
            for change in changes {
                let answer = try await shop.notify(gateway, try shop.gateways.notification(of: payment, change))
                #expect(answer.status == .badRequest, "\(change): \(answer.text)")
                #expect(answer.code == "invalid_request", "\(change)")
            }
            for text in ["", "%", "&&&=", "sign=x&sign_type=RSA2", "signature=x"] {
                let answer = try await shop.notify(gateway, Array(text.utf8))
                #expect(answer.status == .unauthorized, "\(text): \(answer.text)")
                #expect(answer.code == "notification_forged", "\(text)")
            }
            #expect(try await stand(shop, customer, order.id) == before)
        }
    }
}
