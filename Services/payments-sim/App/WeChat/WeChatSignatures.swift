import CLinux
import Crypto
import EventLoop
import HTTPCore
import HTTPServer
import JSON

/// A request whose signature was right.
struct VerifiedRequest: Sendable {
    let merchant: WeChatMerchant
    /// The body as JSON; `null` for none.
    let body: JSONValue
    let request: Request
}

/// Verifies what merchants sign and signs what the gateway answers (APIv3, "签名验证" and "签名生成").
struct WeChatSignatures: Sendable {
    let configuration: GatewayConfiguration

    private static let schema = "WECHATPAY2-SHA256-RSA2048"
    private static let skewSecondsMax: Int64 = 300
    static let bodyBytesMax = 1 << 18

    /// Checks the Authorization field over the target exactly as sent and the exact body.
    func verify(_ request: Request, _ body: [UInt8]) async throws -> WeChatMerchant {
        let fields = try Self.authorization(request.headers["authorization"])
        guard let mchid = fields["mchid"], let nonce = fields["nonce_str"], let serial = fields["serial_no"],
            let timestamp = fields["timestamp"], let seconds = Int64(timestamp),
            let signature = fields["signature"].flatMap(Base64.decode)
        else { throw WeChatRefusal.signature("Authorization lacks a field") }
        guard let merchant = configuration.merchant(mchid) else { throw WeChatRefusal.signature("mchid is unknown") }
        guard serial.uppercased() == merchant.certificateSerial else {
            throw WeChatRefusal.signature("serial_no is unknown")
        }
        guard abs(RealTime.seconds() - seconds) <= Self.skewSecondsMax else {
            throw WeChatRefusal.signature("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
        }
        let target = request.query.raw.map { "\(request.path)?\($0)" } ?? request.path
        let message = Array("\(request.method.name)\n\(target)\n\(timestamp)\n\(nonce)\n".utf8) + body + [0x0A]
        let key = merchant.publicKey
        let isValid = try await BlockingPool.shared.run { key.isValidSignature(signature, for: message) }
        guard isValid else { throw WeChatRefusal.signature("sign not match") }
        return merchant
    }

    /// The parameters come in any order.
    private static func authorization(_ value: String?) throws -> [String: String] {
        guard let value, value.hasPrefix(schema + " ") else { throw WeChatRefusal.signature("no Authorization") }
        var fields: [String: String] = [:]
        for part in value.dropFirst(schema.count + 1).split(separator: ",") {
            guard let equals = part.firstIndex(of: "=") else { continue }
            let name = part[..<equals].drop { $0 == " " }
            let text = part[part.index(after: equals)...]
            guard text.count >= 2, text.first == "\"", text.last == "\"" else { continue }
            fields[String(name)] = String(text.dropFirst().dropLast())
        }
        return fields
    }

    /// The signature fields of an answer or notification over its exact bytes. An empty body is signed too.
    ///
    /// - Parameter serial: the key that the merchant asked for, if it did.
    func headers(
        for body: [UInt8], merchant: WeChatMerchant, serial: String?, trouble: SignatureTrouble
    ) async throws -> HTTPHeaders {
        let (serial, key) = merchant.signer(for: serial)
        let timestamp = String(RealTime.seconds() + trouble.driftSeconds), nonce = Hex.encode(RandomBytes.make(16))
        let message = Array("\(timestamp)\n\(nonce)\n".utf8) + body + [0x0A]
        let signature = Base64.encode(try await BlockingPool.shared.run { try key.sign(message) })
        return [
            "wechatpay-timestamp": timestamp, "wechatpay-nonce": nonce, "wechatpay-serial": serial,
            // The real gateway probes its merchants with such a signature now and then.
            "wechatpay-signature": trouble.isWrong ? "WECHATPAY/SIGNTEST/" + signature.dropFirst(19) : signature,
            "wechatpay-signature-type": Self.schema, "request-id": Hex.encode(RandomBytes.make(16)),
        ]
    }
}

/// What is to be wrong with a signature, on demand.
struct SignatureTrouble: Sendable {
    var isWrong = false
    var driftSeconds: Int64 = 0
}

/// The machine's clock, for signatures.
enum RealTime {
    static func seconds() -> Int64 { clinux_realtime_ns() / 1_000_000_000 }
}
