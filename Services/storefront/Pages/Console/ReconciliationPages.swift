import Models

/// The days of all gateways, newest first, and the form that has one compared: for operators.
struct ReconciliationsPage {
    let days: Page<Reconciliation>
    let isFirst: Bool
    let gateways: [GatewayName]
    /// `2026-11-23`: the newest day that can be asked for.
    let today: String
    let key: String
    let error: Phrase?
    let wasAsked: Bool

    func page(_ c: PageContext) -> WebPage {
        let next = days.nextCursor.map { cursor -> Link in "/console/reconciliations?cursor=\(cursor)" }
        let first: Link? = isFirst ? nil : "/console/reconciliations"
        return WebPage(
            title: c.words[.reconciliation].description, section: .console, isConsole: true,
            body: """
                <div class="stack">\(Pieces.crumb("/console", c.words[.yourStores].description, c))<h1>\
                \(c.words[.reconciliation])</h1><p class="muted">\(c.words[.reconciliationText])</p>\
                \(HTML.when(wasAsked, Pieces.note(c.words[.reconcileAsked].description, .good, c)))\(form(c))\
                \(days.items.isEmpty ? none(c) : table(c))\(Pieces.pager(next: next, first: first, c))</div>
                """)
    }

    private func none(_ c: PageContext) -> HTML { "<p class=\"muted\">\(c.words[.reconciliationNone])</p>" }

    private func form(_ c: PageContext) -> HTML {
        """
        <form class="card stack" method="post" action="/console/reconciliations" novalidate>\(c.formField)\
        <input type="hidden" name="key" value="\(key)"><div class="field"><label for="gateway">\(c.words[.gateway])\
        </label><select class="input" id="gateway" name="gateway">\(HTML.each(gateways) { gateway in
            "<option value=\"\(gateway.rawValue)\">\(c.words[PaymentChoice.name(of: gateway)])</option>"
        })</select></div>\(Pieces.field(
            id: "day", label: c.words[.day], value: today, error: error.map { c.words[$0].description },
            attributes: "type=\"date\" required", c))\
        <button class="btn main">\(c.words[.reconcileNow])</button></form>
        """
    }

    private func table(_ c: PageContext) -> HTML {
        """
        <section class="card scroll" tabindex="0" aria-label="\(c.words[.reconciliation])"><table><thead><tr><th>\
        \(c.words[.day])</th><th>\(c.words[.gateway])</th><th>\(c.words[.stateColumn])</th><th class="num">\
        \(c.words[.billed])</th><th class="num">\(c.words[.booked])</th></tr></thead><tbody>\
        \(HTML.each(days.items) { day in
            """
            <tr><td><a href="\(ReconciliationPieces.link(day))">\(day.day)</a></td><td>\
            \(c.words[PaymentChoice.name(of: day.gateway)])</td><td>\(ReconciliationPieces.badge(day, c))</td>\
            <td class="num">\(ReconciliationPieces.net(day.billed))</td><td class="num">\
            \(ReconciliationPieces.net(day.booked))</td></tr>
            """
        })</tbody></table></section>
        """
    }
}

/// What a gateway's bill of a day and the orders do not agree on.
struct ReconciliationPage {
    let day: Reconciliation
    let differences: Page<ReconciliationDifference>
    let isFirst: Bool
    let key: String

    func page(_ c: PageContext) -> WebPage {
        let link = ReconciliationPieces.link(day), name = c.words[PaymentChoice.name(of: day.gateway)].description
        let next = differences.nextCursor.map { cursor -> Link in "\(continuing: link)?cursor=\(cursor)" }
        return WebPage(
            title: "\(name) · \(day.day)", section: .console, isConsole: true,
            body: """
                <div class="stack">\
                \(Pieces.crumb("/console/reconciliations", c.words[.reconciliation].description, c))\
                <div class="row apart"><h1>\(name) · \(day.day)</h1>\(ReconciliationPieces.badge(day, c))</div>\
                \(HTML.maybe(ReconciliationPieces.trouble(day)) { Pieces.note(c.words[$0].description, .warn, c) })\
                <dl class="figures">\(sums(.billed, day.billed, c))\(sums(.booked, day.booked, c))</dl>\
                <form method="post" action="/console/reconciliations">\(c.formField)\
                <input type="hidden" name="key" value="\(key)">\
                <input type="hidden" name="gateway" value="\(day.gateway.rawValue)">\
                <input type="hidden" name="day" value="\(day.day)"><button class="btn small">\
                \(c.words[.reconcileAgain])</button></form><section class="stack"><h2>\(c.words[.differences])</h2>\
                \(differences.items.isEmpty ? none(c) : table(c))\
                \(Pieces.pager(next: next, first: isFirst ? nil : link, c))</section></div>
                """)
    }

    private func none(_ c: PageContext) -> HTML {
        day.state == .compared ? "<p class=\"muted\">\(c.words[.differencesNone])</p>" : .empty
    }

    private func sums(_ side: Phrase, _ sums: ReconciliationSums, _ c: PageContext) -> HTML {
        """
        <div class="figure"><dt>\(c.words[side]) · \(c.words(.paidCount, sums.payments))</dt><dd>\
        \(Pieces.text(sums.paid))</dd></div><div class="figure"><dt>\(c.words[side]) · \
        \(c.words(.refundCount, sums.refunds))</dt><dd>\(Pieces.text(sums.refunded))</dd></div>
        """
    }

    private func table(_ c: PageContext) -> HTML {
        """
        <div class="card scroll" role="region" tabindex="0" aria-label="\(c.words[.differences])"><table><thead><tr>\
        <th>\(c.words[.differences])</th><th>\(c.words[.numberColumn])</th><th class="num">\(c.words[.billed])</th>\
        <th class="num">\(c.words[.booked])</th><th>\(c.words[.stateColumn])</th></tr></thead><tbody>\
        \(HTML.each(differences.items) { row in
            """
            <tr><td>\(c.words[row.entry == .payment ? .payment : .refundEntry]) · \
            \(c.words[ReconciliationPieces.name(of: row.kind)])</td><td class="num">\(row.number)</td><td class="num">\
            \(row.theirs.map { Pieces.text($0) } ?? "–")</td><td class="num">\
            \(row.ours.map { Pieces.text($0) } ?? "–")</td><td>\(state(row.state, c))</td></tr>
            """
        })</tbody></table></div>
        """
    }

    private func state(_ state: DifferenceState, _ c: PageContext) -> HTML {
        switch state {
        case .open: Pieces.badge(c.words[.differenceOpen], .bad)
        case .healed: Pieces.badge(c.words[.differenceHealed], .good)
        case .resolved: Pieces.badge(c.words[.differenceResolved], .plain)
        }
    }
}

/// What both pages say alike.
enum ReconciliationPieces {
    static func link(_ day: Reconciliation) -> Link { "/console/reconciliations/\(day.gateway.rawValue)/\(day.day)" }

    /// What came, less what went back.
    static func net(_ sums: ReconciliationSums) -> String {
        Pieces.text(Money(minorUnits: sums.paid.minorUnits - sums.refunded.minorUnits, currency: sums.paid.currency))
    }

    static func badge(_ day: Reconciliation, _ c: PageContext) -> HTML {
        switch day.state {
        case .waiting: Pieces.badge(c.words[.billWaiting], day.trouble == nil ? .plain : .warn)
        case .fetched: Pieces.badge(c.words[.billComparing], .info)
        case .compared where day.openDifferences > 0:
            Pieces.badge(c.words(.billDiffers, day.openDifferences), .bad)
        case .compared where day.healedDifferences > 0:
            Pieces.badge(c.words(.billHealed, day.healedDifferences), .good)
        case .compared: Pieces.badge(c.words[.billAgrees], .good)
        }
    }

    static func trouble(_ day: Reconciliation) -> Phrase? {
        switch day.trouble {
        case nil: nil
        case "no_bill_yet": .troubleNoBill
        case "no_bill_any_more": .troubleNoBillAnyMore
        case "gateway_unavailable": .troubleUnavailable
        case let code? where code.hasPrefix("refused:"): .troubleNoBill
        default: .troubleUntrusted
        }
    }

    static func name(of kind: DifferenceKind) -> Phrase {
        switch kind {
        case .missingAtGateway: .missingAtGateway
        case .missingHere: .missingHere
        case .amountDiffers: .amountDiffers
        }
    }
}
