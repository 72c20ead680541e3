import Crypto
public import EventLoop
public import HTTPClient
import HTTPCore
import JSON
public import Models

/// A merchant's side of Alipay's OpenAPI: requests signed (RSA2), answers and notifications verified.
///
/// - Source: the public OpenAPI documentation, "自行实现签名", "自行实现验签".
public final class AlipayClient: Sendable {
    private let configuration: AlipayConfiguration
    private let http: HTTPClient

    /// The longest a call may take, in seconds.
    private static let callSecondsMax = 5
    /// 256 MiB of text: about a million rows.
    private static let billBytesMax = 1 << 28

    /// A client over `http`.
    public init(configuration: AlipayConfiguration, http: HTTPClient) {
        self.configuration = configuration
        self.http = http
    }

    // MARK: Ways to pay

    /// The address that a phone's browser opens to pay: signed here, so the gateway hears of it when it is opened.
    public func wapPage(_ order: AlipayOrder, now: Timestamp) async throws(AlipayError) -> String {
        try await page("alipay.trade.wap.pay", "QUICK_WAP_WAY", order, now)
    }

    /// The same for a computer's browser.
    public func webPage(_ order: AlipayOrder, now: Timestamp) async throws(AlipayError) -> String {
        try await page("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY", order, now)
    }

    private func page(
        _ method: String, _ product: String, _ order: AlipayOrder, _ now: Timestamp
    ) async throws(AlipayError) -> String {
        var content = Self.content(order)
        content["product_code"] = .string(product)
        let parameters = try await signed(method, content, returnURL: order.returnURL, now)
        return "\(configuration.cashierBaseURL)/gateway.do?" + SignedForm.encoded(parameters)
    }

    /// What a code on a screen says.
    public func precreate(
        _ order: AlipayOrder, now: Timestamp, until deadline: Instant
    ) async throws(AlipayError) -> String {
        let answer = try await call("alipay.trade.precreate", Self.content(order), now, deadline)
        guard let code = answer["qr_code"]?.string else { throw .malformed("the answer has no code") }
        return code
    }

    private static func content(_ order: AlipayOrder) -> [String: JSONValue] {
        let subject = String(order.subject.map { "/=&".contains($0) ? " " : $0 })
        return [
            "out_trade_no": .string(order.outTradeNo), "subject": .string(subject),
            "total_amount": .string(AlipayText.yuan(order.totalFen)),
            "time_expire": .string(AlipayText.text(order.expiresAt)),
        ]
    }

    // MARK: Calls

    /// What became of a trade.
    public func query(
        outTradeNo: String, now: Timestamp, until deadline: Instant
    ) async throws(AlipayError) -> AlipayTrade {
        let answer = try await call(
            "alipay.trade.query", ["out_trade_no": .string(outTradeNo)], now, deadline)
        guard let trade = Self.trade({ answer[$0]?.string }, paidAt: "send_pay_date") else {
            throw .malformed("the answer is no trade")
        }
        return trade
    }

    /// Ends an unpaid trade.
    public func close(outTradeNo: String, now: Timestamp, until deadline: Instant) async throws(AlipayError) {
        _ = try await call("alipay.trade.close", ["out_trade_no": .string(outTradeNo)], now, deadline)
    }

    /// For a result that stays unknown: an unpaid trade is closed, a paid one refunded.
    public func cancel(outTradeNo: String, now: Timestamp, until deadline: Instant) async throws(AlipayError) {
        _ = try await call("alipay.trade.cancel", ["out_trade_no": .string(outTradeNo)], now, deadline)
    }

    /// Refunds a part or all of a trade; the identity is `outRequestNo`, the same on every try.
    public func refund(
        outTradeNo: String, outRequestNo: String, fen: Int64, reason: String, now: Timestamp, until deadline: Instant
    ) async throws(AlipayError) -> AlipayRefund {
        let answer = try await call(
            "alipay.trade.refund",
            [
                "out_trade_no": .string(outTradeNo), "out_request_no": .string(outRequestNo),
                "refund_amount": .string(AlipayText.yuan(fen)), "refund_reason": .string(String(reason.prefix(256))),
            ], now, deadline)
        // Without a change of funds the number was used before: asking tells what became of it.
        return AlipayRefund(
            isDone: answer["fund_change"]?.string == "Y",
            completedAt: AlipayText.time(answer["gmt_refund_pay"]?.string))
    }

    /// What became of a refund; nil when the gateway does not know it.
    public func queryRefund(
        outTradeNo: String, outRequestNo: String, now: Timestamp, until deadline: Instant
    ) async throws(AlipayError) -> AlipayRefund? {
        let answer = try await call(
            "alipay.trade.fastpay.refund.query",
            ["out_trade_no": .string(outTradeNo), "out_request_no": .string(outRequestNo)], now, deadline)
        guard answer["refund_amount"]?.string != nil else { return nil }
        let status = answer["refund_status"]?.string
        return AlipayRefund(
            isDone: status == nil || status == "REFUND_SUCCESS",
            completedAt: AlipayText.time(answer["gmt_refund_pay"]?.string))
    }

    /// Where the trades of a day (`yyyy-MM-dd`) can be fetched for half a minute.
    public func billURL(
        kind: String = "trade", day: String, now: Timestamp, until deadline: Instant
    ) async throws(AlipayError) -> String {
        let answer = try await call(
            "alipay.data.dataservice.bill.downloadurl.query", ["bill_type": .string(kind), "bill_date": .string(day)],
            now, deadline)
        guard let url = answer["bill_download_url"]?.string else { throw .malformed("the answer has no address") }
        return url
    }

    /// The files of a day's trade bill (`yyyy-MM-dd`, of Beijing), in GBK; nil when there is none: nothing moved, or it is
    /// not made yet. What is signed is the address.
    public func tradeBill(
        day: String, now: Timestamp, until deadline: Instant
    ) async throws(AlipayError) -> [[UInt8]]? {
        let url: String
        do throws(AlipayError) {
            url = try await billURL(day: day, now: now, until: deadline)
        } catch {
            guard case .refused("isp.bill_not_exist", _) = error else { throw error }
            return nil
        }
        let answer: ClientResponse
        do throws(HTTPClientError) {
            answer = try await http.send(ClientRequest(method: .get, url: url, deadline: deadline, idempotent: true))
        } catch {
            throw .unknownOutcome("\(error)")
        }
        guard answer.status == .ok else { throw .unknownOutcome("status \(answer.status.code)") }
        let packed = answer.body
        let files = try? await BlockingPool.shared.run {
            try ZipFile.entries(packed, bytesMax: Self.billBytesMax).map(\.content)
        }
        guard let files else { throw .malformed("the bill cannot be unpacked") }
        return files
    }

    // MARK: Notifications

    /// Verifies a notification: its signature, and that it is for this application and seller.
    public func verifyNotification(
        _ parameters: [String: String]
    ) async throws(AlipayError) -> AlipayNotification {
        guard let signature = parameters["sign"].flatMap(Base64.decode), parameters["sign_type"] == "RSA2" else {
            throw .invalidSignature("the notification is not signed")
        }
        let text = SignedForm.text(parameters.filter { $0.key != "sign" && $0.key != "sign_type" })
        guard configuration.gatewayKey.isValidSignature(signature, for: Array(text.utf8)) else {
            throw .invalidSignature("the signature does not match")
        }
        guard parameters["app_id"] == configuration.appID else { throw .mismatch("app_id") }
        guard parameters["seller_id"] == configuration.sellerID else { throw .mismatch("seller_id") }
        guard let trade = Self.trade({ parameters[$0] }, paidAt: "gmt_payment") else {
            throw .malformed("the notification is no trade")
        }
        let number = parameters["refund_fee"] == nil ? nil : parameters["out_biz_no"]
        return AlipayNotification(
            trade: trade, outRequestNo: number, refundedAt: AlipayText.time(parameters["gmt_refund"]))
    }

    private static func trade(_ field: (String) -> String?, paidAt: String) -> AlipayTrade? {
        guard let number = field("out_trade_no"), let tradeNo = field("trade_no"),
            let status = field("trade_status").flatMap(AlipayTradeStatus.init),
            let total = AlipayText.fen(field("total_amount"))
        else { return nil }
        return AlipayTrade(
            outTradeNo: number, tradeNo: tradeNo, status: status, totalFen: total,
            paidAt: AlipayText.time(field(paidAt)))
    }

    // MARK: Transport

    private func signed(
        _ method: String, _ content: [String: JSONValue], returnURL: String? = nil, _ now: Timestamp
    ) async throws(AlipayError) -> [String: String] {
        var parameters = [
            "app_id": configuration.appID, "method": method, "format": "JSON", "charset": "utf-8",
            "sign_type": "RSA2", "timestamp": AlipayText.text(now), "version": "1.0",
            "notify_url": configuration.notifyURL,
            "biz_content": String(decoding: JSON.encode(JSONValue.object(content)), as: UTF8.self),
        ]
        parameters["return_url"] = returnURL
        let text = SignedForm.text(parameters)
        guard let signature = await SignedForm.signature(of: text, with: configuration.privateKey) else {
            throw .unknownOutcome("the request could not be signed")
        }
        parameters["sign"] = signature
        return parameters
    }

    private func call(
        _ method: String, _ content: [String: JSONValue], _ now: Timestamp, _ deadline: Instant
    ) async throws(AlipayError) -> JSONValue {
        let body = SignedForm.encoded(try await signed(method, content, now))
        let answer: ClientResponse
        do throws(HTTPClientError) {
            // Every call carries its own number, so a repetition is harmless.
            answer = try await http.send(ClientRequest(
                method: .post, url: configuration.baseURL + "/gateway.do",
                headers: ["content-type": "application/x-www-form-urlencoded; charset=utf-8"], body: Array(body.utf8),
                deadline: min(deadline, Instant.now + .seconds(Self.callSecondsMax)), idempotent: true))
        } catch {
            throw .unknownOutcome("\(error)")
        }
        guard answer.status == .ok else { throw .unknownOutcome("status \(answer.status.code)") }
        return try verified(answer.body, node: method.replacing(".", with: "_") + "_response")
    }

    /// The answer's node, whose exact bytes are signed. A refusal of the request itself need not be signed: without a
    /// known application the gateway has no key to sign with, and it says that nothing was done.
    private func verified(_ body: [UInt8], node name: String) throws(AlipayError) -> JSONValue {
        guard let answer = try? JSON.decode(JSONValue.self, from: body, mode: .lenient) else {
            throw .malformed("the answer is no JSON")
        }
        guard let encoded = answer["sign"]?.string else {
            let refusal = answer["error_response"] ?? answer[name]
            if let code = refusal?["code"]?.string, code.hasPrefix("4"), code != "40004" { throw Self.refusal(refusal) }
            throw .invalidSignature("the answer is not signed")
        }
        guard let node = answer[name], let bytes = Self.node(name, in: body), let signature = Base64.decode(encoded),
            configuration.gatewayKey.isValidSignature(signature, for: bytes)
        else { throw .invalidSignature("the signature of the answer does not match") }
        guard node["code"]?.string == "10000" else { throw Self.refusal(node) }
        return node
    }

    private static func refusal(_ node: JSONValue?) -> AlipayError {
        let code = node?["sub_code"]?.string ?? node?["code"]?.string ?? "UNKNOWN"
        if node?["code"]?.string?.hasPrefix("2") == true || code.hasSuffix("SYSTEM_ERROR") {
            return .unknownOutcome(code)
        }
        return .refused(code: code, message: node?["sub_msg"]?.string ?? "")
    }

    /// The bytes of the object behind `"name":`.
    private static func node(_ name: String, in body: [UInt8]) -> [UInt8]? {
        let key = Array("\"\(name)\":".utf8)
        guard let start = body.firstRange(of: key)?.upperBound else { return nil }
        var (depth, inText, escaped) = (0, false, false)
        for index in start..<body.count {
            let byte = body[index]
            if inText {
                if escaped { escaped = false } else if byte == UInt8(ascii: "\\") { escaped = true }
                else if byte == UInt8(ascii: "\"") { inText = false }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inText = true
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 { return Array(body[start...index]) }
            default: break
            }
        }
        return nil
    }
}
