public import Crypto
public import JSON
public import Models

/// How a customer pays (WeChat Pay APIv3, product).
public enum WeChatChannel: String, Sendable, CaseIterable {
    /// Inside WeChat or a mini program.
    case jsapi
    /// In a phone's browser.
    case h5
    /// A QR code on another screen.
    case native
    /// In an app.
    case app
}

/// What a payment is for.
public struct WeChatOrder: Sendable {
    /// Our number of the payment: 6–32 characters of `[0-9A-Za-z_\-|*]`, never used twice.
    public var outTradeNo: String
    /// What the customer reads, 1–127 characters.
    public var description: String
    /// Amount in fen.
    public var totalFen: Int64
    /// When the payment may no longer be made.
    public var expiresAt: Timestamp
    /// Returned to us unchanged, at most 128 bytes.
    public var attach: String?
    /// The customer's address, for H5.
    public var payerAddress: String
    /// The customer's openid, for JSAPI.
    public var openID: String?

    /// Makes an order.
    public init(
        outTradeNo: String, description: String, totalFen: Int64, expiresAt: Timestamp, attach: String? = nil,
        payerAddress: String = "127.0.0.1", openID: String? = nil
    ) {
        self.outTradeNo = outTradeNo
        self.description = description
        self.totalFen = totalFen
        self.expiresAt = expiresAt
        self.attach = attach
        self.payerAddress = payerAddress
        self.openID = openID
    }
}

/// The gateway's answer to a prepay: one of the three, by channel.
public struct WeChatPrepay: Sendable, Hashable {
    /// JSAPI and App: what the client invokes the payment with.
    public var prepayID: String?
    /// H5: where the browser goes.
    public var h5URL: String?
    /// Native: what the QR code says.
    public var codeURL: String?
}

/// State of a transaction (trade_state).
public enum WeChatTradeState: String, Sendable {
    case success = "SUCCESS"
    case refunded = "REFUND"
    case notPaid = "NOTPAY"
    case closed = "CLOSED"
    case revoked = "REVOKED"
    case paying = "USERPAYING"
    case failed = "PAYERROR"
}

/// A transaction as the gateway tells it, on query and in notifications.
public struct WeChatTransaction: Sendable, Hashable, JSONReadable {
    public var appID: String
    public var mchID: String
    public var outTradeNo: String
    /// The gateway's number; nil while unpaid.
    public var transactionID: String?
    public var state: WeChatTradeState
    /// Fen; nil when the gateway leaves it out.
    public var totalFen: Int64?
    public var currency: String
    public var successTime: Timestamp?

    /// Reads the transaction object.
    public init(from json: inout JSONReader) throws(JSONError) {
        let value = try JSONValue(from: &json)
        guard let appID = value["appid"]?.string, let mchID = value["mchid"]?.string,
            let outTradeNo = value["out_trade_no"]?.string,
            let state = value["trade_state"]?.string.flatMap(WeChatTradeState.init)
        else { throw json.invalid("is no transaction") }
        self.appID = appID
        self.mchID = mchID
        self.outTradeNo = outTradeNo
        self.state = state
        transactionID = value["transaction_id"]?.string
        totalFen = value["amount"]?["total"]?.int
        currency = value["amount"]?["currency"]?.string ?? "CNY"
        successTime = value["success_time"]?.string.flatMap { Timestamp($0) }
    }
}

/// State of a refund.
public enum WeChatRefundState: String, Sendable {
    case success = "SUCCESS"
    case closed = "CLOSED"
    case processing = "PROCESSING"
    case abnormal = "ABNORMAL"
}

/// A refund as the gateway tells it.
public struct WeChatRefund: Sendable, Hashable, JSONReadable {
    public var outRefundNo: String
    public var outTradeNo: String
    public var refundID: String
    public var state: WeChatRefundState
    public var refundFen: Int64
    public var totalFen: Int64
    public var successTime: Timestamp?
    /// Whose refund it is; notifications name it, answers do not.
    public var mchID: String?

    /// Reads the refund object of answers (`status`) and of notifications (`refund_status`).
    public init(from json: inout JSONReader) throws(JSONError) {
        let value = try JSONValue(from: &json)
        guard let outRefundNo = value["out_refund_no"]?.string, let outTradeNo = value["out_trade_no"]?.string,
            let refundID = value["refund_id"]?.string,
            let state = (value["status"] ?? value["refund_status"])?.string.flatMap(WeChatRefundState.init),
            let refundFen = value["amount"]?["refund"]?.int, let totalFen = value["amount"]?["total"]?.int
        else { throw json.invalid("is no refund") }
        self.outRefundNo = outRefundNo
        self.outTradeNo = outTradeNo
        self.refundID = refundID
        self.state = state
        self.refundFen = refundFen
        self.totalFen = totalFen
        successTime = value["success_time"]?.string.flatMap { Timestamp($0) }
        mchID = value["mchid"]?.string
    }
}

/// A notification whose signature was right, decrypted.
public enum WeChatNotification: Sendable {
    case transaction(WeChatTransaction)
    case refund(WeChatRefund)
}

/// Why a call did not give what was asked for.
public enum WeChatPayError: Error, Sendable {
    /// The gateway refused: its code (`ORDER_CLOSED`, `PARAM_ERROR` …) and message.
    case refused(status: Int, code: String, message: String)
    /// No answer, or one of 5xx: whether the request took effect is unknown. Ask, or repeat with the same number.
    case unknownOutcome(String)
    /// The answer or notification is not signed by the gateway: forged until proved otherwise.
    case invalidSignature(String)
    /// What came cannot be read.
    case malformed(String)

    /// The gateway knows no such order or refund.
    public var isNotFound: Bool {
        guard case .refused(let status, _, _) = self else { return false }
        return status == 404
    }
}

/// Who we are to the gateway, and who it is to us.
public struct WeChatPayConfiguration: Sendable {
    /// A bare origin, such as `https://api.mch.weixin.qq.com`.
    public var baseURL: String
    public var mchID: String
    public var appID: String
    /// Serial number of our certificate, upper-case hexadecimal.
    public var serial: String
    public var privateKey: RSAPrivateKey
    /// 32 ASCII characters.
    public var apiV3Key: [UInt8]
    /// The gateway's certificates known at start; others are fetched and decrypted when an answer names them.
    public var platformCertificates: [X509Certificate]
    /// Where notifications go; no query string.
    public var notifyURL: String

    /// Makes a configuration.
    public init(
        baseURL: String, mchID: String, appID: String, serial: String, privateKey: RSAPrivateKey, apiV3Key: [UInt8],
        platformCertificates: [X509Certificate], notifyURL: String
    ) {
        self.baseURL = baseURL
        self.mchID = mchID
        self.appID = appID
        self.serial = serial
        self.privateKey = privateKey
        self.apiV3Key = apiV3Key
        self.platformCertificates = platformCertificates
        self.notifyURL = notifyURL
    }
}
