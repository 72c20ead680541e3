import Models

/// How to find a store and when it is open.
enum StoreFacts {
    /// Links to maps, each with the datum that it expects: AMap GCJ-02, Baidu BD-09, the system's own WGS-84.
    static func maps(_ store: StoreSummary, _ c: PageContext) -> HTML {
        let name = c.say(store.name)
        let amap = ChineseDatums.gcj02(store.location)
        let baidu = ChineseDatums.bd09(store.location)
        let decimal = HomePage.Search.decimal
        let here = "\(decimal(store.location.latitude)),\(decimal(store.location.longitude))"
        let amapLink: Link =
            """
            https://uri.amap.com/marker?position=\(decimal(amap.longitude)),\(decimal(amap.latitude))&name=\(name)\
            &coordinate=gaode&src=linli&callnative=1
            """
        let baiduLink: Link =
            """
            https://api.map.baidu.com/marker?location=\(decimal(baidu.latitude)),\(decimal(baidu.longitude))\
            &title=\(name)&content=\(store.address)&coord_type=bd09ll&output=html&src=webapp.linli
            """
        let systemLink: Link = "geo:\(decimal(store.location.latitude)),\(decimal(store.location.longitude))?q=\(here)"
        return """
            <p class="chips wrapping" aria-label="\(c.words[.findStore])">\
            <a class="chip" href="\(amapLink)" rel="noreferrer">\(c.icon("route"))\(c.words[.openInAMap])</a>\
            <a class="chip" href="\(baiduLink)" rel="noreferrer">\(c.icon("route"))\(c.words[.openInBaidu])</a>\
            <a class="chip" href="\(systemLink)">\(c.icon("route"))\(c.words[.openInSystem])</a>\(phone(store, c))</p>
            """
    }

    private static func phone(_ store: StoreSummary, _ c: PageContext) -> HTML {
        guard let phone = store.phone, !phone.isEmpty else { return .empty }
        let link: Link = "tel:\(phone.filter { $0.isNumber || $0 == "+" || $0 == "-" })"
        return """
            <a class="chip" href="\(link)">\(c.icon("phone"))\(c.words[.callStore])<span class="sr"> \(phone)</span></a>
            """
    }

    static func card(_ store: Store, now: Timestamp, _ c: PageContext) -> HTML {
        let today = c.clock.weekday(now, zone: store.summary.timeZone)
        return """
            <section class="card"><h2>\(c.words[.openingHours])</h2><dl class="hours">\
            \(HTML.each(store.openingHours) { day in
                """
                <dt\(if: day.day == today, " class=\"today\"")>\(dayName(day.day, c))</dt>\
                <dd\(if: day.day == today, " class=\"today\"")>\(ShopPieces.hours(day.periods, c))</dd>
                """
            })</dl></section>
            """
    }

    private static func dayName(_ day: Int, _ c: PageContext) -> String {
        let names =
            c.language == .zh
            ? ["周一", "周二", "周三", "周四", "周五", "周六", "周日"] : ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        return (1...7).contains(day) ? names[day - 1] : ""
    }
}
