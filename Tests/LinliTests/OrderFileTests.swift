import Models
import Testing

@testable import LinliCommand

@Suite
struct OrderFileTests {
    private static let header = "order_id\tquantity\titem_name\tchoice_description\titem_price\n"
    /// The repository that this test file lies in.
    static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }

    @Test func `the real orders have the figures that their source names`() throws {
        let bytes = try #require(readFile(Self.root + "/seeds/data/restaurant-orders.tsv"))
        let file = try OrderFile(String(decoding: bytes, as: UTF8.self))
        #expect(file.orders.count == 1_834)
        #expect(file.itemCount == 4_972)
        #expect(file.revenue == 3_450_016)
        #expect(file.badLines.isEmpty)
    }

    @Test func `lines of one order belong together and prices cover the quantity`() throws {
        let file = try OrderFile(
            Self.header + "7\t2\tTea\tNULL\t$4.50 \r\n7\t1\tBowl\t[Rice, Beans]\t$10.98 \r\n8\t1\tTea\tNULL\t$2.25\n")
        #expect(file.orders.map(\.number) == ["7", "8"])
        #expect(
            file.orders[0].lines == [
                OrderFile.Line(item: "Tea", choice: nil, quantity: 2, unitPrice: 225),
                OrderFile.Line(item: "Bowl", choice: "[Rice, Beans]", quantity: 1, unitPrice: 1_098),
            ])
        #expect(file.revenue == 450 + 1_098 + 225)
    }

    @Test(arguments: [
        ("1\t1\tTea\tNULL", "5 fields expected, 4 found"),
        ("1\t0\tTea\tNULL\t$1.00", "quantity: not a whole number from 1 to 999"),
        ("1\tone\tTea\tNULL\t$1.00", "quantity: not a whole number from 1 to 999"),
        ("1\t1\tTea\tNULL\t$1", "item_price: not an amount such as $2.39"),
        ("1\t1\tTea\tNULL\t1.5", "item_price: not an amount such as $2.39"),
        ("1\t1\tTea\tNULL\t$-1.50", "item_price: not an amount such as $2.39"),
        ("1\t2\tTea\tNULL\t$2.25", "item_price: does not divide by the quantity"),
    ])
    func `a line that cannot be used is named with its number`(line: String, reason: String) throws {
        let file = try OrderFile(Self.header + "9\t1\tTea\tNULL\t$2.00\n" + line + "\n")
        #expect(file.badLines.map(\.line) == [3])
        #expect(file.badLines.map(\.reason) == [reason])
        #expect(file.orders.count == 1)
    }

    @Test func `a file of another kind is refused`() {
        #expect(throws: CommandError.self) { try OrderFile("a,b,c\n1,2,3\n") }
        #expect(throws: CommandError.self) { try OrderFile("") }
    }
}

@Suite
struct ReplayMenuTests {
    private func orders(_ lines: [[OrderFile.Line]]) -> [OrderFile.Order] {
        lines.enumerated().map { OrderFile.Order(number: "\($0 + 1)", lines: $1) }
    }

    private func line(
        _ item: String, _ quantity: Int64, at price: Int64, choice: String? = nil
    ) -> OrderFile.Line {
        OrderFile.Line(item: item, choice: choice, quantity: quantity, unitPrice: price)
    }

    @Test func `an item has a variant for each price it was sold at, with exactly the stock that was sold`() {
        let menu = ReplayMenu(
            orders([
                [line("Tea", 2, at: 225), line("Bowl", 1, at: 1_098)],
                [line("Tea", 1, at: 250), line("Tea", 3, at: 225)],
            ]))
        #expect(menu.items.map(\.name) == ["Bowl", "Tea"])
        #expect(menu.items[1].variants.map(\.price) == [225, 250])
        let store = StoreID.make(at: Timestamp(microseconds: 0))
        let tea = menu.newItem(menu.items[1], code: "item-2", of: store)
        #expect(tea.skus.map(\.stock) == [5, 1])
        #expect(tea.skus.map(\.price.minorUnits) == [225, 250])
        #expect(tea.skus.map(\.code) == ["item-2-1", "item-2-2"])
        #expect(menu.newItem(menu.items[0], code: "item-1", of: store).skus.map(\.name) == [nil])
    }

    @Test func `a line is matched by item and price, and repeated variants become one line`() throws {
        let cheap = SKUID.make(at: Timestamp(microseconds: 1)), dear = SKUID.make(at: Timestamp(microseconds: 2))
        let skus = [
            ReplayMenu.Variant(item: "Tea", price: 225): cheap, ReplayMenu.Variant(item: "Tea", price: 250): dear,
        ]
        let order = orders([
            [
                line("Tea", 1, at: 250, choice: "[Hot]"), line("Tea", 2, at: 225),
                line("Tea", 3, at: 250, choice: "[Ice]"),
            ]
        ])[0]
        let lines = try ReplayMenu.lines(of: order, skus: skus)
        #expect(
            lines == [
                QuoteRequestLine(skuID: dear, quantity: 4, note: "[Hot]; [Ice]"),
                QuoteRequestLine(skuID: cheap, quantity: 2, note: nil),
            ])
        #expect(throws: CommandError("order 1: Tea is not on the menu")) {
            try ReplayMenu.lines(of: orders([[line("Tea", 1, at: 251)]])[0], skus: skus)
        }
    }

    @Test func `a wish is cut to what a line may say`() throws {
        let sku = SKUID.make(at: Timestamp(microseconds: 1))
        let long = String(repeating: "豆", count: 300)
        let order = orders([[line("Tea", 1, at: 1, choice: long), line("Tea", 1, at: 1, choice: long)]])[0]
        let lines = try ReplayMenu.lines(of: order, skus: [ReplayMenu.Variant(item: "Tea", price: 1): sku])
        #expect(lines.map { $0.note?.count } == [200])
        #expect(lines.map(\.quantity) == [2])
    }

    @Test func `the whole real file prices itself exactly`() throws {
        let bytes = try #require(readFile(OrderFileTests.root + "/seeds/data/restaurant-orders.tsv"))
        let file = try OrderFile(String(decoding: bytes, as: UTF8.self))
        let menu = ReplayMenu(file.orders)
        #expect(menu.items.count == 50)
        var skus: [ReplayMenu.Variant: SKUID] = [:], prices: [SKUID: Int64] = [:]
        for variant in menu.items.flatMap(\.variants) {
            let sku = SKUID.make(at: Timestamp(microseconds: 0))
            skus[variant] = sku
            prices[sku] = variant.price
        }
        var sum: Int64 = 0
        for order in file.orders {
            for line in try ReplayMenu.lines(of: order, skus: skus) {
                sum += Int64(line.quantity) * (try #require(prices[line.skuID]))
            }
        }
        #expect(sum == 3_450_016)
    }
}
