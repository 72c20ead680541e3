import Crypto
import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Models
import TestSupport
import Testing
@testable import PaymentsSim

/// Alipay over the real routes: what public clients rely on beyond their own calls.
@Suite(.serialized, .timeLimit(.minutes(5))) struct AlipayTests {
    @Test func `a trade is coded, scanned, paid, told and refunded, with the ledger at zero`() async throws {
        try await Rehearsal.with { rehearsal in
            rehearsal.merchant.on(.post, "/notify") { _ in .text(.ok, "success") }
            let code = try await rehearsal.alipay("alipay.trade.precreate", rehearsal.alipayOrder("a1"))
            #expect(code["qr_code"]?.string?.hasPrefix(RehearsalKeys.baseURL) == true)
            let query: JSONValue = ["out_trade_no": "a1"]
            #expect(try await rehearsal.alipay("alipay.trade.query", query)["sub_code"] == "ACQ.TRADE_NOT_EXIST")
            #expect(try await rehearsal.payAlipay("a1") == 204)
            let paid = try await rehearsal.alipay("alipay.trade.query", query)
            #expect(paid["trade_status"] == "TRADE_SUCCESS")
            await rehearsal.merchant.waitForRequests(1)
            let form = QueryItems(String(decoding: rehearsal.merchant.requests[0].body, as: UTF8.self))
            #expect(form["trade_status"] == "TRADE_SUCCESS")
            #expect(form["fund_bill_list"] == "[{\"amount\":\"10.00\",\"fundChannel\":\"ALIPAYACCOUNT\"}]")
            let refund: JSONValue = ["out_trade_no": "a1", "refund_amount": "10.00"]
            #expect(try await rehearsal.alipay("alipay.trade.refund", refund)["fund_change"] == "Y")
            #expect(try await rehearsal.alipay("alipay.trade.refund", refund)["fund_change"] == "N")
            #expect(try await rehearsal.alipay("alipay.trade.query", query)["trade_status"] == "TRADE_CLOSED")
            #expect(try await rehearsal.balances().values.allSatisfy { $0 == 0 })
        }
    }

    @Test func `everything is answered with 200, gateway refusals by name`() async throws {
        try await Rehearsal.with { rehearsal in
            let cases: [([String: String], String)] = [
                (["app_id": "1"], "isv.invalid-app-id"), (["sign_type": "RSA"], "isv.invalid-signature-type"),
                (["charset": "GBK"], "isv.invalid-charset"), (["timestamp": "now"], "isv.invalid-timestamp"),
                (["version": "2.0"], "isv.invalid-parameter"), (["biz_content": "{"], "isv.invalid-format"),
                (["method": "alipay.nothing"], "isv.invalid-method"), (["method": ""], "isv.missing-method"),
            ]
            for (changes, expected) in cases {
                let answer = try await rehearsal.alipay("alipay.trade.query", ["out_trade_no": "x"], changes: changes)
                #expect(answer["sub_code"]?.string == expected)
            }
            var wrong = try rehearsal.alipayParameters("alipay.trade.query", ["out_trade_no": "x"])
            wrong["sign"] = Base64.encode(RandomBytes.make(256))
            let answer = try await rehearsal.simulator.send(.get, "/gateway.do?" + FormText.encode(wrong))
            #expect(answer.status == .ok)
            #expect(answer.text.contains("isv.invalid-signature"))
            #expect(!answer.text.contains("\"sign\""))
        }
    }

    @Test(arguments: ["0", "0.001", "-1", "1e3", "1.", ".1", "", "100000000.01", " 1", "１"])
    func `a wrong amount is refused`(amount: String) async throws {
        try await Rehearsal.with { rehearsal in
            let answer = try await rehearsal.alipay("alipay.trade.precreate", rehearsal.alipayOrder("a2", amount))
            #expect(answer["sub_code"] == "ACQ.INVALID_PARAMETER")
        }
    }

    @Test func `an unpaid trade ends at its time, a paid one after the time for refunds`() async throws {
        try await Rehearsal.with { rehearsal in
            for number in ["a3", "a4"] {
                let order = rehearsal.alipayOrder(number)
                _ = try await rehearsal.alipay("alipay.trade.create", order, changes: ["notify_url": ""])
            }
            #expect(try await rehearsal.payAlipay("a4") == 204)
            try await rehearsal.advance(16 * 86_400)
            #expect(try await rehearsal.payAlipay("a3") == 409)
            let closed = try await rehearsal.alipay("alipay.trade.query", ["out_trade_no": "a3"])
            #expect(closed["trade_status"] == "TRADE_CLOSED")
            try await rehearsal.advance(80 * 86_400)
            var state: JSONValue?
            for _ in 0..<2_000 where state != "TRADE_FINISHED" {
                state = try await rehearsal.alipay("alipay.trade.query", ["out_trade_no": "a4"])["trade_status"]
            }
            #expect(state == "TRADE_FINISHED")
            let refund: JSONValue = ["out_trade_no": "a4", "refund_amount": "10.00"]
            #expect(try await rehearsal.alipay("alipay.trade.refund", refund)["sub_code"] == "ACQ.TRADE_HAS_FINISHED")
        }
    }

    @Test func `refunds at once never exceed what was paid`() async throws {
        try await Rehearsal.with { rehearsal in
            _ = try await rehearsal.alipay("alipay.trade.create", rehearsal.alipayOrder("a5"))
            #expect(try await rehearsal.payAlipay("a5") == 204)
            await withTaskGroup(of: Void.self) { tasks in
                for number in 0..<8 {
                    tasks.addTask {
                        let refund: JSONValue = [
                            "out_trade_no": "a5", "refund_amount": "3.00", "out_request_no": .string("r\(number)"),
                        ]
                        _ = try? await rehearsal.alipay("alipay.trade.refund", refund)
                    }
                }
            }
            let customers = try await rehearsal.balances()["customers"] ?? 0
            #expect((-1_000 ... -100).contains(customers))
            try await rehearsal.expectBalanced()
        }
    }
}
