import Clients
import Crypto
import EventLoop
import Glibc
import HTTPCore
import HTTPServer
import JSON
import Models
import TestSupport

/// WeChat Pay as far as a merchant sees it, for component tests: genuine signatures and sealed notifications, over a
/// real port. It is another company's service; the flow tests use the simulator of this repository instead.
final class FakeWeChat: Sendable {
    struct Trade: Sendable {
        var total: Int64
        var state = "NOTPAY"
        var transactionID: String?
        var channel: String
    }
    struct RefundOrder: Sendable {
        var tradeNo: String
        var amount: Int64
        var total: Int64
    }
    struct State: Sendable {
        var trades: [String: Trade] = [:]
        /// Until when each number was to be payable, call by call.
        var asked: [String: [String]] = [:]
        var refunds: [String: RefundOrder] = [:]
        /// How often each refund number was sent.
        var refundCalls: [String: Int] = [:]
        var closeCalls = 0
        /// Answers to fail with 500 before the work is done.
        var failuresBefore = 0
        /// Answers to lose after the work is done.
        var failuresAfter = 0
        var refundState = "SUCCESS"
        var bill = Bill()
        /// Questions about payments are not answered.
        var isSilent = false
    }
    /// How the bill of `FakeBills.day` differs from what happened.
    struct Bill: Sendable {
        /// Numbers that it leaves out.
        var hidden: Set<String> = []
        /// Amounts that it has instead.
        var changed: [String: Int64] = [:]
        var extra: [FakeBills.Row] = []
        /// The file is not the one whose hash was told.
        var isForged = false
        /// Its totals count a row that it does not have.
        var isShort = false
    }
    /// Generated once a process: a key takes a tenth of a second.
    private struct Keys: Sendable {
        let merchant: RSAPrivateKey
        let platform: RSAPrivateKey
        let certificate: X509Certificate
    }
    private static let keys: Keys = {
        do {
            let platform = try RSAPrivateKey.generate()
            let now = Int64(time(nil))
            return Keys(
                merchant: try .generate(), platform: platform,
                certificate: try .selfSigned(
                    key: platform, commonName: "platform", serial: [0x55, 1, 2, 3], notBefore: now - 60,
                    notAfter: now + 86_400))
        } catch { preconditionFailure("no test keys: \(error)") }
    }()
    static let apiKey = "0123456789abcdef0123456789abcdef"

    let state = Locked(State())
    private let server: HTTPServer
    private let folder: String

    init() async throws {
        var template = Array("/tmp/linli-orders-tests-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { preconditionFailure("no folder for test keys") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let state = state
        var router = Router()
        for channel in ["h5", "native", "jsapi"] {
            router.on(.post, PathPattern("/v3/pay/transactions/\(channel)")) { request in
                try await Self.prepay(request, channel, state)
            }
        }
        router.on(.get, "/v3/pay/transactions/out-trade-no/{no}") { try Self.query($0, state) }
        router.on(.post, "/v3/pay/transactions/out-trade-no/{no}/close") { try await Self.close($0, state) }
        router.on(.post, "/v3/refund/domestic/refunds") { try await Self.refund($0, state) }
        router.on(.get, "/v3/refund/domestic/refunds/{no}") { try Self.queryRefund($0, state) }
        router.on(.get, "/v3/bill/tradebill") { try Self.bill($0, state) }
        router.on(.get, "/v3/billdownload/file") { request in
            guard request.headers["authorization"] != nil else { return try Self.refusal(401, "SIGN_ERROR") }
            let isForged = state.withLock { $0.bill.isForged }
            let text = Array(Self.billText(state).utf8) + (isForged ? [0x0A] : [])
            return Response(status: .ok, headers: [:], body: .bytes(FakeBills.gzip(text)))
        }
        server = HTTPServer(address: "127.0.0.1", port: 0, router: router)
        try await server.start(on: TestPostgres.group)
        try write("merchant.pem", try Self.keys.merchant.pem)
        try write("platform.pem", Self.keys.certificate.pem)
        try write("key", Self.apiKey + "\n")
    }

    /// The settings that make the orders service its merchant.
    var environment: [String: String] {
        [
            "WECHAT_BASE_URL": "http://127.0.0.1:\(server.boundPort)", "WECHAT_MCHID": "1900000001",
            "WECHAT_APPID": "wxd678efh567hg6787", "WECHAT_SERIAL": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
            "WECHAT_PRIVATE_KEY_FILE": folder + "/merchant.pem", "WECHAT_PLATFORM_CERT_FILE": folder + "/platform.pem",
            "WECHAT_APIV3_KEY_FILE": folder + "/key",
            "WECHAT_NOTIFY_URL": "http://127.0.0.1:1/v1/gateways/wechat/notifications",
        ]
    }

    func stop() async {
        await server.drain(deadline: .now + .seconds(1))
        for name in ["merchant.pem", "platform.pem", "key"] { unlink(folder + "/" + name) }
        rmdir(folder)
    }

    /// The customer pays at the gateway.
    func pay(_ id: PaymentID) {
        state.withLock {
            $0.trades[id.description]?.state = "SUCCESS"
            $0.trades[id.description]?.transactionID = "42" + id.description.suffix(20)
        }
    }

    /// A genuine notification of a payment, with facts changed as a forger with the key would.
    func notification(
        of id: PaymentID, total: Int64? = nil, mchid: String = "1900000001", currency: String = "CNY"
    ) throws -> (headers: [(String, String)], body: [UInt8]) {
        let trade = state.withLock { $0.trades[id.description] }
        let resource = Self.transaction(
            id.description, state: "SUCCESS", total: total ?? trade?.total ?? 1,
            transactionID: trade?.transactionID ?? "4200000000000000000000000001", mchid: mchid, currency: currency)
        return try Self.notification("TRANSACTION.SUCCESS", resource)
    }

    static func notification(_ type: String, _ resource: JSONValue) throws -> (headers: [(String, String)], body: [UInt8]) {
        let nonce = "abcdefghijkl"
        let sealed = try AESGCM.seal(
            JSON.encode(resource), key: Array(apiKey.utf8), nonce: Array(nonce.utf8),
            authenticating: Array("transaction".utf8))
        let body = JSON.encode([
            "id": "EV-2018022511223320873", "create_time": "2026-11-23T13:00:00+08:00", "event_type": .string(type),
            "resource_type": "encrypt-resource", "summary": "x",
            "resource": [
                "algorithm": "AEAD_AES_256_GCM", "ciphertext": .string(Base64.encode(sealed)), "nonce": .string(nonce),
                "associated_data": "transaction", "original_type": "transaction",
            ],
        ] as JSONValue)
        return (try signature(over: body), body)
    }

    // MARK: Answers

    private static func prepay(_ request: Request, _ channel: String, _ state: Locked<State>) async throws -> Response {
        var request = request
        let body = try JSON.decode(JSONValue.self, from: try await request.body.collect(upTo: 65_536), mode: .lenient)
        let number = body["out_trade_no"]?.string ?? ""
        let total = body["amount"]?["total"]?.int ?? 0
        let outcome = state.withLock { state -> (fails: Bool, isPaid: Bool) in
            state.asked[number, default: []].append(body["time_expire"]?.string ?? "")
            if state.failuresBefore > 0 {
                state.failuresBefore -= 1
                return (true, false)
            }
            if state.trades[number] == nil { state.trades[number] = Trade(total: total, channel: channel) }
            if state.failuresAfter > 0 {
                state.failuresAfter -= 1
                return (true, false)
            }
            return (false, state.trades[number]?.state == "SUCCESS")
        }
        guard !outcome.fails else { return .text(HTTPStatus(500), "") }
        guard !outcome.isPaid else { return try refusal(400, "ORDERPAID") }
        switch channel {
        case "h5": return try signed(["h5_url": .string("https://cashier.example/\(number)")])
        case "native": return try signed(["code_url": .string("weixin://wxpay/bizpayurl?pr=\(number)")])
        default: return try signed(["prepay_id": .string("wx" + number)])
        }
    }

    private static func query(_ request: Request, _ state: Locked<State>) throws -> Response {
        let number = request.parameters["no"] ?? ""
        guard !state.withLock({ $0.isSilent }) else { return .text(HTTPStatus(500), "") }
        guard let trade = state.withLock({ $0.trades[number] }) else { return try refusal(404, "ORDER_NOT_EXIST") }
        return try signed(
            transaction(number, state: trade.state, total: trade.total, transactionID: trade.transactionID))
    }

    private static func close(_ request: Request, _ state: Locked<State>) async throws -> Response {
        let number = request.parameters["no"] ?? ""
        let isPaid = state.withLock { state -> Bool in
            state.closeCalls += 1
            guard state.trades[number]?.state == "NOTPAY" else { return true }
            state.trades[number]?.state = "CLOSED"
            return false
        }
        return isPaid ? try refusal(400, "ORDERPAID") : try signed(nil)
    }

    private static func refund(_ request: Request, _ state: Locked<State>) async throws -> Response {
        var request = request
        let body = try JSON.decode(JSONValue.self, from: try await request.body.collect(upTo: 65_536), mode: .lenient)
        let number = body["out_refund_no"]?.string ?? ""
        let order = RefundOrder(
            tradeNo: body["out_trade_no"]?.string ?? "", amount: body["amount"]?["refund"]?.int ?? 0,
            total: body["amount"]?["total"]?.int ?? 0)
        let fails = state.withLock { state -> Bool in
            state.refundCalls[number, default: 0] += 1
            if state.failuresBefore > 0 {
                state.failuresBefore -= 1
                return true
            }
            state.refunds[number] = order
            guard state.failuresAfter > 0 else { return false }
            state.failuresAfter -= 1
            return true
        }
        guard !fails else { return .text(HTTPStatus(500), "") }
        return try signed(refundDocument(number, order, state.withLock { $0.refundState }))
    }

    private static func queryRefund(_ request: Request, _ state: Locked<State>) throws -> Response {
        let number = request.parameters["no"] ?? ""
        guard let order = state.withLock({ $0.refunds[number] }) else { return try refusal(404, "RESOURCE_NOT_EXISTS") }
        return try signed(refundDocument(number, order, state.withLock { $0.refundState }))
    }

    private static func bill(_ request: Request, _ state: Locked<State>) throws -> Response {
        guard request.query["bill_date"] == FakeBills.day else { return try refusal(400, "NO_STATEMENT_EXIST") }
        return try signed([
            "hash_type": "SHA1", "hash_value": .string(Hex.encode(SHA1.hash(Array(billText(state).utf8)))),
            "download_url": "https://api.mch.weixin.qq.com/v3/billdownload/file?token=x",
        ])
    }

    private static func billText(_ state: Locked<State>) -> String {
        let state = state.withLock { $0 }, bill = state.bill
        let payments = state.trades.filter { $0.value.state == "SUCCESS" }.map { number, trade in
            FakeBills.Row(number: number, fen: trade.total, gatewayNumber: trade.transactionID ?? "")
        }
        let refunds = state.refunds.map { number, order in
            FakeBills.Row(number: order.tradeNo, fen: order.amount, refundNumber: number)
        }
        let rows = (payments + refunds).filter { !bill.hidden.contains($0.refundNumber ?? $0.number) }.map { row in
            var row = row
            row.fen = bill.changed[row.refundNumber ?? row.number] ?? row.fen
            return row
        }
        return FakeBills.weChat(rows + bill.extra, missing: bill.isShort ? 1 : 0)
    }

    // MARK: Documents and signatures

    private static func transaction(
        _ number: String, state: String, total: Int64, transactionID: String?, mchid: String = "1900000001",
        currency: String = "CNY"
    ) -> JSONValue {
        var members: [String: JSONValue] = [
            "appid": "wxd678efh567hg6787", "mchid": .string(mchid), "out_trade_no": .string(number),
            "trade_state": .string(state), "trade_state_desc": "", "trade_type": "MWEB",
            "amount": ["total": .int(total), "currency": .string(currency)],
        ]
        if let transactionID {
            members["transaction_id"] = .string(transactionID)
            members["success_time"] = "2026-11-23T13:00:00+08:00"
        }
        return .object(members)
    }

    static func refundDocument(_ number: String, _ order: RefundOrder, _ state: String) -> JSONValue {
        [
            "refund_id": .string("50" + number.suffix(20)), "out_refund_no": .string(number),
            "out_trade_no": .string(order.tradeNo), "transaction_id": "42", "channel": "ORIGINAL",
            "status": .string(state), "amount": ["refund": .int(order.amount), "total": .int(order.total)],
        ]
    }

    private static func signed(_ value: JSONValue?) throws -> Response {
        let body = value.map { JSON.encode($0) } ?? []
        var headers: HTTPHeaders = ["content-type": "application/json"]
        for (name, value) in try signature(over: body) { headers.set(name, value) }
        return Response(status: body.isEmpty ? .noContent : .ok, headers: headers, body: body.isEmpty ? .none : .bytes(body))
    }

    private static func refusal(_ status: Int, _ code: String) throws -> Response {
        .json(HTTPStatus(status), ["code": .string(code), "message": "no"] as JSONValue)
    }

    /// The headers of a genuine message.
    static func signature(over body: [UInt8], secondsAgo: Int = 0) throws -> [(String, String)] {
        let timestamp = "\(time(nil) - secondsAgo)"
        let nonce = Hex.encode(RandomBytes.make(16))
        let message = Array("\(timestamp)\n\(nonce)\n".utf8) + body + [0x0A]
        return [
            ("wechatpay-timestamp", timestamp), ("wechatpay-nonce", nonce),
            ("wechatpay-signature", Base64.encode(try keys.platform.sign(message))),
            ("wechatpay-serial", keys.certificate.serialHex),
            ("wechatpay-signature-type", "WECHATPAY2-SHA256-RSA2048"),
        ]
    }

    private func write(_ name: String, _ text: String) throws {
        guard let file = fopen(folder + "/" + name, "w") else { preconditionFailure("no file for test keys") }
        fputs(text, file)
        fclose(file)
    }
}
