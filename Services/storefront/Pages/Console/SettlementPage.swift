import Models
import ServiceKit

/// One statement with its lines; for operators the forms that confirm it and say that it was paid out.
struct SettlementPage {
    let store: Store
    let settlement: Settlement
    let lines: Page<SettlementLine>
    let isFirst: Bool
    let isOperator: Bool
    let key: String
    let message: ConsoleMessage?

    private var list: Link { "/console/\(store.summary.id.description)/settlements" }
    private var link: Link { "\(continuing: list)/\(settlement.id.description)" }

    func page(_ c: PageContext) -> WebPage {
        let title = c.words(.settlementOf, settlement.day)
        return WebPage(
            title: "\(title) · \(c.say(store.summary.name))", section: .console, isConsole: true,
            body: """
                <div class="stack">\(ConsoleFrame.head(store.summary, .settlements, c))\
                \(ConsoleFrame.message(message, c))\(Pieces.crumb(list, c.words[.settlements].description, c))\
                <section class="card stack"><div class="row apart"><h2>\(title)</h2>\
                \(Self.badge(settlement.state, c))</div>\(sums(c))\(payout(c))</section>\(forms(c))\
                <section class="card stack"><div class="row apart"><h2>\(c.words[.settlementLines])</h2>\
                <a class="btn small" href="\(table)" download>\(c.words[.settlementDownload])</a></div>\(rows(c))\
                </section>\(Pieces.pager(
                    next: lines.nextCursor.map { "\(continuing: link)?cursor=\($0)" },
                    first: isFirst ? nil : link, c))</div>
                """)
    }

    private var table: Link { "/api/v1/settlements/\(settlement.id.description)/lines.csv" }

    static func badge(_ state: SettlementState, _ c: PageContext) -> HTML {
        switch state {
        case .open: Pieces.badge(c.words[.settlementOpen], .warn)
        case .confirmed: Pieces.badge(c.words[.settlementConfirmed], .info)
        case .paidOut: Pieces.badge(c.words[.settlementPaidOut], .good)
        case .carried: Pieces.badge(c.words[.settlementIsCarried], .plain)
        }
    }

    private func sums(_ c: PageContext) -> HTML {
        """
        <dl class="figures">\(ConsoleFrame.figure(.settlementNet, Pieces.text(settlement.net), c))\
        \(ConsoleFrame.figure(.settlementSales, Pieces.text(settlement.sales), c))\
        \(ConsoleFrame.figure(.figureRefunds, Pieces.text(settlement.refunds), c))\
        \(ConsoleFrame.figure(.settlementCommission, Pieces.text(settlement.commission), c))\
        \(ConsoleFrame.figure(.settlementTaken, Pieces.text(settlement.taken), c))\
        \(ConsoleFrame.figure(.settlementCarried, Pieces.text(settlement.carriedOver), c))</dl>
        """
    }

    private func payout(_ c: PageContext) -> HTML {
        HTML.maybe(settlement.payout) { payout in
            "<p>\(c.words(.settlementPaidText, c.clock.show(payout.paidAt), payout.reference))</p>"
        }
    }

    private func forms(_ c: PageContext) -> HTML {
        guard isOperator else { return .empty }
        switch settlement.state {
        case .open:
            return """
                <form class="card" method="post" action="\(Link("\(continuing: link)/confirm"))">\(c.formField)\
                <input type="hidden" name="key" value="\(key)"><button class="btn main">\
                \(c.words[.settlementConfirm])</button></form>
                """
        case .confirmed:
            return """
                <form class="card stack" method="post" action="\(Link("\(continuing: link)/payout"))">\(c.formField)\
                <input type="hidden" name="key" value="\(key)">\(Pieces.field(
                    id: "reference", label: c.words[.settlementReference],
                    hint: c.words[.settlementReferenceHint].description,
                    attributes: "autocomplete=\"off\" maxlength=\"64\" required", c))\
                <button class="btn main">\(c.words[.settlementPayout])</button></form>
                """
        case .paidOut, .carried: return .empty
        }
    }

    private func rows(_ c: PageContext) -> HTML {
        """
        <div class="scroll" role="region" tabindex="0" aria-label="\(c.words[.settlementLines])"><table><thead><tr>\
        <th>\(c.words[.settlementOrder])</th><th>\(c.words[.settlementKind])</th>\
        <th>\(c.words[.settlementTime])</th><th class="num">\(c.words[.settlementAmount])</th>\
        <th class="num">\(c.words[.settlementCommission])</th><th class="num">\(c.words[.settlementTaken])</th>\
        <th class="num">\(c.words[.settlementNet])</th></tr></thead><tbody>\
        \(HTML.each(lines.items) { line in
            """
            <tr><td><a href="\(Link("/orders/\(line.orderID.description)"))">\(line.orderNumber)</a></td><td>\
            \(c.words[line.cause == .sale ? .settlementSale : .settlementRefund])</td><td>\
            \(c.clock.show(line.at))</td><td class="num">\(Pieces.text(line.amount))</td><td class="num">\
            \(Pieces.text(line.commission))</td><td class="num">\(Pieces.text(line.taken))</td><td class="num">\
            \(Pieces.text(line.net))</td></tr>
            """
        })</tbody></table></div>
        """
    }
}
