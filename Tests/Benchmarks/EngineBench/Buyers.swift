import EventLoop
import Glibc
import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Models
import ServiceKit

/// Customers for the orders service: `engine-bench buyers --port P`.
///
/// Stands where the storefront does as far as tokens go (publishes the key they are signed with), and is told over HTTP
/// what to do: `POST /prepare?orders=URL&store=ID&count=N&people=M&skus=K&lines=L` asks the orders service for N quotes,
/// each for a customer's goods; `POST /run?orders-port=P&connections=C` places them all and answers with the figures.
actor Buyers {
    private let mint: TokenMint
    private let http: HTTPClient
    private var requests: [[UInt8]] = []

    private init(mint: TokenMint, http: HTTPClient) {
        self.mint = mint
        self.http = http
    }

    static func run(port: Int) async throws {
        Signals.block()
        let group = EventLoopGroup(count: 1, name: "buyers")
        let mint = try TokenMint(kid: "buyers")
        let buyers = Buyers(mint: mint, http: HTTPClient(group: group))
        let keys = TokenMint.published([mint])
        var router = Router()
        router.on(.get, "/.well-known/jwks.json") { _ in
            Response(status: .ok, headers: ["content-type": "application/json"], body: .bytes(keys))
        }
        router.on(.post, "/prepare") { try await buyers.prepare($0) }
        router.on(.post, "/run") { try await buyers.place($0) }
        let server = HTTPServer(address: "127.0.0.1", port: port, router: router)
        try await server.start(on: group)
        _ = await Signals.wait(on: group.all[0])
        await server.drain(deadline: .now + .seconds(1))
    }

    /// One customer's token and the goods they want.
    private struct Wish: Sendable {
        let token: String
        let body: [UInt8]
    }

    private func prepare(_ request: Request) async throws -> Response {
        guard let orders = request.query["orders"], let store = request.query["store"].flatMap(StoreID.init),
            let count = request.query["count"].flatMap(Int.init), let people = request.query["people"].flatMap(Int.init),
            let skus = request.query["skus"].flatMap(UInt64.init), let lines = request.query["lines"].flatMap(Int.init)
        else { return .text(.badRequest, "prepare what?") }
        let tokens = try (0..<people).map { _ in try token() }
        var random = SystemRandomNumberGenerator()
        var wishes: [Wish] = []
        for index in 0..<count {
            var chosen: Set<UInt64> = []
            while chosen.count < lines { chosen.insert(UInt64.random(in: 1...skus, using: &random)) }
            let input = QuoteRequest(
                storeID: store, lines: chosen.map { QuoteRequestLine(skuID: Self.sku($0), quantity: 1) })
            wishes.append(Wish(token: tokens[index % people], body: JSON.encode(input)))
        }
        do {
            requests = try await quoted(wishes, at: orders)
            return .text(.ok, "\(requests.count)")
        } catch {
            return .text(.badGateway, "\(error)")
        }
    }

    /// The placing requests for quotes that the service made.
    private func quoted(_ wishes: [Wish], at orders: String) async throws -> [[UInt8]] {
        let http = http
        return try await withThrowingTaskGroup(of: [[UInt8]].self) { group in
            for worker in 0..<32 {
                group.addTask {
                    var made: [[UInt8]] = []
                    for index in stride(from: worker, to: wishes.count, by: 32) {
                        made.append(try await Self.placing(wishes[index], at: orders, http))
                    }
                    return made
                }
            }
            var all: [[UInt8]] = []
            for try await made in group { all += made }
            return all
        }
    }

    private static func placing(_ wish: Wish, at orders: String, _ http: HTTPClient) async throws -> [UInt8] {
        let headers: HTTPHeaders = [
            "authorization": "Bearer " + wish.token, "content-type": "application/json", "idempotency-key": "quote",
        ]
        let answer = try await http.send(
            ClientRequest(
                method: .post, url: orders + OrdersAPI.quotes.path(), headers: headers, body: wish.body,
                deadline: .now + .seconds(30)))
        guard answer.status == .created else {
            throw Refused(text: String(decoding: answer.body, as: UTF8.self))
        }
        let quote = try JSON.decode(Quote.self, from: answer.body, mode: .lenient)
        let body = JSON.encode(PlaceOrderRequest(quoteToken: quote.token))
        let head = """
            POST /v1/orders HTTP/1.1\r
            host: 127.0.0.1\r
            authorization: Bearer \(wish.token)\r
            content-type: application/json\r
            idempotency-key: \(quote.id)\r
            content-length: \(body.count)\r
            \r\n
            """
        return Array(head.utf8) + body
    }

    private struct Refused: Error {
        let text: String
    }

    private func place(_ request: Request) async throws -> Response {
        guard let port = request.query["orders-port"].flatMap(UInt16.init),
            let connections = request.query["connections"].flatMap(Int.init)
        else { return .text(.badRequest, "run where?") }
        let requests = requests
        self.requests = []
        let result = try await BlockingPool.shared.run {
            try RequestLoad.run(requests, port: port, connections: connections)
        }
        var json = JSONWriter()
        json.beginObject()
        json.field("answers", result.latencies.count)
        json.field("seconds", result.seconds)
        json.field("p50_ms", result.milliseconds(0.5))
        json.field("p99_ms", result.milliseconds(0.99))
        json.key("statuses")
        json.beginObject()
        for (status, count) in result.statuses.sorted(by: { $0.key < $1.key }) {
            json.key("\(status)")
            json.int(Int64(count))
        }
        json.endObject()
        json.endObject()
        return Response(status: .ok, headers: ["content-type": "application/json"], body: .bytes(json.bytes))
    }

    private func token() throws -> String {
        let now = Int64(time(nil))
        return try mint.token(
            TokenClaims(
                issuer: "storefront", subject: AccountID.make(at: Timestamp(microseconds: now * 1_000_000)).description,
                issuedAt: now, expiresAt: now + TokenClaims.lifetimeSecondsMax, stores: [:], isOperator: false))
    }

    /// The SKU that the benchmark's seed numbers so: its decimal digits stand in the UUID as they are.
    private static func sku(_ number: UInt64) -> SKUID {
        SKUID(uuid: UUID128(high: 0x7000, low: 0x8000_2000_0000_0000 | (UInt64("\(number)", radix: 16) ?? 0)))
    }
}
