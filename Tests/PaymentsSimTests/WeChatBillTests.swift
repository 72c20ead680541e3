import Crypto
import HTTPClient
import HTTPCore
import JSON
import Models
import TestSupport
import Testing
@testable import PaymentsSim

/// Bills: when there is one, what it says, and how it is fetched.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WeChatBillTests {
    private func file(_ rehearsal: Rehearsal, _ path: String) async throws -> (JSONValue, [UInt8]) {
        let answer = try await rehearsal.call(.get, path)
        let url = try #require(try answer.body["download_url"]?.string)
        // Clients take their own base URL off and put it back.
        #expect(url.hasPrefix(RehearsalKeys.baseURL + "/v3/billdownload/file?token="))
        let download = try await rehearsal.call(.get, String(url.dropFirst(RehearsalKeys.baseURL.count)))
        #expect(download.response.headers["wechatpay-signature"] == nil)
        #expect(download.response.headers["content-encoding"] == nil)
        #expect(download.response.headers["content-type"]?.hasPrefix("application/json") == false)
        return (try answer.body, download.response.body)
    }

    @Test func `a day's bill lists payments and refunds, and its totals match`() async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paid("bill-0001", total: 1_000)
            try await rehearsal.paid("bill-0002", total: 2_550)
            #expect(try await rehearsal.refund("bill-r-1", of: "bill-0002", 550, total: 2_550).status == 200)
            let made = try await rehearsal.simulator.send(.post, "/_control/bills/make", json: JSONValue.object([:]))
            let day = try #require(try JSON.decode(JSONValue.self, from: made.body)["date"]?.string)
            let (answer, content) = try await file(rehearsal, "/v3/bill/tradebill?bill_date=\(day)&bill_type=ALL")
            #expect(answer["hash_value"]?.string == Hex.encode(SHA1.hash(content)))
            let lines = String(decoding: content, as: UTF8.self).split(separator: "\n")
            #expect(lines.count == 1 + 3 + 2)
            #expect(lines[0].hasPrefix("交易时间,公众账号ID,商户号"))
            #expect(lines[0].split(separator: ",").count == 27)
            #expect(lines[1...3].allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == 27 })
            #expect(lines[5] == "`3,`35.50,`5.50,`0.00,`0.18000,`35.50,`5.50")
            let payments = try await file(rehearsal, "/v3/bill/tradebill?bill_date=\(day)&bill_type=SUCCESS").1
            let last = String(decoding: payments, as: UTF8.self).split(separator: "\n").last
            #expect(last == "`2,`35.50,`0.21000,`35.50")
        }
    }

    @Test func `the fund bill starts and ends at the account's balance`() async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paid("bill-0003", total: 10_000)
            #expect(try await rehearsal.refund("bill-r-2", of: "bill-0003", 4_000, total: 10_000).status == 200)
            #expect(try await rehearsal.control("bills/make", [:]) == 200)
            let day = BillDay(of: Timestamp(microseconds: RealTime.seconds() * 1_000_000))?.text ?? ""
            let content = try await file(rehearsal, "/v3/bill/fundflowbill?bill_date=\(day)").1
            let lines = String(decoding: content, as: UTF8.self).split(separator: "\n")
            let amounts = lines.dropFirst().dropLast(2).map { line in
                line.split(separator: ",").map { $0.dropFirst() }[4...7].joined(separator: " ")
            }
            #expect(amounts == [
                "交易 收入 100.00 100.00", "扣除交易手续费 支出 0.60 99.40", "退款 支出 40.00 59.40", "退还交易手续费 收入 0.24 59.64",
            ])
            #expect(lines.last == "`4.0,`2.0,`100.24,`2.0,`40.60")
            let balance = try await rehearsal.balances()["merchant:\(RehearsalKeys.shared.mchid)"]
            #expect(balance == 5_964)
        }
    }

    @Test func `there is no bill of today, of an empty day, or of a wrong date`() async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paid("bill-0004")
            let today = try #require(BillDay(of: Timestamp(microseconds: RealTime.seconds() * 1_000_000)))
            let path = "/v3/bill/tradebill?bill_date="
            #expect(try await rehearsal.call(.get, path + today.text).code == "NO_STATEMENT_EXIST")
            #expect(try await rehearsal.call(.get, path + "2026-02-30").code == "PARAM_ERROR")
            #expect(try await rehearsal.call(.get, path + today.text + "&tar_type=ZIP").code == "PARAM_ERROR")
            let left = today.end.microseconds / 1_000_000 - RealTime.seconds()
            try await rehearsal.advance(left + 60)
            #expect(try await rehearsal.call(.get, path + today.text).code == "STATEMENT_CREATING")
            try await rehearsal.advance(9 * 3_600)
            let packed = try await file(rehearsal, path + today.text + "&tar_type=GZIP")
            #expect(packed.1.starts(with: [0x1F, 0x8B]))
            // The hash is of the text inside: header, one stored block, check sums.
            let text = packed.1.dropFirst(15).dropLast(8)
            #expect(packed.0["hash_value"]?.string == Hex.encode(SHA1.hash(Array(text))))
            let next = try #require(BillDay(of: today.end))
            try await rehearsal.advance(86_400)
            #expect(try await rehearsal.call(.get, path + next.text).code == "NO_STATEMENT_EXIST")
        }
    }

    @Test func `a download ends after its time`() async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paid("bill-0005")
            #expect(try await rehearsal.control("bills/make", [:]) == 200)
            let day = BillDay(of: Timestamp(microseconds: RealTime.seconds() * 1_000_000))?.text ?? ""
            let answer = try await rehearsal.call(.get, "/v3/bill/tradebill?bill_date=\(day)")
            let url = try #require(try answer.body["download_url"]?.string).dropFirst(RehearsalKeys.baseURL.count)
            try await rehearsal.advance(301)
            #expect(try await rehearsal.call(.get, String(url)).code == "INVALID_REQUEST")
            #expect(try await rehearsal.call(.get, "/v3/billdownload/file?token=x").code == "INVALID_REQUEST")
        }
    }

    @Test func `archives have right check sums`() {
        #expect(Archives.crc32(Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(Archives.gzip([]).count == 23)
    }
}
