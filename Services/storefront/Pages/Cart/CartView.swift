import Models

/// What pages need to know of the cart of this browser.
struct CartView: Sendable {
    struct Line: Sendable {
        let skuID: SKUID
        let itemName: LocalizedText
        let skuName: LocalizedText
        let picture: String
        let quantity: Int
        let unitPrice: Money
        let lineTotal: Money
        /// How many can be had; nil when the page did not ask.
        let available: Int?
    }

    /// Nil: nothing in it yet.
    var storeID: StoreID?
    /// What is in it, as far as the page knows it.
    var lines: [Line] = []
    /// Things in it, also those that the page knows nothing about.
    var count = 0
    /// Nil when a price is not known to the page.
    var total: Money?
    private var quantities: [SKUID: Int] = [:]

    static let empty = CartView()

    private init() {}

    /// A cart with the names and prices of the items on the page.
    init(_ cart: Cart?, items: [Item]) {
        guard let cart, !cart.lines.isEmpty else { return }
        storeID = cart.storeID
        for line in cart.lines {
            count += line.quantity
            quantities[line.skuID, default: 0] += line.quantity
            guard let (item, sku) = Self.find(line.skuID, items),
                let lineTotal = try? sku.price.multiplied(by: Int64(line.quantity))
            else { continue }
            lines.append(
                Line(
                    skuID: sku.id, itemName: item.name, skuName: sku.name, picture: item.picture,
                    quantity: line.quantity, unitPrice: sku.price, lineTotal: lineTotal, available: sku.available))
        }
        if lines.count == cart.lines.count, let first = lines.first {
            total = try? lines.dropFirst().reduce(first.lineTotal) { try $0.adding($1.lineTotal) }
        }
    }

    /// A cart with the names and prices of its quote.
    init(_ quote: Quote, pictures: [SKUID: String], available: [SKUID: Int]) {
        storeID = quote.storeID
        total = quote.total
        lines = quote.lines.map { line in
            Line(
                skuID: line.skuID, itemName: line.itemName, skuName: line.skuName,
                picture: pictures[line.skuID] ?? "", quantity: line.quantity, unitPrice: line.unitPrice,
                lineTotal: line.lineTotal, available: available[line.skuID])
        }
        count = lines.reduce(0) { $0 + $1.quantity }
    }

    func quantity(of sku: SKUID) -> Int { quantities[sku] ?? 0 }

    func quantity(of item: Item) -> Int { item.skus.reduce(0) { $0 + quantity(of: $1.id) } }

    private static func find(_ id: SKUID, _ items: [Item]) -> (Item, SKU)? {
        for item in items {
            if let sku = item.skus.first(where: { $0.id == id }) { return (item, sku) }
        }
        return nil
    }
}

/// The cart as part of other pages: the bar at the foot and the list beside a menu.
enum CartPieces {
    static func bar(_ cart: CartView, _ c: PageContext) -> HTML {
        guard cart.count > 0 else { return "<div id=\"cart-bar\"></div>" }
        return """
            <div class="cartbar" id="cart-bar">\(c.icon("bag"))<span class="count">\(cart.count)</span>\
            <span class="grow">\(HTML.maybe(cart.total) { Pieces.price($0) })</span>\
            <a class="btn main small" href="/cart">\(c.words[.viewCart])</a></div>
            """
    }

    static func side(_ cart: CartView, _ c: PageContext) -> HTML {
        guard cart.count > 0 else {
            return """
                <aside class="card" id="cart-side"><h2>\(c.words[.yourCart])</h2>\
                <p class="muted small">\(c.words[.emptyCart])</p></aside>
                """
        }
        return """
            <aside class="card stack" id="cart-side"><h2>\(c.words[.yourCart])</h2><ul class="lines plain">\
            \(HTML.each(cart.lines) { line in
                """
                <li><span><span class="strong">\(name(line.itemName, line.skuName, c))</span><br><span class="muted \
                small num">\
                \(Pieces.text(line.unitPrice)) × \(line.quantity)</span></span>\
                <span class="num">\(Pieces.text(line.lineTotal))</span></li>
                """
            })</ul>\(HTML.maybe(cart.total) { total in
                "<p class=\"pair total\"><span>\(c.words[.subtotal])</span>\(Pieces.price(total))</p>"
            })<a class="btn main block" href="/cart">\(c.words[.viewCart])</a></aside>
            """
    }

    /// `Noodles · large`, or the item's name alone when it has one variant.
    static func name(_ item: LocalizedText, _ sku: LocalizedText, _ c: PageContext) -> String {
        let item = c.say(item)
        let sku = c.say(sku)
        return sku.isEmpty || sku == item ? item : "\(item) · \(sku)"
    }
}
