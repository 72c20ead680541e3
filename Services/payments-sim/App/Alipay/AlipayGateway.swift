import Crypto
import EventLoop
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// The simulated Alipay OpenAPI (protocol facts, section 4): one address, the method is a parameter.
struct AlipayGateway: Sendable {
    let configuration: GatewayConfiguration
    let kit: Toolkit
    let clock: BusinessClock
    let faults: Faults

    static let path = "/gateway.do"
    private static let bodyBytesMax = 1 << 18

    /// What a method answers: the node's fields without code and msg, or a page.
    enum Answer {
        case fields([String: JSONValue])
        /// The buyer pays first: code 10003.
        case waiting([String: JSONValue])
        case redirect(String)
    }

    func addRoutes(to routes: inout Routes) {
        // Clients call by GET, by POST, or with half of the parameters in each place.
        routes.get(PathPattern(Self.path), access: .public) { request, _ in try await answer(request) }
        routes.post(PathPattern(Self.path), access: .gatewaySignature) { request, _ in try await answer(request) }
        routes.get("/downloadBillFile.resource", access: .public) { request, _ in try await download(request) }
    }

    private func answer(_ request: Request) async throws -> Response {
        var content = request.body
        let body = try await content.collect(upTo: Self.bodyBytesMax)
        let form = QueryItems(String(decoding: body, as: UTF8.self))
        var parameters: [String: String] = [:]
        for (name, value) in request.query.pairs + form.pairs { parameters[name] = value }
        return try await answer(parameters)
    }

    /// Verifies, handles, signs. Whatever happens, the status is 200.
    private func answer(_ parameters: [String: String]) async throws -> Response {
        let method = parameters["method"] ?? ""
        let isKnown = handler(method) != nil
        let call: AlipayRequest
        do {
            call = try await AlipayRequest(parameters, configuration.alipay)
            guard isKnown else { throw AlipayRefusal.invalid("isv.invalid-method", "不存在的方法名") }
        } catch let refusal as AlipayRefusal {
            // Without a known application nobody knows which key to sign with.
            let isTold = isKnown && refusal.subCode != "isv.invalid-app-id"
            let node = isTold ? AlipayRequest.node(method) : "error_response"
            return Self.response("{\"\(node)\":\(JSON.text(refusal.node))}")
        }
        return try await answer(call)
    }

    private func answer(_ call: AlipayRequest) async throws -> Response {
        var node: JSONValue
        do {
            let subject = "\(Self.path) \(call.method)"
            if let slow = faults.strike(.slowAnswer, subject) {
                try await EventLoop.current?.sleep(until: .now + .milliseconds(Int64(slow.seconds * 1_000)))
            }
            if faults.strike(.serverError, subject) != nil { throw AlipayRefusal.systemError }
            switch try await handler(call.method)?(call) ?? .fields([:]) {
            case .redirect(let url): return .redirect(to: url)
            case .fields(let fields):
                node = .object(fields.merging(["code": "10000", "msg": "Success"]) { $1 })
            case .waiting(let fields):
                node = .object(fields.merging(["code": "10003", "msg": "order success pay inprocess"]) { $1 })
            }
            if faults.strike(.serverErrorAfter, subject) != nil { throw AlipayRefusal.systemError }
        } catch let refusal as AlipayRefusal {
            node = refusal.node
        } catch let error as PostgresError {
            kit.logger.info("alipay call failed", ("error.database", .text("\(error)")))
            node = AlipayRefusal.unknown.node
        }
        return try await signed(Self.withoutBraces(JSON.text(node)), call)
    }

    /// Escapes the braces inside of texts: some clients find the node's end by counting braces, whatever quotes say.
    static func withoutBraces(_ json: String) -> String {
        var result: [UInt8] = [], isInText = false, isEscaped = false
        for byte in json.utf8 {
            switch byte {
            case UInt8(ascii: "{") where isInText: result += Array("\\u007b".utf8)
            case UInt8(ascii: "}") where isInText: result += Array("\\u007d".utf8)
            default: result.append(byte)
            }
            if byte == UInt8(ascii: "\""), !isEscaped { isInText.toggle() }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The node's exact bytes are signed; `sign` comes right behind them.
    private func signed(_ node: String, _ call: AlipayRequest) async throws -> Response {
        var signature = try await sign(node, call.merchant)
        if faults.strike(.wrongSignature, "\(Self.path) \(call.method)") != nil {
            signature = String(signature.reversed().drop { $0 == "=" }) + "=="
        }
        let own = call.merchant.certificates?.ownSerial ?? ""
        let serial = call.usesCertificates ? "\"alipay_cert_sn\":\"\(own)\"," : ""
        return Self.response("{\"\(call.node)\":\(node),\(serial)\"sign\":\"\(signature)\"}")
    }

    private static func response(_ text: String) -> Response {
        Response(
            status: .ok, headers: ["content-type": "application/json;charset=utf-8"], body: .bytes(Array(text.utf8)))
    }

    func sign(_ text: String, _ merchant: AlipayMerchant) async throws -> String {
        let key = merchant.privateKey
        return Base64.encode(try await BlockingPool.shared.run { try key.sign(Array(text.utf8)) })
    }

    private typealias Handler = @Sendable (AlipayRequest) async throws -> Answer

    private func handler(_ method: String) -> Handler? {
        switch method {
        case "alipay.trade.page.pay": { try await page($0, "page") }
        case "alipay.trade.wap.pay": { try await page($0, "wap") }
        case "alipay.trade.app.pay": { try await page($0, "app") }
        case "alipay.trade.precreate": { try await precreate($0) }
        case "alipay.trade.create": { try await create($0) }
        case "alipay.trade.pay": { try await payByCode($0) }
        case "alipay.trade.query": { try await query($0) }
        case "alipay.trade.close": { try await close($0) }
        case "alipay.trade.cancel": { try await cancel($0) }
        case "alipay.trade.refund": { try await refund($0) }
        case "alipay.trade.fastpay.refund.query": { try await queryRefund($0) }
        case "alipay.trade.order.settle": { try await settle($0) }
        case "alipay.trade.order.settle.query": { try await querySettlement($0) }
        case "alipay.trade.order.onsettle.query": { try await unsettled($0) }
        case "alipay.trade.royalty.relation.bind": { try await bind($0) }
        case "alipay.trade.royalty.relation.unbind": { try await unbind($0) }
        case "alipay.trade.royalty.relation.batchquery": { try await receivers($0) }
        case "alipay.trade.royalty.rate.query": { call in
            .fields(["user_id": .string(call.merchant.sellerID), "max_ratio": .int(call.merchant.maxRoyaltyPercent)])
        }
        case "alipay.data.dataservice.bill.downloadurl.query": { try await bill($0) }
        case "alipay.open.app.alipaycert.download": { call in
            let certificate = call.merchant.certificates?.ownCertificate ?? ""
            return .fields(["alipay_cert_content": .string(Base64.encode(Array(certificate.utf8)))])
        }
        default: nil
        }
    }
}
