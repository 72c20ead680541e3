import Crypto
import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Models
import TestSupport
import Testing
@testable import PaymentsSim

/// What a merchant of Alipay does.
extension Rehearsal {
    static let appID = "2021000100000109"

    /// Signed parameters of a call of Alipay.
    func alipayParameters(
        _ method: String, _ content: JSONValue, changes: [String: String] = [:], key: String = "alipay_app_key.pem"
    ) throws -> [String: String] {
        var parameters = [
            "app_id": Self.appID, "method": method, "charset": "utf-8", "sign_type": "RSA2", "version": "1.0",
            "timestamp": "2026-11-23 13:24:06", "notify_url": merchant.url + "/notify",
            "biz_content": JSON.text(content),
        ]
        parameters.merge(changes) { $1 }
        let key = try RSAPrivateKey(pem: RehearsalKeys.shared.text(key))
        parameters["sign"] = Base64.encode(try key.sign(Array(AlipayRequest.signed(parameters).utf8)))
        return parameters
    }

    /// The node of the answer. A signature must be right, and is there or not as `isSigned` says.
    func alipay(
        _ method: String, _ content: JSONValue, changes: [String: String] = [:], isSigned: Bool? = nil
    ) async throws -> JSONValue {
        let all = try alipayParameters(method, content, changes: changes)
        // As the official client does: common parameters in the query, the content in the body.
        let query = FormText.encode(all.filter { $0.key != "biz_content" })
        let body = FormText.encode(all.filter { $0.key == "biz_content" })
        let answer = try await simulator.send(
            .post, "/gateway.do?" + query, body: Array(body.utf8),
            headers: [("content-type", "application/x-www-form-urlencoded")])
        #expect(answer.status == .ok)
        let value = try JSON.decode(JSONValue.self, from: answer.body)
        if let isSigned { #expect((value["sign"] != nil) == isSigned, "\(answer.text)") }
        guard let signature = value["sign"]?.string else {
            return try #require(value["error_response"] ?? value[AlipayRequest.node(method)])
        }
        // The node as it was sent, up to the sign that follows at once.
        let text = answer.text
        let start = try #require(text.firstIndex(of: ":")), end = try #require(text.firstRange(of: ",\"sign\":\""))
        let node = text[text.index(after: start)..<end.lowerBound]
        let key = try RSAPublicKey(pem: RehearsalKeys.shared.text("alipay.pem"))
        #expect(key.isValidSignature(try #require(Base64.decode(signature)), for: Array(node.utf8)))
        return try #require(value[AlipayRequest.node(method)])
    }

    func alipayOrder(_ number: String, _ amount: String = "10.00") -> JSONValue {
        ["out_trade_no": .string(number), "total_amount": .string(amount), "subject": "葱油拌面 {a}"]
    }

    func payAlipay(_ number: String) async throws -> Int {
        try await control("alipay/pay", ["out_trade_no": .string(number), "app_id": .string(Self.appID)])
    }
}
