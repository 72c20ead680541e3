import Models
import Testing

@testable import Storefront

@Suite struct RulesTests {
    private let now = Timestamp(microseconds: 1_700_000_000_000_000)

    @Test func `limits of a phone and an address are told with the time to wait`() {
        let limits = SignInLimits()
        func decide(_ change: (inout SignInHistory) -> Void) -> SignInRules.Decision {
            var history = SignInHistory()
            change(&history)
            return SignInRules.decide(history, limits, now: now)
        }
        #expect(decide { _ in } == .send)
        #expect(decide { $0.phoneMinute = 1 } == .wait(seconds: 60))
        #expect(decide { $0.phoneHour = 5 } == .wait(seconds: 3_600))
        #expect(decide { $0.phoneHour = 4 } == .send)
        #expect(decide { $0.phoneDay = 10 } == .wait(seconds: 86_400))
        #expect(decide { $0.addressHour = 20 } == .wait(seconds: 3_600))
        #expect(decide { $0.lockedUntil = now + .seconds(10) } == .wait(seconds: 11))
        #expect(decide { $0.lockedUntil = now } == .send)
    }

    @Test func `codes are six digits and spread over all of them`() {
        var first: Set<Character> = []
        for _ in 0..<2_000 {
            let code = SignInRules.makeCode()
            #expect(SignInRules.isCode(code))
            first.insert(code.first ?? "x")
        }
        #expect(first.count == 10)
    }

    @Test(arguments: ["", "12345", "1234567", "12345a", "１２３４５６", "12 456"])
    func `anything else is no code`(text: String) {
        #expect(!SignInRules.isCode(text))
    }

    @Test(arguments: [
        ("13812345678", "13812345678"), ("+86 138-1234-5678", "13812345678"), ("008613812345678", "13812345678"),
        ("+1 (415) 555-0100", "+14155550100"), ("0044 20 7946 0958", "+442079460958"),
    ])
    func `a phone number has one form`(typed: String, form: String) {
        #expect(Phone(typed)?.text == form)
    }

    @Test(arguments: [
        "", "12345", "23812345678", "+0123456789", "138123456789", "138 1234 567x", "+", "１３８12345678", "'; DROP TABLE",
    ])
    func `what is no phone number is refused`(typed: String) {
        #expect(Phone(typed) == nil)
    }

    @Test func `a masked number hides its middle`() {
        #expect(Phone("13812345678")?.masked == "138****5678")
        #expect(Phone("+14155550100")?.masked == "+14****0100")
    }

    @Test func `every combination of states has something to say`() {
        for payment in OrderPaymentState.allCases {
            for order in OrderState.allCases {
                for fulfilment in FulfilmentState.allCases {
                    let stand = OrderPieces.Stand(
                        OrderStates(payment: payment, order: order, fulfilment: fulfilment))
                    if order == .open && payment == .unpaid { #expect(stand == .unpaid) }
                    if order == .completed { #expect(stand == .completed) }
                    if order == .cancelled && payment == .paid { #expect(stand == .refunding) }
                    if order == .open && payment == .paid { #expect(stand.stepsDone != nil) }
                }
            }
        }
    }

    @Test(arguments: [
        (nil, Language.zh), ("en-GB,en;q=0.9", .en), ("zh-CN,zh;q=0.9,en;q=0.8", .zh), ("fr, en;q=0.5", .en),
        ("en;q=0.1, zh;q=0.2", .zh), (";;;,q=", .zh), ("en;q=0", .zh),
    ])
    func `the language is the best that the browser accepts`(header: String?, language: Language) {
        #expect(Language(accepting: header) == language)
    }

    @Test func `days and times are a place's own`() {
        let clock = DisplayClock()
        guard let moment = Timestamp("2026-11-22T17:30:00Z") else { return }
        #expect(clock.show(moment, zone: "Asia/Shanghai") == "2026-11-23 01:30")
        #expect(clock.weekday(moment, zone: "Asia/Shanghai") == 1)
        #expect(clock.show(moment, zone: "../../etc/passwd") == "2026-11-23 01:30")
        #expect(clock.startOfDay(moment, zone: "Asia/Shanghai") == Timestamp("2026-11-22T16:00:00Z"))
    }

    @Test func `forms are read strictly`() {
        #expect(FormFields(Array("a=1&b=%E9%9D%A2+x".utf8))?["b"] == "面 x")
        #expect(FormFields(Array("a=1&a=2".utf8)) == nil)
        #expect(FormFields(Array("a=%zz".utf8)) == nil)
        #expect(FormFields([0x61, 0x3D, 0xFF]) == nil)
        #expect(FormFields(Array((0..<100).map { "f\($0)=1" }.joined(separator: "&").utf8)) == nil)
    }
}
