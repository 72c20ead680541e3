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

/// What would break a naive simulator of WeChat Pay, by the numbers of the protocol facts (section 2). What only a client
/// shows is in `Tests/FlowTests` too.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WeChatSurpriseTests {
    private let type = "WECHATPAY2-SHA256-RSA2048"
    private let native = "/v3/pay/transactions/native"

    @Test func `surprise 1: every good answer and every notification names the type of its signature`() async throws {
        try await Rehearsal.with { rehearsal in
            let answers = [
                try await rehearsal.prepay("order-0001"), try await rehearsal.query("order-0001"),
                try await rehearsal.call(.get, "/v3/certificates"), try await rehearsal.close("order-0001"),
            ]
            for answer in answers {
                #expect((200..<300).contains(answer.status))
                #expect(answer.response.headers["wechatpay-signature-type"] == type)
            }
            try await rehearsal.paid("order-0002")
            await rehearsal.merchant.waitForRequests(1)
            #expect(rehearsal.merchant.requests[0].headers["wechatpay-signature-type"] == type)
        }
    }

    @Test func `surprise 2: an answer without body is signed over an empty one`() async throws {
        try await Rehearsal.with { rehearsal in
            _ = try await rehearsal.prepay("order-0003")
            let closed = try await rehearsal.close("order-0003")
            #expect(closed.status == 204)
            #expect(closed.response.body.isEmpty)
            #expect(closed.isSigned)
        }
    }

    @Test func `surprise 3: target and body are verified exactly as sent`() async throws {
        try await Rehearsal.with { rehearsal in
            let keys = RehearsalKeys.shared
            let spaced = """
                {"appid": "\(keys.appid)", "mchid": "\(keys.mchid)", "description": "\\u8471\\u6cb9", \
                "out_trade_no": "order-0004", "notify_url": "https://merchant.test/notify", "amount": {"total": 1}}
                """
            let compact = spaced.replacing(": ", with: ":").replacing(", ", with: ",")
            for text in [spaced, compact] {
                let answer = try await rehearsal.call(.post, native, bytes: Array(text.utf8))
                #expect(answer.status == 200)
            }
            // What means the same, but was not sent, was not signed.
            let signing = Signing(signedBody: Array(compact.utf8))
            #expect(try await rehearsal.call(.post, native, bytes: Array(spaced.utf8), signing: signing).status == 401)
            let path = "/v3/pay/transactions/out-trade-no/order-0004?&mchid=\(keys.mchid)"
            #expect(try await rehearsal.call(.get, path).status == 200)
        }
    }

    @Test func `surprise 4: signatures are of real time, however the business clock moves`() async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.advance(90_000)
            let answer = try await rehearsal.prepay("order-0005")
            let timestamp = try #require(Int64(answer.response.headers["wechatpay-timestamp"] ?? ""))
            #expect(abs(timestamp - RealTime.seconds()) < 60)
        }
    }

    @Test func `surprise 5: answers with a body are plain JSON and carry a request number`() async throws {
        try await Rehearsal.with { rehearsal in
            let good = try await rehearsal.prepay("order-0006").response
            let refused = try await rehearsal.query("order-none").response
            for answer in [good, refused] {
                #expect(answer.headers["content-type"]?.hasPrefix("application/json") == true)
                #expect(answer.headers["content-encoding"] == nil)
                #expect(answer.headers["request-id"]?.isEmpty == false)
            }
        }
    }

    @Test func `surprise 6: bills are under the base URL, unsigned, no JSON, and hashed before packing`() async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paid("order-0007")
            #expect(try await rehearsal.control("bills/make", [:]) == 200)
            let day = try #require(BillDay(of: Timestamp(microseconds: RealTime.seconds() * 1_000_000))).text
            var hashes: [String] = []
            for packing in ["", "&tar_type=GZIP"] {
                let told = try await rehearsal.call(.get, "/v3/bill/tradebill?bill_date=\(day)\(packing)").body
                let url = try #require(told["download_url"]?.string)
                #expect(url.hasPrefix(RehearsalKeys.baseURL + "/v3/billdownload/"))
                let path = String(url.dropFirst(RehearsalKeys.baseURL.count))
                let file = try await rehearsal.call(.get, path).response
                #expect(file.headers["wechatpay-signature"] == nil)
                #expect(file.headers["content-encoding"] == nil)
                #expect(file.headers["content-type"]?.hasPrefix("application/json") == false)
                #expect(file.body.starts(with: [0x1F, 0x8B]) == !packing.isEmpty)
                hashes.append(try #require(told["hash_value"]?.string))
                if packing.isEmpty { #expect(hashes[0] == Hex.encode(SHA1.hash(file.body))) }
            }
            #expect(hashes[0] == hashes[1])
        }
    }

    @Test func `surprise 7: secrets are opened with any listed certificate, whose serials have no leading zero`()
        async throws
    {
        try await Rehearsal.with { rehearsal in
            let keys = RehearsalKeys.shared
            for name in ["platform", "platform_next", "platform_public_key"] {
                let certificate = try X509Certificate(pem: try keys.text("\(name)_cert.pem"))
                #expect(!certificate.serialHex.hasPrefix("0"))
                let sealed = try certificate.publicKey.encryptOAEP(Array("邻里团长".utf8))
                let answer = try await rehearsal.call(.post, "/v3/profitsharing/receivers/add", [
                    "appid": .string(keys.appid), "type": "MERCHANT_ID", "account": "1900000110",
                    "name": .string(Base64.encode(sealed)), "relation_type": "PARTNER",
                ])
                #expect(answer.status == 200, "\(name): \(answer.response.text)")
            }
        }
    }

    @Test func `surprise 8: the public key's name is only for those who use it`() async throws {
        try await Rehearsal.with { rehearsal in
            let name = try #require(RehearsalKeys.shared.platform.keys.first { $0.hasPrefix("PUB_KEY_ID_") })
            var signing = Signing()
            signing.headers = [("wechatpay-serial", name)]
            let modern = try await rehearsal.call(.post, native, rehearsal.order("order-0008"), signing: signing)
            #expect(modern.response.headers["wechatpay-serial"] == name)
            #expect(modern.isSigned)
            let classic = try await rehearsal.prepay("order-0009")
            #expect(classic.response.headers["wechatpay-serial"]?.hasPrefix("PUB_KEY_ID_") == false)
            #expect(try await rehearsal.pay("order-0008") == 204)
            await rehearsal.merchant.waitForRequests(1)
            #expect(rehearsal.merchant.requests[0].headers["wechatpay-serial"] == name)
            #expect(try await rehearsal.pay("order-0009") == 204)
            await rehearsal.merchant.waitForRequests(2)
            #expect(rehearsal.merchant.requests[1].headers["wechatpay-serial"]?.hasPrefix("PUB_KEY_ID_") == false)
        }
    }

    @Test func `surprise 9: the parameters of Authorization come in any order`() async throws {
        try await Rehearsal.with { rehearsal in
            let target = "/v3/certificates"
            let text = try Signing().authorization(.get, target, [])
            let parameters = text.dropFirst(type.count + 1).split(separator: ",").map(String.init)
            for order in [parameters, parameters.reversed(), parameters.sorted()] {
                for comma in [",", ", "] {
                    let value = "\(type) \(order.joined(separator: comma))"
                    let answer = try await rehearsal.simulator.send(.get, target, headers: [("authorization", value)])
                    #expect(answer.status == .ok)
                }
            }
        }
    }

    @Test func `surprise 10: a path that is signed decoded but sent encoded is refused`() async throws {
        try await Rehearsal.with { rehearsal in
            let query = "?mchid=\(RehearsalKeys.shared.mchid)", base = "/v3/pay/transactions/out-trade-no/"
            _ = try await rehearsal.prepay("order|1")
            _ = try await rehearsal.prepay("order*-_2")
            #expect(try await rehearsal.call(.get, base + "order%7C1" + query).status == 200)
            let decoded = Signing(target: base + "order|1" + query)
            #expect(try await rehearsal.call(.get, base + "order%7C1" + query, signing: decoded).status == 401)
            #expect(try await rehearsal.call(.get, base + "order*-_2" + query).status == 200)
        }
    }

    @Test func `surprise 22: money is whole fen in calls and yuan in bills`() async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paid("order-0010", total: 123_456)
            #expect(try await rehearsal.query("order-0010").body["amount"]?["total"] == 123_456)
            for total in [JSONValue.string("100"), .double(1.5), .int(0)] {
                let order = rehearsal.order("order-0011", changes: ["amount": ["total": total, "currency": "CNY"]])
                #expect(try await rehearsal.call(.post, native, order).code == "PARAM_ERROR")
            }
            #expect(try await rehearsal.control("bills/make", [:]) == 200)
            let day = try #require(BillDay(of: Timestamp(microseconds: RealTime.seconds() * 1_000_000))).text
            let url = try await rehearsal.call(.get, "/v3/bill/tradebill?bill_date=\(day)").body["download_url"]?.string
            let path = String(try #require(url).dropFirst(RehearsalKeys.baseURL.count))
            #expect(try await rehearsal.call(.get, path).response.text.contains(",`1234.56,"))
        }
    }

    @Test(arguments: [(HTTPStatus.ok, "failure"), (.noContent, ""), (.ok, "")])
    func `surprise 23: WeChat's merchants acknowledge by the status alone`(
        status: HTTPStatus, body: String
    ) async throws {
        try await Rehearsal.with { rehearsal in
            rehearsal.merchant.on(.post, "/notify") { _ in
                body.isEmpty ? Response(status: status) : .text(status, body)
            }
            try await rehearsal.paid("order-0012")
            _ = try await rehearsal.notifications(1)
            try await expectQuiet(rehearsal)
            #expect(rehearsal.merchant.requests.count == 1)
        }
    }

    /// Nothing is to be told any more.
    private func expectQuiet(_ rehearsal: Rehearsal) async throws {
        var open = 1
        for _ in 0..<5_000 where open > 0 {
            open = try await rehearsal.simulator.test.database.one(OpenNotifications())
        }
        #expect(open == 0)
    }

    @Test func `surprise 25: bodies that are not what was signed are refused, if only an empty object`() async throws {
        try await Rehearsal.with { rehearsal in
            for body in ["{}", "null"] {
                let answer = try await rehearsal.call(
                    .post, native, bytes: Array(body.utf8), signing: Signing(signedBody: []))
                #expect(answer.status == 401)
                #expect(answer.code == "SIGN_ERROR")
            }
        }
    }

    @Test(arguments: ["http://simulator.test/base", "http://simulator.test/", "simulator.test", "http://a.test?b=c"])
    func `surprise 26: the base URL is a bare origin, or the simulator does not start`(url: String) async throws {
        let keys = RehearsalKeys.shared
        let settings = try keys.text("server.json").replacing("\"\(RehearsalKeys.baseURL)\"", with: "\"\(url)\"")
        let path = "\(keys.folder)/prefixed.json"
        #expect(FileIO.write(settings, to: path))
        await #expect(throws: (any Error).self) {
            try await Rehearsal.with(environment: ["PAYMENTS_SIM_CONFIG": path]) { _ in }
        }
    }
}

/// Notifications that will be tried (again).
struct OpenNotifications: Statement {
    static let name: StaticString = "test_open_notifications"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT count(*) FROM notifications WHERE next_at IS NOT NULL"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}
