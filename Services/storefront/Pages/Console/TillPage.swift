import Models

/// The counter of a store: orders that wait for money, and refunds that wait to be handed out. Every form works
/// without scripts.
struct TillPage {
    let store: Store
    let unpaid: UnpaidOrders
    let now: Timestamp
    let message: ConsoleMessage?
    /// Makes keys of the forms on this page.
    let makeKey: @Sendable () -> String

    private var id: String { store.summary.id.description }

    func page(_ c: PageContext) -> WebPage {
        let link: Link = "/console/\(id)/till"
        return WebPage(
            title: "\(c.words[.till]) · \(c.say(store.summary.name))", section: .console, isConsole: true,
            body: """
                <div class="stack">\(ConsoleFrame.head(store.summary, .till, lamp: Pieces.lamp(reload: link, c), c))\
                \(ConsoleFrame.message(message, c))<section class="stack"><h2>\(c.words[.waitingForMoney])</h2>\
                \(HTML.when(unpaid.orders.isEmpty, "<p class=\"muted\">\(c.words[.nothingWaits])</p>"))\
                \(HTML.each(unpaid.orders) { order($0, c) })</section>\
                <section class="stack"><h2>\(c.words[.refundsToHandOut])</h2>\
                \(HTML.when(unpaid.refunds.isEmpty, "<p class=\"muted\">\(c.words[.nothingWaits])</p>"))\
                \(HTML.each(unpaid.refunds) { refund($0, c) })</section></div>
                """)
    }

    private func order(_ order: OrderSummary, _ c: PageContext) -> HTML {
        let due = order.amountDue ?? order.total
        return """
            <article class="card stack tight" data-order="\(order.number)"><div class="row apart"><h3 class="num">\
            \(order.number)</h3><span class="num strong">\(Pieces.text(due))</span></div>\
            <p class="muted small">\(c.say(order.firstItemName)) · \(c.words(.ofTotal, Pieces.text(order.total))) · \
            \(c.clock.show(order.expiresAt, zone: store.summary.timeZone, now: now))</p>\
            \(cash(order, due, c))\(terminal(order, due, c))\(deposit(order, c))</article>
            """
    }

    private func cash(_ order: OrderSummary, _ due: Money, _ c: PageContext) -> HTML {
        let name = "cash-\(order.id.description)"
        return form(order, "cash", .takeCash, c, """
            \(field("\(name)-amount", "amount", .amountOf, value: due.formatted, c))\
            \(field("\(name)-tendered", "tendered", .tenderedHint, isRequired: false, c))
            """)
    }

    private func terminal(_ order: OrderSummary, _ due: Money, _ c: PageContext) -> HTML {
        let name = "terminal-\(order.id.description)"
        return form(order, "terminal", .takeTerminal, c, """
            \(field("\(name)-amount", "amount", .amountOf, value: due.formatted, c))\
            \(field("\(name)-slip", "reference", .slipNumber, isNumber: false, c))
            """)
    }

    private func deposit(_ order: OrderSummary, _ c: PageContext) -> HTML {
        let name = "deposit-\(order.id.description)"
        return form(order, "deposit", .agreeDeposit, c, """
            \(field("\(name)-amount", "amount", .depositAmount, c))\
            <div class="field"><label for="\(name)-due">\(c.words[.balanceDueDay])</label><input class="input" \
            id="\(name)-due" name="due" type="date" required></div>
            """)
    }

    private func form(
        _ order: OrderSummary, _ verb: StaticString, _ title: Phrase, _ c: PageContext, _ fields: HTML
    ) -> HTML {
        """
        <details><summary>\(c.words[title])<span class="sr"> \(order.number)</span></summary>\
        <form class="stack tight" method="post" \
        action="\(Link("/console/\(id)/orders/\(order.id.description)/\(verb: verb)"))">\(c.formField)\
        <input type="hidden" name="key" value="\(makeKey())">\
        <input type="hidden" name="currency" value="\(order.total.currency.code)">\(fields)\
        <button class="btn main" data-testid="\(verb)">\(c.words[title])</button></form></details>
        """
    }

    private func field(
        _ id: String, _ name: StaticString, _ label: Phrase, value: String = "", isRequired: Bool = true,
        isNumber: Bool = true, _ c: PageContext
    ) -> HTML {
        """
        <div class="field"><label for="\(id)">\(c.words[label])</label><input class="input" id="\(id)" \
        name="\(name)" value="\(value)"\(if: isNumber, " inputmode=\"decimal\"") autocomplete="off" maxlength="64"\
        \(if: isRequired, " required")></div>
        """
    }

    private func refund(_ refund: Refund, _ c: PageContext) -> HTML {
        """
        <article class="card row apart"><div><p class="strong num">\(Pieces.text(refund.amount)) · \
        \(c.words[PaymentChoice.name(of: refund.gateway ?? .cash)])</p><p class="muted small">\(refund.reason)</p></div>\
        <form method="post" action="\(Link("/console/\(id)/refunds/\(refund.id.description)/handed-out"))">\
        \(c.formField)<input type="hidden" name="key" value="\(makeKey())"><button class="btn main small" \
        data-testid="handed-out">\(c.words[.handedOut])</button></form></article>
        """
    }
}
