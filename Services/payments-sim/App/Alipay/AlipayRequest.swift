import Crypto
import EventLoop
import JSON
import Models

/// A call of the one address of Alipay, verified.
struct AlipayRequest: Sendable {
    let merchant: AlipayMerchant
    let method: String
    /// All parameters, decoded.
    let parameters: [String: String]
    let content: JSONValue
    /// Whether the application uses certificates: answers then name ours.
    let usesCertificates: Bool

    /// `alipay.trade.query` answers under `alipay_trade_query_response`.
    var node: String { Self.node(method) }

    static func node(_ method: String) -> String { method.replacing(".", with: "_") + "_response" }

    /// Checks the common parameters and the signature over all parameters but `sign` and empty ones, sorted by name.
    init(_ parameters: [String: String], _ merchants: [AlipayMerchant]) async throws {
        self.parameters = parameters
        func required(_ name: String, _ code: String) throws(AlipayRefusal) -> String {
            guard let value = parameters[name], !value.isEmpty else {
                throw .missing("isv.missing-\(code)", "缺少\(name)")
            }
            return value
        }
        method = try required("method", "method")
        let appID = try required("app_id", "app-id")
        guard let merchant = merchants.first(where: { $0.appID == appID }) else {
            throw AlipayRefusal.invalid("isv.invalid-app-id", "无效的AppID参数")
        }
        self.merchant = merchant
        let signature = try required("sign", "signature")
        guard try required("sign_type", "signature-type") == "RSA2" else {
            throw AlipayRefusal.invalid("isv.invalid-signature-type", "只支持RSA2")
        }
        guard try required("version", "version") == "1.0" else {
            throw AlipayRefusal.invalid("isv.invalid-parameter", "version须为1.0")
        }
        guard (parameters["charset"] ?? "utf-8").lowercased() == "utf-8" else {
            throw AlipayRefusal.invalid("isv.invalid-charset", "字符集错误")
        }
        // Clients put their own wall time there, whatever the zone: only the form is checked.
        guard Self.isTime(try required("timestamp", "timestamp")) else {
            throw AlipayRefusal.invalid("isv.invalid-timestamp", "非法的时间戳参数")
        }
        let serial = parameters["app_cert_sn"] ?? ""
        usesCertificates = !serial.isEmpty
        if usesCertificates, serial != merchant.certificates?.appSerial {
            throw AlipayRefusal.invalid("isv.invalid-app-cert-sn", "应用证书序列号无效")
        }
        let key = usesCertificates ? merchant.certificates?.appKey ?? merchant.publicKey : merchant.publicKey
        let text = Self.signed(parameters.filter { $0.key != "sign" })
        let bytes = Base64.decode(signature) ?? []
        let isValid = try await BlockingPool.shared.run { key.isValidSignature(bytes, for: Array(text.utf8)) }
        guard isValid else { throw AlipayRefusal.invalid("isv.invalid-signature", "验签出错，建议检查签名字符串或签名私钥") }
        content = try Self.content(parameters["biz_content"])
    }

    private static func content(_ text: String?) throws(AlipayRefusal) -> JSONValue {
        guard let text, !text.isEmpty else { return .object([:]) }
        do throws(JSONError) {
            let value = try JSON.decode(JSONValue.self, from: Array(text.utf8))
            if case .object = value { return value }
        } catch {}
        throw .invalid("isv.invalid-format", "biz_content须为JSON对象")
    }

    /// What is signed: names and values, sorted, without empty ones.
    static func signed(_ parameters: [String: String]) -> String {
        parameters.filter { !$0.value.isEmpty }.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { "\($0.key)=\($0.value)" }.joined(separator: "&")
    }

    private static func isTime(_ text: String) -> Bool {
        text.utf8.count == 19 && Timestamp(text.replacing(" ", with: "T") + "+08:00") != nil
    }

    // MARK: Fields of biz_content

    func text(_ name: String, _ length: ClosedRange<Int>) throws(AlipayRefusal) -> String {
        guard let text = content[name]?.string, length.contains(text.count), !text.utf8.contains(0) else {
            throw .parameter(name)
        }
        return text
    }

    func optional(_ name: String, _ most: Int) throws(AlipayRefusal) -> String {
        content[name] == nil ? "" : try text(name, 0...most)
    }

    /// An amount in yuan, as text or as a number, in fen.
    func amount(_ name: String) throws(AlipayRefusal) -> Int64 {
        guard let fen = Self.fen(content[name]), (1...10_000_000_000).contains(fen) else { throw .parameter(name) }
        return fen
    }

    static func fen(_ value: JSONValue?) -> Int64? {
        switch value {
        case .int(let yuan): return yuan.magnitude < 1 << 40 ? yuan * 100 : nil
        case .double(let yuan):
            let fen = (yuan * 100).rounded()
            return abs(yuan * 100 - fen) < 1e-6 && abs(fen) < 1e13 ? Int64(fen) : nil
        case .string(let text):
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard (1...2).contains(parts.count), let yuan = Int64(parts[0]), (0...100_000_000).contains(yuan),
                parts[0].utf8.allSatisfy({ $0 &- 48 < 10 })
            else { return nil }
            guard parts.count == 2 else { return yuan * 100 }
            guard (1...2).contains(parts[1].count), parts[1].utf8.allSatisfy({ $0 &- 48 < 10 }) else { return nil }
            return Int64(parts[1] + (parts[1].count == 1 ? "0" : "")).map { yuan * 100 + $0 }
        default: return nil
        }
    }
}

/// Amounts as Alipay writes them: yuan with two decimals.
extension Int64 {
    var yuan: String { Money(minorUnits: self).formatted }
}
