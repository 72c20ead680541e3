import Crypto
import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// The card page: the number, then the code of a text message. The number is looked at once, here, and never kept,
/// logged or sent anywhere: what stays is a random token and the last four digits.
struct CardPages: Sendable {
    let gateway: UnionPayGateway

    /// A test card that is refused by its bank.
    private static let refusedLast4 = "0002"

    func addRoutes(to routes: inout Routes) {
        let path = PathPattern("/cashier/card/{token}")
        routes.get(path, access: .public) { request, _ in try await show(try await find(request), request, nil) }
        routes.post(path, access: .gatewaySignature) { request, _ in try await decide(request) }
    }

    private func find(_ request: Request) async throws -> UnionPayTransaction {
        let token = try request.parameters.require("token", as: String.self)
        guard let found = try await gateway.kit.database.first(FindUnionPay(token: token)), found.kind == "pay" else {
            throw KitProblems.notFound.error("There is no such payment.")
        }
        return found
    }

    private func decide(_ request: Request) async throws -> Response {
        let transaction = try await find(request), text = CashierPage.words(CashierText.card, request)
        let form = try await CashierPages.form(request)
        let wrong: String?
        switch form["decision"] {
        case "card": wrong = try await remember(form["card_number"] ?? "", transaction, text)
        case "pay": wrong = try await pay(form["code"] ?? "", transaction, text)
        case "refuse":
            return .redirect(to: CashierPages.returnURL(transaction.frontURL) ?? request.path)
        case "wait": return .redirect(to: CashierPages.waiting(request.path, nil))
        default: throw QueryItems.invalid("decision", "must be card, pay, refuse or wait")
        }
        if let wrong { return try await show(try await find(request), request, wrong) }
        let isPaid = try await find(request).state == "SUCCESS"
        return .redirect(to: isPaid ? CashierPages.returnURL(transaction.frontURL) ?? request.path : request.path)
    }

    /// Takes the card number, keeps its end, and "sends" a code. Returns what is wrong, if something is.
    private func remember(
        _ typed: String, _ transaction: UnionPayTransaction, _ text: CashierText
    ) async throws -> String? {
        let digits = typed.filter { $0 != " " && $0 != "-" }
        guard CardNumber.isValid(digits) else { return text.isChinese ? "卡号不正确" : "This is not a card number" }
        let last4 = String(digits.suffix(4))
        guard last4 != Self.refusedLast4 else { return text.isChinese ? "银行拒绝了这张卡" : "The bank refuses this card" }
        let code = RandomBytes.make(6).map { String($0 % 10) }.joined()
        _ = try await gateway.kit.database.first(RememberCard(
            token: transaction.token, cardToken: Hex.encode(RandomBytes.make(16)), last4: last4, code: code))
        return nil
    }

    private func pay(_ code: String, _ transaction: UnionPayTransaction, _ text: CashierText) async throws -> String? {
        guard !transaction.code.isEmpty else { return text.isChinese ? "请先输入卡号" : "Type the card number first" }
        guard ConstantTime.equals(Array(code.utf8), Array(transaction.code.utf8)) else {
            try await gateway.kit.database.execute(CountWrongCode(token: transaction.token))
            return text.isChinese ? "验证码不正确" : "This is not the code"
        }
        _ = try await gateway.settle(transaction, last4: transaction.cardLast4)
        return nil
    }

    private func show(
        _ transaction: UnionPayTransaction, _ request: Request, _ wrong: String?
    ) async throws -> Response {
        let text = CashierPage.words(CashierText.card, request)
        let isOpen = transaction.state == "OPEN" && transaction.expiresAt > gateway.clock.now()
        let payment = CashierPayment(
            description: transaction.orderID, amount: transaction.amount,
            state: transaction.settledAt != nil ? .paid : isOpen ? .open : .over)
        let returnURL = CashierPages.returnURL(transaction.frontURL)
        guard isOpen else {
            return CashierPage.response(payment, text, CashierPage.outcome(payment, text, returnURL), request)
        }
        let alert = wrong.map { "<p class=\"wrong\" role=\"alert\">\($0)</p>" } ?? ""
        let step = transaction.code.isEmpty ? Self.cardStep(text) : Self.codeStep(transaction, text)
        let content = """
            \(CashierPage.code(gateway.cardURL(transaction.token), text))
            \(alert)<form method="post" action="\(CashierPage.escaped(request.path))">\(step)
            \(CashierPage.wait(request, text))
            <button class="refuse" name="decision" value="refuse" formnovalidate>\(text.refuse)</button></form>
            """
        return CashierPage.response(payment, text, content, request, status: wrong == nil ? .ok : .unprocessableContent)
    }

    private static func cardStep(_ text: CashierText) -> String {
        """
        <label for="card">\(text.isChinese ? "卡号" : "Card number")</label>
        <input id="card" name="card_number" inputmode="numeric" autocomplete="off" required maxlength="23">
        <p class="note">\(text.isChinese ? "测试卡号" : "Test number"): 6216 2610 0000 0000 018</p>
        <button class="pay" name="decision" value="card">\(text.isChinese ? "下一步" : "Next")</button>
        """
    }

    private static func codeStep(_ transaction: UnionPayTransaction, _ text: CashierText) -> String {
        """
        <p>\(text.isChinese ? "尾号" : "Card ending in") \(transaction.cardLast4)</p>
        <label for="code">\(text.isChinese ? "短信验证码" : "Code of the text message")</label>
        <input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="6">
        <p class="note">\(text.isChinese ? "模拟短信" : "Simulated text message"): <b>\(transaction.code)</b></p>
        <button class="pay" name="decision" value="pay">\(text.pay)</button>
        """
    }
}

/// Card numbers (ISO/IEC 7812).
enum CardNumber {
    /// 13 to 19 digits with a right check digit (Luhn).
    static func isValid(_ text: String) -> Bool {
        let digits = text.utf8.map { Int($0) - 48 }
        guard (13...19).contains(digits.count), digits.allSatisfy({ (0...9).contains($0) }) else { return false }
        let sum = digits.reversed().enumerated().reduce(0) { sum, digit in
            let value = digit.offset % 2 == 1 ? digit.element * 2 : digit.element
            return sum + value / 10 + value % 10
        }
        return sum % 10 == 0
    }
}
