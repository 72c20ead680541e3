import Models

/// The way in: where are you, what do you need, which stores are near.
struct HomePage {
    /// What was asked for, as the address of the page says.
    struct Search: Sendable {
        var place: Coordinates?
        var city = ""
        var words = ""
        var kind: StoreKind?
        var onlyOpen = false
        var cursor: String?

        var isFiltered: Bool { !words.isEmpty || kind != nil || onlyOpen || !city.isEmpty || place != nil }

        /// The address of the same search with changes.
        func link(kind: StoreKind?, onlyOpen: Bool, cursor: String? = nil) -> Link {
            var link: Link = "/stores?q=\(words)&city=\(city)"
            if let place {
                link = "\(continuing: link)&lat=\(Self.decimal(place.latitude))&lng=\(Self.decimal(place.longitude))"
            }
            if let kind { link = "\(continuing: link)&kind=\(kind.rawValue)" }
            if onlyOpen { link = "\(continuing: link)&open_now=true" }
            if let cursor { link = "\(continuing: link)&cursor=\(cursor)" }
            return link
        }

        /// Five decimals are a metre: enough to find a shop, and not more of a person's place than is needed.
        static func decimal(_ degrees: Double) -> String {
            let scaled = Int((degrees * 100_000).rounded())
            let digits = String(scaled.magnitude % 100_000)
            let padded = String(repeating: "0", count: 5 - digits.count) + digits
            return "\(scaled < 0 ? "-" : "")\(scaled.magnitude / 100_000).\(padded)"
        }
    }

    let search: Search
    let stores: [StoreSummary]
    let next: String?
    let cities: [CityCount]

    func page(_ c: PageContext) -> WebPage {
        let t = c.words
        let heading = self.heading(c)
        return WebPage(
            title: search.isFiltered ? heading : t[.heroTitle].description, section: .home,
            description: t[.footer].description, query: search.words, hasForms: false, modules: [.place],
            body: """
                <div class="stack">\(hero(c))\(filters(c))\
                <section class="stack" aria-labelledby="stores-title"><h2 id="stores-title">\(heading)</h2>\
                \(list(c))</section>\
                \(Pieces.pager(
                    next: next.map { search.link(kind: search.kind, onlyOpen: search.onlyOpen, cursor: $0) },
                    first: search.cursor.map { _ in search.link(kind: search.kind, onlyOpen: search.onlyOpen) },
                    c))</div>
                """)
    }

    private func heading(_ c: PageContext) -> String {
        if !search.words.isEmpty { return c.words(.storesFor, search.words) }
        if search.place != nil { return c.words[.nearestFirst].description }
        return search.city.isEmpty ? c.words[.allStores].description : c.words(.storesIn, search.city)
    }

    private func hero(_ c: PageContext) -> HTML {
        let t = c.words
        return """
            <section class="hero"><div class="stack"><div class="stack tight"><h1>\(t[.heroTitle])</h1>\
            <p class="muted">\(t[.heroText])</p></div><div class="row">\
            <form id="locate" action="/stores" hidden data-failed="\(t[.locationFailed])"><input type="hidden" \
            name="lat">\
            <input type="hidden" name="lng"><button class="btn main">\(c.icon("target"))\(t[.useMyLocation])</button>\
            </form>\
            <form class="row grow" action="/stores"><label class="sr" for="city">\(t[.chooseCity])</label>\
            <select class="input" id="city" name="city" data-send><option value="">\(t[.allCities])</option>\
            \(HTML.each(cities) { city in
                """
                <option value="\(city.name)"\(if: city.name == search.city, " selected")>\(city.name) \
                (\(city.storeCount))</option>
                """
            })</select><button class="btn">\(t[.go])</button></form></div></div>\
            <div class="scene">\(c.pictures.art("scene-street"))</div></section>
            """
    }

    private func filters(_ c: PageContext) -> HTML {
        let kinds: [StoreKind] = [.restaurant, .cafe, .grocer, .petSalon, .furniture, .groupLeader]
        return """
            <nav class="chips" aria-label="\(c.words[.search])">\
            <a class="chip" href="\(search.link(kind: nil, onlyOpen: search.onlyOpen))"\
            \(if: search.kind == nil, " aria-current=\"true\"")>\(c.words[.everything])</a>\
            \(HTML.each(kinds) { kind in
                """
                <a class="chip" href="\(search.link(kind: kind, onlyOpen: search.onlyOpen))"\
                \(if: search.kind == kind, " aria-current=\"true\"")>\(c.pictures.store(kind))\
                \(c.words[ShopPieces.kindName(kind)])</a>
                """
            })<a class="chip" href="\(search.link(kind: search.kind, onlyOpen: !search.onlyOpen))"\
            \(if: search.onlyOpen, " aria-current=\"true\"")>\(c.icon("clock"))\(c.words[.onlyOpen])</a></nav>
            """
    }

    private func list(_ c: PageContext) -> HTML {
        if stores.isEmpty {
            return Pieces.empty("scene-empty", c.words[.noStores], c.words[.noStoresText], "/", c.words[.goHome], c)
        }
        return "<ul class=\"stores\">\(HTML.each(stores) { ShopPieces.card($0, c) })</ul>"
    }
}
