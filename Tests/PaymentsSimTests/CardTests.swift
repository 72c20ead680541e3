import Crypto
import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import TestSupport
import Testing
@testable import PaymentsSim

/// UnionPay over the real routes, and what is kept of a card.
@Suite(.serialized, .timeLimit(.minutes(5))) struct CardTests {
    private static let card = "6216261000000000018"

    private func form(
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

    private func post(
        _ rehearsal: Rehearsal, _ path: String, _ fields: [String: String]
    ) async throws -> ClientResponse {
        try await rehearsal.simulator.send(
            .post, path, body: Array(FormText.encode(fields).utf8),
            headers: [("content-type", "application/x-www-form-urlencoded")])
    }

    /// The fields of an answer whose signature is right.
    private func back(_ rehearsal: Rehearsal, _ fields: [String: String]) async throws -> [String: String] {
        let name = fields["txnType"] == "00" ? "queryTrans.do" : "backTransReq.do"
        let answer = try await post(rehearsal, "/gateway/api/" + name, try form(fields))
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

    private func order(_ rehearsal: Rehearsal, _ number: String) -> [String: String] {
        [
            "txnType": "01", "txnSubType": "01", "orderId": number, "txnTime": "20261123132406", "txnAmt": "1000",
            "currencyCode": "156", "backUrl": rehearsal.merchant.url + "/notify",
        ]
    }

    /// Opens the card page.
    private func open(_ rehearsal: Rehearsal, _ number: String) async throws -> String {
        let fields = try form(order(rehearsal, number))
        let answer = try await post(rehearsal, "/gateway/api/frontTransReq.do", fields)
        #expect(answer.status == .seeOther)
        return String(try #require(answer.headers["location"]).dropFirst(RehearsalKeys.baseURL.count))
    }

    private func paid(_ rehearsal: Rehearsal, _ number: String) async throws {
        let page = try await open(rehearsal, number)
        let first = try await post(rehearsal, page, ["decision": "card", "card_number": Self.card])
        #expect(first.status == .seeOther)
        let asked = try await rehearsal.simulator.send(.get, page).text
        let code = try #require(asked.split(separator: "<b>").last?.prefix(6))
        _ = try await post(rehearsal, page, ["decision": "pay", "code": String(code)])
    }

    private func query(_ rehearsal: Rehearsal, _ number: String) async throws -> [String: String] {
        try await back(rehearsal, ["txnType": "00", "orderId": number, "txnTime": "20261123132406"])
    }

    @Test func `a card pays after its check and its code, and only its end is kept`() async throws {
        try await Rehearsal.with { rehearsal in
            let page = try await open(rehearsal, "card0001")
            #expect(try await query(rehearsal, "card0001")["origRespCode"] == "05")
            let wrong = try await post(rehearsal, page, ["decision": "card", "card_number": "6216261000000000019"])
            #expect(wrong.status == .unprocessableContent)
            let early = try await post(rehearsal, page, ["decision": "pay", "code": "000000"])
            #expect(early.status == .unprocessableContent)
            _ = try await post(rehearsal, page, ["decision": "card", "card_number": Self.card])
            let asked = try await rehearsal.simulator.send(.get, page).text
            #expect(!asked.contains(Self.card))
            let code = try #require(asked.split(separator: "<b>").last?.prefix(6))
            _ = try await post(rehearsal, page, ["decision": "pay", "code": String(code)])
            let found = try await query(rehearsal, "card0001")
            #expect(found["origRespCode"] == "00")
            #expect(found["accNo"] == "0018")
            #expect(found["queryId"]?.count == 21)
            await rehearsal.merchant.waitForRequests(1)
            let told = QueryItems(String(decoding: rehearsal.merchant.requests[0].body, as: UTF8.self))
            #expect(told["respCode"] == "00")
            #expect(!String(decoding: rehearsal.merchant.requests[0].body, as: UTF8.self).contains(Self.card))
            #expect(try await rehearsal.simulator.test.database.one(RowsWithCard(number: Self.card)) == 0)
            #expect(try await rehearsal.balances()["card:777290058110109"] == 994)
        }
    }

    @Test func `three wrong codes forget the card`() async throws {
        try await Rehearsal.with { rehearsal in
            let page = try await open(rehearsal, "card0002")
            _ = try await post(rehearsal, page, ["decision": "card", "card_number": Self.card])
            for _ in 0..<3 { _ = try await post(rehearsal, page, ["decision": "pay", "code": "wrong"]) }
            let asked = try await rehearsal.simulator.send(.get, page).text
            #expect(asked.contains("card_number"))
            #expect(try await rehearsal.balances().isEmpty)
        }
    }

    @Test func `refunds in parts, never over, and a cancellation of the day`() async throws {
        try await Rehearsal.with { rehearsal in
            try await paid(rehearsal, "card0003")
            let id = try #require(try await query(rehearsal, "card0003")["queryId"])
            let refund = { (number: String, amount: String) in
                try await back(rehearsal, [
                    "txnType": "04", "txnSubType": "00", "orderId": number, "txnTime": "20261123132500",
                    "txnAmt": amount, "origQryId": id,
                ])["respCode"]
            }
            #expect(try await refund("refund01", "400") == "00")
            #expect(try await refund("refund01", "400") == "12")
            #expect(try await refund("refund02", "601") == "36")
            #expect(try await refund("refund02", "600") == "00")
            #expect(try await rehearsal.balances().values.allSatisfy { $0 == 0 })
            try await paid(rehearsal, "card0004")
            let other = try #require(try await query(rehearsal, "card0004")["queryId"])
            let cancel = ["txnType": "31", "txnSubType": "00", "orderId": "cancel01", "txnTime": "20261123132501",
                "origQryId": other]
            #expect(try await back(rehearsal, cancel.merging(["txnAmt": "999"]) { $1 })["respCode"] == "36")
            #expect(try await back(rehearsal, cancel.merging(["txnAmt": "1000"]) { $1 })["respCode"] == "00")
            #expect(try await back(rehearsal, cancel.merging(["txnAmt": "1000"]) { $1 })["respCode"] == "35")
            #expect(try await rehearsal.balances().values.allSatisfy { $0 == 0 })
        }
    }

    @Test func `an unknown result is reversed, and the day's file lists what settled`() async throws {
        try await Rehearsal.with { rehearsal in
            try await paid(rehearsal, "card0005")
            let reverse = ["txnType": "99", "txnSubType": "01", "orderId": "card0005", "txnTime": "20261123132406"]
            #expect(try await back(rehearsal, reverse)["respCode"] == "00")
            #expect(try await rehearsal.balances().values.allSatisfy { $0 == 0 })
            let day = try #require(BillDay(of: Timestamp(microseconds: RealTime.seconds() * 1_000_000)))
            let file = try await back(rehearsal, [
                "txnType": "76", "txnSubType": "01", "txnTime": "20261123132406", "fileType": "00",
                "settleDate": String(day.text.filter(\.isNumber).suffix(4)),
            ])
            let content = String(decoding: try #require(Base64.decode(file["fileContent"] ?? "")), as: UTF8.self)
            #expect(content.contains("S22 card0005"))
            #expect(content.contains("S56 Rcard0005"))
        }
    }

    @Test func `wrong signatures, repeated and unknown orders are refused`() async throws {
        try await Rehearsal.with { rehearsal in
            let fields = order(rehearsal, "card0006")
            let wrong = try await post(
                rehearsal, "/gateway/api/backTransReq.do", try form(fields, key: "unionpay_key.pem"))
            #expect(wrong.text.contains("respCode=11"))
            #expect(!wrong.text.contains("signature="))
            _ = try await open(rehearsal, "card0006")
            let again = try await post(rehearsal, "/gateway/api/frontTransReq.do", try form(fields))
            #expect(again.text.contains("[12]"))
            #expect(try await query(rehearsal, "card9999")["respCode"] == "34")
        }
    }

    @Test(arguments: [
        ("6216261000000000018", true), ("6216261000000000019", false), ("4111111111111111", true), ("", false),
        ("411111111111111x", false), ("00000000000000000000", false),
    ])
    func `check digits are checked`(number: String, isValid: Bool) {
        #expect(CardNumber.isValid(number) == isValid)
    }
}

/// Rows of any kind that hold a card number.
struct RowsWithCard: Statement {
    let number: String
    static let name: StaticString = "test_rows_with_card"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT (SELECT count(*) FROM unionpay_transactions AS t WHERE t::text LIKE '%' || $1 || '%')
            + (SELECT count(*) FROM notifications AS n WHERE n::text LIKE '%' || $1 || '%')
            + (SELECT count(*) FROM ledger_postings AS p WHERE p::text LIKE '%' || $1 || '%')
        """
    func bind(to parameters: inout Parameters) { parameters.append(number) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}
