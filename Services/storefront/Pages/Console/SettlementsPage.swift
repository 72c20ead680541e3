import Models
import ServiceKit

/// Statements of a store's merchant, newest first, and how its money is divided.
struct SettlementsPage {
    let store: Store
    let terms: SettlementAgreement
    let statements: Page<Settlement>
    let isFirst: Bool

    private var link: Link { "/console/\(store.summary.id.description)/settlements" }

    func page(_ c: PageContext) -> WebPage {
        WebPage(
            title: "\(c.words[.settlements]) · \(c.say(store.summary.name))", section: .console, isConsole: true,
            body: """
                <div class="stack">\(ConsoleFrame.head(store.summary, .settlements, c))<section class="card stack">\
                <h2>\(c.words[.settlements])</h2>\(list(c))</section>\
                \(Pieces.pager(
                    next: statements.nextCursor.map { "\(continuing: link)?cursor=\($0)" },
                    first: isFirst ? nil : link, c))\
                <section class="card stack"><h2>\(c.words[.settlementTerms])</h2>\(agreement(c))</section></div>
                """)
    }

    private func list(_ c: PageContext) -> HTML {
        if statements.items.isEmpty { return "<p class=\"muted\">\(c.words[.settlementsNone])</p>" }
        return """
            <div class="scroll" role="region" tabindex="0" aria-label="\(c.words[.settlements])"><table><thead><tr>\
            <th>\(c.words[.day])</th><th class="num">\(c.words[.settlementOrders])</th>\
            <th class="num">\(c.words[.settlementSales])</th><th class="num">\(c.words[.figureRefunds])</th>\
            <th class="num">\(c.words[.settlementCommission])</th><th class="num">\(c.words[.settlementNet])</th>\
            <th>\(c.words[.settlementState])</th></tr></thead><tbody>\
            \(HTML.each(statements.items) { item in
                """
                <tr><td><a href="\(Link("\(continuing: link)/\(item.id.description)"))">\(item.day)</a></td>\
                <td class="num">\(item.orders)</td><td class="num">\(Pieces.text(item.sales))</td><td class="num">\
                \(Pieces.text(item.refunds))</td><td class="num">\(Pieces.text(item.commission))</td><td class="num">\
                \(Pieces.text(item.net))</td><td>\(SettlementPage.badge(item.state, c))</td></tr>
                """
            })</tbody></table></div>
            """
    }

    private func agreement(_ c: PageContext) -> HTML {
        """
        <ul class="mail">\(HTML.each(terms.versions) { version in
            """
            <li><span class="strong">\(c.words(.settlementPlatformRate, Self.percent(version.platformRateBps)))</span>\
            \(HTML.when(
                version.leaderAccountID != nil,
                " · \(c.words(.settlementLeaderRate, Self.percent(version.leaderRateBps)))"))<br>\
            <span class="muted small">\(c.words(.settlementTermsFrom, c.clock.show(version.validFrom)))</span></li>
            """
        })<li><span class="strong">\
        \(c.words(.settlementPlatformRate, Self.percent(terms.defaultPlatformRateBps)))</span><br>\
        <span class="muted small">\(c.words[.settlementTermsDefault])</span></li></ul>
        """
    }

    /// `0.6%` of 60 hundredths of a percent.
    static func percent(_ bps: Int) -> String {
        let cents = bps % 100
        if cents == 0 { return "\(bps / 100)%" }
        return cents % 10 == 0 ? "\(bps / 100).\(cents / 10)%" : "\(bps / 100).\(cents < 10 ? "0" : "")\(cents)%"
    }
}
