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

/// Paying: one payment however often it is asked for, and money that counts once, whoever brings the news.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PaymentTests {
    @Test func `a payment leads to the gateway, and asking again gives the same open one`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let first = try await shop.startPayment(customer, order.id)
            #expect(first.state == .open)
            #expect(first.amount == order.totals.total)
            #expect(first.cashierURL?.hasSuffix(first.id.description) == true)
            #expect(try await shop.startPayment(customer, order.id) == first)
            let together = try await together(8) { _ in try await shop.startPayment(customer, order.id) }
            #expect(together.allSatisfy { $0 == first })
            #expect(try await shop.count(.payments) == 1)
            #expect(shop.weChat.state.withLock { $0.trades.count } == 1)
        }
    }

    @Test func `ten first requests at once make one payment`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let payments = try await together(10) { _ in try await shop.startPayment(customer, order.id) }
            #expect(Set(payments.map(\.id)).count == 1)
            #expect(try await shop.count(.payments) == 1)
        }
    }

    @Test func `a gateway that is down is retriable, and the stored payment is continued`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            // More than the client's own tries.
            shop.weChat.state.withLock { $0.failuresBefore = 50 }
            let refused = try await shop.paymentAnswer(customer, order.id, key: "k1")
            #expect(refused.status == .serviceUnavailable)
            #expect(refused.code == "gateway_unavailable")
            #expect(refused.headers["retry-after"] != nil)
            // The row came before the call: the number is known and stays.
            let stored = try #require(try await shop.read(customer, order.id).payments.first)
            #expect(stored.state == .created)
            shop.weChat.state.withLock { $0.failuresBefore = 0 }
            let answer = try await shop.paymentAnswer(customer, order.id, key: "k1")
            #expect(answer.status == .created)
            let payment: Payment = try answer.decoded()
            #expect(payment.id == stored.id)
            #expect(payment.state == .open)
        }
    }

    @Test func `an answer lost after the work makes no second trade`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            shop.weChat.state.withLock { $0.failuresAfter = 50 }
            #expect(try await shop.paymentAnswer(customer, order.id).status == .serviceUnavailable)
            shop.weChat.state.withLock { $0.failuresAfter = 0 }
            _ = try await shop.startPayment(customer, order.id)
            #expect(shop.weChat.state.withLock { $0.trades.count } == 1)
        }
    }

    @Test func `another channel closes the first payment and takes its place`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let first = try await shop.startPayment(customer, order.id)
            let second = try await shop.startPayment(customer, order.id, channel: .native)
            #expect(second.id != first.id)
            #expect(second.codeURL != nil)
            #expect(shop.weChat.state.withLock { $0.trades[first.id.description]?.state } == "CLOSED")
            let states = try await shop.read(customer, order.id).payments.map(\.state)
            #expect(states == [.closed, .open])
        }
    }

    @Test func `paying inside the app needs the openid`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let answer = try await shop.paymentAnswer(customer, order.id, channel: .jsapi)
            #expect(answer.code == "openid_missing")
            #expect(try await shop.count(.payments) == 0)
        }
    }

    @Test func `a notification pays once, however often and however parallel it comes`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let payment = try await shop.startPayment(customer, order.id)
            shop.weChat.pay(payment.id)
            let notification = try shop.weChat.notification(of: payment.id)
            for answer in try await together(15, { _ in try await shop.notify(notification) }) {
                #expect(answer.status == .noContent)
            }
            let paid = try await shop.read(customer, order.id)
            #expect(paid.states.payment == .paid)
            #expect(paid.queueNumber == 1)
            #expect(paid.payments.map(\.state) == [.paid])
            #expect(paid.payments[0].transactionID != nil)
            #expect(try await shop.count(.paid) == 1)
            // One to catalog, one to notifications.
            #expect(try await shop.count(.paidEvents) == 2)
            let again = try await shop.paymentAnswer(customer, order.id)
            #expect(again.code == "order_not_payable")
        }
    }

    @Test func `forged, changed, old and misdirected notifications move nothing`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let payment = try await shop.startPayment(customer, order.id)
            let good = try shop.weChat.notification(of: payment.id)
            var changed = good
            changed.body[changed.body.count / 2] ^= 1
            #expect(try await shop.notify(changed).status == .unauthorized)
            func with(_ name: String, _ value: String) -> (headers: [(String, String)], body: [UInt8]) {
                (good.headers.map { $0.0 == name ? (name, value) : $0 }, good.body)
            }
            for (name, value) in [
                ("wechatpay-signature", "AAAA"), ("wechatpay-timestamp", "1500000000"), ("wechatpay-nonce", "other"),
                ("wechatpay-serial", "00112233"),
            ] {
                let answer = try await shop.notify(with(name, value))
                #expect(answer.status == .unauthorized, "\(name)")
                #expect(answer.code == "notification_forged", "\(name)")
            }
            for (name, _) in good.headers where name != "wechatpay-signature-type" {
                let answer = try await shop.notify((good.headers.filter { $0.0 != name }, good.body))
                #expect(answer.status == .unauthorized, "without \(name)")
            }
            let unchanged = try await shop.read(customer, order.id)
            #expect(unchanged.states.payment == .unpaid)
            #expect(try await shop.count(.story) == 0)
        }
    }

    @Test func `a signed notification with the wrong amount, currency, merchant or number moves nothing`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let payment = try await shop.startPayment(customer, order.id)
            let total = order.totals.total.minorUnits
            let foreign = PaymentID.make(at: shop.kit.now())
            let wrong = [
                try shop.weChat.notification(of: payment.id, total: total - 1),
                try shop.weChat.notification(of: payment.id, total: 1),
                try shop.weChat.notification(of: payment.id, currency: "USD"),
                try shop.weChat.notification(of: payment.id, mchid: "1900000002"),
                try shop.weChat.notification(of: foreign, total: total),
            ]
            for (index, notification) in wrong.enumerated() {
                let answer = try await shop.notify(notification)
                #expect(answer.status.code == 422, "\(index)")
                #expect(answer.code == "notification_mismatch", "\(index)")
            }
            #expect(try await shop.read(customer, order.id).states.payment == .unpaid)
            #expect(try await shop.count(.paidEvents) == 0)
        }
    }

    @Test func `a replayed notification of one order does not pay another`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let paid = try await shop.paidOrder(customer)
            let other = try await shop.place(customer)
            _ = try await shop.startPayment(customer, other.id)
            #expect(try await shop.notify(try shop.weChat.notification(of: paid.payment.id)).status == .noContent)
            #expect(try await shop.read(customer, other.id).states.payment == .unpaid)
            #expect(try await shop.count(.paid) == 1)
        }
    }

    @Test func `a lost notification is made good by asking`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let payment = try await shop.startPayment(customer, order.id)
            shop.weChat.pay(payment.id)
            #expect(
                try await shop.resolveUntil { try await shop.read(customer, order.id).states.payment == .paid })
            #expect(try await shop.count(.paid) == 1)
            // The notification that comes after all changes nothing.
            #expect(try await shop.notify(try shop.weChat.notification(of: payment.id)).status == .noContent)
            #expect(try await shop.count(.paid) == 1)
        }
    }

    @Test func `money that came although the answer said no counts on the next try`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            shop.weChat.state.withLock { $0.failuresAfter = 50 }
            _ = try await shop.paymentAnswer(customer, order.id)
            let stored = try #require(try await shop.read(customer, order.id).payments.first)
            shop.weChat.state.withLock { $0.failuresAfter = 0 }
            shop.weChat.pay(stored.id)
            let answer = try await shop.paymentAnswer(customer, order.id)
            #expect(answer.code == "order_not_payable")
            #expect(try await shop.read(customer, order.id).states.payment == .paid)
        }
    }

    @Test func `queue numbers count up through the store's day`() async throws {
        try await Shop.open { shop in
            var numbers: [Int?] = []
            for _ in 0..<3 { numbers.append(try await shop.paidOrder(try shop.customer()).order.queueNumber) }
            #expect(numbers == [1, 2, 3])
        }
    }
}
