import Models

/// The quote, explained, and the button that places the order.
struct CheckoutPage {
    let quote: Quote
    let store: Store
    /// The ways to pay that are offered.
    let methods: [GatewayName]
    /// Makes pressing the button twice one order.
    let idempotencyKey: String
    /// Something to know before ordering: a changed price, a quote that had expired.
    let notice: String?
    let now: Timestamp

    func page(_ c: PageContext) -> WebPage {
        WebPage(
            title: c.words[.checkoutTitle].description, section: .cart,
            body: """
                \(Pieces.crumb("/cart", c.words[.yourCart].description, c))<div class="stack"><h1>\
                \(c.words[.checkoutTitle])</h1>\
                \(HTML.maybe(notice) { Pieces.note($0, .warn, c) })<form class="two" method="post" action="/checkout">\
                \(c.formField)<input type="hidden" name="quote_token" value="\(quote.token)">\
                <input type="hidden" name="key" value="\(idempotencyKey)"><div class="stack">\
                \(place(c))\(lines(c))</div>\
                <section class="card stack">\(PaymentChoice.fieldset(methods, c))\
                \(sums(c))<button class="btn main block" \
                data-testid="place-order">\
                \(c.words(.placeAndPay, Pieces.text(quote.total)))</button><p class="muted tiny">\
                \(c.words(.quoteHolds, c.clock.show(quote.expiresAt, zone: store.summary.timeZone, now: now)))</p>\
                </section></form></div>
                """)
    }

    private func place(_ c: PageContext) -> HTML {
        """
        <section class="card stack tight"><h2>\(c.words[.whereTo])</h2><p><span class="strong">\
        \(c.say(store.summary.name))</span>\
        <br><span class="muted">\(store.summary.address), \(store.summary.city)</span></p>\
        <p class="row tight small">\
        \(c.icon("clock"))\(c.words(.todayHours, ShopPieces.hours(store.summary.hoursToday, c)))</p></section>
        """
    }

    private func lines(_ c: PageContext) -> HTML {
        """
        <section class="card"><h2>\(c.words[.explainTotal])</h2><ul class="lines plain">\
        \(OrderPieces.lines(quote.lines, c))</ul></section>
        """
    }

    private func sums(_ c: PageContext) -> HTML {
        """
        <div class="stack tight"><p class="pair"><span>\(c.words[.subtotal])</span><span class="num">\
        \(Pieces.text(quote.subtotal))</span></p>\
        \(HTML.when(quote.discountTotal.minorUnits != 0, """
            <p class="pair"><span>\(c.words[.discount])</span><span class="num">\
            −\(Pieces.text(quote.discountTotal))</span></p>
            """))<p class="pair total"><span>\(c.words[.total])</span>\(Pieces.price(quote.total))</p></div>
        """
    }
}
