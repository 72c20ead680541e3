public import Crypto
public import Models

/// Who we are to UnionPay, and who it is to us.
public struct UnionPayConfiguration: Sendable {
    /// Origin of the gateway, such as `https://gateway.95516.com`; its addresses are below `/gateway/api/` there.
    public var baseURL: String
    /// The same as the customer's browser reaches it.
    public var cashierBaseURL: String
    /// The merchant, 15 digits.
    public var merID: String
    public var privateKey: RSAPrivateKey
    /// Our certificate, whose decimal serial number every request names.
    public var certificate: X509Certificate
    /// The gateway's certificate: verifies answers and notifications.
    public var gatewayCertificate: X509Certificate
    /// Where notifications go.
    public var notifyURL: String
    /// Where files are fetched: `https://filedownload.95516.com/` of the real one.
    public var fileURL: String

    /// Makes a configuration. Files come from below `baseURL` when no address of their own is given.
    public init(
        baseURL: String, cashierBaseURL: String, merID: String, privateKey: RSAPrivateKey, certificate: X509Certificate,
        gatewayCertificate: X509Certificate, notifyURL: String, fileURL: String? = nil
    ) {
        self.baseURL = baseURL
        self.cashierBaseURL = cashierBaseURL
        self.merID = merID
        self.privateKey = privateKey
        self.certificate = certificate
        self.gatewayCertificate = gatewayCertificate
        self.notifyURL = notifyURL
        self.fileURL = fileURL ?? baseURL + "/gateway/api/fileTransRequest.do"
    }
}

/// What identifies a transaction beside the merchant.
public struct UnionPayNumber: Sendable, Hashable {
    /// 8–40 letters and digits.
    public var orderID: String
    /// When it was made.
    public var madeAt: Timestamp

    /// Makes a number.
    public init(orderID: String, madeAt: Timestamp) {
        self.orderID = orderID
        self.madeAt = madeAt
    }

    /// `YYYYMMDDhhmmss` at Beijing.
    var txnTime: String { String(BeijingTime.text(madeAt).prefix(19).filter(\.isNumber)) }
}

/// A form that the customer's browser sends.
public struct UnionPayForm: Sendable, Hashable {
    public var address: String
    public var fields: [String: String]
}

/// A transaction as the gateway tells it.
public struct UnionPayTransaction: Sendable, Hashable {
    public enum State: Sendable { case done, waiting, failed }
    public enum Kind: Sendable { case payment, refund, other }
    public var orderID: String
    public var kind: Kind
    public var state: State
    /// The gateway's number.
    public var queryID: String
    public var fen: Int64
    /// `156` is CNY.
    public var currencyCode: String
}

/// Why a call did not give what was asked for.
public enum UnionPayError: Error, Sendable {
    /// The gateway refused: respCode and message.
    case refused(code: String, message: String)
    /// No answer, or 03, 04, 05: ask.
    case unknownOutcome(String)
    /// Not signed by the gateway.
    case invalidSignature(String)
    /// Signed, but for another merchant or transaction: names the field.
    case mismatch(String)
    /// What came cannot be read.
    case malformed(String)

    /// The gateway knows no such transaction.
    public var isNotFound: Bool {
        guard case .refused(let code, _) = self else { return false }
        return code == "34"
    }
}
