import Models

/// One order, live: where it stands, what to do next, what happened.
struct OrderPage {
    let order: Order
    /// Nil when the catalog could not be asked; the page works without it.
    let store: Store?
    /// The ways to pay that are offered, while it is to be paid.
    let methods: [GatewayName]
    /// The customer's points, while it is to be paid.
    let points: Int64
    let error: String?
    let now: Timestamp
    /// Keys of the forms on this page, so that pressing twice does one thing.
    let keys: Keys

    struct Keys: Sendable {
        let pay: String
        let points: String
        let cancel: String
        let review: String
    }

    private var stand: OrderPieces.Stand { OrderPieces.Stand(order.states) }
    private var zone: String { store?.summary.timeZone ?? "Asia/Shanghai" }

    func page(_ c: PageContext) -> WebPage {
        WebPage(
            title: c.words(.orderNumber, order.number), section: .orders, modules: [.live],
            live: LiveSource(
                stream: "/api/v1/streams/me", elements: "order-live", match: order.id.description),
            body: """
                <div class="row apart">\
                \(Pieces.crumb("/orders", c.words[.myOrders].description, c))\(Pieces.lamp(reload: link, c))</div>\
                <div class="stack">\(HTML.maybe(error) { Pieces.note($0, .bad, c) })<div id="order-live" class="two">\
                <div class="stack">\(top(c))\(next(c))\(HTML.when(order.states.order == .completed, review(c)))\
                <section class="card"><h2>\(c.words[.story])</h2>\
                \(OrderPieces.story(order.story, now: now, c))</section></div>\
                <div class="stack">\(goods(c))\(money(c))\(place(c))</div></div></div>
                """)
    }

    private var link: Link { "/orders/\(order.id.description)" }

    private func top(_ c: PageContext) -> HTML {
        let isOff = stand.stepsDone == nil
        let isGood = stand == .ready || stand == .completed
        return """
            <header class="order-top\(if: isOff, " off")\(if: isGood, " good")"><p class="muted small">\
            \(c.say(order.storeName)) · \(order.number)</p><h1 data-testid="order-state" data-state="\(stand.name)">\
            \(c.words[stand.phrase])</h1>\(ticket(c))</header>\
            \(HTML.when(stand != .unpaid, "<div class=\"card\">\(OrderPieces.track(stand, c))</div>"))
            """
    }

    private func ticket(_ c: PageContext) -> HTML {
        var html = HTML()
        if let code = order.pickupCode {
            html += """
                <div class="ticket"><p class="strong">\(c.words[.yourPickupCode])</p><p class="pickup" \
                data-testid="pickup-code">\(code)</p>\
                <p class="muted small">\(c.words[.showAtCounter])</p></div>
                """
        }
        if let number = order.queueNumber, order.states.order == .open {
            html += """
                <p><span class="muted">\(c.words[.queueNumber])</span> <span class="strong num">\(number)</span></p>
                """
        }
        return html
    }

    /// Paying and cancelling, while they are possible.
    private func next(_ c: PageContext) -> HTML {
        switch stand {
        case .unpaid:
            let clock: HTML = """
                <span class="num strong" data-until="\(order.expiresAt.description)">\
                \(c.clock.show(order.expiresAt, zone: zone, now: now))</span>
                """
            return """
                \(OrderMoney.parts(order, zone: zone, c))\
                <section class="card stack"><p class="row tight">\(c.icon("clock"))<span>\(c.words[.payUntil]) \
                \(clock)</span></p>\
                <form method="post" action="\(Link("/orders/\(order.id.description)/pay"))">\(c.formField)\
                <input type="hidden" name="key" value="\(keys.pay)">\
                \(PaymentChoice.fieldset(methods, chosen: order.payments.last?.gateway, c))\
                <button class="btn main block" data-testid="pay">\
                \(c.icon("wallet"))\
                \(c.words(OrderMoney.payPhrase(order), Pieces.text(order.amountDue)))</button></form>\
                \(OrderMoney.points(order, points, key: keys.points, c))\
                \(cancel(.cancelHintUnpaid, c))</section>
                """
        case .waiting, .accepted:
            return "<section class=\"card\">\(cancel(.cancelHintPaid, c))</section>"
        default:
            return .empty
        }
    }

    private func cancel(_ hint: Phrase, _ c: PageContext) -> HTML {
        """
        <details><summary>\(c.words[.cancelOrder])</summary><form class="stack tight" method="post" \
        action="\(Link("/orders/\(order.id.description)/cancel"))">\(c.formField)<input type="hidden" name="key" \
        value="\(keys.cancel)">\
        <p class="hint">\(c.words[hint])</p><div class="field"><label for="reason">\(c.words[.cancelReason]) \
        <span class="muted small">(\(c.words[.optional]))</span></label><input class="input" id="reason" \
        name="reason" maxlength="300"></div>\
        <button class="btn danger">\(c.words[.cancelOrder])</button></form></details>
        """
    }

    private func review(_ c: PageContext) -> HTML {
        if let review = order.review {
            return """
                <section class="card stack tight"><h2>\(c.words[.reviewThanks])</h2><p class="stars">\
                \(HTML.each(1...5) { $0 <= review.rating ? c.icon("star") : .empty })\
                <span class="sr">\(c.words(.starsOf5, review.rating))</span></p><p>\(review.text)</p></section>
                """
        }
        return """
            <section class="card"><h2>\(c.words[.reviewTitle])</h2><form class="stack" method="post" \
            action="\(Link("/orders/\(order.id.description)/review"))">\(c.formField)<input type="hidden" name="key" \
            value="\(keys.review)">\
            <fieldset><legend class="sr">\(c.words[.reviewStars])</legend><div class="rate">\
            \(HTML.each((1...5).reversed()) { star in
                """
                <input type="radio" id="star-\(star)" name="rating" value="\(star)" required><label for="star-\(star)">\
                \(c.pictures.art("i-star"))<span class="sr">\(c.words(.starsOf5, star))</span></label>
                """
            })</div></fieldset><div class="field"><label for="text">\(c.words[.reviewText]) <span class="muted small">\
            (\(c.words[.optional]))</span></label><textarea class="input" id="text" name="text" maxlength="2000">\
            </textarea></div>\
            <button class="btn main">\(c.words[.sendReview])</button></form></section>
            """
    }

    private func goods(_ c: PageContext) -> HTML {
        let totals = order.totals
        return """
            <section class="card"><h2>\(c.words[.order])</h2><ul class="lines plain">\
            \(OrderPieces.lines(order.lines, c))</ul>\
            <div class="stack tight">\(HTML.when(totals.discountTotal.minorUnits != 0, """
                <p class="pair"><span>\(c.words[.discount])</span><span class="num">\
                −\(Pieces.text(totals.discountTotal))</span></p>
                """))<p class="pair total"><span>\(c.words[.total])</span>\(Pieces.price(totals.total))</p></div>\
            </section>
            """
    }

    private func money(_ c: PageContext) -> HTML {
        let paid = order.payments.filter { $0.paidAt != nil }
        guard !paid.isEmpty || !order.refunds.isEmpty else { return .empty }
        return """
            <section class="card"><h2>\(c.words[.payments])</h2><div class="stack tight">\(HTML.each(paid) { payment in
                """
                <p class="pair"><span>\(c.words[PaymentChoice.name(of: payment.gateway)])<br>\
                <span class="muted micro num">\
                \(payment.transactionID ?? payment.reference ?? "")</span></span>\
                <span class="num">\(Pieces.text(payment.amount))</span></p>
                """
            })\(HTML.each(order.refunds) { refund in
                """
                <p class="pair"><span>\(c.words[.refund]) \(Pieces.badge(
                    c.words[refund.state == .succeeded ? .moveRefunded : .standRefunding],
                    refund.state == .succeeded ? .good : .info))\
                <br><span class="muted small">\(refund.reason)</span></span><span class="num">\
                −\(Pieces.text(refund.amount))</span></p>
                """
            })</div></section>
            """
    }

    private func place(_ c: PageContext) -> HTML {
        let storeLink: Link = "/stores/\(order.storeID.description)"
        return """
            <section class="card stack tight"><h2>\(c.words[.whereTo])</h2><p><a class="strong" href="\(storeLink)">\
            \(c.say(order.storeName))</a>\
            \(HTML.maybe(store) { "<br><span class=\"muted\">\($0.summary.address), \($0.summary.city)</span>" })</p>\
            \(HTML.maybe(store) { StoreFacts.maps($0.summary, c) })</section>
            """
    }
}
