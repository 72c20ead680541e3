import Models
import ServiceKit

/// Who is signed in, where, and with which rights.
struct AccountPage {
    let viewer: Viewer
    let devices: [SignedInDevice]
    let now: Timestamp

    func page(_ c: PageContext) -> WebPage {
        WebPage(
            title: c.words[.accountTitle].description, section: .account, width: .narrow,
            body: """
                <div class="stack"><h1>\(c.words[.accountTitle])</h1>\
                \(person(c))\(HTML.when(viewer.runsStores, stores(c)))\
                \(points(c))\(language(c))\(sessions(c))</div>
                """)
    }

    private func person(_ c: PageContext) -> HTML {
        """
        <section class="card stack"><div class="row">\(c.icon("user"))<div class="grow"><p class="strong">\
        \(viewer.maskedPhone)</p>\
        <p class="muted small">\(c.words(.memberSince, c.clock.day(viewer.memberSince)))</p></div>\
        \(HTML.when(viewer.isOperator, Pieces.badge(c.words[.operatorRole], .info)))</div>\
        <form method="post" action="/sign-out">\(c.formField)<button class="btn">\(c.words[.signOut])</button></form>\
        </section>
        """
    }

    private func stores(_ c: PageContext) -> HTML {
        """
        <section class="card row apart"><h2>\(c.words[.yourStores])</h2><a class="btn main small" href="/console">\
        \(c.icon("store"))\(c.words[.console])</a></section>
        """
    }

    private func points(_ c: PageContext) -> HTML {
        """
        <section class="card row apart"><h2>\(c.words[.points])</h2><a class="btn small" href="/account/points">\
        \(c.icon("star"))\(c.words[.seePoints])</a></section>
        """
    }

    private func language(_ c: PageContext) -> HTML {
        """
        <section class="card row apart"><h2>\(c.words[.language])</h2><p class="chips">\
        \(HTML.each(Language.allCases) { language in
            """
            <a class="chip" lang="\(language.tag)" href="\(Link("/language/\(language.rawValue)?return=%2Faccount"))"\
            \(if: language == c.language, " aria-current=\"true\"")>\(language == .zh ? "中文" : "English")</a>
            """
        })</p></section>
        """
    }

    private func sessions(_ c: PageContext) -> HTML {
        """
        <section class="card"><h2>\(c.words[.sessions])</h2><ul class="mail">\(HTML.each(devices) { device in
            """
            <li><p class="row apart"><span class="strong">\(device.device)</span>\
            \(HTML.when(device.sessionID == viewer.sessionID, Pieces.badge(c.words[.thisDevice], .good)))</p>\
            <p class="muted small">\(c.words(.lastSeen, c.clock.show(device.lastSeenAt, now: now)))</p></li>
            """
        })</ul>\(HTML.when(devices.count > 1, """
            <form method="post" action="/account/sessions/end-others">\(c.formField)<button class="btn small">\
            \(c.words[.endOthers])</button></form>
            """))</section>
        """
    }
}
