import Crypto
import JSON
import Models

/// A trade as Alipay keeps it.
struct AlipayTrade: Sendable {
    var appID: String
    var outTradeNo: String
    var sellerID: String
    var product: String
    var token: String
    var tradeNo: String
    var subject: String
    var body: String
    var passback: String
    var total: Int64
    var notifyURL: String
    var returnURL: String
    var buyerID: String
    var state: String
    var createdAt: Timestamp
    var expiresAt: Timestamp
    var paidAt: Timestamp?
    var closedAt: Timestamp?
    var refunded: Int64
    var settled: Int64

    /// Nobody scanned the code: to the merchant there is no trade.
    var isHidden: Bool { state == "CODE" }

    /// A code can be scanned for two hours.
    static let codeSeconds: Int64 = 7_200

    init(_ request: AlipayRequest, product: String, now: Timestamp) throws(AlipayRefusal) {
        appID = request.merchant.appID
        sellerID = request.merchant.sellerID
        self.product = product
        outTradeNo = try request.text("out_trade_no", 1...64)
        guard outTradeNo.utf8.allSatisfy({ ($0 | 0x20) &- 97 < 26 || $0 &- 48 < 10 || $0 == UInt8(ascii: "_") }) else {
            throw .parameter("out_trade_no")
        }
        token = Hex.encode(RandomBytes.make(16))
        tradeNo = AlipayNumbers.trade(at: now)
        subject = try request.text("subject", 1...256)
        body = try request.optional("body", 400)
        passback = try request.optional("passback_params", 512)
        total = try request.amount("total_amount")
        notifyURL = try Self.url(request.parameters["notify_url"], request.merchant)
        returnURL = request.parameters["return_url"] ?? ""
        buyerID = ""
        state = ["precreate", "app"].contains(product) ? "CODE" : "WAIT_BUYER_PAY"
        createdAt = now
        expiresAt = try Self.expiry(request, now)
        (paidAt, closedAt, refunded, settled) = (nil, nil, 0, 0)
    }

    private static func url(_ text: String?, _ merchant: AlipayMerchant) throws(AlipayRefusal) -> String {
        guard let text, !text.isEmpty else { return "" }
        let isAllowed = text.hasPrefix("https://") || merchant.allowsHTTPNotify && text.hasPrefix("http://")
        guard isAllowed, text.count <= 256 else { throw .parameter("notify_url") }
        return text
    }

    private static func expiry(_ request: AlipayRequest, _ now: Timestamp) throws(AlipayRefusal) -> Timestamp {
        if let text = request.content["time_expire"]?.string {
            guard let time = Timestamp(text.replacing(" ", with: "T") + "+08:00"), time > now else {
                throw .business("ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR", "订单已超时")
            }
            return time
        }
        guard let text = request.content["timeout_express"]?.string else { return now + .seconds(15 * 86_400) }
        if text == "1c" { return BillDay(of: now)?.end ?? now + .seconds(86_400) }
        let seconds: [Character: Int64] = ["m": 60, "h": 3_600, "d": 86_400]
        guard let unit = text.last.flatMap({ seconds[$0] }), let count = Int64(text.dropLast()),
            (60...15 * 86_400).contains(count * unit)
        else { throw .parameter("timeout_express") }
        return now + .seconds(count * unit)
    }

    /// Whether a repeated request means this trade.
    func isSame(as existing: AlipayTrade) -> Bool { total == existing.total && subject == existing.subject }

    func isExpired(at now: Timestamp) -> Bool { state == "WAIT_BUYER_PAY" && expiresAt <= now }

    // MARK: As it is told

    private static let zero: JSONValue = "0.00"

    /// The fields of query and payment answers.
    var fields: [String: JSONValue] {
        var fields: [String: JSONValue] = [
            "trade_no": .string(tradeNo), "out_trade_no": .string(outTradeNo), "trade_status": .string(state),
            "total_amount": .string(total.yuan), "buyer_user_id": .string(buyerID),
            "buyer_logon_id": .string(Self.logon(buyerID)), "point_amount": Self.zero, "invoice_amount": Self.zero,
            "receipt_amount": Self.zero, "buyer_pay_amount": Self.zero,
        ]
        if let paidAt {
            for name in ["invoice_amount", "receipt_amount", "buyer_pay_amount"] { fields[name] = .string(total.yuan) }
            fields["send_pay_date"] = .string(BeijingTime.plain(paidAt))
            fields["fund_bill_list"] = [["fund_channel": "ALIPAYACCOUNT", "amount": .string(total.yuan)]]
        }
        return fields
    }

    /// Accounts are shown masked.
    static func logon(_ buyerID: String) -> String { buyerID.isEmpty ? "" : "lin***@example.com" }

    /// The parameters of a notification, but for those of each delivery.
    func notice(refund: (number: String, at: Timestamp)? = nil) -> JSONValue {
        var fields: [String: JSONValue] = [
            "notify_type": "trade_status_sync", "app_id": .string(appID), "auth_app_id": .string(appID),
            "charset": "utf-8", "version": "1.0", "trade_no": .string(tradeNo), "out_trade_no": .string(outTradeNo),
            "buyer_id": .string(buyerID), "buyer_logon_id": .string(Self.logon(buyerID)),
            "seller_id": .string(sellerID), "trade_status": .string(state), "total_amount": .string(total.yuan),
            "subject": .string(subject), "gmt_create": .string(BeijingTime.plain(createdAt)),
        ]
        if !body.isEmpty { fields["body"] = .string(body) }
        if !passback.isEmpty { fields["passback_params"] = .string(passback) }
        if let paidAt {
            for name in ["receipt_amount", "invoice_amount", "buyer_pay_amount"] { fields[name] = .string(total.yuan) }
            fields["point_amount"] = Self.zero
            fields["gmt_payment"] = .string(BeijingTime.plain(paidAt))
            // A JSON text with other names than in answers.
            fields["fund_bill_list"] = .string("[{\"amount\":\"\(total.yuan)\",\"fundChannel\":\"ALIPAYACCOUNT\"}]")
        }
        if let closedAt { fields["gmt_close"] = .string(BeijingTime.plain(closedAt)) }
        if let refund {
            fields["out_biz_no"] = .string(refund.number)
            fields["refund_fee"] = .string(refunded.yuan)
            fields["gmt_refund"] = .string(BeijingTime.plain(refund.at) + ".000")
        }
        return .object(fields)
    }
}

/// The gateway's own numbers: the day first.
enum AlipayNumbers {
    static func trade(at time: Timestamp) -> String { number(time, prefix: "2200", count: 16) }
    static func settlement(at time: Timestamp) -> String { number(time, prefix: "0022", count: 16) }

    private static func number(_ time: Timestamp, prefix: String, count: Int) -> String {
        let day = BeijingTime.day(time).replacing("-", with: "")
        return day + prefix + RandomBytes.make(count).map { String($0 % 10) }.joined()
    }
}
