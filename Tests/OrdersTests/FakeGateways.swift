import Crypto
import EventLoop
import Glibc
import HTTPCore
import HTTPServer
import JSON
import Models
import TestSupport

/// Alipay and UnionPay as far as a merchant sees them, for component tests: genuine signatures in both directions, over
/// a real port. They are other companies' services; the flow tests use the simulator of this repository instead.
final class FakeGateways: Sendable {
    struct Trade: Sendable {
        var fen: Int64
        var state = "WAIT_BUYER_PAY"
        var number = ""
        var returned: Int64 = 0
    }
    struct State: Sendable {
        /// By our number; Alipay's begin to exist when their page is opened.
        var trades: [String: Trade] = [:]
        var refunds: [String: (trade: String, fen: Int64)] = [:]
        /// Answers to lose after the work is done.
        var failuresAfter = 0
        var closeCalls = 0
        /// Rows of bills that are not ours.
        var extraBilled: [FakeBills.Row] = []

        /// What the bill of `FakeBills.day` has.
        var billed: [FakeBills.Row] {
            trades.filter { $0.value.state == "TRADE_SUCCESS" }.map { number, trade in
                FakeBills.Row(number: number, fen: trade.fen, gatewayNumber: trade.number)
            } + refunds.map { number, refund in
                FakeBills.Row(number: refund.trade, fen: refund.fen, refundNumber: number, gatewayNumber: "R1")
            } + extraBilled
        }
    }
    private struct Keys: Sendable {
        let own: RSAPrivateKey
        let ownCertificate: X509Certificate
        let gateway: RSAPrivateKey
        let gatewayCertificate: X509Certificate
        let gatewayPEM: String
    }
    private static let keys: Keys = {
        do {
            let own = try RSAPrivateKey.generate(), gateway = try RSAPrivateKey.generate()
            let now = Int64(time(nil))
            func certificate(_ key: RSAPrivateKey, _ serial: UInt8) throws -> X509Certificate {
                try .selfSigned(
                    key: key, commonName: "test", serial: [serial, 1, 2], notBefore: now - 60, notAfter: now + 86_400)
            }
            return Keys(
                own: own, ownCertificate: try certificate(own, 0x11), gateway: gateway,
                gatewayCertificate: try certificate(gateway, 0x12), gatewayPEM: try gateway.publicKey.pem)
        } catch { preconditionFailure("no test keys: \(error)") }
    }()
    static let appID = "2021000000000001", sellerID = "2088000000000001", merID = "777290058110001"

    let state = Locked(State())
    private let server: HTTPServer
    private let folder: String
    private static let files = ["own.pem", "own_cert.pem", "gateway.pem", "gateway_cert.pem"]

    init() async throws {
        var template = Array("/tmp/linli-gateway-tests-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { preconditionFailure("no folder for test keys") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let state = state
        var router = Router()
        router.on(.post, "/gateway.do") { try await Self.alipay($0, state) }
        router.on(.get, "/downloadBillFile.resource") { _ in
            let files = FakeBills.alipay(state.withLock { $0.billed })
            let zip = FakeBills.zip(files.enumerated().map { ("\($0.offset).csv", $0.element) })
            return Response(status: .ok, headers: ["content-type": "application/zip"], body: .bytes(zip))
        }
        for name in ["backTransReq.do", "queryTrans.do", "fileTransRequest.do"] {
            router.on(.post, PathPattern("/gateway/api/\(name)")) { try await Self.card($0, state) }
        }
        server = HTTPServer(address: "127.0.0.1", port: 0, router: router)
        try await server.start(on: TestPostgres.group)
        let keys = Self.keys
        let texts = [try keys.own.pem, keys.ownCertificate.pem, keys.gatewayPEM, keys.gatewayCertificate.pem]
        for (name, text) in zip(Self.files, texts) {
            guard let file = fopen(folder + "/" + name, "w") else { preconditionFailure("no file for test keys") }
            fputs(text, file)
            fclose(file)
        }
    }

    var environment: [String: String] {
        let url = "http://127.0.0.1:\(server.boundPort)"
        return [
            "ALIPAY_BASE_URL": url, "ALIPAY_APP_ID": Self.appID, "ALIPAY_SELLER_ID": Self.sellerID,
            "ALIPAY_PRIVATE_KEY_FILE": folder + "/own.pem", "ALIPAY_PUBLIC_KEY_FILE": folder + "/gateway.pem",
            "ALIPAY_NOTIFY_URL": "http://127.0.0.1:1/v1/gateways/alipay/notifications",
            "UNIONPAY_BASE_URL": url, "UNIONPAY_MER_ID": Self.merID,
            "UNIONPAY_PRIVATE_KEY_FILE": folder + "/own.pem", "UNIONPAY_CERT_FILE": folder + "/own_cert.pem",
            "UNIONPAY_GATEWAY_CERT_FILE": folder + "/gateway_cert.pem",
            "UNIONPAY_NOTIFY_URL": "http://127.0.0.1:1/v1/gateways/card/notifications",
        ]
    }

    func stop() async {
        await server.drain(deadline: .now + .seconds(1))
        for name in Self.files { unlink(folder + "/" + name) }
        rmdir(folder)
    }

    // MARK: The customer

    /// Opens the cashier of a payment and pays there.
    func pay(_ payment: Payment) {
        let number = Self.number(payment)
        state.withLock {
            $0.trades[number] = Trade(
                fen: payment.amount.minorUnits, state: "TRADE_SUCCESS", number: "2026" + number.suffix(16))
        }
    }

    static func number(_ payment: Payment) -> String {
        payment.gateway == .card ? payment.id.description.replacing("_", with: "") : payment.id.description
    }

    /// A certificate that anybody could have made.
    static var strangersCertificate: String { keys.ownCertificate.pem }

    /// What the gateway tells of a payment, with fields changed as a forger with the key would.
    func notification(of payment: Payment, _ changes: [String: String] = [:], forged: Bool = false) throws -> [UInt8] {
        let number = Self.number(payment), trade = state.withLock { $0.trades[number] } ?? Trade(fen: 1)
        var fields: [String: String]
        if payment.gateway == .alipay {
            fields = [
                "app_id": Self.appID, "seller_id": Self.sellerID, "out_trade_no": number, "trade_no": trade.number,
                "trade_status": trade.state, "total_amount": Money(minorUnits: trade.fen).formatted,
                "gmt_payment": "2026-11-23 13:00:00", "subject": "面", "notify_type": "trade_status_sync",
            ].merging(changes) { $1 }
            fields["sign"] = try Self.signature(Self.text(fields), forged)
            fields["sign_type"] = "RSA2"
        } else {
            fields = [
                "version": "5.1.0", "merId": Self.merID, "orderId": number, "txnType": "01", "respCode": "00",
                "queryId": trade.number, "txnAmt": String(trade.fen), "currencyCode": "156",
            ].merging(changes) { $1 }
            fields["signature"] = try Self.signature(Self.digest(fields), forged)
        }
        return Array(fields.map { "\($0.key)=\(PathPattern.percentEncoded($0.value))" }.joined(separator: "&").utf8)
    }

    // MARK: Signatures

    private static func text(_ fields: [String: String]) -> String {
        fields.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            .joined(separator: "&")
    }

    private static func digest(_ fields: [String: String]) -> String {
        Hex.encode(SHA256.hash(Array(text(fields.filter { $0.key != "signature" }).utf8)))
    }

    private static func signature(_ text: String, _ forged: Bool = false) throws -> String {
        Base64.encode(try (forged ? keys.own : keys.gateway).sign(Array(text.utf8)))
    }

    private static func form(_ request: Request) async throws -> [String: String] {
        var request = request
        let body = try await request.body.collect(upTo: 65_536)
        let pairs = QueryItems(String(decoding: body, as: UTF8.self)).pairs
        return Dictionary(pairs.map { ($0.name, $0.value) }) { $1 }
    }

    // MARK: Alipay

    private static func alipay(_ request: Request, _ state: Locked<State>) async throws -> Response {
        let form = try await form(request)
        let sign = Base64.decode(form["sign"] ?? "") ?? []
        let signed = Array(text(form.filter { $0.key != "sign" }).utf8)
        guard try keys.own.publicKey.isValidSignature(sign, for: signed) else {
            return .text(.ok, "{\"error_response\":{\"code\":\"40002\",\"sub_code\":\"isv.invalid-signature\"}}")
        }
        let method = form["method"] ?? ""
        let content = try JSON.decode(JSONValue.self, from: Array((form["biz_content"] ?? "{}").utf8))
        let origin = "http://" + (request.headers["host"] ?? "")
        let (node, isLost) = state.withLock { state -> (JSONValue, Bool) in
            if method == "alipay.data.dataservice.bill.downloadurl.query" {
                guard content["bill_date"]?.string == FakeBills.day else {
                    return (["code": "40004", "sub_code": "isp.bill_not_exist"], false)
                }
                return (["code": "10000", "bill_download_url": .string(origin + "/downloadBillFile.resource?token=x")], false)
            }
            let answer = answer(method, content, &state)
            guard state.failuresAfter > 0 else { return (answer, false) }
            state.failuresAfter -= 1
            return (answer, true)
        }
        guard !isLost else { return .text(HTTPStatus(500), "") }
        let text = String(decoding: JSON.encode(node), as: UTF8.self)
        let name = method.replacing(".", with: "_") + "_response"
        return .text(.ok, "{\"\(name)\":\(text),\"sign\":\"\(try signature(text))\"}")
    }

    private static func answer(_ method: String, _ content: JSONValue, _ state: inout State) -> JSONValue {
        let number = content["out_trade_no"]?.string ?? ""
        guard var trade = state.trades[number] else {
            return ["code": "40004", "sub_code": "ACQ.TRADE_NOT_EXIST", "sub_msg": "交易不存在"]
        }
        switch method {
        case "alipay.trade.close":
            state.closeCalls += 1
            guard trade.state == "WAIT_BUYER_PAY" else { return ["code": "40004", "sub_code": "ACQ.TRADE_STATUS_ERROR"] }
            trade.state = "TRADE_CLOSED"
            state.trades[number] = trade
            return ["code": "10000", "out_trade_no": .string(number)]
        case "alipay.trade.refund":
            let request = content["out_request_no"]?.string ?? ""
            let fen = Int64((content["refund_amount"]?.string ?? "").replacing(".", with: "")) ?? 0
            let isNew = state.refunds[request] == nil
            if isNew {
                trade.returned += fen
                state.refunds[request] = (number, fen)
                state.trades[number] = trade
            }
            return [
                "code": "10000", "fund_change": .string(isNew ? "Y" : "N"), "gmt_refund_pay": "2026-11-23 14:00:00",
            ]
        case "alipay.trade.fastpay.refund.query":
            guard let refund = state.refunds[content["out_request_no"]?.string ?? ""] else { return ["code": "10000"] }
            return [
                "code": "10000", "refund_amount": .string(Money(minorUnits: refund.fen).formatted),
                "refund_status": "REFUND_SUCCESS", "gmt_refund_pay": "2026-11-23 14:00:00",
            ]
        default:
            var fields: [String: JSONValue] = [
                "code": "10000", "out_trade_no": .string(number), "trade_no": .string(trade.number),
                "trade_status": .string(trade.state), "total_amount": .string(Money(minorUnits: trade.fen).formatted),
            ]
            if trade.state == "TRADE_SUCCESS" { fields["send_pay_date"] = "2026-11-23 13:00:00" }
            return .object(fields)
        }
    }

    // MARK: Cards

    private static func card(_ request: Request, _ state: Locked<State>) async throws -> Response {
        var fields = try await form(request)
        let signature = Base64.decode(fields["signature"] ?? "") ?? []
        guard try keys.own.publicKey.isValidSignature(signature, for: Array(digest(fields).utf8)) else {
            return .text(.ok, "respCode=11&respMsg=no")
        }
        let number = fields["orderId"] ?? "", fen = Int64(fields["txnAmt"] ?? "") ?? 0
        let query = fields["origQryId"] ?? "", type = fields["txnType"] ?? ""
        let (answer, isLost) = state.withLock { state -> ([String: String], Bool) in
            var answer = ["respCode": "00"]
            if type == "76" {
                guard fields["settleDate"] == "1123" else { return (["respCode": "98"], false) }
                let file = FakeBills.zip([("INN26112388ZM_777290058110001", FakeBills.unionPay(state.billed))])
                return (["respCode": "00", "fileContent": Base64.encode(FakeBills.zlib(file))], false)
            }
            if type == "04" {
                let trade = state.trades.first { $0.value.number == query }?.key ?? ""
                if state.refunds[number] == nil {
                    state.refunds[number] = (trade, fen)
                    state.trades[trade]?.returned += fen
                } else { answer["respCode"] = "12" }
            } else if let refund = state.refunds[number] {
                answer.merge([
                    "queryId": "R" + number, "txnType": "04", "txnAmt": String(refund.fen), "origRespCode": "00",
                ]) { $1 }
            } else if let trade = state.trades[number] {
                let isPaid = trade.state == "TRADE_SUCCESS"
                answer.merge([
                    "queryId": trade.number, "txnType": "01", "txnAmt": String(trade.fen), "currencyCode": "156",
                    "origRespCode": isPaid ? "00" : "05",
                ]) { $1 }
            } else { answer["respCode"] = "34" }
            guard state.failuresAfter > 0 else { return (answer, false) }
            state.failuresAfter -= 1
            return (answer, true)
        }
        guard !isLost else { return .text(HTTPStatus(500), "") }
        fields.merge(answer) { $1 }
        fields["signature"] = try Self.signature(digest(fields))
        return .text(.ok, fields.map { "\($0.key)=\($0.value)" }.joined(separator: "&"))
    }
}
