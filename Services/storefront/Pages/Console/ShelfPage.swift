import Models

/// Items, prices and stock of a store, each changed where it stands.
struct ShelfPage {
    let store: Store
    let items: [Item]
    let next: String?
    let levels: [SKUID: StockLevel]
    /// Words looked for.
    let words: String
    /// Managers and operators change prices and add items; clerks count stock.
    let canEdit: Bool
    let message: ConsoleMessage?
    let form: NewItemForm
    /// Makes keys of the forms on this page.
    let makeKey: @Sendable () -> String

    private var id: String { store.summary.id.description }

    func page(_ c: PageContext) -> WebPage {
        let more: Link? = next.map { "/console/\(id)/items?q=\(words)&cursor=\($0)" }
        return WebPage(
            title: "\(c.words[.shelf]) · \(c.say(store.summary.name))", section: .console, isConsole: true,
            body: """
                <div class="stack">\(ConsoleFrame.head(store.summary, .shelf, c))\(ConsoleFrame.message(message, c))\
                \(HTML.when(canEdit, NewItemPiece(storeID: id, form: form, key: makeKey()).html(c)))\
                \(search(c))\(list(c))\(Pieces.pager(next: more, first: nil, c))</div>
                """)
    }

    private func search(_ c: PageContext) -> HTML {
        """
        <form class="search" role="search" action="\(Link("/console/\(id)/items"))">\
        <label class="sr" for="find">\(c.words[.searchMenu])</label><input id="find" name="q" type="search" \
        maxlength="60" \
        placeholder="\(c.words[.searchMenu])" value="\(words)"><button aria-label="\(c.words[.search])">\
        \(c.icon("search"))</button></form>
        """
    }

    private func list(_ c: PageContext) -> HTML {
        if items.isEmpty {
            return words.isEmpty
                ? Pieces.empty("scene-empty", c.words[.noItems], c.words[.shelfEmptyText], nil, "", c)
                : Pieces.note(c.words(.nothingFound, words), .info, c)
        }
        return "<div class=\"shelf\">\(HTML.each(items) { row($0, c) })</div>"
    }

    private func row(_ item: Item, _ c: PageContext) -> HTML {
        """
        <article class="card shelf-item" id="\(item.id.description)">\
        \(c.pictures.item(picture: item.picture, name: item.name.en))\
        <div><h2>\(c.say(item.name))</h2><p class="muted small">\(c.say(item.category.name))</p></div>\
        <div class="skus">\(HTML.each(item.skus) { variant($0, item, c) })</div></article>
        """
    }

    private func variant(_ sku: SKU, _ item: Item, _ c: PageContext) -> HTML {
        let name = CartPieces.name(item.name, sku.name, c)
        let short = c.say(sku.name)
        return """
            <div class="sku-row"><p class="strong">\(short.isEmpty ? c.say(item.name) : short)</p>\
            \(price(sku, name, c))\
            \(level(sku, c))\(stock(sku, name, c))</div>
            """
    }

    private func price(_ sku: SKU, _ name: String, _ c: PageContext) -> HTML {
        guard canEdit else { return Pieces.price(sku.price) }
        let field = "price-\(sku.id)"
        return """
            <form method="post" action="\(Link("/console/\(id)/skus/\(sku.id.description)/price"))">\(c.formField)\
            <input type="hidden" name="currency" value="\(sku.price.currency.code)"><label class="sr" for="\(field)">\
            \(c.words(.priceOf, name))</label><span aria-hidden="true">\(Pieces.symbol(sku.price.currency))</span>\
            <input class="input amount" id="\(field)" name="price" inputmode="decimal" maxlength="10" required \
            value="\(sku.price.formatted)"><button class="btn small">\(c.words[.save])<span class="sr"> \(name)</span>\
            </button></form>
            """
    }

    private func level(_ sku: SKU, _ c: PageContext) -> HTML {
        guard let level = levels[sku.id] else {
            return "<p class=\"levels\">\(Pieces.badge(c.words(.canBeSold, sku.available), .plain))</p>"
        }
        let tone: Pieces.Tone = level.available <= 0 ? .bad : level.available <= 5 ? .warn : .good
        return """
            <p class="levels">\(Pieces.badge(c.words(.canBeSold, level.available), tone))\
            \(Pieces.badge(c.words(.onHand, level.onHand), .plain))\
            \(HTML.when(level.reserved > 0, Pieces.badge(c.words(.heldForOrders, level.reserved), .info)))</p>
            """
    }

    private static let causes: [(StockCause, Phrase)] = [
        (.received, .causeReceived), (.counted, .causeCounted), (.writtenOff, .causeWrittenOff),
        (.tillSale, .causeTillSale), (.customerReturn, .causeCustomerReturn),
    ]

    private func stock(_ sku: SKU, _ name: String, _ c: PageContext) -> HTML {
        let delta = "delta-\(sku.id)"
        let cause = "cause-\(sku.id)"
        return """
            <form method="post" action="\(Link("/console/\(id)/skus/\(sku.id.description)/stock"))">\(c.formField)\
            <input type="hidden" name="key" value="\(makeKey())"><label class="sr" for="\(delta)">\
            \(c.words(.changeOf, name))</label>\
            <input class="input amount change" id="\(delta)" name="delta" maxlength="8" placeholder="+10" required>\
            <label class="sr" for="\(cause)">\(c.words(.reasonOf, name))</label><select class="input" id="\(cause)" \
            name="cause">\
            \(HTML.each(Self.causes) { "<option value=\"\($0.0.rawValue)\">\(c.words[$0.1])</option>" })</select>\
            <button class="btn small">\(c.words[.changeStock])<span class="sr"> \(name)</span></button></form>
            """
    }
}
