import Models

/// The stores that a person works for; operators find any store.
struct ConsolePage {
    let stores: [StoreSummary]
    /// What an operator found.
    let found: [StoreSummary]
    let words: String
    let isOperator: Bool

    func page(_ c: PageContext) -> WebPage {
        WebPage(
            title: c.words[.consoleTitle].description, section: .console, isConsole: true,
            body: """
                <div class="stack"><div class="row apart"><h1>\(c.words[.yourStores])</h1>\
                <div class="row tight">\(HTML.when(isOperator, """
                    <a class="btn small" href="/console/reconciliations">\(c.icon("list"))\(c.words[.reconciliation])</a>
                    """))\(HTML.when(!stores.isEmpty, """
                    <a class="btn small" href="/console/figures">\(c.icon("wallet"))\(c.words[.allFigures])</a>
                    """))</div></div>\(own(c))\(HTML.when(isOperator, anyStore(c)))</div>
                """)
    }

    private func own(_ c: PageContext) -> HTML {
        if !stores.isEmpty { return list(stores, isTop: true, c) }
        if isOperator { return "<p class=\"muted\">\(c.words[.consoleAll])</p>" }
        return Pieces.empty("scene-empty", c.words[.consoleNone], c.words[.consoleNoneText], "/", c.words[.goHome], c)
    }

    private func anyStore(_ c: PageContext) -> HTML {
        """
        <section class="stack" aria-labelledby="any"><h2 id="any">\(c.words[.anyStore])</h2>\
        <form class="card row" role="search" action="/console"><label class="sr" for="find">\
        \(c.words[.searchStores])</label>\
        <input class="input" id="find" name="q" type="search" maxlength="60" value="\(words)" \
        placeholder="\(c.words[.searchStores])"><button class="btn main">\
        \(c.icon("search"))\(c.words[.search])</button></form>\
        \(results(c))</section>
        """
    }

    private func results(_ c: PageContext) -> HTML {
        found.isEmpty && !words.isEmpty ? Pieces.note(c.words(.nothingFound, words), .info, c) : list(found, c)
    }

    private func list(_ stores: [StoreSummary], isTop: Bool = false, _ c: PageContext) -> HTML {
        """
        <ul class="stores">\(HTML.each(stores) { store in
            """
            <li class="store"><div class="tile t\(Pictures.tint(store.kind))">\(c.pictures.store(store.kind))</div>\
            <div class="stack"><div class="row tight">\(ShopPieces.openBadge(store, c))</div>\(name(store, isTop, c))\
            <p class="muted small addr">\(store.address)</p></div></li>
            """
        })</ul>
        """
    }

    /// Headings step down one level at a time: under the page's own, or under the search's.
    private func name(_ store: StoreSummary, _ isTop: Bool, _ c: PageContext) -> HTML {
        let link: HTML = "<a href=\"\(Link("/console/\(store.id.description)"))\">\(c.say(store.name))</a>"
        return isTop ? "<h2>\(link)</h2>" : "<h3>\(link)</h3>"
    }
}
