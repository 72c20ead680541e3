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
    @Test func `a card pays after its check and its code, and only its end is kept`() async throws {
        try await Rehearsal.with { rehearsal in
            let page = try await rehearsal.openCard("card0001")
            #expect(try await rehearsal.queryCard("card0001")["origRespCode"] == "05")
            let wrong = try await rehearsal.post(page, ["decision": "card", "card_number": "6216261000000000019"])
            #expect(wrong.status == .unprocessableContent)
            let early = try await rehearsal.post(page, ["decision": "pay", "code": "000000"])
            #expect(early.status == .unprocessableContent)
            _ = try await rehearsal.post(page, ["decision": "card", "card_number": Rehearsal.card])
            let asked = try await rehearsal.simulator.send(.get, page).text
            #expect(!asked.contains(Rehearsal.card))
            let code = try #require(asked.split(separator: "<b>").last?.prefix(6))
            _ = try await rehearsal.post(page, ["decision": "pay", "code": String(code)])
            let found = try await rehearsal.queryCard("card0001")
            #expect(found["origRespCode"] == "00")
            #expect(found["accNo"] == "0018")
            #expect(found["queryId"]?.count == 21)
            await rehearsal.merchant.waitForRequests(1)
            let told = QueryItems(String(decoding: rehearsal.merchant.requests[0].body, as: UTF8.self))
            #expect(told["respCode"] == "00")
            #expect(!String(decoding: rehearsal.merchant.requests[0].body, as: UTF8.self).contains(Rehearsal.card))
            #expect(try await rehearsal.simulator.test.database.one(RowsWithCard(number: Rehearsal.card)) == 0)
            #expect(try await rehearsal.balances()["card:777290058110109"] == 994)
        }
    }

    @Test func `three wrong codes forget the card`() async throws {
        try await Rehearsal.with { rehearsal in
            let page = try await rehearsal.openCard("card0002")
            _ = try await rehearsal.post(page, ["decision": "card", "card_number": Rehearsal.card])
            for _ in 0..<3 { _ = try await rehearsal.post(page, ["decision": "pay", "code": "wrong"]) }
            let asked = try await rehearsal.simulator.send(.get, page).text
            #expect(asked.contains("card_number"))
            #expect(try await rehearsal.balances().isEmpty)
        }
    }

    @Test func `refunds in parts, never over, and a cancellation of the day`() async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paidByCard("card0003")
            let id = try #require(try await rehearsal.queryCard("card0003")["queryId"])
            let refund = { (number: String, amount: String) in
                try await rehearsal.cardBack([
                    "txnType": "04", "txnSubType": "00", "orderId": number, "txnTime": "20261123132500",
                    "txnAmt": amount, "origQryId": id,
                ])["respCode"]
            }
            #expect(try await refund("refund01", "400") == "00")
            #expect(try await refund("refund01", "400") == "12")
            #expect(try await refund("refund02", "601") == "36")
            #expect(try await refund("refund02", "600") == "00")
            #expect(try await rehearsal.balances().values.allSatisfy { $0 == 0 })
            try await rehearsal.paidByCard("card0004")
            let other = try #require(try await rehearsal.queryCard("card0004")["queryId"])
            let cancel = ["txnType": "31", "txnSubType": "00", "orderId": "cancel01", "txnTime": "20261123132501",
                "origQryId": other]
            #expect(try await rehearsal.cardBack(cancel.merging(["txnAmt": "999"]) { $1 })["respCode"] == "36")
            #expect(try await rehearsal.cardBack(cancel.merging(["txnAmt": "1000"]) { $1 })["respCode"] == "00")
            #expect(try await rehearsal.cardBack(cancel.merging(["txnAmt": "1000"]) { $1 })["respCode"] == "12")
            let again = cancel.merging(["txnAmt": "1000", "orderId": "cancel02"]) { $1 }
            #expect(try await rehearsal.cardBack(again)["respCode"] == "35")
            #expect(try await rehearsal.balances().values.allSatisfy { $0 == 0 })
        }
    }

    @Test func `an unknown result is reversed, and the day's file lists what settled`() async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paidByCard("card0005")
            let reverse = ["txnType": "99", "txnSubType": "01", "orderId": "card0005", "txnTime": "20261123132406"]
            #expect(try await rehearsal.cardBack(reverse)["respCode"] == "00")
            #expect(try await rehearsal.balances().values.allSatisfy { $0 == 0 })
            let day = try #require(BillDay(of: Timestamp(microseconds: RealTime.seconds() * 1_000_000)))
            let file = try await rehearsal.cardBack([
                "txnType": "76", "txnSubType": "01", "txnTime": "20261123132406", "fileType": "00",
                "settleDate": String(day.text.filter(\.isNumber).suffix(4)),
            ])
            let content = String(decoding: try #require(Base64.decode(file["fileContent"] ?? "")), as: UTF8.self)
            let lines = content.split(separator: "\r\n")
            #expect(lines.contains { $0.contains("S22 00010000") && $0.contains(" card0005 ") })
            #expect(lines.contains { $0.contains("S56 00010000") && $0.contains(" Rcard0005 ") })
        }
    }

    @Test func `wrong signatures, repeated and unknown orders are refused`() async throws {
        try await Rehearsal.with { rehearsal in
            let fields = rehearsal.cardOrder("card0006")
            let wrong = try await rehearsal.post(
                "/gateway/api/backTransReq.do", try rehearsal.cardForm(fields, key: "unionpay_key.pem"))
            #expect(wrong.text.contains("respCode=11"))
            #expect(!wrong.text.contains("signature="))
            _ = try await rehearsal.openCard("card0006")
            let again = try await rehearsal.post("/gateway/api/frontTransReq.do", try rehearsal.cardForm(fields))
            #expect(again.text.contains("[12]"))
            #expect(try await rehearsal.queryCard("card9999")["respCode"] == "34")
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
