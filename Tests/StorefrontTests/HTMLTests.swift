import Testing

@testable import Storefront

@Suite struct HTMLTests {
    /// What attackers try (S6), and what plain people type.
    static let payloads = [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)",
        "</title><svg onload=alert(1)>",
        "javascript:alert(1)", "{{7*7}}", "+ADw-script+AD4-", "<!--", "]]>", "&lt;b&gt;", "\u{0}\u{8}\u{7F}",
        "Tom & \"Jerry's\"",
        "<ScRiPt>", "<a href='javascript:x'>", "老街 <小馆>", "\u{202E}reversed",
    ]

    @Test(arguments: payloads)
    func `text and attributes hold any text as text`(payload: String) {
        let html: HTML = "<p title=\"\(payload)\">\(payload)</p>"
        let text = String(decoding: html.bytes, as: UTF8.self)
        let inside = text.dropFirst("<p title=\"".count).dropLast("</p>".count)
        #expect(!inside.replacing("\">", with: "", maxReplacements: 1).contains { "<>\"'".contains($0) })
    }

    @Test func `random text comes back whole when entities are read again`() {
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("<>&\"'abc =/;#&lt;amp;老街🥟\t\n")
        for _ in 0..<5_000 {
            let text = String(
                (0..<Int.random(in: 0...24, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "x" })
            let html: HTML = "<i>\(text)</i>"
            let escaped = String(decoding: html.bytes, as: UTF8.self).dropFirst(3).dropLast(4)
            #expect(!escaped.contains("<") && !escaped.contains(">") && !escaped.contains("\""))
            #expect(Self.unescaped(String(escaped)) == text)
        }
    }

    @Test func `a piece is put in as it is and numbers are digits`() {
        let inner: HTML = "<b>\(-120)</b>"
        let outer: HTML = "<i>\(inner)\(0)</i>\(if: true, " checked")\(if: false, " hidden")"
        #expect(String(decoding: outer.bytes, as: UTF8.self) == "<i><b>-120</b>0</i> checked")
    }

    @Test(arguments: [
        "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", "evil",
        "/a\r\nset-cookie: x", "/a b", "/\"x",
    ])
    func `a way back never leads to another site`(path: String) {
        #expect(Link(returningTo: path) == nil)
    }

    @Test(arguments: ["/", "/orders/ord_1?x=1&y=%2F%2Fevil", "/stores?q=%E9%9D%A2"])
    func `a way back leads to places of this site`(path: String) {
        #expect(Link(returningTo: path)?.text == path)
    }

    @Test(arguments: [
        "javascript:alert(1)", "data:text/html,x", "http://", "https://a@evil.example/", "https://x\"y", "ftp://x",
        "https://x y",
    ])
    func `an outside address is http or https without tricks`(address: String) {
        #expect(Link(external: address) == nil)
    }

    @Test func `values cannot leave their place in an address`() {
        let link: Link = "/stores/\("../../admin")?q=\("a&b=c#d 老")"
        #expect(link.text == "/stores/..%2F..%2Fadmin?q=a%26b%3Dc%23d%20%E8%80%81")
    }

    private static func unescaped(_ text: String) -> String {
        text.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
            .replacing("&#39;", with: "'").replacing("&amp;", with: "&")
    }
}
