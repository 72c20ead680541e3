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
    let faults: Faults
    let signatures: WeChatSignatures
    private let prepaying: Prepaying

    init(configuration: GatewayConfiguration, kit: Toolkit, clock: BusinessClock, faults: Faults) {
        self.configuration = configuration
        self.kit = kit
        self.clock = clock
        self.faults = faults
        signatures = WeChatSignatures(configuration: configuration)
        prepaying = Prepaying(kit.database)
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
        post(&routes, "/v3/refund/domestic/refunds/{out_refund_no}/apply-abnormal-refund") {
            try await retryAbnormalRefund($0)
        }
        get(&routes, "/v3/certificates") { try certificates($0) }
        addCodeRoutes(to: &routes)
        addCombinedRoutes(to: &routes)
        addSharingRoutes(to: &routes)
        addBillRoutes(to: &routes)
    }

    func post(
        _ routes: inout Routes, _ path: String, _ handle: @escaping @Sendable (VerifiedRequest) async throws -> Answer
    ) {
        routes.post(PathPattern(path), access: .gatewaySignature) { request, _ in try await answer(request, handle) }
    }

    func get(
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
        let (status, value) = try await handled(request, body, merchant, handle)
        let bytes = value.map { JSON.encode($0) } ?? []
        var headers = try await signatures.headers(
            for: bytes, merchant: merchant, serial: request.headers["wechatpay-serial"], trouble: trouble(request.path))
        if !bytes.isEmpty { headers.set("content-type", "application/json; charset=utf-8") }
        return Response(status: status, headers: headers, body: bytes.isEmpty ? .none : .bytes(bytes))
    }

    /// The answer before it is signed, with the misbehaviour that is switched on.
    private func handled(
        _ request: Request, _ body: [UInt8], _ merchant: WeChatMerchant,
        _ handle: @Sendable (VerifiedRequest) async throws -> Answer
    ) async throws -> Answer {
        do {
            if let slow = faults.strike(.slowAnswer, request.path) { try await pause(slow.seconds) }
            if faults.strike(.frequencyLimited, request.path) != nil { throw WeChatRefusal.frequencyLimited }
            if faults.strike(.serverError, request.path) != nil { throw WeChatRefusal.systemError }
            let json = try Self.parse(body)
            let answer = try await handle(VerifiedRequest(merchant: merchant, body: json, request: request))
            if faults.strike(.serverErrorAfter, request.path) != nil { throw WeChatRefusal.systemError }
            return answer
        } catch let refusal as WeChatRefusal {
            return (refusal.status, refusal.body)
        }
    }

    private func pause(_ seconds: Double) async throws {
        try await EventLoop.current?.sleep(until: .now + .milliseconds(Int64(seconds * 1_000)))
    }

    /// What is wrong with the next signature about `subject`.
    func trouble(_ subject: String) -> SignatureTrouble {
        SignatureTrouble(
            isWrong: faults.strike(.wrongSignature, subject) != nil,
            driftSeconds: Int64(faults.strike(.clockDrift, subject)?.seconds ?? 0))
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
        if try await prepaying.store(input.transaction) { return (.ok, prepaid(tradeType, input.transaction.token)) }
        let number = TransactionByNumber(mchid: input.transaction.mchid, outTradeNo: input.transaction.outTradeNo)
        let existing = try await kit.database.one(number)
        if existing.paidAt != nil { throw WeChatRefusal.orderPaid }
        if existing.state == "CLOSED" || existing.isExpired(at: clock.now()) { throw WeChatRefusal.orderClosed }
        guard input.isSame(as: existing) else { throw WeChatRefusal.outTradeNoUsed }
        return (.ok, prepaid(tradeType, existing.token))
    }

    func prepaid(_ tradeType: String, _ token: String) -> JSONValue {
        switch tradeType {
        case "NATIVE": ["code_url": .string(Self.codeURL(token))]
        case "MWEB": ["h5_url": .string("\(configuration.cashierBaseURL)/cashier/wechat/\(token)")]
        default: ["prepay_id": .string("wx\(token)")]
        }
    }

    private func queryByNumber(_ verified: VerifiedRequest) async throws -> Answer {
        let mchid = try Self.queryMerchant(verified)
        let number = try verified.request.parameters.require("out_trade_no", as: String.self)
        let found = try await kit.database.first(TransactionByNumber(mchid: mchid, outTradeNo: number))
        guard var transaction = found else { throw WeChatRefusal.orderNotExist }
        if transaction.isExpired(at: clock.now()) { transaction.state = "CLOSED" }
        return (.ok, transaction.object)
    }

    private func queryByID(_ verified: VerifiedRequest) async throws -> Answer {
        _ = try Self.queryMerchant(verified)
        let id = try verified.request.parameters.require("transaction_id", as: String.self)
        let found = try await kit.database.first(TransactionByID(mchid: verified.merchant.mchid, transactionID: id))
        guard let transaction = found else { throw WeChatRefusal.orderNotExist }
        return (.ok, transaction.object)
    }

    /// The merchant whose order is asked for: the signing one, or one of its combined payments.
    private static func queryMerchant(_ verified: VerifiedRequest) throws(WeChatRefusal) -> String {
        guard let mchid = verified.request.query["mchid"], verified.merchant.speaks(for: mchid) else {
            throw .parameter("mchid", "mchid与签名商户号不一致", location: "query")
        }
        return mchid
    }

    private func close(_ verified: VerifiedRequest) async throws -> Answer {
        guard verified.body["mchid"]?.string == verified.merchant.mchid else {
            throw WeChatRefusal.parameter("mchid", "mchid与签名商户号不一致")
        }
        let number = try verified.request.parameters.require("out_trade_no", as: String.self)
        let mchid = verified.merchant.mchid
        let closed = try await kit.database.first(CloseTransaction(mchid: mchid, outTradeNo: number))
        if closed != nil { return (.noContent, nil) }
        let found = try await kit.database.first(TransactionByNumber(mchid: mchid, outTradeNo: number))
        guard let transaction = found else { throw WeChatRefusal.orderNotExist }
        if transaction.paidAt != nil { throw WeChatRefusal.orderPaid }
        // Closing a closed order changes nothing and is a success.
        return (.noContent, nil)
    }

    /// The payer pays in full. False when the transaction can't be paid (any more).
    func pay(token: String, openid: String?) async throws -> Bool {
        let found = try await kit.database.first(TransactionByToken(token: token))
        guard var transaction = found, transaction.combineMchid == nil else { return false }
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
            resource: JSON.text(transaction.object),
            paysClosed: faults.strike(.payAfterClose, transaction.outTradeNo) != nil)
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
                "effective_time": .string(BeijingTime.text(seconds: key.certificate.notBefore)),
                "expire_time": .string(BeijingTime.text(seconds: key.certificate.notAfter)),
                "encrypt_certificate": [
                    "algorithm": "AEAD_AES_256_GCM", "nonce": .string(nonce), "associated_data": "certificate",
                    "ciphertext": .string(Base64.encode(sealed)),
                ],
            ]
        }
        return (.ok, ["data": .array(entries)])
    }
}
