import Models

/// What a page is made with: language, who looks, where things are. A value made once a request.
struct PageContext: Sendable {
    let words: Words
    let pictures: Pictures
    let assets: AssetLinks
    /// Who is signed in, if anybody.
    let viewer: Viewer?
    /// This page, to come back to and to switch the language of.
    let here: Link
    /// Proves that a form was made by this site for this browser; see `FormGuard`.
    let formToken: String
    /// How many things are in the cart.
    let cartCount: Int
    /// Whether development aids are shown.
    let isDevelopment: Bool
    let clock: DisplayClock

    var language: Language { words.language }

    func say(_ text: LocalizedText) -> String { language == .zh ? text.zh : text.en }

    func icon(_ name: StaticString) -> HTML { pictures.icon(name) }

    /// The hidden field that every form sent by POST carries.
    var formField: HTML { "<input type=\"hidden\" name=\"form_token\" value=\"\(formToken)\">" }
}

/// A page: its own content and what the frame needs to know about it.
struct WebPage: Sendable {
    /// Which part of the navigation the page belongs to.
    enum Section: Sendable { case home, cart, orders, inbox, account, console, other }

    var title: String
    var section: Section = .other
    /// Shown in results of search engines; empty for private pages.
    var description = ""
    /// `narrow` and `slim` hold reading pages and forms together.
    var width: Width = .full
    /// The words in the search field.
    var query = ""
    var isConsole = false
    var hasCartBar = false
    /// Holds a form sent by POST, so the browser needs a cookie that its token is bound to.
    var hasForms = true
    /// Modules of `Static/` beside `page.js`.
    var modules: [Module] = []
    /// Attributes of `<main>` that live.js reads.
    var live: LiveSource?
    /// A short message over the page ("cart updated").
    var toast: String?
    var body: HTML

    enum Width: Sendable { case full, narrow, slim }
    enum Module: Sendable { case steppers, live, place }
}

/// What a live page listens to.
struct LiveSource: Sendable {
    let stream: Link
    /// The ids of the elements that are renewed.
    let elements: StaticString
    /// Only events that speak of this are heeded; empty for all.
    var match = ""
    /// Said when an order was paid.
    var chime = ""

    static let events: StaticString = """
        order.placed order.paid order.accepted order.preparing order.ready order.collected order.completed \
        order.cancelled order.expired order.refunded order.reviewed message
        """
}

/// The frame around every page.
enum Frame {
    static func render(_ page: WebPage, _ c: PageContext) -> [UInt8] {
        var html = HTML(capacity: page.body.bytes.count + 8_192)
        html += head(page, c)
        html += page.isConsole ? consoleTop(c) : top(page, c)
        html += main(page, c)
        if !page.isConsole { html += tabs(page, c) }
        html += foot(c)
        html += "<div id=\"toasts\" class=\"toasts\" role=\"status\" aria-live=\"polite\">"
        if let toast = page.toast { html += "<p class=\"toast\" data-toast>\(c.icon("check"))\(toast)</p>" }
        html += "</div></body></html>"
        return html.bytes
    }

    private static func head(_ page: WebPage, _ c: PageContext) -> HTML {
        var html: HTML = """
            <!doctype html><html lang="\(c.language.tag)"><head><meta charset="utf-8">\
            <title>\(page.title) · \(c.words[.brand])</title>\
            <meta name="viewport" content="width=device-width,initial-scale=1,viewport-fit=cover">\
            <meta name="theme-color" content="#fbf6f0" media="(prefers-color-scheme: light)">\
            <meta name="theme-color" content="#15110e" media="(prefers-color-scheme: dark)">\
            <link rel="stylesheet" href="\(c.assets.style)"><link rel="icon" type="image/svg+xml" \
            href="\(c.assets.logo)">\
            <script type="module" src="\(c.assets.page)"></script>
            """
        if !page.description.isEmpty { html += "<meta name=\"description\" content=\"\(page.description)\">" }
        for module in page.modules {
            html += "<script type=\"module\" src=\"\(c.assets.module(module))\"></script>"
        }
        html += "</head><body\(if: page.isConsole, " class=\"console\"")\(if: page.hasCartBar, " class=\"has-cart\"")>"
        html += "<a class=\"skip\" href=\"#main\">\(c.words[.skipToContent])</a>"
        return html
    }

    private static func main(_ page: WebPage, _ c: PageContext) -> HTML {
        var html: HTML =
            "<main id=\"main\" class=\"wrap\(if: page.width == .narrow, " narrow")\(if: page.width == .slim, " slim")\""
        if let live = page.live {
            html += """
                 data-stream="\(live.stream)" data-live="\(live.elements)" data-match="\(live.match)" \
                data-events="\(LiveSource.events)" data-chime="\(live.chime)"
                """
        }
        html += ">\(page.body)</main>"
        return html
    }

    private static func logo(_ c: PageContext, to link: Link, tail: StaticString) -> HTML {
        """
        <a class="logo" href="\(link)"><svg viewBox="0 0 64 64" aria-hidden="true"><rect width="64" height="64" \
        rx="18" \
        fill="#c43b12"/><path fill="#fff" d="M12 32 24 20l8 8 8-8 12 12v16a3 3 0 0 1-3 3H37V40H27v11H15a3 3 0 0 \
        1-3-3z"/>\
        <path fill="#f7b24e" d="M32 28a7 7 0 1 1 0-14 7 7 0 0 1 0 14z"/></svg><span>\(c.words[.brand]) \
        <small>\(tail)</small></span></a>
        """
    }

    private static func top(_ page: WebPage, _ c: PageContext) -> HTML {
        let t = c.words
        return """
            <header class="top"><div class="wrap">\(logo(c, to: "/", tail: t[.brandTail]))\
            <form class="search" role="search" action="/stores"><label class="sr" for="q">\(t[.searchStores])</label>\
            <input id="q" name="q" type="search" data-testid="store-search" maxlength="80" \
            placeholder="\(t[.searchStores])" value="\(page.query)" \
            enterkeyhint="search"><button aria-label="\(t[.search])">\(c.icon("search"))</button></form>\
            <nav class="wide" aria-label="\(t[.mainNavigation])"><ul>\
            \(entry("/cart", "bag", t[.cart], page.section == .cart, count(c, id: "cart-count-top"), c))\
            \(entry("/orders", "list", t[.orders], page.section == .orders, .empty, c))\
            \(entry("/inbox", "bell", t[.inbox], page.section == .inbox, .empty, c))\
            \(HTML.when(c.viewer?.runsStores == true, entry("/console", "store", t[.console], false, .empty, c)))\
            \(person(page, c))</ul></nav></div></header>
            """
    }

    private static func person(_ page: WebPage, _ c: PageContext) -> HTML {
        if let viewer = c.viewer {
            return """
                <li><a href="/account"\(if: page.section == .account, " aria-current=\"page\"")>\(c.icon("user"))\
                \(viewer.maskedPhone)</a></li>
                """
        }
        let link: Link = "/sign-in?return=\(c.here)"
        return """
            <li><a href="\(link)"\(if: page.section == .account, " aria-current=\"page\"")>\(c.icon("user"))\
            \(c.words[.signIn])</a></li>
            """
    }

    private static func entry(
        _ link: Link, _ icon: StaticString, _ name: StaticString, _ isCurrent: Bool, _ count: HTML, _ c: PageContext
    ) -> HTML {
        """
        <li><a href="\(link)"\(if: isCurrent, " aria-current=\"page\"")>\(c.icon(icon))<span>\(name)</span>\
        \(count)</a></li>
        """
    }

    private static func count(_ c: PageContext, id: StaticString) -> HTML {
        """
        <span id="\(id)"\(if: c.cartCount > 0, " class=\"count\"")>\
        \(HTML.when(
            c.cartCount > 0, "\(c.cartCount)<span class=\"sr\"> \(c.words(.itemsInCart, c.cartCount))</span>"))</span>
        """
    }

    private static func tabs(_ page: WebPage, _ c: PageContext) -> HTML {
        let t = c.words
        return """
            <nav class="tabs" aria-label="\(t[.mainNavigation])"><ul>\
            \(entry("/", "home", t[.home], page.section == .home, .empty, c))\
            \(entry("/cart", "bag", t[.cart], page.section == .cart, count(c, id: "cart-count-tab"), c))\
            \(entry("/orders", "list", t[.orders], page.section == .orders, .empty, c))\
            \(entry("/inbox", "bell", t[.inbox], page.section == .inbox, .empty, c))\
            \(entry("/account", "user", t[.account], page.section == .account, .empty, c))</ul></nav>
            """
    }

    private static func consoleTop(_ c: PageContext) -> HTML {
        let t = c.words
        return """
            <header class="top"><div class="wrap row apart">\(logo(c, to: "/console", tail: t[.consoleTitle]))\
            <nav aria-label="\(t[.mainNavigation])"><ul>\(entry("/", "home", t[.home], false, .empty, c))\
            \(entry("/account", "user", t[.account], false, .empty, c))</ul></nav></div></header>
            """
    }

    private static func foot(_ c: PageContext) -> HTML {
        let other: Link = "/language/\(c.words.language.other.rawValue)?return=\(c.here)"
        return """
            <footer class="foot"><div class="wrap"><p>\(c.words[.footer])</p><p class="row">\
            <a href="\(other)" lang="\(c.language.other.tag)" hreflang="\(c.language.other.tag)">\
            \(c.words[.otherLanguage])</a>\
            <a href="/openapi.yaml">\(c.words[.apiDocument])</a>\
            \(HTML.when(c.isDevelopment, "<a href=\"/development/mailbox\">\(c.words[.developmentMailbox])</a>"))</p>\
            </div></footer>
            """
    }
}
