import Models

/// Messages about one's orders, newest first.
struct InboxPage {
    let messages: [InboxMessage]
    let next: String?
    let isFirst: Bool
    let now: Timestamp

    func page(_ c: PageContext) -> WebPage {
        let more: Link? = next.map { "/inbox?cursor=\($0)" }
        return WebPage(
            title: c.words[.inboxTitle].description, section: .inbox, width: .narrow, modules: [.live],
            live: LiveSource(stream: "/api/v1/streams/me", elements: "inbox-live"),
            body: """
                <div class="stack"><h1>\(c.words[.inboxTitle])</h1><div id="inbox-live">\(list(c))</div>\
                \(Pieces.pager(next: more, first: isFirst ? nil : "/inbox", c))</div>
                """)
    }

    private func list(_ c: PageContext) -> HTML {
        if messages.isEmpty {
            return Pieces.empty("scene-empty", c.words[.noMessages], c.words[.noMessagesText], "/", c.words[.goHome], c)
        }
        return "<ul class=\"mail card\">\(HTML.each(messages) { row($0, c) })</ul>"
    }

    private func row(_ message: InboxMessage, _ c: PageContext) -> HTML {
        let order: Link? = message.orderID.map { "/orders/\($0.description)" }
        return """
            <li\(if: message.readAt == nil, " class=\"unread\"")><div class="row apart"><h2>\
            \(c.say(message.title))</h2>\
            <span class="muted small num">\(c.clock.show(message.createdAt, now: now))</span></div><p>\
            \(c.say(message.body))</p>\
            <div class="row tight">\
            \(HTML.maybe(order) { "<a class=\"btn small\" href=\"\($0)\">\(c.words[.viewOrder])</a>" })\
            \(HTML.when(message.readAt == nil, readForm(message, c)))</div></li>
            """
    }

    private func readForm(_ message: InboxMessage, _ c: PageContext) -> HTML {
        """
        <form method="post" action="\(Link("/inbox/\(message.id.description)/read"))">\(c.formField)\
        <button class="btn quiet small">\(c.words[.markRead])</button></form>
        """
    }
}

/// The text messages that this installation would have sent; in development only.
struct MailboxPage {
    let messages: [MailboxMessage]
    let phone: String
    let now: Timestamp

    func page(_ c: PageContext) -> WebPage {
        WebPage(
            title: c.words[.mailboxTitle].description, width: .narrow, hasForms: false,
            body: """
                <div class="stack"><h1>\(c.words[.mailboxTitle])</h1><p class="muted">\(c.words[.mailboxText])</p>\
                <form class="card row" action="/development/mailbox"><label class="strong" for="phone">\
                \(c.words[.phone])</label>\
                <input class="input grow" id="phone" name="phone" value="\(phone)" inputmode="tel" maxlength="24">\
                <button class="btn">\(c.words[.show])</button></form><section class="card">\(list(c))</section></div>
                """)
    }

    private func list(_ c: PageContext) -> HTML {
        if messages.isEmpty { return "<p class=\"muted\">\(c.words[.mailboxEmpty])</p>" }
        return """
            <ul class="mail">\(HTML.each(messages) { message in
                """
                <li><p class="row apart"><span class="strong num">\(message.phone)</span><span class="muted small">\
                \(c.clock.show(message.createdAt, now: now))</span></p><p>\(message.text)</p>\
                \(HTML.maybe(message.code) { "<p class=\"pickup\" data-code>\($0)</p>" })</li>
                """
            })</ul>
            """
    }
}
