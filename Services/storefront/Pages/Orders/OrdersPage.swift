import Models

/// One's own orders, newest first.
struct OrdersPage {
    let orders: [OrderSummary]
    let next: String?
    let isFirst: Bool
    let now: Timestamp

    func page(_ c: PageContext) -> WebPage {
        let more: Link? = next.map { "/orders?cursor=\($0)" }
        return WebPage(
            title: c.words[.myOrders].description, section: .orders, width: .narrow, modules: [.live],
            live: LiveSource(stream: "/api/v1/streams/me", elements: "orders-live"),
            body: """
                <div class="stack"><h1>\(c.words[.myOrders])</h1><div id="orders-live" class="stack">\(list(c))</div>\
                \(Pieces.pager(next: more, first: isFirst ? nil : "/orders", c))</div>
                """)
    }

    private func list(_ c: PageContext) -> HTML {
        if orders.isEmpty {
            return Pieces.empty("scene-empty", c.words[.noOrders], c.words[.noOrdersText], "/", c.words[.goHome], c)
        }
        return "<ul class=\"orders\">\(HTML.each(orders) { row($0, c) })</ul>"
    }

    private func row(_ order: OrderSummary, _ c: PageContext) -> HTML {
        let stand = OrderPieces.Stand(order.states)
        let link: Link = "/orders/\(order.id.description)"
        let others = order.itemCount > 1 ? " × \(order.itemCount)" : ""
        return """
            <li class="card orderline"><div class="row apart"><h2><a href="\(link)">\(c.say(order.storeName))</a></h2>\
            \(Pieces.badge(c.words[stand.phrase], stand.tone))</div><p class="muted">\
            \(c.say(order.firstItemName))\(others)</p>\
            <div class="row apart"><span class="muted small num">\(c.clock.show(order.placedAt, now: now)) · \
            \(order.number)</span>\
            \(Pieces.price(order.total))</div></li>
            """
    }
}
