import Crypto
import HTTPClient
import HTTPCore
import JSON
import TestSupport
import Testing
@testable import PaymentsSim

/// What a merchant of UnionPay does, and the holder of a card.
extension Rehearsal {
    static let card = "6216261000000000018"

    func cardForm(
        _ fields: [String: String], key: String = "unionpay_merchant_key.pem"
    ) throws -> [String: String] {
        let certificate = try X509Certificate(pem: RehearsalKeys.shared.text("unionpay_merchant_cert.pem"))
        var all = [
            "version": "5.1.0", "encoding": "UTF-8", "certId": certificate.serialDecimal, "signMethod": "01",
            "merId": "777290058110109", "bizType": "000201", "channelType": "07", "accessType": "0",
        ].merging(fields) { $1 }
        let signer = try RSAPrivateKey(pem: RehearsalKeys.shared.text(key))
        all["signature"] = Base64.encode(try signer.sign(UnionPaySignature.text(all)))
        return all
    }

    func post(
        _ path: String, _ fields: [String: String]
    ) async throws -> ClientResponse {
        try await simulator.send(
            .post, path, body: Array(FormText.encode(fields).utf8),
            headers: [("content-type", "application/x-www-form-urlencoded")])
    }

    /// The fields of an answer whose signature is right.
    func cardBack(_ fields: [String: String]) async throws -> [String: String] {
        let name = fields["txnType"] == "00" ? "queryTrans.do" : "backTransReq.do"
        let answer = try await post("/gateway/api/" + name, try cardForm(fields))
        var all: [String: String] = [:]
        for part in answer.text.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            try #require(pair.count == 2, "\(answer.status.code) \(answer.text)")
            all[String(pair[0])] = String(pair[1])
        }
        let key = try X509Certificate(pem: try #require(all["signPubKeyCert"])).publicKey
        let signature = try #require(Base64.decode(all["signature"] ?? ""))
        #expect(key.isValidSignature(signature, for: UnionPaySignature.text(all)))
        return all
    }

    func cardOrder(_ number: String) -> [String: String] {
        [
            "txnType": "01", "txnSubType": "01", "orderId": number, "txnTime": "20261123132406", "txnAmt": "1000",
            "currencyCode": "156", "backUrl": merchant.url + "/notify",
        ]
    }

    /// Opens the card page.
    func openCard(_ number: String) async throws -> String {
        let fields = try cardForm(cardOrder(number))
        let answer = try await post("/gateway/api/frontTransReq.do", fields)
        #expect(answer.status == .seeOther)
        return String(try #require(answer.headers["location"]).dropFirst(RehearsalKeys.baseURL.count))
    }

    func paidByCard(_ number: String) async throws {
        let page = try await openCard(number)
        let first = try await post(page, ["decision": "card", "card_number": Self.card])
        #expect(first.status == .seeOther)
        let asked = try await simulator.send(.get, page).text
        let code = try #require(asked.split(separator: "<b>").last?.prefix(6))
        _ = try await post(page, ["decision": "pay", "code": String(code)])
    }

    func queryCard(_ number: String) async throws -> [String: String] {
        try await cardBack(["txnType": "00", "orderId": number, "txnTime": "20261123132406"])
    }
}
