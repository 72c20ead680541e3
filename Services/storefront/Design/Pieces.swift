import Models

/// Small pieces that pages are composed from. Each is a pure function of what it shows.
enum Pieces {
    static func price(_ money: Money) -> HTML {
        "<span class=\"price\"><small>\(symbol(money.currency))</small>\(money.formatted)</span>"
    }

    /// Money inside a sentence.
    static func text(_ money: Money) -> String { symbol(money.currency) + money.formatted }

    static func symbol(_ currency: Currency) -> String {
        switch currency.code {
        case "CNY": "¥"
        case "USD": "$"
        default: currency.code + " "
        }
    }

    enum Tone: Sendable { case plain, good, warn, bad, info, brand }

    static func badge(_ text: String, _ tone: Tone, icon: HTML = .empty) -> HTML {
        "<span class=\"badge \(name(tone))\">\(icon)\(text)</span>"
    }

    static func badge(_ text: StaticString, _ tone: Tone) -> HTML { badge(text.description, tone) }

    /// A message in a coloured box; bad ones are announced.
    static func note(_ text: String, _ tone: Tone, _ c: PageContext) -> HTML {
        """
        <div class="note \(name(tone))"\(if: tone == .bad, " role=\"alert\"")>\(c.icon(sign(tone)))<p>\(text)</p></div>
        """
    }

    static func empty(
        _ scene: StaticString, _ title: StaticString, _ text: StaticString, _ link: Link? = nil,
        _ action: StaticString = "", _ c: PageContext
    ) -> HTML {
        """
        <div class="empty">\(c.pictures.art(scene))<h2>\(title)</h2><p>\(text)</p>\
        \(HTML.maybe(link) { "<a class=\"btn main\" href=\"\($0)\">\(action)</a>" })</div>
        """
    }

    static func crumb(_ link: Link, _ text: String, _ c: PageContext) -> HTML {
        "<a class=\"crumb\" href=\"\(link)\">\(c.icon("back"))\(text)</a>"
    }

    /// Says whether the page renews itself, and offers to do it by hand. `live.js` switches it on.
    static func lamp(reload: Link, _ c: PageContext) -> HTML {
        """
        <p class="row tight"><span class="live" id="live-lamp" role="status" data-on="\(c.words[.live])" \
        data-off="\(c.words[.notLive])">\(c.words[.notLive])</span><a class="btn quiet small" href="\(reload)" \
        aria-label="\(c.words[.refresh])">\(c.icon("refresh"))</a></p>
        """
    }

    /// "Next page" of a list, and a way back to the start.
    static func pager(next: Link?, first: Link?, _ c: PageContext) -> HTML {
        guard next != nil || first != nil else { return .empty }
        return """
            <nav class="row apart" aria-label="\(c.words[.next])">\
            \(HTML.maybe(first, else: "<span></span>") { link in
                "<a class=\"btn quiet\" href=\"\(link)\">\(c.words[.firstPage])</a>"
            })\(HTML.maybe(next) { link in
                "<a class=\"btn\" rel=\"next\" href=\"\(link)\">\(c.words[.next])\(c.icon("next"))</a>"
            })</nav>
            """
    }

    static func stars(_ average: Double?, count: Int, _ c: PageContext) -> HTML {
        guard let average, count > 0 else { return "<span class=\"badge info\">\(c.words[.noRatings])</span>" }
        let text = oneDecimal(average)
        return """
            <span class="stars">\(c.icon("star"))<span aria-hidden="true">\(text)</span>\
            <span class="sr">\(c.words(.ratingOf, text, String(count)))</span></span>\
            <span class="muted small" aria-hidden="true">(\(count))</span>
            """
    }

    static func oneDecimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// A labelled text field with its hint and its error, tied together for screen readers.
    static func field(
        id: StaticString, label: StaticString, value: String = "", hint: String = "", error: String? = nil,
        attributes: StaticString = "", isCode: Bool = false, _ c: PageContext
    ) -> HTML {
        var described: [String] = []
        if !hint.isEmpty { described.append("\(id)-hint") }
        if error != nil { described.append("\(id)-error") }
        var html: HTML = """
            <div class="field"><label for="\(id)">\(label)</label><input class="input\(if: isCode, " code")" \
            id="\(id)" \
            name="\(id)" value="\(value)" aria-describedby="\(described.joined(separator: " "))"\
            \(if: error != nil, " aria-invalid=\"true\"") \(markup: attributes)>
            """
        if !hint.isEmpty { html += "<p class=\"hint\" id=\"\(id)-hint\">\(hint)</p>" }
        if let error { html += "<p class=\"error\" id=\"\(id)-error\" role=\"alert\">\(c.icon("warn"))\(error)</p>" }
        html += "</div>"
        return html
    }

    /// The quantity buttons of one SKU. They belong to the form `#cart-form` of the page and work without scripts.
    static func stepper(_ sku: SKUID, name: String, quantity: Int, available: Int, _ c: PageContext) -> HTML {
        let id = sku.description
        var html: HTML = "<div class=\"step\" id=\"step-\(id)\">"
        if quantity > 0 {
            html += """
                <button form="cart-form" name="set" value="\(id):\(quantity - 1)" \
                aria-label="\(c.words(.removeOne, name))">\
                \(c.icon("minus"))</button><span class="qty" aria-live="polite">\(quantity)</span>
                """
        }
        html += """
            <button class="add" data-testid="add" form="cart-form" name="set" value="\(id):\(quantity + 1)" \
            aria-label="\(c.words(.addOne, name))"\(if: quantity >= available, " disabled")>\(c.icon("plus"))</button>\
            </div>
            """
        return html
    }

    /// The one form that all quantity buttons of a page belong to.
    static func cartForm(store: StoreID?, _ c: PageContext) -> HTML {
        """
        <form id="cart-form" method="post" action="/cart">\(c.formField)\
        <input type="hidden" name="store" value="\(store?.description ?? "")">\
        <input type="hidden" name="return" value="\(c.here.text)"></form>
        """
    }

    private static func name(_ tone: Tone) -> StaticString {
        switch tone {
        case .plain: ""
        case .good: "good"
        case .warn: "warn"
        case .bad: "bad"
        case .info: "info"
        case .brand: "brand"
        }
    }

    private static func sign(_ tone: Tone) -> StaticString {
        switch tone {
        case .good: "check"
        case .bad, .warn: "warn"
        default: "bell"
        }
    }
}
