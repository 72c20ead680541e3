import Models

/// Pieces of the pages where people find things.
enum ShopPieces {
    static func kindName(_ kind: StoreKind) -> Phrase {
        switch kind {
        case .restaurant: .kindRestaurant
        case .cafe: .kindCafe
        case .grocer: .kindGrocer
        case .petSalon: .kindPetSalon
        case .furniture: .kindFurniture
        case .groupLeader: .kindGroupLeader
        }
    }

    /// `850 m`, `1.2 km`, `23 km`.
    static func distance(_ metres: Int, _ c: PageContext) -> String {
        if metres < 950 { return c.words(.metres, max(10, (metres + 5) / 10 * 10)) }
        let kilometres = Double(metres) / 1_000
        return c.words(
            .kilometres, kilometres < 9.95 ? Pieces.oneDecimal(kilometres) : String(Int(kilometres.rounded())))
    }

    static func openBadge(_ store: StoreSummary, _ c: PageContext) -> HTML {
        if !store.isAcceptingOrders { return Pieces.badge(c.words[.notAccepting], .warn) }
        return store.isOpenNow ? Pieces.badge(c.words[.openNow], .good) : Pieces.badge(c.words[.closedNow], .plain)
    }

    static func hours(_ periods: [OpeningPeriod], _ c: PageContext) -> String {
        if periods.isEmpty { return c.words[.closedDay].description }
        return periods.map { period in
            period.opens.minutes == 0 && (period.closes.minutes == 1_440 || period.closes.minutes == 0)
                ? c.words[.allDay].description : "\(period.opens)–\(period.closes)"
        }.joined(separator: ", ")
    }

    /// One store in a list. The whole card leads to it; its name is the link.
    static func card(_ store: StoreSummary, _ c: PageContext) -> HTML {
        let link: Link = "/stores/\(store.id.description)"
        return """
            <li class="store\(if: !store.isOpenNow, " shut")"><div class="tile t\(Pictures.tint(store.kind))">\
            \(c.pictures.store(store.kind))</div><div class="stack">\
            <div class="row tight apart"><span class="row tight">\(openBadge(store, c))\
            <span class="muted small">\(c.words[kindName(store.kind)])</span></span>\
            \(HTML.maybe(store.distanceMetres) { "<span class=\"far\">\(distance($0, c))</span>" })</div>\
            <h3><a href="\(link)">\(c.say(store.name))</a></h3>\
            <p class="muted small addr">\(store.address)</p>\
            <p class="row tight small">\(Pieces.stars(store.ratingAverage, count: store.ratingCount, c))\
            <span class="muted">· \(c.words(.todayHours, hours(store.hoursToday, c)))</span></p></div></li>
            """
    }
}
