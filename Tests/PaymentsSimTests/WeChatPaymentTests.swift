import HTTPClient
import HTTPCore
import JSON
import Models
import TestSupport
import Testing
@testable import PaymentsSim

/// A payment's life over the real routes.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WeChatPaymentTests {
    @Test func `a payment is prepared, queried, paid, notified and refunded in two parts`() async throws {
        try await Rehearsal.with { rehearsal in
            let prepared = try await rehearsal.prepay("order-0001")
            #expect(prepared.isSigned)
            #expect(try prepared.body["code_url"]?.string?.hasPrefix("weixin://wxpay/bizpayurl?pr=") == true)
            let unpaid = try await rehearsal.query("order-0001").body
            #expect(unpaid["trade_state"] == "NOTPAY")
            #expect(unpaid["transaction_id"] == nil)
            #expect(try await rehearsal.pay("order-0001") == 204)
            let paid = try await rehearsal.query("order-0001").body
            #expect(paid["trade_state"] == "SUCCESS")
            #expect(paid["amount"]?["payer_total"] == 1_000)
            let id = try #require(paid["transaction_id"]?.string)
            #expect(id.count == 28 && id.hasPrefix("4200"))
            let mchid = RehearsalKeys.shared.mchid
            #expect(try await rehearsal.call(.get, "/v3/pay/transactions/id/\(id)?mchid=\(mchid)").body == paid)
            let told = try await rehearsal.notifications(1)[0]
            #expect(told["event_type"] == "TRANSACTION.SUCCESS")
            #expect(told["resource"]?["associated_data"] == "transaction")
            #expect(told["opened"] == paid)

            let first = try await rehearsal.refund("refund-1", of: "order-0001", 300)
            #expect(try first.body["status"] == "PROCESSING")
            #expect(try await rehearsal.notifications(2)[1]["opened"]?["refund_status"] == "SUCCESS")
            #expect(try await rehearsal.refund("refund-2", of: "order-0001", 700).status == 200)
            #expect(try await rehearsal.notifications(3)[2]["event_type"] == "REFUND.SUCCESS")
            let done = try await rehearsal.call(.get, "/v3/refund/domestic/refunds/refund-2").body
            #expect(done["status"] == "SUCCESS")
            #expect(try await rehearsal.query("order-0001").body["trade_state"] == "REFUND")
            // The fee came back with the money.
            #expect(try await rehearsal.balances().values.allSatisfy { $0 == 0 })
        }
    }

    @Test func `every channel answers with what its client needs`() async throws {
        try await Rehearsal.with { rehearsal in
            let scene: JSONValue = ["payer_client_ip": "127.0.0.1", "h5_info": ["type": "Wap"]]
            let h5 = try await rehearsal.call(
                .post, "/v3/pay/transactions/h5", rehearsal.order("order-h5", changes: ["scene_info": scene]))
            #expect(try h5.body["h5_url"]?.string?.hasPrefix(RehearsalKeys.baseURL + "/cashier/wechat/") == true)
            let jsapi = try await rehearsal.call(
                .post, "/v3/pay/transactions/jsapi",
                rehearsal.order("order-js", changes: ["payer": ["openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"]]))
            #expect(try jsapi.body["prepay_id"]?.string?.hasPrefix("wx") == true)
            #expect(try await rehearsal.prepay("order-app", channel: "app").body["prepay_id"] != nil)
            #expect(try await rehearsal.prepay("order-js2", channel: "jsapi").code == "PARAM_ERROR")
            #expect(try await rehearsal.prepay("order-h52", channel: "h5").code == "PARAM_ERROR")
        }
    }

    @Test func `the same order twice is one payment, other content under its number is refused`() async throws {
        try await Rehearsal.with { rehearsal in
            let first = try await rehearsal.prepay("order-0002")
            #expect(try await rehearsal.prepay("order-0002").body == first.body)
            let other = try await rehearsal.prepay("order-0002", total: 999)
            #expect(other.status == 403)
            #expect(other.code == "OUT_TRADE_NO_USED")
            #expect(other.isSigned)
            #expect(try await rehearsal.query("order-0002").body["amount"]?["total"] == 1_000)
            #expect(try await rehearsal.pay("order-0002") == 204)
            #expect(try await rehearsal.prepay("order-0002").code == "ORDER_PAID")
        }
    }

    @Test func `a closed payment cannot be paid, a paid one not closed`() async throws {
        try await Rehearsal.with { rehearsal in
            _ = try await rehearsal.prepay("order-0003")
            let closed = try await rehearsal.close("order-0003")
            #expect(closed.status == 204)
            #expect(closed.response.body.isEmpty)
            #expect(closed.isSigned)
            #expect(try await rehearsal.close("order-0003").status == 204)
            #expect(try await rehearsal.pay("order-0003") == 409)
            #expect(try await rehearsal.query("order-0003").body["trade_state"] == "CLOSED")
            #expect(try await rehearsal.prepay("order-0003").code == "ORDER_CLOSED")
            try await rehearsal.paid("order-0004")
            #expect(try await rehearsal.close("order-0004").code == "ORDER_PAID")
            #expect(try await rehearsal.close("order-none").status == 404)
            #expect(try await rehearsal.pay("order-0004") == 409)
        }
    }

    @Test func `an unpaid payment ends at its time`() async throws {
        try await Rehearsal.with { rehearsal in
            _ = try await rehearsal.prepay("order-0005")
            try await rehearsal.advance(7_300)
            #expect(try await rehearsal.query("order-0005").body["trade_state"] == "CLOSED")
            #expect(try await rehearsal.pay("order-0005") == 409)
            #expect(try await rehearsal.prepay("order-0005").code == "ORDER_CLOSED")
            // The business clock moves; signatures stay of this hour.
            let stale = rehearsal.order("order-0006", changes: ["time_expire": "2020-01-01T00:00:00+08:00"])
            #expect(try await rehearsal.call(.post, "/v3/pay/transactions/native", stale).code == "PARAM_ERROR")
            #expect(try await rehearsal.balances().isEmpty)
        }
    }

    @Test(arguments: [
        ("appid", "wxnobody", 400, "APPID_MCHID_NOT_MATCH"), ("mchid", "1900000000", 400, "PARAM_ERROR"),
        ("out_trade_no", "short", 400, "PARAM_ERROR"), ("out_trade_no", "has space", 400, "PARAM_ERROR"),
        ("description", "", 400, "PARAM_ERROR"), ("notify_url", "ftp://merchant.test/", 400, "PARAM_ERROR"),
        ("notify_url", "https://merchant.test/?a=b", 400, "PARAM_ERROR"),
        ("time_expire", "tomorrow", 400, "PARAM_ERROR"),
    ] as [(String, String, Int, String)])
    func `a wrong field is named`(field: String, value: String, status: Int, code: String) async throws {
        try await Rehearsal.with { rehearsal in
            let body = rehearsal.order("order-0007", changes: [field: .string(value)])
            let answer = try await rehearsal.call(.post, "/v3/pay/transactions/native", body)
            #expect(answer.status == status)
            #expect(answer.code == code)
            #expect(answer.isSigned)
            #expect(try await rehearsal.query("order-0007").code == "ORDER_NOT_EXIST")
        }
    }

    @Test(arguments: [["total": 0], ["total": -1], ["total": "1"], ["total": 1, "currency": "USD"], [:]] as [JSONValue])
    func `a wrong amount is refused`(amount: JSONValue) async throws {
        try await Rehearsal.with { rehearsal in
            let body = rehearsal.order("order-0008", changes: ["amount": amount])
            let answer = try await rehearsal.call(.post, "/v3/pay/transactions/native", body)
            #expect(answer.code == "PARAM_ERROR")
        }
    }

    @Test func `malformed JSON is refused with the gateway's own error`() async throws {
        try await Rehearsal.with { rehearsal in
            for text in ["{", "[]", "", "{\"appid\": 1}", "{\"a\":\"\\ud800\"}"] {
                let answer = try await rehearsal.call(.post, "/v3/pay/transactions/native", bytes: Array(text.utf8))
                #expect(answer.status == 400)
                #expect(answer.code == "PARAM_ERROR")
            }
        }
    }

    @Test func `refunds over the rest, of unknown orders, or with a changed total move nothing`() async throws {
        try await Rehearsal.with { rehearsal in
            _ = try await rehearsal.prepay("order-0009")
            #expect(try await rehearsal.refund("r-1", of: "order-0009", 1).code == "RESOURCE_NOT_EXISTS")
            #expect(try await rehearsal.refund("r-1", of: "order-none", 1).status == 404)
            #expect(try await rehearsal.pay("order-0009") == 204)
            let before = try await rehearsal.balances()
            #expect(try await rehearsal.refund("r-1", of: "order-0009", 1_001).code == "INVALID_REQUEST")
            #expect(try await rehearsal.refund("r-1", of: "order-0009", 1, total: 999).code == "INVALID_REQUEST")
            #expect(try await rehearsal.refund("r-1", of: "order-0009", 0).code == "PARAM_ERROR")
            #expect(try await rehearsal.balances() == before)
            #expect(try await rehearsal.refund("r-1", of: "order-0009", 600).status == 200)
            #expect(try await rehearsal.refund("r-2", of: "order-0009", 401).code == "INVALID_REQUEST")
            // One number is one refund.
            #expect(try await rehearsal.refund("r-1", of: "order-0009", 600).status == 200)
            #expect(try await rehearsal.refund("r-1", of: "order-0009", 500).code == "INVALID_REQUEST")
            #expect(try await rehearsal.refund("r-2", of: "order-0009", 400).status == 200)
            #expect(try await rehearsal.call(.get, "/v3/refund/domestic/refunds/r-3").code == "RESOURCE_NOT_EXISTS")
        }
    }

    @Test func `refunds at once never exceed what was paid`() async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paid("order-0010")
            let accepted = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for number in 0..<10 {
                    tasks.addTask { try await rehearsal.refund("many-\(number)", of: "order-0010", 300).status }
                }
                return try await tasks.reduce(0) { $0 + ($1 == 200 ? 1 : 0) }
            }
            #expect(accepted == 3)
            try await rehearsal.expectBalanced()
        }
    }
}
