import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

extension AlipayGateway: CashierGateway {
    var words: [CashierText] { CashierText.alipay }
    var cashierBaseURL: String { configuration.cashierBaseURL }
    var tillPrefix: Int { 28 }

    /// Opening the page is what scanning the code is: from then on there is a trade.
    func cashierPayment(_ token: String) async throws -> CashierPayment? {
        guard let trade = try await kit.database.first(FindAlipayTrade(token: token)) else { return nil }
        let buyerID = configuration.alipay.first { $0.appID == trade.appID }?.buyerID ?? ""
        let isOpen = try await scan(trade, buyerID: buyerID)
        let isPaid = trade.paidAt != nil
        return CashierPayment(
            description: trade.subject, amount: trade.total, state: isPaid ? .paid : isOpen ? .open : .over,
            code: ["page", "precreate"].contains(trade.product) ? cashierURL(token) : nil,
            returnURL: isPaid ? try await returnURL(trade) : nil)
    }

    func cashierPay(_ token: String) async throws -> Bool {
        guard let trade = try await kit.database.first(FindAlipayTrade(token: token)) else { return false }
        return try await pay(trade, buyerID: configuration.alipay.first { $0.appID == trade.appID }?.buyerID ?? "")
    }

    /// Where the browser goes after the payment, with signed parameters that only inform.
    func returnURL(_ trade: AlipayTrade) async throws -> String? {
        let merchant = configuration.alipay.first { $0.appID == trade.appID }
        guard let merchant, !trade.returnURL.isEmpty else { return nil }
        let parameters = [
            "charset": "utf-8", "out_trade_no": trade.outTradeNo, "method": "alipay.trade.\(trade.product).pay.return",
            "total_amount": trade.total.yuan, "trade_no": trade.tradeNo, "auth_app_id": trade.appID, "version": "1.0",
            "app_id": trade.appID, "seller_id": trade.sellerID, "timestamp": BeijingTime.plain(clock.now()),
        ]
        let signature = try await sign(AlipayRequest.signed(parameters), merchant)
        let query = FormText.encode(parameters.merging(["sign": signature, "sign_type": "RSA2"]) { $1 })
        return trade.returnURL + (trade.returnURL.contains("?") ? "&" : "?") + query
    }
}

/// Forms as browsers write them.
enum FormText {
    static func encode(_ parameters: [String: String]) -> String {
        parameters.sorted { $0.key < $1.key }.map { "\(part($0.key))=\(part($0.value))" }.joined(separator: "&")
    }

    private static func part(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let isPlain = (byte | 0x20) &- 97 < 26 || byte &- 48 < 10 || byte == 0x2D || byte == 0x2E || byte == 0x5F
            if isPlain { bytes.append(byte) } else { bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
