import Models

/// A store: what it is, when it is open, how to get there, what it sells, what people say.
struct StorePage {
    let store: Store
    let items: [Item]
    let next: String?
    let reviews: [Review]
    let cart: CartView
    /// Words looked for inside the store.
    let words: String
    let now: Timestamp

    private var summary: StoreSummary { store.summary }

    func page(_ c: PageContext) -> WebPage {
        let name = c.say(summary.name)
        return WebPage(
            title: name, section: .home, description: describe(c), hasCartBar: cart.count > 0, modules: [.steppers],
            body: """
                \(Pieces.crumb("/", c.words[.nearby].description, c))\(header(c))\
                \(HTML.when(!canOrder, Pieces.note(c.words[.closedHint].description, .warn, c)))\
                <div class="shop">\(categories(c))<div class="stack">\(searchForm(c))\(menu(c))\(reviewList(c))</div>\
                <div class="stack">\(CartPieces.side(cart, c))\(StoreFacts.card(store, now: now, c))</div></div>\
                \(Pieces.cartForm(store: summary.id, c))\(CartPieces.bar(cart, c))
                """)
    }

    private var canOrder: Bool { summary.isOpenNow && summary.isAcceptingOrders }

    private func describe(_ c: PageContext) -> String {
        let text = c.say(store.description)
        return text.isEmpty ? "\(c.say(summary.name)) · \(summary.address)" : text
    }

    private func header(_ c: PageContext) -> HTML {
        """
        <header class="shop-head"><div class="tile t\(Pictures.tint(summary.kind))">\
        \(c.pictures.store(summary.kind))</div>\
        <div class="stack tight"><div class="row tight">\(ShopPieces.openBadge(summary, c))\
        <span class="muted small">\(c.words[ShopPieces.kindName(summary.kind)])</span></div><h1>\
        \(c.say(summary.name))</h1>\
        <p class="row tight">\(Pieces.stars(summary.ratingAverage, count: summary.ratingCount, c))\
        <span class="muted small">· \(c.words(.todayHours, ShopPieces.hours(summary.hoursToday, c)))</span></p>\
        <p class="muted">\(c.say(store.description))</p><p class="row tight small">\
        \(c.icon("pin"))\(summary.address), \(summary.city)</p>\
        \(StoreFacts.maps(summary, c))</div></header>
        """
    }

    /// The sections in the order in which the menu shows them.
    private var sections: [(category: ItemCategory, items: [Item])] {
        var sections: [(category: ItemCategory, items: [Item])] = []
        for item in items {
            if let index = sections.firstIndex(where: { $0.category.id == item.category.id }) {
                sections[index].items.append(item)
            } else {
                sections.append((item.category, [item]))
            }
        }
        return sections
    }

    private func categories(_ c: PageContext) -> HTML {
        """
        <nav class="cats" aria-label="\(c.words[.menu])"><div class="chips">\
        \(HTML.each(sections) { section in
            "<a class=\"chip\" href=\"#\(section.category.id.description)\">\(c.say(section.category.name))</a>"
        })<a class="chip" href="#reviews">\(c.words[.reviews])</a></div></nav>
        """
    }

    private func searchForm(_ c: PageContext) -> HTML {
        let link: Link = "/stores/\(summary.id.description)"
        return """
            <form class="search" role="search" action="\(link)"><label class="sr" for="in-store">\
            \(c.words[.searchMenu])</label>\
            <input id="in-store" name="q" type="search" maxlength="80" placeholder="\(c.words[.searchMenu])" \
            value="\(words)">\
            <button aria-label="\(c.words[.search])">\(c.icon("search"))</button></form>
            """
    }

    private func menu(_ c: PageContext) -> HTML {
        if items.isEmpty {
            return words.isEmpty
                ? Pieces.empty("scene-empty", c.words[.noItems], c.words[.noItemsText], nil, "", c)
                : Pieces.note(c.words(.nothingFound, words), .info, c)
        }
        var html: HTML = "<div class=\"items\">"
        for section in sections {
            html += "<h2 id=\"\(section.category.id.description)\">\(c.say(section.category.name))</h2>"
            for item in section.items { html += ItemPieces.row(item, cart: cart, canOrder: canOrder, c) }
        }
        html += "</div>"
        let more: Link? = next.map { "/stores/\(summary.id.description)?q=\(words)&cursor=\($0)" }
        html += HTML.maybe(more) { "<p><a class=\"btn\" rel=\"next\" href=\"\($0)\">\(c.words[.moreItems])</a></p>" }
        return html
    }

    private func reviewList(_ c: PageContext) -> HTML {
        var html: HTML = "<section class=\"card\" id=\"reviews\"><h2>\(c.words[.reviews])</h2>"
        if reviews.isEmpty { html += "<p class=\"muted\">\(c.words[.noReviews])</p>" }
        for review in reviews {
            html += """
                <article class="review"><p class="row tight"><span class="stars">\
                \(c.icon("star"))\(review.rating)</span>\
                <span class="muted small">\(c.clock.day(review.createdAt, zone: summary.timeZone))</span></p>\
                \(HTML.when(!review.text.isEmpty, "<p>\(review.text)</p>"))</article>
                """
        }
        html += "</section>"
        return html
    }
}

/// An item in a menu.
enum ItemPieces {
    static func row(_ item: Item, cart: CartView, canOrder: Bool, _ c: PageContext) -> HTML {
        let name = c.say(item.name)
        let link: Link = "/items/\(item.id.description)"
        let isGone = item.skus.allSatisfy { $0.available <= 0 }
        return """
            <article class="item\(if: isGone, " gone")">\(c.pictures.item(picture: item.picture, name: item.name.en))\
            <div class="body"><h3><a href="\(link)">\(name)</a></h3><p class="muted small">\
            \(c.say(item.description))</p>\
            \(scarce(item, c))<div class="end">\
            \(price(item, c))\(control(item, name, cart, canOrder, isGone, c))</div></div></article>
            """
    }

    private static func price(_ item: Item, _ c: PageContext) -> HTML {
        guard let cheapest = item.skus.map(\.price).min(by: { $0.minorUnits < $1.minorUnits }) else { return .empty }
        let varies = item.skus.contains { $0.price.minorUnits != cheapest.minorUnits }
        guard varies else { return Pieces.price(cheapest) }
        let word: HTML = "<span class=\"muted tiny\">\(c.words[.from])</span>"
        // "¥16 起", but "from ¥16".
        return c.language == .zh
            ? "<span>\(Pieces.price(cheapest)) \(word)</span>" : "<span>\(word) \(Pieces.price(cheapest))</span>"
    }

    private static func scarce(_ item: Item, _ c: PageContext) -> HTML {
        guard item.skus.count == 1, let sku = item.skus.first, (1...5).contains(sku.available) else { return .empty }
        return "<p><span class=\"badge warn\">\(c.words(.left, sku.available))</span></p>"
    }

    private static func control(
        _ item: Item, _ name: String, _ cart: CartView, _ canOrder: Bool, _ isGone: Bool, _ c: PageContext
    ) -> HTML {
        if isGone { return Pieces.badge(c.words[.soldOut], .plain) }
        guard item.skus.count == 1, let sku = item.skus.first else {
            let link: Link = "/items/\(item.id.description)"
            let inCart = cart.quantity(of: item)
            return """
                <a class="btn small" href="\(link)">\(c.words[.choose])<span class="sr"> \(name)</span>\
                \(HTML.when(inCart > 0, "<span class=\"count\">\(inCart)</span>"))</a>
                """
        }
        guard canOrder else { return .empty }
        return Pieces.stepper(sku.id, name: name, quantity: cart.quantity(of: sku.id), available: sku.available, c)
    }
}
