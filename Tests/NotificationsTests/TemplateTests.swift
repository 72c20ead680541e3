import Models
import Testing
@testable import Notifications

@Suite struct TemplateTests {
    private let order = SampleOrder()

    private func message(_ type: String, _ change: (inout OrderEventData) -> Void = { _ in }) -> MessageTemplate.Words? {
        var data = order.data
        change(&data)
        return MessageTemplate.words(for: type, data)
    }

    @Test func `an order that is ready tells where to show the code, in both languages`() throws {
        let words = try #require(message(OrderEvents.ready))
        #expect(words.kind == "ready")
        #expect(words.title == LocalizedText(zh: "可以取货了", en: "Ready for pickup"))
        #expect(words.body.zh == "订单 A001 已备好，请到「面馆」出示取货码。")
        #expect(words.body.en == "Order A001 is ready. Show your pickup code at Noodles.")
    }

    @Test func `a paid order tells the amount, and the number that is called when there is one`() throws {
        let plain = try #require(message(OrderEvents.paid))
        #expect(plain.body.zh == "「面馆」已收到订单 A001 的付款 ¥23.90。")
        #expect(plain.body.en == "Noodles received your payment of ¥23.90 for order A001.")
        let queued = try #require(message(OrderEvents.paid) { $0.queueNumber = 12 })
        #expect(queued.body.zh == "「面馆」已收到订单 A001 的付款 ¥23.90，取餐号 12。")
        #expect(queued.body.en.hasSuffix(" Your number is 12."))
    }

    @Test func `a paid deposit tells what is left, and until when`() throws {
        let words = try #require(
            message(OrderEvents.depositPaid) {
                $0.balanceDue = Money(minorUnits: 1_890)
                $0.balanceDueAt = Timestamp("2026-12-01T10:00:00Z")
            })
        #expect(words.body.zh == "「面馆」已收到订单 A001 的定金。请在 2026-12-01 18:00 前支付余款 ¥18.90。")
        #expect(words.body.en == "Noodles received your deposit for order A001. ¥18.90 is due by 2026-12-01 18:00.")
    }

    @Test func `a refund tells what went back, not what the order cost`() throws {
        let refund = OrderEventRefund(id: .make(at: Bench.now), amount: Money(minorUnits: 500))
        let words = try #require(message(OrderEvents.refunded) { $0.refund = refund })
        #expect(words.body.zh.contains("¥5.00"))
        #expect(words.body.en.contains("¥5.00"))
    }

    @Test func `a cancelled order tells why, when somebody said why`() throws {
        let plain = try #require(message(OrderEvents.cancelled))
        #expect(plain.body.en == "Order A001 at Noodles was cancelled.")
        let words = try #require(message(OrderEvents.cancelled) { $0.reason = "sold out" })
        #expect(words.body.en.hasSuffix("Reason: sold out."))
    }

    @Test func `every message has both languages, and every event is told live`() {
        for type in TakeOrderEvents.known {
            guard let words = message(type) else { continue }
            for text in [words.title, words.body] {
                #expect(!text.zh.isEmpty)
                #expect(!text.en.isEmpty)
            }
            #expect(type == "order.\(words.kind)")
        }
        #expect(TakeOrderEvents.known.count == 11)
    }
}
