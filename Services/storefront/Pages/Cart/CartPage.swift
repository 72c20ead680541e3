import Models

/// What is in the cart, and the way to the checkout.
struct CartPage {
    let cart: CartView
    let store: Store?
    /// Why it cannot be ordered as it is: sold out, closed, no longer sold.
    let trouble: String?

    func page(_ c: PageContext) -> WebPage {
        WebPage(
            title: c.words[.yourCart].description, section: .cart, width: .full, modules: [.steppers],
            body: """
                <div id="cart-body"><div class="stack"><h1>\(c.words[.yourCart])</h1>\(content(c))</div></div>\
                \(Pieces.cartForm(store: cart.storeID, c))
                """)
    }

    private func content(_ c: PageContext) -> HTML {
        guard let storeID = cart.storeID, cart.count > 0 else {
            return Pieces.empty("scene-empty", c.words[.emptyCart], c.words[.emptyCartText], "/", c.words[.goHome], c)
        }
        let storeLink: Link = "/stores/\(storeID.description)"
        return """
            \(HTML.maybe(trouble) { Pieces.note($0, .bad, c) })<div class="two"><section class="card stack">\
            <div class="row apart"><h2 class="row tight">\(c.icon("store"))\
            <a href="\(storeLink)">\(store.map { c.say($0.summary.name) } ?? "")</a></h2>\
            <a class="small" href="\(storeLink)">\(c.words[.addMore])</a></div>\
            <ul class="lines">\(HTML.each(cart.lines) { line($0, c) })</ul>\
            <form method="post" action="/cart/clear">\(c.formField)\
            <button class="btn quiet small">\(c.icon("close"))\(c.words[.clearCart])</button></form></section>\
            <section class="card stack">\(HTML.maybe(store) { pickup($0, c) })\
            \(HTML.maybe(cart.total) { total in
                "<p class=\"pair total\"><span>\(c.words[.total])</span>\(Pieces.price(total))</p>"
            })\(action(c))</section></div>
            """
    }

    private func pickup(_ store: Store, _ c: PageContext) -> HTML {
        """
        <p class="row tight">\(c.icon("pin"))<span><span class="strong">\(c.words[.pickupOnly])</span><br>\
        <span class="muted small">\(store.summary.address)</span></span></p>
        """
    }

    private func action(_ c: PageContext) -> HTML {
        guard trouble == nil else { return "<button class=\"btn main block\" disabled>\(c.words[.checkout])</button>" }
        return "<a class=\"btn main block\" data-testid=\"checkout\" href=\"/checkout\">\(c.words[.checkout])</a>"
    }

    private func line(_ line: CartView.Line, _ c: PageContext) -> HTML {
        let name = CartPieces.name(line.itemName, line.skuName, c)
        let isShort = line.available.map { $0 < line.quantity } ?? false
        return """
            <li>\(c.pictures.item(picture: line.picture, name: line.itemName.en))<div><span class="strong">\
            \(name)</span><br>\
            <span class="muted small num">\(Pieces.text(line.unitPrice))</span>\
            \(HTML.when(isShort, " \(Pieces.badge(c.words(.left, line.available ?? 0), .bad))"))</div>\
            <div class="stack tight">\(Pieces.stepper(
                line.skuID, name: name, quantity: line.quantity, available: line.available ?? 999, c))</div></li>
            """
    }
}

/// Asks before a cart of another store is given up.
struct OtherStorePage {
    let store: LocalizedText
    let sku: SKUID
    let quantity: Int
    let newStore: StoreID

    func page(_ c: PageContext) -> WebPage {
        let back: Link = "/stores/\(newStore.description)"
        return WebPage(
            title: c.words[.otherStoreTitle].description, section: .cart, width: .slim,
            body: """
                <section class="card stack"><h1>\(c.words[.otherStoreTitle])</h1>\
                <p>\(c.words(.otherStoreText, c.say(store)))</p><form class="stack tight" method="post" action="/cart">\
                \(c.formField)<input type="hidden" name="store" value="\(newStore.description)">\
                <input type="hidden" name="return" value="\(back.text)"><input type="hidden" name="replace" value="1">\
                <button class="btn main block" name="set" value="\(sku.description):\(quantity)">\
                \(c.words[.startOver])</button>\
                <a class="btn block" href="\(back)">\(c.words[.keepCart])</a></form></section>
                """)
    }
}
