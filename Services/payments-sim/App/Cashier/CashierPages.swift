import HTTPCore
import HTTPServer
import Models
import ServiceKit

/// The pages on which a person pays, at phone width, without scripts. The token in the path is the right to pay: it
/// cannot be guessed, and the pages are never kept by caches.
struct CashierPages: Sendable {
    /// The gateway's part of the path.
    let name: String
    let gateway: any CashierGateway

    static let formBytesMax = 8_192

    func addRoutes(to routes: inout Routes) {
        let path = PathPattern("/cashier/\(name)/{token}")
        routes.get(path, access: .public) { request, _ in
            let payment = try await find(request)
            let returnURL = payment.returnURL ?? Self.returnURL(request.query["redirect_url"])
            return show(payment, request, returnURL)
        }
        routes.post(path, access: .gatewaySignature) { request, _ in try await decide(request) }
        routes.get(PathPattern("/cashier/\(name)/code"), access: .public) { request, _ in
            TillCode.page(prefix: gateway.tillPrefix, CashierPage.words(gateway.words, request))
        }
    }

    private func find(_ request: Request) async throws -> CashierPayment {
        let token = try request.parameters.require("token", as: String.self)
        guard let payment = try await gateway.cashierPayment(token) else {
            throw KitProblems.notFound.error("There is no such payment.")
        }
        return payment
    }

    /// The person pressed a button: `decision` is `pay` or `refuse`.
    private func decide(_ request: Request) async throws -> Response {
        let token = try request.parameters.require("token", as: String.self)
        _ = try await find(request)
        let form = try await Self.form(request)
        switch form["decision"] {
        case "pay": _ = try await gateway.cashierPay(token)
        case "refuse": try await gateway.cashierRefuse(token)
        case "wait": return .redirect(to: Self.waiting(request.path, form["redirect_url"]))
        default: throw QueryItems.invalid("decision", "must be pay, refuse or wait")
        }
        let returnURL = try await find(request).returnURL ?? Self.returnURL(form["redirect_url"])
        return .redirect(to: returnURL ?? request.path)
    }

    /// The page of who pays elsewhere, with a phone: it looks again by itself.
    static func waiting(_ path: String, _ redirectURL: String?) -> String {
        let back = returnURL(redirectURL).map { "&" + FormText.encode(["redirect_url": $0]) } ?? ""
        return "\(path)?wait=1\(back)"
    }

    static func form(_ request: Request) async throws -> QueryItems {
        var content = request.body
        return QueryItems(String(decoding: try await content.collect(upTo: formBytesMax), as: UTF8.self))
    }

    /// Where the merchant wants the person back; only web addresses.
    static func returnURL(_ text: String?) -> String? {
        guard let text, text.utf8.count <= 2_048, text.hasPrefix("http://") || text.hasPrefix("https://"),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "<") })
        else { return nil }
        return text
    }

    private func show(_ payment: CashierPayment, _ request: Request, _ returnURL: String?) -> Response {
        let text = CashierPage.words(gateway.words, request)
        let content: String
        if payment.state == .open {
            let back = returnURL.map { CashierPage.hidden("redirect_url", $0) } ?? ""
            let code = CashierPage.code(payment.code ?? gateway.cashierBaseURL + request.path, text)
            content = """
                \(code)<form method="post" action="\(CashierPage.escaped(request.path))">\(back)
                <button class="pay" name="decision" value="pay">\(text.pay)</button>
                \(CashierPage.wait(request, text))
                <button class="refuse" name="decision" value="refuse">\(text.refuse)</button></form>
                """
        } else {
            content = CashierPage.outcome(payment, text, returnURL)
        }
        return CashierPage.response(payment, text, content, request)
    }
}

/// What all cashier pages share.
enum CashierPage {
    /// The person's language: `lang` of the query, then what the browser prefers, then Chinese.
    static func words(_ words: [CashierText], _ request: Request) -> CashierText {
        let wanted = (request.query["lang"] ?? request.headers["accept-language"] ?? "zh").lowercased()
        return words[wanted.hasPrefix("en") ? 1 : 0]
    }

    static func hidden(_ name: String, _ value: String) -> String {
        "<input type=\"hidden\" name=\"\(name)\" value=\"\(escaped(value))\">"
    }

    /// What a phone scans to pay there.
    static func code(_ content: String, _ text: CashierText) -> String { QRCode(content)?.svg(label: text.scan) ?? "" }

    /// A button for who pays elsewhere, or that it waits already.
    static func wait(_ request: Request, _ text: CashierText) -> String {
        request.query["wait"] == "1"
            ? "<p role=\"status\">\(text.waiting)</p>"
            : "<button class=\"refuse\" name=\"decision\" value=\"wait\" formnovalidate>\(text.wait)</button>"
    }

    static func outcome(_ payment: CashierPayment, _ text: CashierText, _ returnURL: String?) -> String {
        let isPaid = payment.state == .paid
        let back = returnURL.map { "<p><a href=\"\(escaped($0))\">\(text.back)</a></p>" } ?? ""
        return "<p class=\"\(isPaid ? "done" : "over")\">\(isPaid ? text.paid : text.over)</p>\(back)"
    }

    /// How often the page of who waits looks again.
    private static let waitSeconds = 3

    static func response(
        _ payment: CashierPayment, _ text: CashierText, _ content: String, _ request: Request,
        status: HTTPStatus = .ok
    ) -> Response {
        let body = """
            <p class="what">\(escaped(payment.description))</p>
            <p class="amount">¥\(Money(minorUnits: payment.amount).formatted)</p>
            \(content)
            """
        let waits = payment.state == .open && request.query["wait"] == "1"
        return response(text, body, status, looksAgainAfter: waits ? waitSeconds : nil)
    }

    static func response(
        _ text: CashierText, _ content: String, _ status: HTTPStatus = .ok, looksAgainAfter seconds: Int? = nil
    ) -> Response {
        let html = """
            <!doctype html><html lang="\(text.isChinese ? "zh-CN" : "en")"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1"><title>\(text.title)</title>
            \(seconds.map { "<meta http-equiv=\"refresh\" content=\"\($0)\">" } ?? "")
            <style>:root{--brand:\(text.colour);--light:\(text.lightColour)}\(style)</style></head><body><main>
            <h1 class="brand">\(text.title)</h1>
            \(content)
            <p class="note">\(text.note)</p></main></body></html>
            """
        return plain(html, status)
    }

    /// A page that nobody keeps and nothing can be loaded into.
    static func plain(_ html: String, _ status: HTTPStatus = .ok) -> Response {
        var response = Response.html(status, Array(html.utf8))
        response.headers.set("cache-control", "no-store")
        response.headers.set("referrer-policy", "no-referrer")
        response.headers.set("x-content-type-options", "nosniff")
        response.headers.set(
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
        return response
    }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    private static let style = """
        :root{color-scheme:light dark}\
        body{margin:0;font:16px/1.5 system-ui,sans-serif;background:#f3f5f4;color:#16201b}\
        main{max-width:26rem;margin:0 auto;padding:2.5rem 1.5rem;text-align:center}.brand{color:var(--brand);\
        font-size:1rem;font-weight:600;margin:1rem 0}.bars{width:100%;height:5rem;border-radius:.4rem}\
        .digits{font-size:1.25rem;letter-spacing:.1em}.amount{font-size:3rem;font-weight:700;\
        margin:.5rem 0 2rem}button{width:100%;padding:.9rem;\
        margin:.4rem 0;border:0;border-radius:.6rem;font:inherit;font-weight:600;cursor:pointer}\
        .pay{background:var(--brand);color:#fff}.refuse{background:#e3e8e5;color:#16201b}\
        .done{color:var(--brand);font-weight:700;font-size:1.25rem}.over,.wrong{font-weight:600}\
        .code{width:13rem;max-width:100%;border-radius:.4rem}.note{color:#5b6660;font-size:.85rem;margin-top:2rem}\
        label{display:block;text-align:left;font-weight:600;margin:.8rem 0 .2rem}\
        input{box-sizing:border-box;width:100%;\
        padding:.8rem;font:inherit;border:1px solid #8b968f;border-radius:.6rem;background:inherit;color:inherit}\
        button:focus-visible,a:focus-visible,input:focus-visible{outline:3px solid #1b66c9;outline-offset:2px}\
        @media(prefers-color-scheme:dark){body{background:#101512;color:#e8eeea}.brand,.done{color:var(--light)}\
        .refuse{background:#2a332e;color:#e8eeea}.note{color:#9aa8a0}}
        """
}
