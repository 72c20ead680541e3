import Models

/// The orders board of a store: four columns, live.
struct BoardPage {
    let store: Store
    let board: Board
    let figures: StoreFigures
    let now: Timestamp
    let message: ConsoleMessage?
    /// Makes keys of the forms on this page.
    let makeKey: @Sendable () -> String

    private var id: String { store.summary.id.description }

    func page(_ c: PageContext) -> WebPage {
        WebPage(
            title: "\(c.words[.board]) · \(c.say(store.summary.name))", section: .console, isConsole: true,
            modules: [.live],
            live: LiveSource(
                stream: "/api/v1/streams/stores/\(id)", elements: "board-live figures-live",
                chime: c.words[.newOrderChime].description),
            body: """
                <div class="stack">\(ConsoleFrame.head(
                    store.summary, .board, lamp: Pieces.lamp(reload: "/console/\(id)", c), c))\
                \(ConsoleFrame.message(message, c))\(redeem(c))\(today(c))\(columns(c))</div>
                """)
    }

    private func redeem(_ c: PageContext) -> HTML {
        """
        <form class="card row" method="post" action="\(Link("/console/\(id)/collections"))">\(c.formField)\
        <input type="hidden" name="key" value="\(makeKey())"><label class="strong" for="code">\
        \(c.words[.redeemTitle])</label>\
        <input class="input" id="code" name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" \
        maxlength="40" placeholder="ABCD-2345" required><button class="btn main" data-testid="redeem">\
        \(c.icon("check"))\(c.words[.redeem])</button></form>
        """
    }

    private func today(_ c: PageContext) -> HTML {
        """
        <section id="figures-live" class="scroll" tabindex="0" aria-label="\(c.words[.today])"><dl class="figures">\
        \(ConsoleFrame.figure(.figureRevenueToday, Pieces.text(figures.revenue), c))\
        \(ConsoleFrame.figure(.figurePaid, "\(figures.ordersPaid)", c))\
        \(ConsoleFrame.figure(.figureCompleted, "\(figures.ordersCompleted)", c))\
        \(ConsoleFrame.figure(.figureItems, "\(figures.itemsSold)", c))\
        \(ConsoleFrame.figure(.figureRefunds, Pieces.text(figures.refunds), c))</dl></section>
        """
    }

    private struct Column {
        let state: FulfilmentState
        let title: Phrase
        let look: StaticString
        let action: (name: Phrase, verb: StaticString)?
    }

    private static let columns: [Column] = [
        Column(state: .waiting, title: .columnNew, look: "new", action: (.accept, "accept")),
        Column(state: .accepted, title: .columnAccepted, look: "accepted", action: (.startPreparing, "prepare")),
        Column(state: .preparing, title: .columnPreparing, look: "preparing", action: (.markReady, "ready")),
        Column(state: .ready, title: .columnReady, look: "ready", action: nil),
    ]

    private func columns(_ c: PageContext) -> HTML {
        """
        <div id="board-live" data-testid="board"><div class="board">\(HTML.each(Self.columns) { column in
            let jobs = board.orders.filter { $0.states.fulfilment == column.state }
            return """
                <section class="column" data-state="\(column.state.rawValue)"><h2>\(c.words[column.title]) \
                <span class="badge\(if: !jobs.isEmpty, " brand")">\(jobs.count)</span></h2>\
                \(HTML.when(jobs.isEmpty, "<p class=\"muted small\">\(c.words[.columnEmpty])</p>"))\
                \(HTML.each(jobs) { job($0, column, c) })</section>
                """
        })</div></div>
        """
    }

    private func job(_ order: BoardOrder, _ column: Column, _ c: PageContext) -> HTML {
        let minutes = max(0, Int((now.microseconds - (order.paidAt ?? order.placedAt).microseconds) / 60_000_000))
        let called: HTML =
            order.queueNumber.map { "<span class=\"q\">#\($0)</span>" }
            ?? "<span class=\"strong num\">\(order.number)</span>"
        return """
            <article class="job \(column.look)" data-order="\(order.number)"><div class="row apart">\(called)<span \
            class="muted small">\
            \(c.words(.waitingFor, minutes))</span></div><ul>\(HTML.each(order.lines) { line in
                """
                <li><span class="strong num">\(line.quantity) ×</span> \
                \(CartPieces.name(line.itemName, line.skuName, c))\
                \(HTML.maybe(line.note) { "<br><span class=\"badge warn\">\($0)</span>" })</li>
                """
            })</ul><p class="row apart"><span class="muted small num">\(order.number)</span><span class="num strong">\
            \(Pieces.text(order.total))</span></p>\(HTML.maybe(column.action) { action in
                """
                <form method="post" \
                action="\(Link("/console/\(id)/orders/\(order.id.description)/\(verb: action.verb)"))">\
                \(c.formField)<input type="hidden" name="key" value="\(makeKey())">\
                <button class="btn main small block" data-testid="\(action.verb)">\
                \(c.words[action.name])<span class="sr"> \(order.number)</span></button></form>
                """
            })</article>
            """
    }
}
