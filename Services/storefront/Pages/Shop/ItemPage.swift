import Models

/// One item with its variants.
struct ItemPage {
    let item: Item
    let store: Store
    let cart: CartView

    func page(_ c: PageContext) -> WebPage {
        let name = c.say(item.name)
        let back: Link = "/stores/\(item.storeID.description)"
        let canOrder = store.summary.isOpenNow && store.summary.isAcceptingOrders
        return WebPage(
            title: name, section: .home, description: c.say(item.description), hasCartBar: cart.count > 0,
            modules: [.steppers],
            body: """
                \(Pieces.crumb(back, c.say(store.summary.name), c))<article class="detail">\
                \(c.pictures.item(picture: item.picture, name: item.name.en))<div class="stack"><div class="stack \
                tight">\
                <p class="muted small">\(c.say(item.category.name))</p><h1>\(name)</h1><p class="muted">\
                \(c.say(item.description))</p>\
                <p class="row tight small">\(c.icon("store"))<a href="\(back)">\
                \(c.words(.soldBy, c.say(store.summary.name)))</a></p></div>\
                \(HTML.when(!canOrder, Pieces.note(c.words[.closedHint].description, .warn, c)))\
                <section class="card"><h2 class="\(if: item.skus.count == 1, "sr")">\(c.words[.chooseOption])</h2>\
                \(HTML.each(item.skus) { variant($0, name, canOrder, c) })</section></div></article>\
                \(Pieces.cartForm(store: item.storeID, c))\(CartPieces.bar(cart, c))
                """)
    }

    private func variant(_ sku: SKU, _ itemName: String, _ canOrder: Bool, _ c: PageContext) -> HTML {
        let name = c.say(sku.name)
        return """
            <div class="sku"><div class="stack tight"><span class="strong">\(name.isEmpty ? itemName : name)</span>\
            <span class="row tight">\(Pieces.price(sku.price))\(stock(sku, c))</span></div>\
            \(HTML.when(
                canOrder && sku.available > 0,
                Pieces.stepper(
                    sku.id, name: name, quantity: cart.quantity(of: sku.id), available: sku.available, c)))</div>
            """
    }

    private func stock(_ sku: SKU, _ c: PageContext) -> HTML {
        if sku.available <= 0 { return Pieces.badge(c.words[.soldOut], .plain) }
        return sku.available <= 5 ? Pieces.badge(c.words(.left, sku.available), .warn) : .empty
    }
}
