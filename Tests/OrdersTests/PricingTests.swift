import Models
import Testing

@testable import Orders

@Suite struct PricingTests {
    private let now = Timestamp(microseconds: 1_764_000_000_000_000)
    private let noodles: PricedSKU
    private let tea: PricedSKU
    private let store: PricedStore

    init() {
        noodles = Self.sku("牛肉面", 2_890, available: 10, now)
        tea = Self.sku("茶", 350, available: 3, now)
        store = PricedStore(
            id: .make(at: now), merchantID: .make(at: now), kind: .restaurant, name: LocalizedText(zh: "面馆", en: "Noodles"),
            timeZone: "Asia/Shanghai", isOpenNow: true, isAcceptingOrders: true)
    }

    private static func sku(_ name: String, _ price: Int64, available: Int, _ now: Timestamp) -> PricedSKU {
        PricedSKU(
            skuID: .make(at: now), itemID: .make(at: now), itemName: LocalizedText(zh: name, en: name),
            skuName: LocalizedText(zh: name, en: name), price: Money(minorUnits: price), available: available)
    }

    private func price(_ lines: [QuoteRequestLine], _ skus: [PricedSKU]) throws(OrdersError) -> PricedLines {
        try Pricing.price(lines, with: PriceCheck(store: store, skus: skus, unknownSKUIDs: []))
    }

    @Test func `lines sum to the total, exactly`() throws {
        let priced = try price(
            [
                QuoteRequestLine(skuID: noodles.skuID, quantity: 2),
                QuoteRequestLine(skuID: tea.skuID, quantity: 3, note: "少糖"),
            ], [noodles, tea])
        #expect(priced.lines.map(\.lineTotal.minorUnits) == [5_780, 1_050])
        #expect(priced.total.minorUnits == 6_830)
        #expect(priced.subtotal == priced.total)
        #expect(priced.discountTotal.minorUnits == 0)
        #expect(priced.lines[1].note == "少糖")
    }

    @Test func `a SKU the store does not have is pointed at`() {
        let lines = [
            QuoteRequestLine(skuID: noodles.skuID, quantity: 1), QuoteRequestLine(skuID: tea.skuID, quantity: 1),
        ]
        #expect(throws: OrdersError.unknownSKUs(pointers: ["/lines/1/sku_id"])) { try price(lines, [noodles]) }
    }

    @Test func `the same SKU on two lines is counted together against the stock`() {
        let lines = [
            QuoteRequestLine(skuID: tea.skuID, quantity: 2), QuoteRequestLine(skuID: tea.skuID, quantity: 2, note: "热"),
        ]
        #expect(throws: OrdersError.outOfStock(tea.skuID, available: 3)) { try price(lines, [tea]) }
    }

    @Test func `nothing to pay and far too much are refused, also beyond 64 bits`() {
        let free = Self.sku("水", 0, available: 9, now)
        #expect(throws: OrdersError.nothingToPay) {
            try price([QuoteRequestLine(skuID: free.skuID, quantity: 1)], [free])
        }
        let dear = Self.sku("楼", 100_000_000, available: 999, now)
        #expect(throws: OrdersError.totalTooLarge) {
            try price([QuoteRequestLine(skuID: dear.skuID, quantity: 2)], [dear])
        }
        let absurd = Self.sku("天", .max / 2, available: 999, now)
        #expect(throws: OrdersError.totalTooLarge) {
            try price([QuoteRequestLine(skuID: absurd.skuID, quantity: 3)], [absurd])
        }
    }
}
