import Crypto
import EventLoop
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// The simulated WeChat Pay APIv3 (protocol facts, section 3): the endpoints of a merchant.
struct WeChatGateway: Sendable {
    let configuration: GatewayConfiguration
    let kit: Toolkit
    let clock: BusinessClock
    let signatures: WeChatSignatures

    init(configuration: GatewayConfiguration, kit: Toolkit, clock: BusinessClock) {
        self.configuration = configuration
        self.kit = kit
        self.clock = clock
        signatures = WeChatSignatures(configuration: configuration)
    }

    /// An answer before it is signed; nil for one without body (204).
    typealias Answer = (HTTPStatus, JSONValue?)

    func addRoutes(to routes: inout Routes) {
        for (channel, tradeType) in [("jsapi", "JSAPI"), ("native", "NATIVE"), ("h5", "MWEB"), ("app", "APP")] {
            post(&routes, "/v3/pay/transactions/\(channel)") { try await prepay($0, tradeType) }
        }
        get(&routes, "/v3/pay/transactions/out-trade-no/{out_trade_no}") { try await queryByNumber($0) }
        get(&routes, "/v3/pay/transactions/id/{transaction_id}") { try await queryByID($0) }
        post(&routes, "/v3/pay/transactions/out-trade-no/{out_trade_no}/close") { try await close($0) }
        post(&routes, "/v3/refund/domestic/refunds") { try await refund($0) }
        get(&routes, "/v3/refund/domestic/refunds/{out_refund_no}") { try await queryRefund($0) }
        get(&routes, "/v3/certificates") { try certificates($0) }
    }

    private func post(
        _ routes: inout Routes, _ path: String, _ handle: @escaping @Sendable (VerifiedRequest) async throws -> Answer
    ) {
        routes.post(PathPattern(path), access: .gatewaySignature) { request, _ in try await answer(request, handle) }
    }

    private func get(
        _ routes: inout Routes, _ path: String, _ handle: @escaping @Sendable (VerifiedRequest) async throws -> Answer
    ) {
        routes.get(PathPattern(path), access: .public) { request, _ in try await answer(request, handle) }
    }

    /// Verifies, handles, signs. A refusal after a right signature is signed like any answer; a wrong signature is not.
    private func answer(
        _ request: Request, _ handle: @Sendable (VerifiedRequest) async throws -> Answer
    ) async throws -> Response {
        var content = request.body
        let body = try await content.collect(upTo: WeChatSignatures.bodyBytesMax)
        let merchant: WeChatMerchant
        do {
            merchant = try await signatures.verify(request, body)
        } catch let refusal as WeChatRefusal {
            return .json(refusal.status, refusal.body)
        }
        let (status, value): Answer
        do {
            let json = try Self.parse(body)
            (status, value) = try await handle(VerifiedRequest(merchant: merchant, body: json, request: request))
        } catch let refusal as WeChatRefusal {
            (status, value) = (refusal.status, refusal.body)
        }
        let bytes = value.map { JSON.encode($0) } ?? []
        var headers = try await signatures.headers(
            for: bytes, merchant: merchant, requestSerial: request.headers["wechatpay-serial"])
        if !bytes.isEmpty { headers.set("content-type", "application/json; charset=utf-8") }
        return Response(status: status, headers: headers, body: bytes.isEmpty ? .none : .bytes(bytes))
    }

    private static func parse(_ body: [UInt8]) throws(WeChatRefusal) -> JSONValue {
        guard !body.isEmpty else { return .null }
        do throws(JSONError) {
            return try JSON.decode(JSONValue.self, from: body)
        } catch {
            throw .parameter("body", "请求体不是合法的JSON")
        }
    }

    // MARK: Payments

    private func prepay(_ verified: VerifiedRequest, _ tradeType: String) async throws -> Answer {
        let input = try PrepayInput(verified, tradeType: tradeType, now: clock.now())
        if let token = try await kit.database.first(InsertTransaction(transaction: input.transaction)) {
            return (.ok, prepaid(tradeType, token))
        }
        let number = TransactionByNumber(mchid: input.transaction.mchid, outTradeNo: input.transaction.outTradeNo)
        let existing = try await kit.database.one(number)
        if existing.paidAt != nil { throw WeChatRefusal.orderPaid }
        if existing.state == "CLOSED" || existing.isExpired(at: clock.now()) { throw WeChatRefusal.orderClosed }
        guard input.isSame(as: existing) else { throw WeChatRefusal.outTradeNoUsed }
        return (.ok, prepaid(tradeType, existing.token))
    }

    private func prepaid(_ tradeType: String, _ token: String) -> JSONValue {
        switch tradeType {
        case "NATIVE": ["code_url": .string("weixin://wxpay/bizpayurl?pr=\(token)")]
        case "MWEB": ["h5_url": .string("\(configuration.cashierBaseURL)/cashier/wechat/\(token)")]
        default: ["prepay_id": .string("wx\(token)")]
        }
    }

    private func queryByNumber(_ verified: VerifiedRequest) async throws -> Answer {
        try Self.checkQueryMerchant(verified)
        let number = try verified.request.parameters.require("out_trade_no", as: String.self)
        let found = try await kit.database.first(TransactionByNumber(mchid: verified.merchant.mchid, outTradeNo: number))
        guard var transaction = found else { throw WeChatRefusal.orderNotExist }
        if transaction.isExpired(at: clock.now()) { transaction.state = "CLOSED" }
        return (.ok, transaction.object)
    }

    private func queryByID(_ verified: VerifiedRequest) async throws -> Answer {
        try Self.checkQueryMerchant(verified)
        let id = try verified.request.parameters.require("transaction_id", as: String.self)
        let found = try await kit.database.first(TransactionByID(mchid: verified.merchant.mchid, transactionID: id))
        guard let transaction = found else { throw WeChatRefusal.orderNotExist }
        return (.ok, transaction.object)
    }

    private static func checkQueryMerchant(_ verified: VerifiedRequest) throws(WeChatRefusal) {
        guard verified.request.query["mchid"] == verified.merchant.mchid else {
            throw .parameter("mchid", "mchid与签名商户号不一致", location: "query")
        }
    }

    private func close(_ verified: VerifiedRequest) async throws -> Answer {
        guard verified.body["mchid"]?.string == verified.merchant.mchid else {
            throw WeChatRefusal.parameter("mchid", "mchid与签名商户号不一致")
        }
        let number = try verified.request.parameters.require("out_trade_no", as: String.self)
        let mchid = verified.merchant.mchid
        if try await kit.database.first(CloseTransaction(mchid: mchid, outTradeNo: number)) != nil { return (.noContent, nil) }
        let found = try await kit.database.first(TransactionByNumber(mchid: mchid, outTradeNo: number))
        guard let transaction = found else { throw WeChatRefusal.orderNotExist }
        if transaction.paidAt != nil { throw WeChatRefusal.orderPaid }
        // Closing a closed order changes nothing and is a success.
        return (.noContent, nil)
    }

    /// The payer pays in full. False when the transaction can't be paid (any more).
    func pay(token: String, openid: String?) async throws -> Bool {
        guard var transaction = try await kit.database.first(TransactionByToken(token: token)) else { return false }
        let now = clock.now()
        transaction.state = "SUCCESS"
        transaction.transactionID = GatewayNumbers.transaction(at: now)
        transaction.paidAt = now
        if transaction.openid.isEmpty {
            transaction.openid = openid ?? configuration.merchant(transaction.mchid)?.openid ?? ""
        }
        let statement = PayTransaction(
            token: token, transactionID: transaction.transactionID ?? "", openid: transaction.openid, at: now,
            notificationID: .version7(at: kit.now()),
            resource: String(decoding: JSON.encode(transaction.object), as: UTF8.self))
        return try await kit.database.first(statement) != nil
    }

    // MARK: Certificates

    /// Both platform certificates, sealed with the merchant's APIv3 key: clients learn of the next one in time.
    private func certificates(_ verified: VerifiedRequest) throws -> Answer {
        let entries = try verified.merchant.platformKeys.map { key -> JSONValue in
            let nonce = String(Hex.encode(RandomBytes.make(6)))
            let sealed = try AESGCM.seal(
                Array(key.certificate.pem.utf8), key: verified.merchant.apiV3Key, nonce: Array(nonce.utf8),
                authenticating: Array("certificate".utf8))
            return [
                "serial_no": .string(key.serial),
                "effective_time": .string(BeijingTime.text(Timestamp(microseconds: key.certificate.notBefore * 1_000_000))),
                "expire_time": .string(BeijingTime.text(Timestamp(microseconds: key.certificate.notAfter * 1_000_000))),
                "encrypt_certificate": [
                    "algorithm": "AEAD_AES_256_GCM", "nonce": .string(nonce), "associated_data": "certificate",
                    "ciphertext": .string(Base64.encode(sealed)),
                ],
            ]
        }
        return (.ok, ["data": .array(entries)])
    }
}
