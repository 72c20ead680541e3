import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// The pages on which a person pays, at phone width, without scripts. The token in the path is the right to pay: it
/// cannot be guessed, and the pages are never kept by caches.
struct CashierPages: Sendable {
    let wechat: WeChatGateway

    private static let formBytesMax = 8_192

    func addRoutes(to routes: inout Routes) {
        routes.get("/cashier/wechat/{token}", access: .public) { request, _ in
            let transaction = try await find(request)
            return page(transaction, request, returnURL: Self.returnURL(request.query["redirect_url"]))
        }
        routes.post("/cashier/wechat/{token}", access: .gatewaySignature) { request, _ in try await decide(request) }
    }

    private func find(_ request: Request) async throws -> WeChatTransaction {
        let token = try request.parameters.require("token", as: String.self)
        guard let transaction = try await wechat.kit.database.first(TransactionByToken(token: token)) else {
            throw KitProblems.notFound.error("There is no such payment.")
        }
        return transaction
    }

    /// The person pressed a button: `decision` is `pay` or `refuse`.
    private func decide(_ request: Request) async throws -> Response {
        let transaction = try await find(request)
        var content = request.body
        let bytes = try await content.collect(upTo: Self.formBytesMax)
        let form = QueryItems(String(decoding: bytes, as: UTF8.self))
        let returnURL = Self.returnURL(form["redirect_url"])
        switch form["decision"] {
        case "pay": _ = try await wechat.pay(token: transaction.token, openid: nil)
        case "refuse": break
        default: throw QueryItems.invalid("decision", "must be pay or refuse")
        }
        if let returnURL { return .redirect(to: returnURL) }
        return .redirect(to: request.path)
    }

    /// Where the merchant wants the person back; only web addresses.
    private static func returnURL(_ text: String?) -> String? {
        guard let text, text.utf8.count <= 1_024, text.hasPrefix("http://") || text.hasPrefix("https://"),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "<") })
        else { return nil }
        return text
    }

    private func page(_ transaction: WeChatTransaction, _ request: Request, returnURL: String?) -> Response {
        let isChinese = !(request.query["lang"] ?? request.headers["accept-language"] ?? "zh").lowercased().hasPrefix("en")
        let text = isChinese ? CashierText.zh : CashierText.en
        let isOpen = transaction.state == "NOTPAY" && !transaction.isExpired(at: wechat.clock.now())
        let content = isOpen ? form(transaction, text, returnURL) : outcome(transaction, text, returnURL)
        let html = """
            <!doctype html><html lang="\(isChinese ? "zh-CN" : "en")"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1"><title>\(text.title)</title>
            <style>\(Self.style)</style></head><body><main>
            <p class="brand">\(text.title)</p>
            <p class="what">\(Self.escaped(transaction.description))</p>
            <p class="amount">¥\(Money(minorUnits: transaction.total).formatted)</p>
            \(content)
            <p class="note">\(text.note)</p></main></body></html>
            """
        var response = Response.html(.ok, Array(html.utf8))
        response.headers.set("cache-control", "no-store")
        response.headers.set("referrer-policy", "no-referrer")
        response.headers.set("x-content-type-options", "nosniff")
        response.headers.set(
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
        return response
    }

    private func form(_ transaction: WeChatTransaction, _ text: CashierText, _ returnURL: String?) -> String {
        let back = returnURL.map { "<input type=\"hidden\" name=\"redirect_url\" value=\"\(Self.escaped($0))\">" } ?? ""
        return """
            <form method="post" action="/cashier/wechat/\(transaction.token)">\(back)
            <button class="pay" name="decision" value="pay">\(text.pay)</button>
            <button class="refuse" name="decision" value="refuse">\(text.refuse)</button></form>
            """
    }

    private func outcome(_ transaction: WeChatTransaction, _ text: CashierText, _ returnURL: String?) -> String {
        let isPaid = transaction.paidAt != nil
        let back = returnURL.map { "<p><a href=\"\(Self.escaped($0))\">\(text.back)</a></p>" } ?? ""
        return "<p class=\"\(isPaid ? "done" : "over")\">\(isPaid ? text.paid : text.over)</p>\(back)"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    private static let style = """
        :root{color-scheme:light dark}body{margin:0;font:16px/1.5 system-ui,sans-serif;background:#f3f5f4;color:#16201b}\
        main{max-width:26rem;margin:0 auto;padding:2.5rem 1.5rem;text-align:center}.brand{color:#07803f;font-weight:600}\
        .amount{font-size:3rem;font-weight:700;margin:.5rem 0 2rem}button{width:100%;padding:.9rem;margin:.4rem 0;border:0;\
        border-radius:.6rem;font:inherit;font-weight:600;cursor:pointer}.pay{background:#07803f;color:#fff}\
        .refuse{background:#e3e8e5;color:#16201b}.done{color:#07803f;font-weight:700;font-size:1.25rem}.over{font-weight:600}\
        .note{color:#5b6660;font-size:.85rem;margin-top:2rem}button:focus-visible,a:focus-visible{outline:3px solid #1b66c9;\
        outline-offset:2px}@media(prefers-color-scheme:dark){body{background:#101512;color:#e8eeea}.brand,.done{color:#4fd08a}\
        .refuse{background:#2a332e;color:#e8eeea}.note{color:#9aa8a0}}
        """
}

/// The words of the cashier's page.
struct CashierText: Sendable {
    let title, pay, refuse, paid, over, back, note: String

    static let zh = CashierText(
        title: "微信支付（模拟）", pay: "确认支付", refuse: "暂不支付", paid: "支付成功", over: "该笔支付已关闭",
        back: "返回商家", note: "这是演练用的模拟收银台，不会产生真实扣款。")
    static let en = CashierText(
        title: "WeChat Pay (simulated)", pay: "Pay now", refuse: "Not now", paid: "Paid", over: "This payment is closed",
        back: "Back to the shop", note: "A simulated cashier for rehearsal: no real money moves.")
}
