import Models

/// One's own points, and what changed them.
struct PointsPage {
    let points: Points
    let isFirst: Bool
    let now: Timestamp

    func page(_ c: PageContext) -> WebPage {
        WebPage(
            title: c.words[.points].description, section: .account, width: .narrow,
            body: """
                <div class="stack">\(Pieces.crumb("/account", c.words[.accountTitle].description, c))\
                <h1>\(c.words[.points])</h1><section class="card"><p class="num strong" data-testid="points">\
                \(c.words(.pointsWorth, "\(points.balance)", Pieces.text(points.worth)))</p>\
                <p class="muted small">\(c.words[.pointsHow])</p></section>\
                \(HTML.when(points.items.isEmpty, "<p class=\"muted\">\(c.words[.noPoints])</p>"))\
                <ul class="mail">\(HTML.each(points.items) { entry($0, c) })</ul>\
                \(HTML.maybe(points.nextCursor) { cursor in
                    "<a class=\"btn\" href=\"\(Link("/account/points?cursor=\(cursor)"))\">\(c.words[.olderEntries])</a>"
                })</div>
                """)
    }

    private func entry(_ entry: PointEntry, _ c: PageContext) -> HTML {
        """
        <li><p class="row apart"><a class="strong" href="\(Link("/orders/\(entry.orderID.description)"))">\
        \(c.words[Self.phrase(entry.cause)])</a><span class="num strong">\(entry.delta > 0 ? "+" : "−")\
        \("\(entry.delta.magnitude)")</span></p><p class="muted small">\(c.clock.show(entry.at, now: now))</p></li>
        """
    }

    private static func phrase(_ cause: PointCause) -> Phrase {
        switch cause {
        case .earned: .pointsEarned
        case .spent: .pointsSpent
        case .restored: .pointsRestored
        case .clawedBack: .pointsTakenBack
        }
    }
}
