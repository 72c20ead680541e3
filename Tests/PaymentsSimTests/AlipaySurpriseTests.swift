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

/// What would break a naive simulator of Alipay, by the numbers of the protocol facts (section 2). What only a client
/// shows is in `Tests/FlowTests` too.
@Suite(.serialized, .timeLimit(.minutes(5))) struct AlipaySurpriseTests {
    private let form = [("content-type", "application/x-www-form-urlencoded")]

    @Test func `surprise 11: calls come by GET, by POST, or with half of the parameters in each place`() async throws {
        try await Rehearsal.with { rehearsal in
            #expect(try await rehearsal.alipay("alipay.trade.create", rehearsal.alipayOrder("s11"))["code"] == "10000")
            let all = try rehearsal.alipayParameters("alipay.trade.query", ["out_trade_no": "s11"])
            let whole = FormText.encode(all)
            let answers = [
                try await rehearsal.simulator.send(.get, "/gateway.do?" + whole),
                try await rehearsal.simulator.send(.post, "/gateway.do", body: Array(whole.utf8), headers: form),
                try await rehearsal.simulator.send(
                    .post, "/gateway.do?" + FormText.encode(all.filter { $0.key < "m" }),
                    body: Array(FormText.encode(all.filter { $0.key >= "m" }).utf8), headers: form),
            ]
            for answer in answers { #expect(answer.text.contains("\"trade_status\":\"WAIT_BUYER_PAY\"")) }
        }
    }

    @Test func `surprise 12: a call through another port or name is the same call`() async throws {
        try await Rehearsal.with { rehearsal in
            for host in ["openapi.alipay.test", "127.0.0.1:80"] {
                let number = "s12\(host.count)"
                let all = try rehearsal.alipayParameters("alipay.trade.precreate", rehearsal.alipayOrder(number))
                let answer = try raw(rehearsal, "GET /gateway.do?\(FormText.encode(all)) HTTP/1.1\r\nHost: \(host)")
                // What is handed out is the configured address, whatever the way in.
                #expect(answer.contains("\"qr_code\":\"\(RehearsalKeys.baseURL)/"), "\(answer)")
            }
        }
    }

    @Test func `surprise 13: the official client sends the whole address as the target`() async throws {
        try await Rehearsal.with { rehearsal in
            let all = try rehearsal.alipayParameters("alipay.trade.query", ["out_trade_no": "none"])
            let query = FormText.encode(all)
            let answer = try raw(rehearsal, "POST http://simulator.test/gateway.do?\(query) HTTP/1.1\r\n"
                + "Host: simulator.test\r\nContent-Length: 0")
            #expect(answer.contains("ACQ.TRADE_NOT_EXIST"), "\(answer)")
        }
    }

    private func raw(_ rehearsal: Rehearsal, _ head: String) throws -> String {
        let port = try #require(rehearsal.simulator.url.split(separator: ":").last.flatMap { Int($0) })
        let connection = try RawConnection(port: port)
        defer { connection.close() }
        #expect(connection.send(head + "\r\nConnection: close\r\n\r\n"))
        let answer = try #require(connection.readAnswer())
        #expect(answer.status == 200)
        return String(decoding: answer.body, as: UTF8.self)
    }

    @Test func `surprise 14: every answer has the status 200`() async throws {
        try await Rehearsal.with { rehearsal in
            let good = try rehearsal.alipayParameters("alipay.trade.query", ["out_trade_no": "none"])
            let broken: [[String: String]] = [
                [:], ["method": "alipay.trade.query"], good.merging(["sign": "x"]) { $1 },
                good.merging(["app_id": "0"]) { $1 }, good.merging(["biz_content": "{"]) { $1 }, good,
            ]
            for parameters in broken {
                let query = FormText.encode(parameters)
                let answer = try await rehearsal.simulator.send(.get, "/gateway.do?" + query)
                #expect(answer.status == .ok, "\(answer.text)")
            }
            // The switches for misbehaviour do not change that.
            #expect(try await rehearsal.control("faults", ["kind": "server_error", "count": 1]) == 204)
            let failed = try await rehearsal.alipay("alipay.trade.query", ["out_trade_no": "none"])
            #expect(failed["sub_code"] == "ACQ.SYSTEM_ERROR")
        }
    }

    @Test func `surprise 15: the signature follows the node at once, and no text in it has a brace`() async throws {
        try await Rehearsal.with { rehearsal in
            _ = try await rehearsal.alipay("alipay.trade.create", rehearsal.alipayOrder("s15"))
            #expect(try await rehearsal.payAlipay("s15") == 204)
            let refund: JSONValue = [
                "out_trade_no": "s15", "refund_amount": "1.00", "out_request_no": "r1", "refund_reason": "少了}}{\"}",
            ]
            #expect(try await rehearsal.alipay("alipay.trade.refund", refund)["fund_change"] == "Y")
            let query: JSONValue = ["out_trade_no": "s15", "out_request_no": "r1"]
            let method = "alipay.trade.fastpay.refund.query"
            // As a reader of JSON sees it, the text is as it was.
            #expect(try await rehearsal.alipay(method, query)["refund_reason"] == "少了}}{\"}")
            let parameters = try rehearsal.alipayParameters(method, query)
            let text = try await rehearsal.simulator.send(.get, "/gateway.do?" + FormText.encode(parameters)).text
            #expect(text.hasPrefix("{\"alipay_trade_fastpay_refund_query_response\":{"))
            #expect(text.contains("},\"sign\":\"") && text.hasSuffix("\"}"))
            // Clients that count braces without looking at quotes find the node's end.
            #expect(text.filter { $0 == "{" }.count == 2 && text.filter { $0 == "}" }.count == 2, "\(text)")
        }
    }

    @Test func `surprise 16: what the business refuses is signed, what the gateway refuses is not`() async throws {
        try await Rehearsal.with { rehearsal in
            let number: JSONValue = ["out_trade_no": "none"], method = "alipay.trade.query"
            let refused = try await rehearsal.alipay(method, number, isSigned: true)
            #expect(refused["code"] == "40004")
            let version = try await rehearsal.alipay(method, number, changes: ["version": "9"], isSigned: false)
            #expect(version["code"] == "40002")
            let missing = try await rehearsal.alipay(method, number, changes: ["timestamp": ""], isSigned: false)
            #expect(missing["code"] == "40001")
        }
    }

    @Test func `surprise 17: keys are read as both clients want them written`() async throws {
        let keys = RehearsalKeys.shared
        // wechatpayv3 wants PKCS#8; Alipay's own tools write bare Base64, of PKCS#8 or of PKCS#1.
        #expect(try keys.text("merchant_key.pem").hasPrefix("-----BEGIN PRIVATE KEY-----"))
        let lines = try keys.text("alipay_key.pem").split(separator: "\n").filter { !$0.hasPrefix("-----") }
        let bare = lines.joined(), key = try #require(Base64.decode(bare))
        // PKCS#8 is a PKCS#1 key behind 26 bytes that name the algorithm.
        let inner = Base64.encode(Array(key.dropFirst(26)))
        let forms = [bare, inner, "-----BEGIN RSA PRIVATE KEY-----\n\(inner)\n-----END RSA PRIVATE KEY-----\n"]
        for (index, form) in forms.enumerated() {
            #expect(FileIO.write(form, to: "\(keys.folder)/form.key"))
            let settings = try keys.text("server.json").replacing("\"alipay_key.pem\"", with: "\"form.key\"")
            #expect(FileIO.write(settings, to: "\(keys.folder)/form.json"))
            try await Rehearsal.with(environment: ["PAYMENTS_SIM_CONFIG": "\(keys.folder)/form.json"]) { rehearsal in
                let answer = try await rehearsal.alipay("alipay.trade.query", ["out_trade_no": "x"], isSigned: true)
                #expect(answer["code"] == "40004", "form \(index)")
            }
        }
    }

    @Test func `surprise 18: a call's time has no zone, so that only its form is checked`() async throws {
        try await Rehearsal.with { rehearsal in
            for time in ["2026-11-23 05:24:06", "2020-01-01 00:00:00", "2040-12-31 23:59:59"] {
                let answer = try await rehearsal.alipay(
                    "alipay.trade.query", ["out_trade_no": "x"], changes: ["timestamp": time])
                #expect(answer["sub_code"] == "ACQ.TRADE_NOT_EXIST")
            }
            for time in ["2026-11-23T05:24:06Z", "2026-13-01 00:00:00", "1795411446", "now"] {
                let answer = try await rehearsal.alipay(
                    "alipay.trade.query", ["out_trade_no": "x"], changes: ["timestamp": time])
                #expect(answer["sub_code"] == "isv.invalid-timestamp")
            }
        }
    }

    @Test func `surprise 19: phone pages come with either product code`() async throws {
        try await Rehearsal.with { rehearsal in
            for (index, code) in ["QUICK_WAP_PAY", "QUICK_WAP_WAY"].enumerated() {
                let content: JSONValue = [
                    "out_trade_no": .string("s19\(index)"), "total_amount": "1.00", "subject": "面",
                    "product_code": .string(code),
                ]
                let all = try rehearsal.alipayParameters("alipay.trade.wap.pay", content)
                let answer = try await rehearsal.simulator.send(.get, "/gateway.do?" + FormText.encode(all))
                #expect(answer.headers["location"]?.hasPrefix(RehearsalKeys.baseURL + "/cashier/alipay/") == true)
            }
        }
    }

    @Test func `surprise 20: a code is no trade until somebody scans it`() async throws {
        try await Rehearsal.with { rehearsal in
            let number: JSONValue = ["out_trade_no": "s20"]
            _ = try await rehearsal.alipay("alipay.trade.precreate", rehearsal.alipayOrder("s20"))
            for method in ["alipay.trade.query", "alipay.trade.close", "alipay.trade.refund"] {
                let content: JSONValue = ["out_trade_no": "s20", "refund_amount": "10.00"]
                #expect(try await rehearsal.alipay(method, content)["sub_code"] == "ACQ.TRADE_NOT_EXIST")
            }
            #expect(try await rehearsal.control("alipay/scan", [
                "out_trade_no": "s20", "app_id": .string(Rehearsal.appID),
            ]) == 204)
            #expect(try await rehearsal.alipay("alipay.trade.query", number)["trade_status"] == "WAIT_BUYER_PAY")
            #expect(try await rehearsal.alipay("alipay.trade.close", number)["code"] == "10000")
        }
    }

    @Test func `surprise 21: a refund answers with the sum of all, and moves money once a number`() async throws {
        try await Rehearsal.with { rehearsal in
            _ = try await rehearsal.alipay("alipay.trade.create", rehearsal.alipayOrder("s21"))
            #expect(try await rehearsal.payAlipay("s21") == 204)
            let refund = { (number: String, amount: String) in
                try await rehearsal.alipay("alipay.trade.refund", [
                    "out_trade_no": "s21", "refund_amount": .string(amount), "out_request_no": .string(number),
                ])
            }
            for (number, amount, moved, sum) in [("r1", "2.50", "Y", "2.50"), ("r2", "1.00", "Y", "3.50"),
                ("r1", "2.50", "N", "3.50")]
            {
                let answer = try await refund(number, amount)
                #expect(answer["code"] == "10000")
                #expect(answer["fund_change"]?.string == moved)
                #expect(answer["refund_fee"]?.string == sum)
            }
            #expect(try await refund("r1", "2.51")["sub_code"] == "ACQ.DISCORDANT_REPEAT_REQUEST")
        }
    }

    @Test func `surprise 22: Alipay's money is yuan with two decimals, UnionPay's fen in digits`() async throws {
        try await Rehearsal.with { rehearsal in
            _ = try await rehearsal.alipay("alipay.trade.create", rehearsal.alipayOrder("s22", "12.3"))
            let found = try await rehearsal.alipay("alipay.trade.query", ["out_trade_no": "s22"])
            #expect(found["total_amount"] == "12.30")
            try await rehearsal.paidByCard("card2200")
            #expect(try await rehearsal.queryCard("card2200")["settleAmt"] == "1000")
        }
    }

    @Test(arguments: ["SUCCESS", "success\n", "<p>success</p>", "", "success"])
    func `surprise 23: Alipay's merchants acknowledge with exactly seven letters`(body: String) async throws {
        try await Rehearsal.with(environment: ["PAYMENTS_SIM_RETRY_PERCENT": "1"]) { rehearsal in
            rehearsal.merchant.on(.post, "/notify") { _ in .text(.ok, body) }
            _ = try await rehearsal.alipay("alipay.trade.create", rehearsal.alipayOrder("s23"))
            #expect(try await rehearsal.payAlipay("s23") == 204)
            await rehearsal.merchant.waitForRequests(1)
            guard body == "success" else {
                // Refused: it comes again, under its own number.
                try await rehearsal.advance(3)
                await rehearsal.merchant.waitForRequests(2)
                let numbers = rehearsal.merchant.requests.prefix(2).map {
                    QueryItems(String(decoding: $0.body, as: UTF8.self))["notify_id"]
                }
                #expect(numbers[0] != nil && numbers[0] == numbers[1])
                return
            }
            var open = 1
            for _ in 0..<5_000 where open > 0 {
                open = try await rehearsal.simulator.test.database.one(OpenNotifications())
            }
            #expect(open == 0)
        }
    }
}
