import EventLoop
import HTTPClient
import HTTPCore
import JSON
import Models
import Postgres
import ServiceKit
import TestSupport
import Testing

@testable import Orders

/// Placing an order: what it holds, what repeats it, what refuses it; and that a refusal leaves nothing behind.
@Suite(.serialized, .timeLimit(.minutes(5))) struct CheckoutTests {
    @Test func `an order holds what its quote said, and its stock is held`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let quote = try await shop.quote(customer, [(shop.catalog.noodles, 2), (shop.catalog.tea, 1)])
            let answer = try await shop.placeAnswer(customer, quote)
            #expect(answer.status == .created)
            let order: Order = try answer.decoded()
            #expect(answer.headers["location"] == OrdersAPI.order.path(order.id))
            #expect(order.id.uuid == quote.id.uuid)
            #expect(order.lines == quote.lines)
            #expect(order.totals.total == Money(minorUnits: 6_130))
            #expect(order.states == OrderStates(payment: .unpaid, order: .open, fulfilment: .waiting))
            #expect(order.story.map(\.move) == [.placed])
            #expect(try await shop.read(customer, order.id) == order)
            #expect(shop.catalog.state.withLock { $0.stock } == [shop.catalog.noodles: 998, shop.catalog.tea: 1])
            #expect(try await shop.count(.outbox) == 1)
        }
    }

    @Test func `the same key gives the same bytes, whatever happened to the order since`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let quote = try await shop.quote(customer)
            let first = try await shop.placeAnswer(customer, quote, key: "k1")
            let order: Order = try first.decoded()
            _ = try await shop.post(OrdersAPI.orderCancel, order.id, customer)
            let second = try await shop.placeAnswer(customer, quote, key: "k1")
            #expect(second.status == .created)
            #expect(second.body == first.body)
            #expect(second.headers["idempotency-replayed"] == "true")
            #expect(try await shop.count(.orders) == 1)
        }
    }

    @Test func `the same key with another body is refused, and nothing is held for it`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            _ = try await shop.placeAnswer(customer, try await shop.quote(customer), key: "k1")
            let other = try await shop.placeAnswer(
                customer, try await shop.quote(customer, [(shop.catalog.tea, 1)]), key: "k1")
            #expect(other.status.code == 422)
            #expect(other.code == "idempotency_key_reused")
            #expect(try await shop.count(.orders) == 1)
            #expect(shop.catalog.state.withLock { $0.stock[shop.catalog.tea] } == 2)
        }
    }

    @Test func `one person's key is not another's`() async throws {
        try await Shop.open { shop in
            for person in [try shop.customer(), try shop.customer()] {
                let answer = try await shop.placeAnswer(person, try await shop.quote(person), key: "k1")
                #expect(answer.status == .created)
            }
            #expect(try await shop.count(.orders) == 2)
        }
    }

    @Test func `twenty requests at once under one key make one order and get one answer`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let quote = try await shop.quote(customer)
            let answers = try await together(20) { _ in try await shop.placeAnswer(customer, quote, key: "k1") }
            #expect(answers.allSatisfy { $0.status == .created })
            #expect(Set(answers.map(\.body)).count == 1)
            #expect(try await shop.count(.orders) == 1)
            #expect(try await shop.count(.lines) == 1)
            #expect(try await shop.count(.outbox) == 1)
            #expect(shop.catalog.state.withLock { $0.stock[shop.catalog.noodles] } == 998)
        }
    }

    @Test func `a quote is used once, however many keys try it at once`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let quote = try await shop.quote(customer)
            let answers = try await together(10) { try await shop.placeAnswer(customer, quote, key: "k\($0)") }
            #expect(answers.filter { $0.status == .created }.count == 1)
            #expect(answers.filter { $0.code == "quote_already_used" }.count == 9)
            #expect(try await shop.count(.orders) == 1)
        }
    }

    @Test func `a price that changed is refused with both prices`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let quote = try await shop.quote(customer)
            shop.catalog.state.withLock { $0.prices[shop.catalog.noodles] = 3_090 }
            let answer = try await shop.placeAnswer(customer, quote)
            #expect(answer.status.code == 409)
            #expect(answer.code == "price_changed")
            let facts = try #require(answer.problem?.extensions)
            #expect(facts["sku_id"]?.string == shop.catalog.noodles.description)
            #expect(facts["quoted"]?["amount"]?.int == 2_890)
            #expect(facts["current"]?["amount"]?.int == 3_090)
            try await expectNothing(in: shop)
        }
    }

    @Test func `what ran out since the quote is named, and nothing is left behind`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let quote = try await shop.quote(customer, [(shop.catalog.noodles, 1), (shop.catalog.tea, 2)])
            shop.catalog.state.withLock { $0.stock[shop.catalog.tea] = 1 }
            let answer = try await shop.placeAnswer(customer, quote)
            #expect(answer.status.code == 409)
            #expect(answer.code == "out_of_stock")
            #expect(answer.problem?.extensions["sku_id"]?.string == shop.catalog.tea.description)
            #expect(answer.problem?.extensions["available"]?.int == 1)
            #expect(shop.catalog.state.withLock { $0.stock[shop.catalog.noodles] } == 1_000)
            try await expectNothing(in: shop)
        }
    }

    @Test func `a quote that expired is refused, but its order is still answered`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let expired = try Self.expired(try await shop.quote(customer), for: customer)
            let answer = try await shop.placeAnswer(customer, expired)
            #expect(answer.status.code == 409)
            #expect(answer.code == "quote_expired")
            try await expectNothing(in: shop)
            let quote = try await shop.quote(customer)
            _ = try await shop.placeAnswer(customer, quote, key: "k1")
            let late = try await shop.placeAnswer(customer, try Self.expired(quote, for: customer), key: "k2")
            #expect(late.code == "quote_already_used")
        }
    }

    @Test(arguments: ["", "x", "x.y", "eyJpZCI6InF1b18ifQ.AAAA"])
    func `what was not signed here is no quote`(_ token: String) async throws {
        try await Shop.open { shop in
            let answer = try await shop.orders.send(
                .post, OrdersAPI.orders.path(), json: PlaceOrderRequest(quoteToken: token),
                token: try shop.customer().token)
            #expect(answer.status.code == 422)
            #expect(answer.code == "invalid_quote")
            #expect(answer.problem?.errors.first?.pointer == "/quote_token")
        }
    }

    @Test func `a quote made for one customer cannot be used by another`() async throws {
        try await Shop.open { shop in
            let quote = try await shop.quote(try shop.customer())
            let answer = try await shop.placeAnswer(try shop.customer(), quote)
            #expect(answer.code == "invalid_quote")
            try await expectNothing(in: shop)
        }
    }

    @Test func `somebody else's order does not exist`() async throws {
        try await Shop.open { shop in
            let order = try await shop.place(try shop.customer())
            let strangers = [try shop.customer(), try shop.staff(.manager, of: .make(at: shop.kit.now()))]
            for stranger in strangers {
                let read = try await shop.orders.send(.get, OrdersAPI.order.path(order.id), token: stranger.token)
                #expect(read.status == .notFound)
                #expect(try await shop.paymentAnswer(stranger, order.id).status == .notFound)
                for pattern in [OrdersAPI.orderCancel, OrdersAPI.orderAccept, OrdersAPI.orderPrepare, OrdersAPI.orderReady]
                {
                    #expect(try await shop.post(pattern, order.id, stranger).status == .notFound)
                }
                let review = try await shop.orders.send(
                    .post, OrdersAPI.orderReview.path(order.id), json: NewReview(rating: 5, text: "x"),
                    token: stranger.token)
                #expect(review.status == .notFound)
            }
            #expect(try await shop.count(.payments) == 0)
            #expect(try await shop.count(.story) == 0)
        }
    }

    @Test func `unpaid orders are capped exactly, however many are placed at once`() async throws {
        try await Shop.open(["ORDERS_UNPAID_MAX": "3"]) { shop in
            let customer = try shop.customer()
            var quotes: [Quote] = []
            for _ in 0..<12 { quotes.append(try await shop.quote(customer, [(shop.catalog.noodles, 1)])) }
            let all = quotes
            let answers = try await together(12) { try await shop.placeAnswer(customer, all[$0]) }
            #expect(answers.filter { $0.status == .created }.count == 3)
            #expect(answers.filter { $0.code == "too_many_unpaid_orders" }.count == 9)
            #expect(try await shop.count(.orders) == 3)
            // Another customer is not concerned, and a place that was freed can be taken.
            _ = try await shop.place(try shop.customer())
            let placed = try #require(answers.first { $0.status == .created }).decoded(Order.self)
            _ = try await shop.post(OrdersAPI.orderCancel, placed.id, customer)
            _ = try await shop.place(customer)
        }
    }

    @Test func `one bad order never fails its neighbours in a batch`() async throws {
        try await Shop.open { shop in
            let people = try (0..<60).map { _ in try shop.customer() }
            var quotes: [Quote] = []
            for (index, person) in people.enumerated() {
                quotes.append(try await shop.quote(person, [(index % 3 == 0 ? shop.catalog.tea : shop.catalog.noodles, 2)]))
            }
            let all = quotes
            let answers = try await together(60) { try await shop.placeAnswer(people[$0], all[$0]) }
            for (index, answer) in answers.enumerated() where index % 3 != 0 { #expect(answer.status == .created) }
            let teas = answers.enumerated().filter { $0.offset % 3 == 0 }.map(\.element)
            #expect(teas.filter { $0.status == .created }.count == 1)
            #expect(teas.filter { $0.code == "out_of_stock" }.count == 19)
            #expect(try await shop.count(.orders) == 41)
            #expect(shop.catalog.state.withLock { $0.batches.contains { $0 > 1 } })
        }
    }

    @Test func `no catalog is a clear 503, and the same key goes through once it is back`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let quote = try await shop.quote(customer)
            shop.catalog.state.withLock { $0.isDown = true }
            let answer = try await shop.placeAnswer(customer, quote, key: "k1")
            #expect(answer.status == .serviceUnavailable)
            #expect(answer.headers["retry-after"] != nil)
            try await expectNothing(in: shop)
            shop.catalog.state.withLock { $0.isDown = false }
            #expect(try await shop.placeAnswer(customer, quote, key: "k1").status == .created)
        }
    }

    @Test func `bad input names the field and changes nothing`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let cases: [(String, String, String)] = [
                ("/v1/orders", "{", ""), ("/v1/orders", "{}", ""), ("/v1/orders", #"{"quote_token": 1}"#, "/quote_token"),
                ("/v1/orders", #"{"quote_token": "x", "price": 1}"#, "/price"),
                ("/v1/quotes", #"{"store_id": "x", "lines": []}"#, "/store_id"),
            ]
            for (path, body, pointer) in cases {
                let answer = try await shop.orders.send(.post, path, body: Array(body.utf8), token: customer.token)
                #expect(answer.status == .badRequest, "\(body)")
                #expect(answer.headers["content-type"]?.hasPrefix("application/problem+json") == true)
                if !pointer.isEmpty { #expect(answer.problem?.errors.first?.pointer == pointer, "\(answer.text)") }
            }
            let large = try await shop.orders.send(
                .post, "/v1/orders", body: [UInt8](repeating: 0x20, count: 300_000), token: customer.token)
            #expect(large.status.code == 413)
            try await expectNothing(in: shop)
        }
    }

    private func expectNothing(in shop: Shop) async throws {
        #expect(try await shop.count(.orders) == 0)
        #expect(try await shop.count(.lines) == 0)
        #expect(try await shop.count(.outbox) == 0)
    }

    /// The quote as it will be when its time is over.
    private static func expired(_ quote: Quote, for person: Person) throws -> Quote {
        let tokens = QuoteTokens(secret: Array("linli-test-key-encryption-key-32".utf8))
        var content = try tokens.content(of: quote.token, for: person.id)
        content.expiresAt = Timestamp(microseconds: 1)
        var copy = quote
        copy.token = tokens.token(for: content)
        return copy
    }
}

/// Runs `body` `count` times at once; the answers in order.
func together<T: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) async throws -> T
) async throws -> [T] {
    try await withThrowingTaskGroup(of: (Int, T).self) { group in
        for index in 0..<count { group.addTask { (index, try await body(index)) } }
        var results: [(Int, T)] = []
        for try await result in group { results.append(result) }
        return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
}
