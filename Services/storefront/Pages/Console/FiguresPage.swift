import Models

/// What a store sold: the figures of some days, and the last days beside each other.
struct FiguresPage {
    struct Day: Sendable {
        /// `2026-11-23`.
        let day: String
        let figures: StoreFigures
    }

    let store: Store
    let span: FiguresSpan
    let figures: StoreFigures
    /// Oldest first, today last.
    let daily: [Day]

    private var id: String { store.summary.id.description }

    func page(_ c: PageContext) -> WebPage {
        let link: Link = "/console/\(id)/figures"
        return WebPage(
            title: "\(c.words[.figures]) · \(c.say(store.summary.name))", section: .console, isConsole: true,
            modules: [.live],
            live: LiveSource(stream: "/api/v1/streams/stores/\(id)", elements: "figures-live days-live"),
            body: """
                <div class="stack">\(ConsoleFrame.head(store.summary, .figures, lamp: Pieces.lamp(reload: link, c), c))\
                \(FiguresPieces.spans(span, link, c))<section id="figures-live" class="scroll" tabindex="0" \
                aria-label="\(c.words[.figures])">\
                \(FiguresPieces.list(figures, c))</section><section class="card stack" id="days-live">\
                <h2>\(c.words[.lastDays])</h2>\(chart(c))\(table(c))</section></div>
                """)
    }

    private static let chartHeight = 160
    private static let chartStep = 50

    /// Bars of revenue a day. The table below says the same in numbers, so the chart is hidden from screen readers.
    private func chart(_ c: PageContext) -> HTML {
        let most = max(1, daily.map(\.figures.revenue.minorUnits).max() ?? 1)
        let step = Self.chartStep
        return """
            <div aria-hidden="true"><svg class="chart" preserveAspectRatio="none" viewBox="0 0 \(daily.count * step) \
            \(Self.chartHeight)">\
            \(HTML.each(daily.enumerated()) { index, day in
                let share = Double(day.figures.revenue.minorUnits) / Double(most)
                let height = share <= 0 ? 0 : max(2, Int(Double(Self.chartHeight) * 0.92 * share))
                return """
                    <rect x="\(index * step + 9)" y="\(Self.chartHeight - height)" width="\(step - 18)" \
                    height="\(height)"/>
                    """
            })</svg><p class="row apart muted tiny num"><span>\(daily.first?.day ?? "")</span><span>\
            \(daily.last?.day ?? "")</span></p></div>
            """
    }

    private func table(_ c: PageContext) -> HTML {
        """
        <div class="scroll" role="region" tabindex="0" aria-label="\(c.words[.lastDays])"><table><thead><tr><th>\
        \(c.words[.day])</th><th class="num">\(c.words[.figurePaid])</th>\
        <th class="num">\(c.words[.figureCompleted])</th><th class="num">\(c.words[.figureItems])</th>\
        <th class="num">\(c.words[.figureRevenue])</th><th class="num">\(c.words[.figureRefunds])</th></tr></thead>\
        <tbody>\
        \(HTML.each(daily.reversed()) { day in
            """
            <tr><td>\(day.day)</td><td class="num">\(day.figures.ordersPaid)</td><td class="num">\
            \(day.figures.ordersCompleted)</td><td class="num">\(day.figures.itemsSold)</td><td class="num">\
            \(Pieces.text(day.figures.revenue))</td><td class="num">\(Pieces.text(day.figures.refunds))</td></tr>
            """
        })</tbody></table></div>
        """
    }
}

/// Figures of all stores that a person works for.
struct MerchantFiguresPage {
    struct Row: Sendable {
        let store: StoreSummary
        let figures: StoreFigures
    }

    let span: FiguresSpan
    let rows: [Row]

    func page(_ c: PageContext) -> WebPage {
        WebPage(
            title: c.words[.allFigures].description, section: .console, isConsole: true,
            body: """
                <div class="stack">\(Pieces.crumb("/console", c.words[.yourStores].description, c))<h1>\
                \(c.words[.allFigures])</h1>\
                \(FiguresPieces.spans(span, "/console/figures", c))\(rows.isEmpty ? none(c) : table(c))</div>
                """)
    }

    private func none(_ c: PageContext) -> HTML {
        Pieces.empty(
            "scene-empty", c.words[.consoleNone], c.words[.consoleNoneText], "/console", c.words[.yourStores], c)
    }

    /// One sum a currency: amounts of different currencies are never added.
    private var sums: [(revenue: Money, refunds: Money, paid: Int, completed: Int, items: Int)] {
        let currencies = Set(rows.map(\.figures.revenue.currency.code)).sorted()
        return currencies.compactMap { code in
            guard let currency = Currency(code) else { return nil }
            let part = rows.map(\.figures).filter { $0.revenue.currency == currency }
            return (
                Money(minorUnits: part.reduce(0) { $0 + $1.revenue.minorUnits }, currency: currency),
                Money(minorUnits: part.reduce(0) { $0 + $1.refunds.minorUnits }, currency: currency),
                part.reduce(0) { $0 + $1.ordersPaid }, part.reduce(0) { $0 + $1.ordersCompleted },
                part.reduce(0) { $0 + $1.itemsSold }
            )
        }
    }

    private func table(_ c: PageContext) -> HTML {
        """
        <section class="card scroll" tabindex="0" aria-label="\(c.words[.allFigures])"><table><thead><tr><th>\
        \(c.words[.storeName])</th><th class="num">\(c.words[.figurePaid])</th>\
        <th class="num">\(c.words[.figureCompleted])</th><th class="num">\(c.words[.figureItems])</th>\
        <th class="num">\(c.words[.figureRevenue])</th><th class="num">\(c.words[.figureRefunds])</th></tr></thead>\
        <tbody>\
        \(HTML.each(rows) { row in
            """
            <tr><td><a href="\(Link("/console/\(row.store.id.description)/figures"))">\(c.say(row.store.name))</a></td>\
            <td class="num">\(row.figures.ordersPaid)</td><td class="num">\(row.figures.ordersCompleted)</td><td \
            class="num">\
            \(row.figures.itemsSold)</td><td class="num">\(Pieces.text(row.figures.revenue))</td><td class="num">\
            \(Pieces.text(row.figures.refunds))</td></tr>
            """
        })</tbody><tfoot>\(HTML.each(sums) { sum in
            """
            <tr><td>\(c.words[.total])</td><td class="num">\(sum.paid)</td><td class="num">\(sum.completed)</td><td \
            class="num">\
            \(sum.items)</td><td class="num">\(Pieces.text(sum.revenue))</td><td class="num">\
            \(Pieces.text(sum.refunds))</td></tr>
            """
        })</tfoot></table></section>
        """
    }
}

/// Pieces that both pages of figures show.
enum FiguresPieces {
    private static let choices: [(FiguresSpan.Choice, Phrase)] = [
        (.today, .today), (.week, .sevenDays), (.fortnight, .fourteenDays), (.all, .allTime),
    ]

    static func spans(_ span: FiguresSpan, _ page: Link, _ c: PageContext) -> HTML {
        """
        <div class="row"><nav class="chips" aria-label="\(c.words[.figures])">\(HTML.each(choices) { choice, name in
            """
            <a class="chip" href="\(Link("\(continuing: page)?span=\(choice.rawValue)"))"\
            \(if: span.choice == choice, " aria-current=\"true\"")>\(c.words[name])</a>
            """
        })</nav><form class="row tight" action="\(page)"><label class="sr" for="from">\(c.words[.fromDay])</label>\
        <input class="input day" type="date" id="from" name="from" required value="\(span.from ?? "")"><span \
        aria-hidden="true">–</span>\
        <label class="sr" for="to">\(c.words[.toDay])</label><input class="input day" type="date" id="to" name="to" \
        required \
        value="\(span.to ?? "")"><button class="btn small">\(c.words[.show])</button></form></div>
        """
    }

    static func list(_ figures: StoreFigures, _ c: PageContext) -> HTML {
        """
        <dl class="figures">\(ConsoleFrame.figure(.figureRevenue, Pieces.text(figures.revenue), c))\
        \(ConsoleFrame.figure(.figureRefunds, Pieces.text(figures.refunds), c))\
        \(ConsoleFrame.figure(.figurePlaced, "\(figures.ordersPlaced)", c))\
        \(ConsoleFrame.figure(.figurePaid, "\(figures.ordersPaid)", c))\
        \(ConsoleFrame.figure(.figureCompleted, "\(figures.ordersCompleted)", c))\
        \(ConsoleFrame.figure(.figureItems, "\(figures.itemsSold)", c))</dl>
        """
    }
}
