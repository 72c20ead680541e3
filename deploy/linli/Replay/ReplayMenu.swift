import Models

/// The menu that a till's orders imply: an item for each name, a variant for each price it was sold at.
struct ReplayMenu: Sendable {
    struct Variant: Hashable, Sendable {
        let item: String
        /// Price of one, in minor units.
        let price: Int64
    }

    /// Variants of an item, cheapest first, by the item's name.
    let items: [(name: String, variants: [Variant])]
    private let sold: [Variant: Int64]

    init(_ orders: [OrderFile.Order]) {
        var sold: [Variant: Int64] = [:]
        for order in orders {
            for line in order.lines {
                sold[Variant(item: line.item, price: line.unitPrice), default: 0] += line.quantity
            }
        }
        self.sold = sold
        items = Dictionary(grouping: sold.keys, by: \.item).sorted { $0.key < $1.key }.map { name, variants in
            (name, variants.sorted { $0.price < $1.price })
        }
    }

    /// The item as the catalog takes it, with exactly as much stock as was sold: one thing too many would not sell.
    func newItem(_ item: (name: String, variants: [Variant]), code: String, of store: StoreID) -> NewItem {
        NewItem(
            storeID: store, code: code, category: LocalizedText(zh: "菜单", en: "Menu"),
            name: LocalizedText(zh: item.name, en: item.name), picture: "bowl",
            skus: item.variants.enumerated().map { number, variant in
                let price = Money(minorUnits: variant.price, currency: .cny)
                let name = LocalizedText(zh: "¥\(price.formatted)", en: "¥\(price.formatted)")
                return NewSKU(
                    code: "\(code)-\(number + 1)", name: item.variants.count == 1 ? nil : name, price: price,
                    stock: Int(sold[variant] ?? 0))
            })
    }

    /// The lines of an order for a quote: one a variant, because a till repeats a variant for each choice.
    static func lines(
        of order: OrderFile.Order, skus: [Variant: SKUID]
    ) throws(CommandError) -> [QuoteRequestLine] {
        var lines: [QuoteRequestLine] = []
        for line in order.lines {
            guard let sku = skus[Variant(item: line.item, price: line.unitPrice)] else {
                throw CommandError("order \(order.number): \(line.item) is not on the menu")
            }
            let wish = line.choice.map { String($0.prefix(noteCharactersMax)) }
            if let index = lines.firstIndex(where: { $0.skuID == sku }) {
                lines[index].quantity += Int(line.quantity)
                lines[index].note = [lines[index].note, wish].compactMap(\.self).joined(separator: "; ")
                    .prefix(noteCharactersMax).description
            } else {
                lines.append(QuoteRequestLine(skuID: sku, quantity: Int(line.quantity), note: wish))
            }
        }
        return lines
    }

    /// The limit of the API.
    private static let noteCharactersMax = 200
}
