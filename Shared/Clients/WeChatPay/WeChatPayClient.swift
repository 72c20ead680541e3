import Crypto
public import EventLoop
public import HTTPClient
public import HTTPCore
import JSON
public import Models

/// A merchant's side of WeChat Pay APIv3: requests signed, answers and notifications verified, resources decrypted.
///
/// - Source: the public APIv3 documentation, "签名生成", "签名验证", "证书和回调报文解密".
public final class WeChatPayClient: Sendable {
    private let configuration: WeChatPayConfiguration
    private let http: HTTPClient
    private let platform: WeChatPlatformKeys

    /// The longest a call may take, in seconds.
    private static let callSecondsMax = 5
    /// 256 MiB of text: about a million rows.
    private static let billBytesMax = 1 << 28
    /// How far a signature's time may be from ours (section 3.3 of the protocol facts: five minutes).
    private static let skewSecondsMax: Int64 = 300

    /// A client over `http`.
    public init(configuration: WeChatPayConfiguration, http: HTTPClient) {
        self.configuration = configuration
        self.http = http
        platform = WeChatPlatformKeys(configuration)
    }

    /// The merchant number that transactions must carry.
    public var mchID: String { configuration.mchID }
    /// The application that transactions must carry.
    public var appID: String { configuration.appID }

    // MARK: Calls

    /// Creates the payment at the gateway, or gets the same one again: the identity is `outTradeNo`.
    public func prepay(
        _ channel: WeChatChannel, _ order: WeChatOrder, until deadline: Instant
    ) async throws(WeChatPayError) -> WeChatPrepay {
        var body: [String: JSONValue] = [
            "appid": .string(configuration.appID), "mchid": .string(configuration.mchID),
            "description": .string(order.description), "out_trade_no": .string(order.outTradeNo),
            "time_expire": .string(BeijingTime.text(order.expiresAt)), "notify_url": .string(configuration.notifyURL),
            "amount": ["total": .int(order.totalFen), "currency": "CNY"],
        ]
        body["attach"] = order.attach.map(JSONValue.string)
        if channel == .h5 {
            body["scene_info"] = ["payer_client_ip": .string(order.payerAddress), "h5_info": ["type": "Wap"]]
        }
        if let openID = order.openID { body["payer"] = ["openid": .string(openID)] }
        let answer = try await call(.post, "/v3/pay/transactions/\(channel.rawValue)", .object(body), deadline)
        return WeChatPrepay(
            prepayID: answer["prepay_id"]?.string, h5URL: answer["h5_url"]?.string, codeURL: answer["code_url"]?.string)
    }

    /// What became of a payment.
    ///
    /// - Throws: `.refused` with status 404 when the gateway never heard of it.
    public func query(outTradeNo: String, until deadline: Instant) async throws(WeChatPayError) -> WeChatTransaction {
        let path = "/v3/pay/transactions/out-trade-no/\(outTradeNo)?mchid=\(configuration.mchID)"
        return try Self.read(WeChatTransaction.self, try await call(.get, path, nil, deadline))
    }

    /// Ends an unpaid payment: nobody can pay it afterwards.
    public func close(outTradeNo: String, until deadline: Instant) async throws(WeChatPayError) {
        let body: JSONValue = ["mchid": .string(configuration.mchID)]
        _ = try await call(.post, "/v3/pay/transactions/out-trade-no/\(outTradeNo)/close", body, deadline)
    }

    /// Refunds a part or all of a payment; the identity is `outRefundNo`, the same on every try.
    public func refund(
        outTradeNo: String, outRefundNo: String, refundFen: Int64, totalFen: Int64, reason: String,
        until deadline: Instant
    ) async throws(WeChatPayError) -> WeChatRefund {
        let body: JSONValue = [
            "out_trade_no": .string(outTradeNo), "out_refund_no": .string(outRefundNo), "reason": .string(reason),
            "notify_url": .string(configuration.notifyURL),
            "amount": ["refund": .int(refundFen), "total": .int(totalFen), "currency": "CNY"],
        ]
        return try Self.read(
            WeChatRefund.self, try await call(.post, "/v3/refund/domestic/refunds", body, deadline))
    }

    /// What became of a refund.
    public func queryRefund(outRefundNo: String, until deadline: Instant) async throws(WeChatPayError) -> WeChatRefund {
        let path = "/v3/refund/domestic/refunds/\(outRefundNo)"
        return try Self.read(WeChatRefund.self, try await call(.get, path, nil, deadline))
    }

    // MARK: Bills

    /// The trade bill of a day (`yyyy-MM-dd`, of Beijing), every kind of row, as the gateway's text; nil when there is
    /// none: nothing moved, or it is not made yet. The file is not signed, but the hash of it is.
    public func tradeBill(day: String, until deadline: Instant) async throws(WeChatPayError) -> [UInt8]? {
        let answer: JSONValue
        do throws(WeChatPayError) {
            answer = try await call(
                .get, "/v3/bill/tradebill?bill_date=\(day)&bill_type=ALL&tar_type=GZIP", nil, deadline)
        } catch {
            guard case .refused(_, "NO_STATEMENT_EXIST", _) = error else { throw error }
            return nil
        }
        guard let url = answer["download_url"]?.string, answer["hash_type"]?.string == "SHA1",
            let hash = answer["hash_value"]?.string, let schemeEnd = url.firstRange(of: "://")?.upperBound,
            let path = url[schemeEnd...].firstIndex(of: "/")
        else { throw .malformed("the answer names no file") }
        // Our key signs for the gateway alone, whatever host the address has.
        let file = try await send(.get, String(url[path...]), [], deadline)
        guard file.status.code < 500 else { throw .unknownOutcome("status \(file.status.code)") }
        guard file.status == .ok else { throw Self.refusal(file) }
        let packed = file.body
        let text = try? await BlockingPool.shared.run {
            let text = try Inflate.gzip(packed, bytesMax: Self.billBytesMax)
            guard Hex.encode(SHA1.hash(text)) == hash.lowercased() else { throw Inflate.Failure.wrongSum }
            return text
        }
        guard let text else { throw .invalidSignature("the bill is not the one that the gateway signed for") }
        return text
    }

    // MARK: Notifications

    /// Verifies the signature of a notification over its exact bytes and decrypts what it says.
    ///
    /// - Throws: `.invalidSignature` for anything the gateway did not sign within the last five minutes.
    public func verifyNotification(
        headers: HTTPHeaders, body: [UInt8], now: Timestamp, until deadline: Instant
    ) async throws(WeChatPayError) -> WeChatNotification {
        try await verify(headers, body, now: now, until: deadline)
        guard let value = try? JSON.decode(JSONValue.self, from: body, mode: .lenient),
            let resource = value["resource"], let type = value["event_type"]?.string
        else { throw .malformed("the notification has no resource") }
        let plain = try decrypt(resource)
        let document: JSONValue
        do throws(JSONError) {
            document = try JSON.decode(JSONValue.self, from: plain, mode: .lenient)
        } catch {
            throw .malformed("the resource is no JSON")
        }
        if type.hasPrefix("TRANSACTION.") { return .transaction(try Self.read(WeChatTransaction.self, document)) }
        if type.hasPrefix("REFUND.") { return .refund(try Self.read(WeChatRefund.self, document)) }
        throw .malformed("an event of type \(type) is not expected")
    }

    // MARK: Transport

    private func call(
        _ method: HTTPMethod, _ path: String, _ body: JSONValue?, _ deadline: Instant
    ) async throws(WeChatPayError) -> JSONValue {
        let limit = min(deadline, Instant.now + .seconds(Self.callSecondsMax))
        let answer = try await send(method, path, body.map { JSON.encode($0) } ?? [], limit)
        guard answer.status.code < 500 else { throw .unknownOutcome("status \(answer.status.code)") }
        guard answer.status.code < 300 else { throw Self.refusal(answer) }
        // A 2xx that is not signed did not come from the gateway, whatever it says.
        try await verify(answer.headers, answer.body, now: nil, until: limit)
        guard !answer.body.isEmpty else { return .null }
        do throws(JSONError) {
            return try JSON.decode(JSONValue.self, from: answer.body, mode: .lenient)
        } catch {
            throw .malformed(error.message)
        }
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ body: [UInt8], _ deadline: Instant
    ) async throws(WeChatPayError) -> ClientResponse {
        let authorization = try await authorization(method, path, body)
        let headers: HTTPHeaders = [
            "authorization": authorization, "accept": "application/json", "content-type": "application/json",
            "user-agent": "linli",
        ]
        do throws(HTTPClientError) {
            // Every call here carries its own identity in the body or path, so a repetition is harmless.
            return try await http.send(ClientRequest(
                method: method, url: configuration.baseURL + path, headers: headers, body: body, deadline: deadline,
                idempotent: true))
        } catch {
            throw .unknownOutcome("\(error)")
        }
    }

    private func authorization(
        _ method: HTTPMethod, _ path: String, _ body: [UInt8]
    ) async throws(WeChatPayError) -> String {
        let timestamp = WallTime.seconds()
        let nonce = Hex.encode(RandomBytes.make(16))
        let message = Array("\(method.name)\n\(path)\n\(timestamp)\n\(nonce)\n".utf8) + body + [0x0A]
        let key = configuration.privateKey
        guard let signature = try? await BlockingPool.shared.run({ try key.sign(message) }) else {
            throw .unknownOutcome("the request could not be signed")
        }
        return "WECHATPAY2-SHA256-RSA2048 mchid=\"\(configuration.mchID)\",nonce_str=\"\(nonce)\","
            + "signature=\"\(Base64.encode(signature))\",timestamp=\"\(timestamp)\",serial_no=\"\(configuration.serial)\""
    }

    private static func refusal(_ answer: ClientResponse) -> WeChatPayError {
        let value = try? JSON.decode(JSONValue.self, from: answer.body, mode: .lenient)
        return .refused(
            status: answer.status.code, code: value?["code"]?.string ?? "UNKNOWN",
            message: value?["message"]?.string ?? "")
    }

    private func verify(
        _ headers: HTTPHeaders, _ body: [UInt8], now: Timestamp?, until deadline: Instant
    ) async throws(WeChatPayError) {
        guard let timestamp = headers["wechatpay-timestamp"], let nonce = headers["wechatpay-nonce"],
            let encoded = headers["wechatpay-signature"], let serial = headers["wechatpay-serial"],
            let seconds = Int64(timestamp), let signature = Base64.decode(encoded)
        else { throw .invalidSignature("the signature headers are missing or malformed") }
        let present = now.map { $0.microseconds / 1_000_000 } ?? WallTime.seconds()
        guard abs(present - seconds) <= Self.skewSecondsMax else {
            throw .invalidSignature("the signature is older than five minutes, or of the future")
        }
        guard let key = try await platformKey(serial, until: deadline) else {
            throw .invalidSignature("the signing certificate is unknown")
        }
        let message = Array("\(timestamp)\n\(nonce)\n".utf8) + body + [0x0A]
        guard key.isValidSignature(signature, for: message) else {
            throw .invalidSignature("the signature does not match")
        }
    }

    private func platformKey(_ serial: String, until deadline: Instant) async throws(WeChatPayError) -> RSAPublicKey? {
        if let key = platform.key(serial) { return key }
        guard platform.mayRefresh(at: .now) else { return nil }
        let answer = try await send(.get, "/v3/certificates", [], deadline)
        guard answer.status == .ok, let list = try? JSON.decode(JSONValue.self, from: answer.body, mode: .lenient)
        else { return nil }
        // The list is trusted because only the gateway and we hold the key that encrypts its certificates.
        for entry in list["data"]?.array ?? [] {
            guard let sealed = entry["encrypt_certificate"], let pem = try? decrypt(sealed),
                let certificate = try? X509Certificate(pem: String(decoding: pem, as: UTF8.self))
            else { continue }
            platform.add(certificate)
        }
        return platform.key(serial)
    }

    private func decrypt(_ resource: JSONValue) throws(WeChatPayError) -> [UInt8] {
        guard resource["algorithm"]?.string == "AEAD_AES_256_GCM", let nonce = resource["nonce"]?.string,
            let sealed = resource["ciphertext"]?.string.flatMap(Base64.decode)
        else { throw .malformed("the resource is not encrypted as it should be") }
        let associated = Array((resource["associated_data"]?.string ?? "").utf8)
        do throws(CryptoError) {
            return try AESGCM.open(
                sealed, key: configuration.apiV3Key, nonce: Array(nonce.utf8), authenticating: associated)
        } catch {
            throw .invalidSignature("the resource does not open with our key")
        }
    }

    private static func read<T: JSONReadable>(_ type: T.Type, _ value: JSONValue) throws(WeChatPayError) -> T {
        do throws(JSONError) {
            return try JSON.decode(type, from: JSON.encode(value), mode: .lenient)
        } catch {
            throw .malformed(error.message)
        }
    }
}
