import Crypto
import HTTPClient
import HTTPCore
import JSON
import Models
import TestSupport
import Testing
@testable import PaymentsSim

/// Combined payments, payment codes and the public-key mode.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WeChatCombinedTests {
    private let mchid = RehearsalKeys.shared.mchid

    private func body(_ rehearsal: Rehearsal, _ number: String, amounts: [Int64] = [500, 700]) -> JSONValue {
        let owners = [mchid, "1900000111"]
        return [
            "combine_appid": .string(RehearsalKeys.shared.appid), "combine_mchid": .string(mchid),
            "combine_out_trade_no": .string(number), "notify_url": .string(rehearsal.merchant.url + "/notify"),
            "sub_orders": .array(zip(owners, amounts).map { owner, amount in
                [
                    "mchid": .string(owner), "attach": "x", "out_trade_no": .string("\(number)-\(owner)"),
                    "description": "拼单", "amount": ["total_amount": .int(amount), "currency": "CNY"],
                ]
            }),
        ]
    }

    private let base = "/v3/combine-transactions"

    @Test func `a combined payment is one payment with one notification, refunded by its parts`() async throws {
        try await Rehearsal.with { rehearsal in
            let prepared = try await rehearsal.call(.post, base + "/native", body(rehearsal, "combine-01"))
            #expect(try prepared.body["code_url"] != nil)
            let again = try await rehearsal.call(.post, base + "/native", body(rehearsal, "combine-01"))
            #expect(again.response.body == prepared.response.body)
            let changed = body(rehearsal, "combine-01", amounts: [1, 2])
            let other = try await rehearsal.call(.post, base + "/native", changed)
            #expect(other.code == "OUT_TRADE_NO_USED")
            let pay: JSONValue = ["combine_mchid": .string(mchid), "combine_out_trade_no": "combine-01"]
            #expect(try await rehearsal.control("wechat/pay-combine", pay) == 204)
            #expect(try await rehearsal.control("wechat/pay-combine", pay) == 409)
            let found = try await rehearsal.call(.get, base + "/out-trade-no/combine-01").body
            let parts = try #require(found["sub_orders"]?.array)
            #expect(parts.count == 2)
            #expect(parts.allSatisfy { $0["trade_state"] == "SUCCESS" })
            #expect(try await rehearsal.notifications(1)[0]["opened"] == found)
            for part in parts {
                let amount = try #require(part["amount"]?["total_amount"]?.int)
                let id = try #require(part["transaction_id"])
                let refund: JSONValue = [
                    "transaction_id": id, "out_refund_no": .string("part-\(amount)"),
                    "amount": ["refund": .int(amount), "total": .int(amount), "currency": "CNY"],
                ]
                #expect(try await rehearsal.call(.post, "/v3/refund/domestic/refunds", refund).status == 200)
                #expect(try await rehearsal.call(.get, "/v3/refund/domestic/refunds/part-\(amount)").status == 200)
            }
            #expect(try await rehearsal.balances().values.allSatisfy { $0 == 0 })
        }
    }

    @Test func `closing needs every part, and closes every part`() async throws {
        try await Rehearsal.with { rehearsal in
            _ = try await rehearsal.call(.post, base + "/native", body(rehearsal, "combine-02"))
            let path = base + "/out-trade-no/combine-02/close", appid = JSONValue.string(RehearsalKeys.shared.appid)
            let all: [JSONValue] = [mchid, "1900000111"].map {
                ["mchid": .string($0), "out_trade_no": .string("combine-02-\($0)")]
            }
            let half = try await rehearsal.call(
                .post, path, ["combine_appid": appid, "sub_orders": .array([all[0]])])
            #expect(half.code == "PARAM_ERROR")
            let whole = try await rehearsal.call(.post, path, ["combine_appid": appid, "sub_orders": .array(all)])
            #expect(whole.status == 204)
            #expect(whole.isSigned)
            let found = try await rehearsal.call(.get, base + "/out-trade-no/combine-02").body
            #expect(found["sub_orders"]?.array?.allSatisfy { $0["trade_state"] == "CLOSED" } == true)
        }
    }

    @Test func `merchants that are not bound, and numbers that are taken, make nothing`() async throws {
        try await Rehearsal.with { rehearsal in
            _ = try await rehearsal.prepay("combine-03-\(mchid)")
            let taken = try await rehearsal.call(.post, base + "/native", body(rehearsal, "combine-03"))
            #expect(taken.code == "OUT_TRADE_NO_USED")
            #expect(try await rehearsal.call(.get, base + "/out-trade-no/combine-03").code == "ORDER_NOT_EXIST")
        }
    }

    @Test func `a payment code pays at once, and can be taken back`() async throws {
        try await Rehearsal.with { rehearsal in
            let pay = { (number: String, code: String) in
                try await rehearsal.call(
                    .post, "/v3/pay/transactions/codepay",
                    rehearsal.order(number, changes: ["payer": ["auth_code": .string(code)]]))
            }
            let paid = try await pay("till-0001", "134579876543210012")
            #expect(try paid.body["trade_state"] == "SUCCESS")
            #expect(try paid.body["trade_type"] == "MICROPAY")
            #expect(try await pay("till-0001", "134579876543210012").code == "ORDER_PAID")
            #expect(try await pay("till-0002", "99").code == "AUTH_CODE_INVALID")
            let keys: JSONValue = ["appid": .string(RehearsalKeys.shared.appid), "mchid": .string(mchid)]
            let path = "/v3/pay/transactions/out-trade-no/till-0001/reverse"
            #expect(try await rehearsal.call(.post, path, keys).status == 204)
            #expect(try await rehearsal.call(.post, path, keys).status == 204)
            #expect(try await rehearsal.query("till-0001").body["trade_state"] == "REVOKED")
            #expect(try await rehearsal.balances().values.allSatisfy { $0 == 0 })
        }
    }

    @Test func `in the public-key mode answers and notifications are signed with that key`() async throws {
        try await Rehearsal.with { rehearsal in
            let id = "PUB_KEY_ID_0119000001092026112300000001"
            let order = rehearsal.order("order-0001")
            let answer = try await rehearsal.call(
                .post, "/v3/pay/transactions/native", order, signing: Signing(headers: [("wechatpay-serial", id)]))
            #expect(answer.response.headers["wechatpay-serial"] == id)
            #expect(answer.isSigned)
            #expect(try await rehearsal.pay("order-0001") == 204)
            _ = try await rehearsal.notifications(1)
            #expect(rehearsal.merchant.requests[0].headers["wechatpay-serial"] == id)
        }
    }

    @Test func `platform certificates rotate while running`() async throws {
        try await Rehearsal.with { rehearsal in
            let before = try await rehearsal.prepay("order-0002")
            // Rotation belongs to the configured merchant of this process.
            #expect(try await rehearsal.control("wechat/rotate", [:]) == 204)
            let after = try await rehearsal.prepay("order-0003")
            #expect(before.response.headers["wechatpay-serial"] != after.response.headers["wechatpay-serial"])
            #expect(before.isSigned && after.isSigned)
            #expect(try await rehearsal.call(.get, "/v3/certificates").body["data"]?.array?.count == 2)
        }
    }
}
