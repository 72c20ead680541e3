import Crypto
import Glibc
import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit
import TestSupport
import Testing
@testable import PaymentsSim

/// Both sides' keys, made once a process by the service's own command.
struct RehearsalKeys: Sendable {
    let folder: String
    let merchantKey: RSAPrivateKey
    let serial: String
    let apiV3Key: [UInt8]
    /// Platform keys by what `Wechatpay-Serial` says.
    let platform: [String: RSAPublicKey]
    let mchid: String
    let appid: String
    /// What sensitive fields are sealed with.
    let encryptionKey: RSAPublicKey

    static let shared: RehearsalKeys = {
        do { return try RehearsalKeys() } catch { preconditionFailure("no rehearsal keys: \(error)") }
    }()

    /// A file of the keys.
    func text(_ name: String) throws -> String {
        String(decoding: try #require(FileIO.read(folder + "/" + name)), as: UTF8.self)
    }

    /// The prefix of the addresses that the simulator hands out: it cannot know its port before it starts.
    static let baseURL = "http://simulator.test"

    private init() throws {
        var template = Array("/tmp/linli-payments-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) }
        folder = String(cString: made!)
        let failure = DevelopmentKeys.make(folder: folder, url: Self.baseURL, notifyURL: "http://merchant.test/notify")
        precondition(failure == nil)
        let folder = folder
        let text: (String) throws -> String = {
            String(decoding: try #require(FileIO.read(folder + "/" + $0)), as: UTF8.self)
        }
        merchantKey = try RSAPrivateKey(pem: try text("merchant_key.pem"))
        serial = try X509Certificate(pem: try text("merchant_cert.pem")).serialHex
        apiV3Key = Array(try text("apiv3_key").utf8)
        let certificates = try ["platform_cert.pem", "platform_next_cert.pem"].map {
            try X509Certificate(pem: try text($0))
        }
        encryptionKey = certificates[1].publicKey
        var keys = Dictionary(uniqueKeysWithValues: certificates.map { ($0.serialHex, $0.publicKey) })
        let server = try JSON.decode(JSONValue.self, from: Array(try text("server.json").utf8))
        let id = try #require(server["wechat"]?["platform_public_key_id"]?.string)
        keys[id] = try RSAPrivateKey(pem: try text("platform_public_key_key.pem")).publicKey
        platform = keys
        mchid = try #require(server["wechat"]?["mchid"]?.string)
        appid = try #require(server["wechat"]?["appid"]?.string)
    }
}

/// How a request is signed; tests change it to sign wrongly.
struct Signing {
    var mchid = RehearsalKeys.shared.mchid
    var serial = RehearsalKeys.shared.serial
    var key = RehearsalKeys.shared.merchantKey
    var timestamp = RealTime.seconds()
    var nonce = Hex.encode(RandomBytes.make(16))
    /// Signed instead of the real body when set.
    var signedBody: [UInt8]?
    var target: String?
    var headers: [(String, String)] = []

    func authorization(_ method: HTTPMethod, _ target: String, _ body: [UInt8]) throws -> String {
        let text = "\(method.name)\n\(self.target ?? target)\n\(timestamp)\n\(nonce)\n"
        let signature = Base64.encode(try key.sign(Array(text.utf8) + (signedBody ?? body) + [0x0A]))
        // Another order than that of the merchant's side of Linli.
        return "WECHATPAY2-SHA256-RSA2048 nonce_str=\"\(nonce)\",serial_no=\"\(serial)\",signature=\"\(signature)\","
            + "timestamp=\"\(timestamp)\",mchid=\"\(mchid)\""
    }
}

/// An answer of the simulator.
struct Answer {
    let response: ClientResponse
    var status: Int { Int(response.status.code) }
    var body: JSONValue {
        get throws { response.body.isEmpty ? .null : try JSON.decode(JSONValue.self, from: response.body) }
    }
    var code: String? { (try? body)?["code"]?.string }

    /// Whether the signature is right over the exact bytes.
    var isSigned: Bool {
        Rehearsal.isSigned(response.headers, response.body)
    }
}

/// A running simulator and a merchant who pays through it and is told of it.
struct Rehearsal: Sendable {
    let simulator: ServiceHarness
    /// Gets the notifications at `/notify`.
    let merchant: FakeNeighbour

    static func with(
        environment: [String: String] = [:], merchantAnswers: HTTPStatus = .ok,
        _ body: (Rehearsal) async throws -> Void
    ) async throws {
        let merchant = try await FakeNeighbour()
        merchant.on(.post, "/notify") { _ in Response(status: merchantAnswers) }
        let settings = Self.settings.merging(environment) { _, given in given }
        try await ServiceHarness.with(PaymentsSimService.self, environment: settings) { simulator in
            try await body(Rehearsal(simulator: simulator, merchant: merchant))
        }
        await merchant.stop()
    }

    static let settings = [
        "PAYMENTS_SIM_CONFIG": RehearsalKeys.shared.folder + "/server.json", "PAYMENTS_SIM_CONTROL": "1",
    ]

    // MARK: Calls of the merchant

    func call(
        _ method: HTTPMethod, _ target: String, _ body: JSONValue? = nil, signing: Signing = Signing()
    ) async throws -> Answer {
        try await call(method, target, bytes: body.map { JSON.encode($0) } ?? [], signing: signing)
    }

    func call(
        _ method: HTTPMethod, _ target: String, bytes: [UInt8], signing: Signing = Signing()
    ) async throws -> Answer {
        let headers = [("authorization", try signing.authorization(method, target, bytes))] + signing.headers
        return Answer(response: try await simulator.send(method, target, body: bytes, headers: headers))
    }

    func order(_ number: String, total: Int64 = 1_000, changes: [String: JSONValue] = [:]) -> JSONValue {
        var members: [String: JSONValue] = [
            "appid": .string(RehearsalKeys.shared.appid), "mchid": .string(RehearsalKeys.shared.mchid),
            "description": "葱油拌面", "out_trade_no": .string(number), "notify_url": .string(merchant.url + "/notify"),
            "amount": ["total": .int(total), "currency": "CNY"],
        ]
        members.merge(changes) { _, new in new }
        return .object(members)
    }

    func prepay(_ number: String, total: Int64 = 1_000, channel: String = "native") async throws -> Answer {
        try await call(.post, "/v3/pay/transactions/\(channel)", order(number, total: total))
    }

    func query(_ number: String) async throws -> Answer {
        try await call(.get, "/v3/pay/transactions/out-trade-no/\(number)?mchid=\(RehearsalKeys.shared.mchid)")
    }

    func close(_ number: String) async throws -> Answer {
        try await call(
            .post, "/v3/pay/transactions/out-trade-no/\(number)/close", ["mchid": .string(RehearsalKeys.shared.mchid)])
    }

    func refund(
        _ number: String, of trade: String, _ amount: Int64, total: Int64 = 1_000
    ) async throws -> Answer {
        try await call(.post, "/v3/refund/domestic/refunds", [
            "out_trade_no": .string(trade), "out_refund_no": .string(number), "reason": "少了一份",
            "notify_url": .string(merchant.url + "/notify"),
            "amount": ["refund": .int(amount), "total": .int(total), "currency": "CNY"],
        ])
    }

    // MARK: What a payer, or time, does

    func control(_ path: String, _ body: JSONValue) async throws -> Int {
        Int(try await simulator.send(.post, "/_control/" + path, json: body).status.code)
    }

    func pay(_ number: String) async throws -> Int {
        try await control("wechat/pay", ["mchid": .string(RehearsalKeys.shared.mchid), "out_trade_no": .string(number)])
    }

    /// A payment that is made and paid.
    func paid(_ number: String, total: Int64 = 1_000) async throws {
        #expect(try await prepay(number, total: total).status == 200)
        #expect(try await pay(number) == 204)
    }

    func advance(_ seconds: Int64) async throws {
        #expect(try await control("clock/advance", ["seconds": .int(seconds)]) == 204)
    }

    // MARK: What the merchant was told

    /// The first `count` notifications, verified and opened.
    func notifications(_ count: Int) async throws -> [JSONValue] {
        await merchant.waitForRequests(count)
        return try merchant.requests.prefix(count).map(Self.opened)
    }

    /// A notification whose signature is right, with its resource in clear under `opened`.
    static func opened(_ request: RecordedRequest) throws -> JSONValue {
        #expect(isSigned(request.headers, request.body))
        let message = try JSON.decode(JSONValue.self, from: request.body)
        let resource = try #require(message["resource"])
        let clear = try AESGCM.open(
            try #require(Base64.decode(resource["ciphertext"]?.string ?? "")), key: RehearsalKeys.shared.apiV3Key,
            nonce: Array((resource["nonce"]?.string ?? "").utf8),
            authenticating: Array((resource["associated_data"]?.string ?? "").utf8))
        guard case .object(var members) = message else { return message }
        members["opened"] = try JSON.decode(JSONValue.self, from: clear)
        return .object(members)
    }

    static func isSigned(_ headers: HTTPHeaders, _ body: [UInt8]) -> Bool {
        guard let timestamp = headers["wechatpay-timestamp"], let nonce = headers["wechatpay-nonce"],
            let key = RehearsalKeys.shared.platform[headers["wechatpay-serial"] ?? ""],
            let signature = headers["wechatpay-signature"].flatMap(Base64.decode),
            headers["wechatpay-signature-type"] == "WECHATPAY2-SHA256-RSA2048"
        else { return false }
        return key.isValidSignature(signature, for: Array("\(timestamp)\n\(nonce)\n".utf8) + body + [0x0A])
    }

    // MARK: The ledger

    func balances() async throws -> [String: Int64] {
        let rows = try await simulator.test.database.all(AccountBalances())
        return Dictionary(uniqueKeysWithValues: rows)
    }

    /// Nothing moved, or every posting is in balance.
    func expectBalanced() async throws {
        #expect(try await balances().values.reduce(0, +) == 0)
    }
}

struct AccountBalances: Statement {
    static let name: StaticString = "test_account_balances"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT account, sum(amount)::bigint FROM ledger_entries GROUP BY account"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> (String, Int64) {
        (try row.next(), try row.next())
    }
}
