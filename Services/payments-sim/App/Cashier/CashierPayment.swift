import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// A payment as the cashier's page shows it, whatever the gateway.
struct CashierPayment: Sendable {
    enum State: Sendable { case open, paid, over }
    var description: String
    /// Fen.
    var amount: Int64
    var state: State
    /// What a phone would scan instead; nil when there is nothing to scan.
    var code: String?
    /// Where the merchant wants the person afterwards; nil: it told by `redirect_url`, or not at all.
    var returnURL: String?
}

/// A gateway whose payments people make on its pages, found by an unguessable token.
protocol CashierGateway: Sendable {
    var words: [CashierText] { get }
    /// Prefix of the addresses of its pages.
    var cashierBaseURL: String { get }
    /// The first two digits of the payment codes that its people show at a till.
    var tillPrefix: Int { get }
    func cashierPayment(_ token: String) async throws -> CashierPayment?
    /// The person pays. False when the payment can't be made (any more).
    func cashierPay(_ token: String) async throws -> Bool
    /// The person will not pay. Only a till that waits for it learns that.
    func cashierRefuse(_ token: String) async throws
}

extension CashierGateway {
    func cashierRefuse(_ token: String) async throws {}
}

extension WeChatGateway: CashierGateway {
    var words: [CashierText] { CashierText.weChat }
    var cashierBaseURL: String { configuration.cashierBaseURL }
    var tillPrefix: Int { 13 }

    func cashierRefuse(_ token: String) async throws {
        try await kit.database.execute(RefuseTransaction(token: token))
    }

    func cashierPayment(_ token: String) async throws -> CashierPayment? {
        let now = clock.now()
        if let combined = try await combined(FindCombined(token: token)) {
            let isOver = combined.closedAt != nil || combined.expiresAt <= now
            return CashierPayment(
                description: combined.parts.map(\.description).joined(separator: "、"), amount: combined.total,
                state: combined.paidAt != nil ? .paid : isOver ? .over : .open,
                code: combined.tradeType == "NATIVE" ? Self.codeURL(token) : nil)
        }
        guard let transaction = try await kit.database.first(TransactionByToken(token: token)),
            transaction.combineMchid == nil
        else { return nil }
        let isOpen = ["NOTPAY", "USERPAYING"].contains(transaction.state) && transaction.expiresAt > now
        return CashierPayment(
            description: transaction.description, amount: transaction.total,
            state: transaction.paidAt != nil ? .paid : isOpen ? .open : .over,
            code: transaction.tradeType == "NATIVE" ? Self.codeURL(token) : nil)
    }

    func cashierPay(_ token: String) async throws -> Bool {
        if let combined = try await combined(FindCombined(token: token)) {
            return try await payCombined(combined, openid: nil)
        }
        return try await pay(token: token, openid: nil)
    }

    /// What the QR code of a native payment says.
    static func codeURL(_ token: String) -> String { "weixin://wxpay/bizpayurl?pr=\(token)" }
}
