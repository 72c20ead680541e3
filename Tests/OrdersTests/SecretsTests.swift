import Models
import ServiceKit
import Testing

@testable import Orders

@Suite struct QuoteTokenTests {
    private let now = Timestamp(microseconds: 1_764_000_000_000_000)
    private let tokens = QuoteTokens(secret: [UInt8](repeating: 7, count: 32))
    private let customer: AccountID
    private let content: QuoteContent

    init() {
        customer = .make(at: now)
        let name = LocalizedText(zh: "面", en: "Noodles")
        content = QuoteContent(
            id: .make(at: now), customerID: customer, storeID: .make(at: now), merchantID: .make(at: now),
            storeName: name, timeZone: "Asia/Shanghai", fulfilment: .pickup,
            lines: [
                QuoteLine(
                    skuID: .make(at: now), itemID: .make(at: now), itemName: name, skuName: name, quantity: 2,
                    unitPrice: Money(minorUnits: 100), lineTotal: Money(minorUnits: 200), note: "不辣\"\\")
            ], expiresAt: now)
    }

    @Test func `a token says what was signed`() throws {
        #expect(try tokens.content(of: tokens.token(for: content), for: customer) == content)
    }

    @Test func `any changed character makes it no quote`() {
        let token = Array(tokens.token(for: content).utf8)
        for index in stride(from: 0, to: token.count, by: 7) {
            var changed = token
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: OrdersError.quoteInvalid) {
                try tokens.content(of: String(decoding: changed, as: UTF8.self), for: customer)
            }
        }
    }

    @Test func `another key, another customer, and rubbish are no quotes`() {
        let other = QuoteTokens(secret: [UInt8](repeating: 8, count: 32))
        let token = tokens.token(for: content)
        #expect(throws: OrdersError.quoteInvalid) { try other.content(of: token, for: customer) }
        #expect(throws: OrdersError.quoteInvalid) { try tokens.content(of: token, for: .make(at: now)) }
        for text in ["", ".", "a.b", "....", token + ".", "." + token, String(token.dropLast())] {
            #expect(throws: OrdersError.quoteInvalid) { try tokens.content(of: text, for: customer) }
        }
    }

    @Test func `a guest's quote may be used by whoever signs in`() throws {
        var guest = content
        guest.customerID = nil
        #expect(try tokens.content(of: tokens.token(for: guest), for: customer).id == guest.id)
    }
}

@Suite struct PickupCodeTests {
    private let now = Timestamp(microseconds: 1_764_000_000_000_000)
    private let codes = PickupCodes(secret: [UInt8](repeating: 9, count: 32))

    @Test func `a code has eight readable characters and is the same each time`() {
        for _ in 0..<200 {
            let order = OrderID.make(at: now)
            let code = codes.code(order, attempt: 0)
            #expect(code.utf8.count == 8)
            #expect(code.utf8.allSatisfy { PickupCodes.alphabet.contains($0) })
            #expect(code == codes.code(order, attempt: 0))
            #expect(code != codes.code(order, attempt: 1))
        }
        #expect(Set(PickupCodes.alphabet).count == 30)
        #expect("01OILU".utf8.allSatisfy { !PickupCodes.alphabet.contains($0) })
    }

    @Test func `what people type is understood, what cannot be a code is not`() {
        #expect(PickupCodes.normalised("7k4q-9m2p") == "7K4Q9M2P")
        #expect(PickupCodes.normalised(" 7K4Q 9M2P ") == "7K4Q9M2P")
        for text in ["", "7K4Q9M2", "7K4Q9M2PP", "7K4Q9M2O", "７K4Q9M2P", "7K4Q9M2'"] {
            #expect(PickupCodes.normalised(text) == nil)
        }
    }

    @Test func `a hash belongs to one store`() {
        let store = StoreID.make(at: now)
        #expect(codes.hash("7K4Q9M2P", in: store) == codes.hash("7K4Q9M2P", in: store))
        #expect(codes.hash("7K4Q9M2P", in: store) != codes.hash("7K4Q9M2P", in: .make(at: now)))
    }
}

@Suite struct OrderValueTests {
    private let now = Timestamp(microseconds: 1_764_000_000_000_000)

    @Test func `a number shows the day and belongs to the identity`() {
        let id = OrderID(uuid: UUID128(high: 0x019A_B3C4_D5E6_7000, low: 0x8000_0000_0000_0020))
        #expect(OrderNumber.text(id).hasSuffix("-00000010"))
        #expect(OrderNumber.text(id).utf8.count == 15)
        #expect(OrderNumber.text(.make(at: now)).hasPrefix("251124-"))
    }

    @Test func `a bound is a moment or a day`() {
        #expect(FiguresBound("2026-11-23") == .day("2026-11-23"))
        #expect(FiguresBound("2026-11-23T05:00:00Z")?.moment != nil)
        for text in ["", "yesterday", "2026-13-01", "2026-02-30", "20261123", "2026-11-23T", "1);DROP TABLE orders"] {
            #expect(FiguresBound(text) == nil, "\(text)")
        }
    }

    @Test func `a trace id is found in a traceparent`() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        #expect(TraceText.traceID(of: text) == "0af7651916cd43dd8448eb211c80319c")
        #expect(TraceText.traceID(of: nil) == nil)
    }

    @Test func `every problem has a code and a status of its own kind`() {
        #expect(Set(Problems.kinds.map(\.code)).count == Problems.kinds.count)
        #expect(Problems.kinds.allSatisfy { (400..<600).contains($0.status) && !$0.meaning.isEmpty })
    }
}
