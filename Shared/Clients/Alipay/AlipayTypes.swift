public import Crypto
public import Models

/// Who we are to Alipay, and who it is to us.
public struct AlipayConfiguration: Sendable {
    /// Origin of the gateway, such as `https://openapi.alipay.com`; its one address is `/gateway.do` there.
    public var baseURL: String
    /// The same as the customer's browser reaches it.
    public var cashierBaseURL: String
    public var appID: String
    /// Our account (2088…), which every notification must name.
    public var sellerID: String
    public var privateKey: RSAPrivateKey
    /// Verifies answers and notifications.
    public var gatewayKey: RSAPublicKey
    /// Where notifications go.
    public var notifyURL: String

    /// Makes a configuration.
    public init(
        baseURL: String, cashierBaseURL: String, appID: String, sellerID: String, privateKey: RSAPrivateKey, gatewayKey: RSAPublicKey,
        notifyURL: String
    ) {
        self.baseURL = baseURL
        self.cashierBaseURL = cashierBaseURL
        self.appID = appID
        self.sellerID = sellerID
        self.privateKey = privateKey
        self.gatewayKey = gatewayKey
        self.notifyURL = notifyURL
    }
}

/// What a payment is for.
public struct AlipayOrder: Sendable {
    /// Our number: 1–64 characters of `[A-Za-z0-9_]`.
    public var outTradeNo: String
    /// What the customer reads, 1–256 characters; `/`, `=` and `&` are replaced, which the gateway forbids.
    public var subject: String
    /// Amount in fen.
    public var totalFen: Int64
    /// When the payment may no longer be made.
    public var expiresAt: Timestamp
    /// Where the browser goes afterwards; only informs.
    public var returnURL: String?

    /// Makes an order.
    public init(
        outTradeNo: String, subject: String, totalFen: Int64, expiresAt: Timestamp, returnURL: String? = nil
    ) {
        self.outTradeNo = outTradeNo
        self.subject = subject
        self.totalFen = totalFen
        self.expiresAt = expiresAt
        self.returnURL = returnURL
    }
}

/// State of a trade (trade_status).
public enum AlipayTradeStatus: String, Sendable {
    case waiting = "WAIT_BUYER_PAY"
    case success = "TRADE_SUCCESS"
    case finished = "TRADE_FINISHED"
    /// Unpaid and over, or refunded in full.
    case closed = "TRADE_CLOSED"
}

/// A trade as the gateway tells it on query.
public struct AlipayTrade: Sendable, Hashable {
    public var outTradeNo: String
    public var tradeNo: String
    public var status: AlipayTradeStatus
    public var totalFen: Int64
    /// When the buyer paid; nil while unpaid.
    public var paidAt: Timestamp?
}

/// A refund as the gateway tells it.
public struct AlipayRefund: Sendable, Hashable {
    /// Whether the money is known to have moved; false: ask.
    public var isDone: Bool
    public var completedAt: Timestamp?
}

/// A notification whose signature, application and seller were right.
public struct AlipayNotification: Sendable, Hashable {
    public var trade: AlipayTrade
    /// Our number of the refund that it tells of, if it tells of one.
    public var outRequestNo: String?
    public var refundedAt: Timestamp?
}

/// Why a call did not give what was asked for.
public enum AlipayError: Error, Sendable {
    /// The gateway refused: sub_code (`ACQ.TRADE_NOT_EXIST` …) and message.
    case refused(code: String, message: String)
    /// No answer, or a system error: whether the request took effect is unknown.
    case unknownOutcome(String)
    /// Not signed by the gateway.
    case invalidSignature(String)
    /// Signed, but for another application or seller: names the field.
    case mismatch(String)
    /// What came cannot be read.
    case malformed(String)

    /// The gateway knows no such trade: for a page or code that nobody has opened yet, too.
    public var isNotFound: Bool {
        guard case .refused(let code, _) = self else { return false }
        return code == "ACQ.TRADE_NOT_EXIST"
    }
}

/// Amounts and times as Alipay writes them.
enum AlipayText {
    /// `"12.3"` is 1230; nil for anything that is no amount.
    static func fen(_ text: String?) -> Int64? {
        guard let parts = text?.split(separator: ".", omittingEmptySubsequences: false), (1...2).contains(parts.count),
            (1...9).contains(parts[0].utf8.count), parts.allSatisfy({ $0.utf8.allSatisfy { $0 &- 48 < 10 } }),
            let yuan = Int64(parts[0])
        else { return nil }
        guard parts.count == 2 else { return yuan * 100 }
        guard (1...2).contains(parts[1].utf8.count), let rest = Int64(parts[1]) else { return nil }
        return yuan * 100 + (parts[1].utf8.count == 1 ? rest * 10 : rest)
    }

    static func yuan(_ fen: Int64) -> String { Money(minorUnits: fen).formatted }

    /// `2026-11-23 13:00:00` at Beijing.
    static func time(_ text: String?) -> Timestamp? {
        guard let text, text.utf8.count >= 19 else { return nil }
        return Timestamp(text.prefix(19).replacing(" ", with: "T") + "+08:00")
    }

    static func text(_ time: Timestamp) -> String {
        String(BeijingTime.text(time).prefix(19)).replacing("T", with: " ")
    }
}
