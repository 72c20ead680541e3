import Models

/// Signing in: first the phone number, then the code.
struct SignInPage {
    enum Step: Sendable {
        case phone
        /// The number as typed, and masked for the sentence.
        case code(phone: String, masked: String)
    }

    let step: Step
    let typed: String
    let error: String?
    /// Where to go afterwards; a place of this site.
    let back: Link

    func page(_ c: PageContext) -> WebPage {
        WebPage(
            title: c.words[.signIn].description, section: .account, width: .slim,
            body: "<section class=\"card stack\">\(content(c))</section>")
    }

    private func content(_ c: PageContext) -> HTML {
        switch step {
        case .phone: phoneForm(c)
        case .code(let phone, let masked): codeForm(phone, masked, c)
        }
    }

    private func phoneForm(_ c: PageContext) -> HTML {
        """
        <div class="stack tight"><h1>\(c.words[.signInTitle])</h1><p class="muted">\(c.words[.signInText])</p></div>\
        <form class="stack" method="post" action="/sign-in/code" novalidate>\(c.formField)\
        <input type="hidden" name="return" value="\(back.text)">\(Pieces.field(
            id: "phone", label: c.words[.phone], value: typed, hint: c.words[.phoneHint].description, error: error,
            attributes: "type=\"tel\" autocomplete=\"tel\" inputmode=\"tel\" maxlength=\"24\" required autofocus", c))\
        <button class="btn main block">\(c.words[.sendCode])</button></form>
        """
    }

    private func codeForm(_ phone: String, _ masked: String, _ c: PageContext) -> HTML {
        let other: Link = "/sign-in?return=\(back)"
        let mailbox: Link = "/development/mailbox?phone=\(phone)"
        return """
            <div class="stack tight"><h1>\(c.words[.codeTitle])</h1><p class="muted">\(c.words(.codeSent, masked))</p>\
            </div>\
            \(HTML.when(c.isDevelopment, """
                <p class="note"><a href="\(mailbox)" target="_blank" rel="noopener">\(c.words[.openMailbox])</a></p>
                """))<form class="stack" method="post" action="/sign-in" novalidate>\(c.formField)\
            <input type="hidden" name="return" value="\(back.text)"><input type="hidden" name="phone" \
            value="\(phone)">\(Pieces.field(
                id: "code", label: c.words[.code], error: error,
                attributes: """
                    autocomplete="one-time-code" inputmode="numeric" pattern="[0-9]*" maxlength="6" required autofocus
                    """,
                isCode: true, c))<button class="btn main block">\(c.words[.signIn])</button></form>\
            <div class="row apart"><form method="post" action="/sign-in/code">\(c.formField)\
            <input type="hidden" name="return" value="\(back.text)"><input type="hidden" name="phone" value="\(phone)">\
            <button class="btn quiet small">\(c.words[.resendCode])</button></form>\
            <a class="btn quiet small" href="\(other)">\(c.words[.otherPhone])</a></div>
            """
    }
}
