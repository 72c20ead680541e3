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

/// What merchants send wrongly: the gateway's documented answer comes back, and nothing moves. What reaches a merchant
/// wrongly is in `Tests/FlowTests/bad_input.py`.
@Suite(.serialized, .timeLimit(.minutes(5))) struct BadInputTests {
    /// Runs `body`, and compares everything that is kept before and after.
    private func unmoved(_ rehearsal: Rehearsal, _ body: () async throws -> Void) async throws {
        let database = rehearsal.simulator.test.database
        // What was accepted before is over first: its state changes once more by itself.
        var open = 1
        for _ in 0..<5_000 where open > 0 { open = try await database.one(OpenWork()) }
        let before = try await database.one(EverythingKept())
        try await body()
        #expect(try await database.one(EverythingKept()) == before)
    }

    // MARK: WeChat Pay

    private let native = "/v3/pay/transactions/native"
    private let refunds = "/v3/refund/domestic/refunds"

    private func weChat(_ body: (Rehearsal) async throws -> Void) async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paid("paid-order")
            #expect(try await rehearsal.refund("first-refund", of: "paid-order", 600).status == 200)
            _ = try await rehearsal.prepay("open-order")
            try await unmoved(rehearsal) { try await body(rehearsal) }
        }
    }

    private func expect(_ answer: Answer, _ status: Int, _ code: String, _ comment: Comment? = nil) {
        #expect(answer.status == status, comment)
        #expect(answer.code == code, comment)
    }

    @Test func `WeChat: wrong signatures, old times, unknown serials and strangers get SIGN_ERROR`() async throws {
        let stranger = try RSAPrivateKey.generate()
        try await weChat { rehearsal in
            let order = rehearsal.order("new-order")
            for (name, signing) in [
                ("another key", Signing(key: stranger)), ("another body", Signing(signedBody: [0x7B, 0x7D])),
                ("old", Signing(timestamp: RealTime.seconds() - 301)),
                ("of the future", Signing(timestamp: RealTime.seconds() + 302)),
                ("unknown serial", Signing(serial: "5A00000000000000000000000000000000000001")),
                ("another merchant", Signing(mchid: "1900009999")),
                ("another target", Signing(target: "/v3/pay/transactions/app")),
            ] {
                expect(try await rehearsal.call(.post, native, order, signing: signing), 401, "SIGN_ERROR", "\(name)")
                let refund: JSONValue = [
                    "out_trade_no": "paid-order", "out_refund_no": "forged",
                    "amount": ["refund": 1, "total": 1_000, "currency": "CNY"],
                ]
                expect(try await rehearsal.call(.post, refunds, refund, signing: signing), 401, "SIGN_ERROR", "\(name)")
            }
        }
    }

    @Test func `WeChat: a replayed nonce moves nothing`() async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paid("paid-order")
            let refund: JSONValue = [
                "out_trade_no": "paid-order", "out_refund_no": "once",
                "amount": ["refund": 400, "total": 1_000, "currency": "CNY"],
            ]
            let signing = Signing()
            let first = try await rehearsal.call(.post, refunds, refund, signing: signing)
            #expect(first.status == 200)
            try await unmoved(rehearsal) {
                for _ in 0..<3 {
                    let again = try await rehearsal.call(.post, refunds, refund, signing: signing)
                    #expect(try again.body["refund_id"] == first.body["refund_id"])
                }
            }
        }
    }

    @Test func `WeChat: a number that comes again with another amount, currency or content is refused`() async throws {
        try await weChat { rehearsal in
            for (changes, status, code) in [
                (["amount": ["total": 999, "currency": "CNY"]], 403, "OUT_TRADE_NO_USED"),
                (["amount": ["total": 1_000, "currency": "USD"]], 400, "PARAM_ERROR"),
                (["description": "别的"], 403, "OUT_TRADE_NO_USED"), (["attach": "x"], 403, "OUT_TRADE_NO_USED"),
                (["notify_url": "https://elsewhere.test/notify"], 403, "OUT_TRADE_NO_USED"),
                (["mchid": "1900000111"], 400, "PARAM_ERROR"), (["appid": "wxelse"], 400, "APPID_MCHID_NOT_MATCH"),
            ] as [([String: JSONValue], Int, String)] {
                let order = rehearsal.order("open-order", changes: changes)
                expect(try await rehearsal.call(.post, native, order), status, code, "\(changes)")
            }
            expect(try await rehearsal.prepay("paid-order"), 400, "ORDER_PAID")
        }
    }

    @Test func `WeChat: refunds over the rest, of another total or currency, or of nothing are refused`() async throws {
        try await weChat { rehearsal in
            expect(try await rehearsal.refund("second", of: "paid-order", 401), 400, "INVALID_REQUEST")
            expect(try await rehearsal.refund("second", of: "paid-order", 1, total: 999), 400, "INVALID_REQUEST")
            expect(try await rehearsal.refund("first-refund", of: "paid-order", 599), 400, "INVALID_REQUEST")
            expect(try await rehearsal.refund("second", of: "open-order", 1), 404, "RESOURCE_NOT_EXISTS")
            expect(try await rehearsal.refund("second", of: "paid-order", -1), 400, "PARAM_ERROR")
            let dollars: JSONValue = [
                "out_trade_no": "paid-order", "out_refund_no": "second",
                "amount": ["refund": 1, "total": 1_000, "currency": "USD"],
            ]
            expect(try await rehearsal.call(.post, refunds, dollars), 400, "PARAM_ERROR")
        }
    }

    @Test func `WeChat: malformed JSON gets PARAM_ERROR`() async throws {
        try await weChat { rehearsal in
            for text in ["{", "", "[]", "null", "{\"a\":1,\"a\":1}", "\u{feff}{}", "{\"description\":\"\\ud800\"}"] {
                for path in [native, refunds, "/v3/profitsharing/orders", "/v3/combine-transactions/native"] {
                    let answer = try await rehearsal.call(.post, path, bytes: Array(text.utf8))
                    expect(answer, 400, "PARAM_ERROR", "\(path) \(text)")
                }
            }
        }
    }

    @Test func `WeChat: what cannot be kept fails alone, whatever is prepared at the same time`() async throws {
        try await Rehearsal.with { rehearsal in
            let answers = try await withThrowingTaskGroup(of: (Int, Answer).self) { tasks in
                for index in 0..<40 {
                    tasks.addTask {
                        // Every fourth has a NUL, every fifth the number of another one with another amount.
                        let changes: [String: JSONValue] = index % 4 == 3 ? ["attach": "\u{0}"] : [:]
                        let number = index % 5 == 4 ? "same-number" : "at-once-\(index)"
                        let order = rehearsal.order(number, total: 1_000 + Int64(index), changes: changes)
                        return (index, try await rehearsal.call(.post, native, order))
                    }
                }
                return try await tasks.reduce(into: [Int: Answer]()) { $0[$1.0] = $1.1 }
            }
            var taken = 0
            for (index, answer) in answers {
                if index % 4 == 3 {
                    expect(answer, 400, "PARAM_ERROR")
                } else if index % 5 == 4, answer.status != 200 {
                    expect(answer, 403, "OUT_TRADE_NO_USED")
                    taken += 1
                } else {
                    #expect(answer.status == 200)
                }
            }
            #expect(answers.count == 40)
            #expect(taken == 5)
        }
    }

    // MARK: Alipay

    @Test func `Alipay: what is wrong is named by its sub code, and nothing moves`() async throws {
        try await Rehearsal.with { rehearsal in
            rehearsal.merchant.on(.post, "/notify") { _ in .text(.ok, "success") }
            _ = try await rehearsal.alipay("alipay.trade.create", rehearsal.alipayOrder("paid1"))
            #expect(try await rehearsal.payAlipay("paid1") == 204)
            let first: JSONValue = ["out_trade_no": "paid1", "refund_amount": "6.00", "out_request_no": "r1"]
            #expect(try await rehearsal.alipay("alipay.trade.refund", first)["code"] == "10000")
            _ = try await rehearsal.alipay("alipay.trade.create", rehearsal.alipayOrder("open1"))
            try await unmoved(rehearsal) {
                try await expectGatewayRefusals(rehearsal)
                try await expectBusinessRefusals(rehearsal)
            }
        }
    }

    @Test func `Alipay and UnionPay: a call that is sent again as it was moves nothing`() async throws {
        try await Rehearsal.with { rehearsal in
            rehearsal.merchant.on(.post, "/notify") { _ in .text(.ok, "success") }
            _ = try await rehearsal.alipay("alipay.trade.create", rehearsal.alipayOrder("paid1"))
            #expect(try await rehearsal.payAlipay("paid1") == 204)
            let back: JSONValue = ["out_trade_no": "paid1", "refund_amount": "6.00", "out_request_no": "r1"]
            let query = FormText.encode(try rehearsal.alipayParameters("alipay.trade.refund", back))
            func alipay() async throws -> String {
                try await rehearsal.simulator.send(.get, "/gateway.do?" + query).text
            }
            #expect(try await alipay().contains("\"fund_change\":\"Y\""))
            try await rehearsal.paidByCard("paid0001")
            let form = try rehearsal.cardForm([
                "txnType": "04", "txnSubType": "00", "txnTime": "20261123132500", "orderId": "refund01",
                "txnAmt": "600", "origQryId": try #require(try await rehearsal.queryCard("paid0001")["queryId"]),
            ])
            func card() async throws -> String {
                try await rehearsal.post("/gateway/api/backTransReq.do", form).text
            }
            #expect(try await card().contains("respCode=00"))
            try await unmoved(rehearsal) {
                for _ in 0..<3 {
                    let (refunded, refused) = (try await alipay(), try await card())
                    #expect(refunded.contains("\"fund_change\":\"N\""))
                    #expect(refused.contains("respCode=12"))
                }
            }
        }
    }

    private func expectGatewayRefusals(_ rehearsal: Rehearsal) async throws {
        let content = rehearsal.alipayOrder("new1"), method = "alipay.trade.create"
        for (changes, code, subCode) in [
            (["app_id": "2021000199999999"], "40002", "isv.invalid-app-id"),
            (["timestamp": "2026/11/23"], "40002", "isv.invalid-timestamp"),
            (["app_cert_sn": "0123456789abcdef0123456789abcdef"], "40002", "isv.invalid-app-cert-sn"),
            (["biz_content": "{\"out_trade_no\":"], "40002", "isv.invalid-format"),
            (["biz_content": "[1]"], "40002", "isv.invalid-format"),
            (["sign_type": ""], "40001", "isv.missing-signature-type"),
        ] as [([String: String], String, String)] {
            let answer = try await rehearsal.alipay(method, content, changes: changes)
            #expect(answer["code"]?.string == code)
            #expect(answer["sub_code"]?.string == subCode)
        }
        let stranger = try rehearsal.alipayParameters(method, content, key: "merchant_key.pem")
        let altered = try rehearsal.alipayParameters(method, content)
            .merging(["biz_content": JSON.text(rehearsal.alipayOrder("new1", "0.01"))]) { $1 }
        for parameters in [stranger, altered] {
            let query = FormText.encode(parameters)
            let answer = try await rehearsal.simulator.send(.get, "/gateway.do?" + query)
            #expect(answer.text.contains("\"isv.invalid-signature\""))
        }
        for form in ["%", "%zz=%", "&&&=", "method=alipay.trade.query&app_id", "\u{0}=\u{0}"] {
            let answer = try await rehearsal.simulator.send(
                .post, "/gateway.do", body: Array(form.utf8),
                headers: [("content-type", "application/x-www-form-urlencoded")])
            #expect(answer.status == .ok)
            #expect(answer.text.contains("\"code\":\"4000"), "\(form): \(answer.text)")
        }
    }

    private func expectBusinessRefusals(_ rehearsal: Rehearsal) async throws {
        let refund = "alipay.trade.refund", create = "alipay.trade.create"
        for (method, content, subCode) in [
            (create, rehearsal.alipayOrder("open1", "9.99"), "ACQ.CONTEXT_INCONSISTENT"),
            (create, ["out_trade_no": "open1", "total_amount": "10.00", "subject": "别的"], "ACQ.CONTEXT_INCONSISTENT"),
            (create, rehearsal.alipayOrder("paid1"), "ACQ.TRADE_HAS_SUCCESS"),
            (refund, ["out_trade_no": "paid1", "refund_amount": "4.01", "out_request_no": "r2"],
                "ACQ.REASON_TRADE_REFUND_FEE_ERR"),
            (refund, ["out_trade_no": "paid1", "refund_amount": "5.99", "out_request_no": "r1"],
                "ACQ.DISCORDANT_REPEAT_REQUEST"),
            (refund, ["out_trade_no": "paid1", "refund_amount": "10.01"], "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"),
            (refund, ["out_trade_no": "open1", "refund_amount": "1.00", "out_request_no": "r3"],
                "ACQ.TRADE_STATUS_ERROR"),
            (refund, ["out_trade_no": "none", "refund_amount": "1.00"], "ACQ.TRADE_NOT_EXIST"),
        ] as [(String, JSONValue, String)] {
            let answer = try await rehearsal.alipay(method, content, isSigned: true)
            #expect(answer["code"] == "40004")
            #expect(answer["sub_code"]?.string == subCode, "\(method) \(content)")
        }
    }

    // MARK: UnionPay

    @Test func `UnionPay: what is wrong is named by its response code, and nothing moves`() async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paidByCard("paid0001")
            let id = try #require(try await rehearsal.queryCard("paid0001")["queryId"])
            let refund = ["txnType": "04", "txnSubType": "00", "txnTime": "20261123132500", "origQryId": id]
            let first = refund.merging(["orderId": "refund01", "txnAmt": "600"]) { $1 }
            #expect(try await rehearsal.cardBack(first)["respCode"] == "00")
            _ = try await rehearsal.openCard("open0001")
            try await unmoved(rehearsal) {
                for (changes, code) in [
                    (["orderId": "refund02", "txnAmt": "401"], "36"), (["orderId": "refund01", "txnAmt": "600"], "12"),
                    (["orderId": "refund03", "txnAmt": "1", "origQryId": "000000000000000000000"], "35"),
                    (["orderId": "refund04", "txnAmt": "-1"], "10"),
                    (["orderId": "refund05", "txnAmt": "1", "merId": "777290058110999"], "11"),
                    (["orderId": "refund06", "txnAmt": "1", "certId": "1"], "11"),
                    (["orderId": "refund07", "txnAmt": "1", "txnTime": "2026-11-23"], "10"),
                ] as [([String: String], String)] {
                    let fields = try rehearsal.cardForm(refund.merging(changes) { $1 })
                    let answer = try await rehearsal.post("/gateway/api/backTransReq.do", fields)
                    #expect(answer.text.contains("respCode=\(code)"), "\(changes): \(answer.text.prefix(300))")
                }
                let small = refund.merging(["orderId": "refund08", "txnAmt": "1"]) { $1 }
                let strange = try rehearsal.cardForm(small, key: "unionpay_key.pem")
                let altered = try rehearsal.cardForm(small).merging(["txnAmt": "400"]) { $1 }
                for fields in [strange, altered, altered.filter { $0.key != "signature" }] {
                    let answer = try await rehearsal.post("/gateway/api/backTransReq.do", fields)
                    #expect(answer.text.contains("respCode=1"), "\(answer.text.prefix(300))")
                    #expect(!answer.text.contains("signature="))
                }
                for (changes, code) in [
                    (["txnAmt": "999"], "12"), (["currencyCode": "840", "orderId": "dollar01"], "10"),
                    (["txnAmt": "1.5", "orderId": "half0001"], "10"), (["orderId": "short"], "10"),
                ] {
                    let order = rehearsal.cardOrder("open0001").merging(changes) { $1 }
                    let answer = try await rehearsal.post("/gateway/api/frontTransReq.do", try rehearsal.cardForm(order))
                    #expect(answer.text.contains("[\(code)]"), "\(changes): \(answer.text)")
                }
                for form in ["%", "a", "&=&", "version=5.1.0"] {
                    let answer = try await rehearsal.simulator.send(
                        .post, "/gateway/api/backTransReq.do", body: Array(form.utf8),
                        headers: [("content-type", "application/x-www-form-urlencoded")])
                    #expect(answer.text.contains("respCode=13"), "\(form): \(answer.text)")
                }
            }
        }
    }
}

/// What the simulator does by itself for a while after it accepted something.
struct OpenWork: Statement {
    static let name: StaticString = "test_open_work"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT (SELECT count(*) FROM notifications WHERE next_at IS NOT NULL)
            + (SELECT count(*) FROM wechat_refunds WHERE status = 'PROCESSING')
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}

/// A digest of every row that money depends on.
struct EverythingKept: Statement {
    static let name: StaticString = "test_everything_kept"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT concat_ws(' ',
            (SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM wechat_transactions AS t),
            (SELECT md5(string_agg(r::text, ',' ORDER BY r::text)) FROM wechat_refunds AS r),
            (SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM alipay_trades AS t),
            (SELECT md5(string_agg(r::text, ',' ORDER BY r::text)) FROM alipay_refunds AS r),
            (SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM unionpay_transactions AS t),
            (SELECT md5(string_agg(e::text, ',' ORDER BY e::text)) FROM ledger_entries AS e),
            (SELECT count(*) FROM notifications))
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}
