import Crypto
import Glibc
import HTTPCore
import HTTPServer
import JSON
import Models

/// A prepay request, checked field by field as the gateway does (protocol facts, section 3.5).
struct PrepayInput {
    let transaction: WeChatTransaction

    /// An order without `time_expire` can be paid for two hours.
    private static let defaultLifetime = Duration.seconds(7_200)

    init(_ verified: VerifiedRequest, tradeType: String, now: Timestamp) throws(WeChatRefusal) {
        let body = verified.body, merchant = verified.merchant
        guard case .object = body else { throw .parameter("body", "请求体不是JSON对象") }
        let appid = try Self.text(body, "appid", 1...32)
        guard merchant.appids.contains(appid) else { throw .appidMismatch }
        guard try Self.text(body, "mchid", 1...32) == merchant.mchid else {
            throw .parameter("mchid", "mchid与签名商户号不一致")
        }
        let number = try Self.number(body, "out_trade_no")
        let isCode = tradeType == "MICROPAY"
        let openid = body["payer"]?["openid"]?.string ?? ""
        if tradeType == "JSAPI", openid.isEmpty { throw .parameter("/payer/openid", "必填") }
        if tradeType == "MWEB" { try Self.checkScene(body) }
        transaction = WeChatTransaction(
            mchid: merchant.mchid, outTradeNo: number, appid: appid, tradeType: tradeType,
            description: try Self.text(body, "description", 1...127), attach: try Self.optional(body, "attach", 128),
            notifyURL: isCode && body["notify_url"] == nil ? "" : try Self.notifyURL(body, merchant),
            total: try Self.total(body["amount"], "total"), openid: openid, token: Hex.encode(RandomBytes.make(16)),
            state: isCode ? "USERPAYING" : "NOTPAY", transactionID: nil, createdAt: now,
            expiresAt: try Self.expiry(body, now), paidAt: nil, refunded: 0, shares: Self.shares(body), unsplit: 0,
            signingSerial: Self.signingSerial(verified), combineMchid: nil, combineOutTradeNo: nil)
    }

    static func text(_ body: JSONValue, _ name: String, _ length: ClosedRange<Int>) throws(WeChatRefusal) -> String {
        guard let value = body[name] else { throw .parameter(name, "必填") }
        // The database keeps no text with a NUL.
        guard let text = value.string, length.contains(text.count), !text.utf8.contains(0) else {
            throw .parameter(name, "字符串，长度\(length.lowerBound)至\(length.upperBound)")
        }
        return text
    }

    /// Whether the money is frozen until it is shared.
    static func shares(_ body: JSONValue) -> Bool { body["settle_info"]?["profit_sharing"] == .bool(true) }

    /// Merchants in the public-key mode are told with that key too.
    static func signingSerial(_ verified: VerifiedRequest) -> String {
        let serial = verified.request.headers["wechatpay-serial"]
        return serial != nil && serial == verified.merchant.publicKeyMode?.id ? serial ?? "" : ""
    }

    static func number(_ body: JSONValue, _ name: String) throws(WeChatRefusal) -> String {
        let number = try text(body, name, 6...32)
        guard number.utf8.allSatisfy(isNumberCharacter) else { throw .parameter(name, "只能是数字、大小写字母_-|*") }
        return number
    }

    static func optional(_ body: JSONValue, _ name: String, _ most: Int) throws(WeChatRefusal) -> String {
        guard body[name] != nil else { return "" }
        return try text(body, name, 0...most)
    }

    private static func isNumberCharacter(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26 || Array("_-|*".utf8).contains(byte)
    }

    static func total(_ amount: JSONValue?, _ name: String) throws(WeChatRefusal) -> Int64 {
        guard let total = amount?[name]?.int, (1...10_000_000_000).contains(total) else {
            throw .parameter("/amount/\(name)", "整数，单位为分，至少为1")
        }
        guard (amount?["currency"] ?? "CNY") == "CNY" else { throw .parameter("/amount/currency", "只支持CNY") }
        return total
    }

    static func notifyURL(_ body: JSONValue, _ merchant: WeChatMerchant) throws(WeChatRefusal) -> String {
        let url = try text(body, "notify_url", 1...255)
        let isSecure = url.hasPrefix("https://") || (merchant.allowsHTTPNotify && url.hasPrefix("http://"))
        guard isSecure, !url.contains("?") else { throw .parameter("notify_url", "须为https地址，且不能携带参数") }
        return url
    }

    static func checkScene(_ body: JSONValue) throws(WeChatRefusal) {
        guard let scene = body["scene_info"], scene["payer_client_ip"]?.string != nil else {
            throw .parameter("/scene_info/payer_client_ip", "必填")
        }
        guard let type = scene["h5_info"]?["type"]?.string, ["Wap", "iOS", "Android"].contains(type) else {
            throw .parameter("/scene_info/h5_info/type", "iOS、Android或Wap")
        }
    }

    static func expiry(_ body: JSONValue, _ now: Timestamp) throws(WeChatRefusal) -> Timestamp {
        guard let value = body["time_expire"] else { return now + defaultLifetime }
        guard let time = value.string.flatMap({ Timestamp($0) }) else { throw .parameter("time_expire", "RFC 3339格式") }
        guard time > now else { throw .parameter("time_expire", "须晚于当前时间") }
        return time
    }

    /// Whether a repeated request asks for the same payment.
    func isSame(as existing: WeChatTransaction) -> Bool {
        transaction.appid == existing.appid && transaction.total == existing.total
            && transaction.description == existing.description && transaction.attach == existing.attach
            && transaction.tradeType == existing.tradeType && transaction.notifyURL == existing.notifyURL
    }
}
