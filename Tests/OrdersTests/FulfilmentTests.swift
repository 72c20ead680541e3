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

/// The store's part: accepting, preparing, handing over for a code; the figures; the customer's judgement.
@Suite(.serialized, .timeLimit(.minutes(5))) struct FulfilmentTests {
    @Test func `an order goes from payment to collection, and everybody hears each step`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let clerk = try shop.staff()
            let order = try await shop.paidOrder(customer).order
            try await shop.makeReady(order.id, clerk)
            let ready = try await shop.read(customer, order.id)
            let code = try #require(ready.pickupCode)
            // The staff see the order, not the code.
            #expect(try await shop.read(clerk, order.id).pickupCode == nil)
            let answer = try await shop.collect(code, clerk)
            #expect(answer.status == .ok)
            let collected: Order = try answer.decoded()
            #expect(collected.id == order.id)
            #expect(collected.states == OrderStates(payment: .paid, order: .completed, fulfilment: .collected))
            #expect(
                collected.story.map(\.move) == [.placed, .paid, .accepted, .preparing, .ready, .collected])
            for type in ["order.placed", "order.paid", "order.accepted", "order.preparing", "order.ready", "order.collected"]
            {
                #expect(try await shop.events(type, to: "notifications") == 1, "\(type)")
            }
            #expect(try await shop.read(customer, order.id).pickupCode == nil)
            #expect(try await shop.collect(code, clerk).status == .notFound)
        }
    }

    @Test func `moves go in order, by the staff of that store, and only once paid`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let clerk = try shop.staff()
            let unpaid = try await shop.place(customer)
            let moves = [OrdersAPI.orderAccept, OrdersAPI.orderPrepare, OrdersAPI.orderReady]
            for move in moves { #expect(try await shop.post(move, unpaid.id, clerk).code == "move_not_allowed") }
            let order = try await shop.paidOrder(customer).order
            for (index, move) in moves.enumerated() {
                // The customer sees the order but is not its store; other stores see nothing.
                #expect(try await shop.post(move, order.id, customer).status == .forbidden)
                let stranger = try shop.staff(.manager, of: .make(at: shop.kit.now()))
                #expect(try await shop.post(move, order.id, stranger).status == .notFound)
                for later in moves.dropFirst(index + 1) {
                    #expect(try await shop.post(later, order.id, clerk).code == "move_not_allowed")
                }
                // Eight at once: one moves it.
                let answers = try await together(8) { try await shop.post(move, order.id, clerk, key: "m\(index)-\($0)") }
                #expect(answers.filter { $0.status == .ok }.count == 1)
                #expect(answers.filter { $0.code == "move_not_allowed" }.count == 7)
            }
            #expect(try await shop.events("order.accepted", to: "notifications") == 1)
        }
    }

    @Test func `a repeated move under one key is answered alike and told once`() async throws {
        try await Shop.open { shop in
            let order = try await shop.paidOrder(try shop.customer()).order
            let clerk = try shop.staff()
            let first = try await shop.post(OrdersAPI.orderAccept, order.id, clerk, key: "a")
            let second = try await shop.post(OrdersAPI.orderAccept, order.id, clerk, key: "a")
            #expect(first.status == .ok)
            #expect(second.body == first.body)
            #expect(try await shop.events("order.accepted", to: "notifications") == 1)
        }
    }

    @Test func `the board shows what is to do, oldest first`() async throws {
        try await Shop.open { shop in
            let clerk = try shop.staff()
            let customer = try shop.customer()
            var ids: [OrderID] = []
            for _ in 0..<3 { ids.append(try await shop.paidOrder(customer).order.id) }
            _ = try await shop.place(customer)
            let path = OrdersAPI.storeBoard.path(shop.storeID)
            let board: Board = try await shop.orders.send(.get, path, token: clerk.token).decoded()
            #expect(board.orders.map(\.id) == ids)
            #expect(board.orders[0].lines.map(\.quantity) == [2])
            #expect(try await shop.orders.send(.get, path, token: customer.token).status.code >= 403)
            let stranger = try shop.staff(of: .make(at: shop.kit.now()))
            #expect(try await shop.orders.send(.get, path, token: stranger.token).status.code >= 403)
        }
    }

    @Test func `wrong pickup codes are limited, also when they come at once`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let clerk = try shop.staff()
            let order = try await shop.paidOrder(customer).order
            try await shop.makeReady(order.id, clerk)
            let code = try #require(try await shop.read(customer, order.id).pickupCode)
            let answers = try await together(12) { _ in try await shop.collect("2222-2222", clerk) }
            #expect(answers.filter { $0.code == "wrong_pickup_code" }.count == 5)
            let limited = answers.filter { $0.status.code == 429 }
            #expect(limited.count == 7)
            #expect(limited.allSatisfy { $0.headers["retry-after"] != nil })
            // The right code does not help who has guessed; another member of staff is not concerned.
            #expect(try await shop.collect(code, clerk).status.code == 429)
            #expect(try await shop.read(customer, order.id).states.order == .open)
            #expect(try await shop.collect(code, try shop.staff()).status == .ok)
        }
    }

    @Test func `once the tries are used up every code is refused alike, under any key`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let clerk = try shop.staff()
            let order = try await shop.paidOrder(customer).order
            try await shop.makeReady(order.id, clerk)
            let code = try #require(try await shop.read(customer, order.id).pickupCode)
            for key in ["k1", "k2", "k3", "k4", "k5"] {
                #expect(try await shop.collect("2222-2222", clerk, key: key).code == "wrong_pickup_code")
            }
            // Fresh keys, the keys of wrong codes, and the wrong codes themselves once more.
            for (tried, key) in [(code, nil), (code, "k1"), ("2222-2222", "k1"), ("2222-2222", nil), ("?", "k2")] {
                let answer = try await shop.collect(tried, clerk, key: key)
                #expect(answer.status.code == 429, "\(tried) \(key ?? "-"): \(answer.text)")
                #expect(answer.code == "too_many_requests")
                let wait = try #require(answer.headers["retry-after"].flatMap { Int($0) })
                #expect((1...CollectOrder.windowSeconds).contains(wait))
            }
            #expect(try await shop.read(customer, order.id).states.order == .open)
            try await shop.orders.test.run(
                "UPDATE pickup_tries SET window_start = window_start - interval '15 minutes'")
            #expect(try await shop.collect(code, clerk, key: "k1").code == "idempotency_key_reused")
            #expect(try await shop.collect(code, clerk).status == .ok)
        }
    }

    @Test func `a code works in its own store alone, and however it is typed`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let clerk = try shop.staff()
            let order = try await shop.paidOrder(customer).order
            let early = PickupCodes(secret: Array("linli-test-key-encryption-key-32".utf8)).code(order.id, attempt: 0)
            #expect(try await shop.collect(early, clerk).code == "wrong_pickup_code")
            try await shop.makeReady(order.id, clerk)
            let code = try #require(try await shop.read(customer, order.id).pickupCode)
            let other = StoreID.make(at: shop.kit.now())
            let elsewhere = try await shop.collect(code, try shop.staff(of: other), store: other)
            #expect(elsewhere.code == "wrong_pickup_code")
            #expect(try await shop.collect(code, try shop.staff(of: other)).status.code >= 403)
            let typed = " " + code.lowercased().replacing("-", with: " ")
            #expect(try await shop.collect(typed, clerk).status == .ok)
        }
    }

    @Test func `figures are exact`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let clerk = try shop.staff()
            let manager = try shop.staff(.manager)
            var collected: Int64 = 0
            for quantity in 1...3 {
                let order = try await shop.paidOrder(customer, [(shop.catalog.noodles, quantity)]).order
                try await shop.makeReady(order.id, clerk)
                _ = try await shop.collect(try #require(try await shop.read(customer, order.id).pickupCode), clerk)
                collected += order.totals.total.minorUnits
            }
            let cancelled = try await shop.paidOrder(customer, [(shop.catalog.tea, 1)]).order
            _ = try await shop.post(OrdersAPI.orderCancel, cancelled.id, customer)
            _ = try await shop.place(customer, [(shop.catalog.noodles, 9)])
            #expect(try await shop.refundUntil { try await shop.read(customer, cancelled.id).states.payment == .refunded })
            for query in ["", "?from=2000-01-01", "?from=2000-01-01T00:00:00Z&to=2100-01-01"] {
                let answer = try await shop.orders.send(
                    .get, OrdersAPI.storeFigures.path(shop.storeID) + query, token: manager.token)
                let figures: StoreFigures = try answer.decoded()
                #expect(figures.ordersPlaced == 5)
                #expect(figures.ordersPaid == 4)
                #expect(figures.ordersCompleted == 3)
                #expect(figures.itemsSold == 7)
                #expect(figures.revenue == Money(minorUnits: collected + 350))
                #expect(figures.refunds == Money(minorUnits: 350))
            }
            let none: StoreFigures = try await shop.orders.send(
                .get, OrdersAPI.storeFigures.path(shop.storeID) + "?to=2000-01-01", token: manager.token
            ).decoded()
            #expect(none.ordersPlaced == 0 && none.revenue == .zero(.cny))
            let bad = try await shop.orders.send(
                .get, OrdersAPI.storeFigures.path(shop.storeID) + "?from=yesterday", token: manager.token)
            #expect(bad.status == .badRequest)
        }
    }

    @Test func `a collected order is judged once`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let clerk = try shop.staff()
            let order = try await shop.paidOrder(customer).order
            let path = OrdersAPI.orderReview.path(order.id)
            let review = NewReview(rating: 5, text: "好吃")
            let early = try await shop.orders.send(.post, path, json: review, token: customer.token)
            #expect(early.code == "order_not_reviewable")
            try await shop.makeReady(order.id, clerk)
            _ = try await shop.collect(try #require(try await shop.read(customer, order.id).pickupCode), clerk)
            let answers = try await together(6) { _ in
                try await shop.orders.send(.post, path, json: review, token: customer.token)
            }
            #expect(answers.filter { $0.status == .created }.count == 1)
            #expect(answers.filter { $0.code == "order_already_reviewed" }.count == 5)
            #expect(try await shop.read(customer, order.id).review?.text == "好吃")
            #expect(try await shop.events("order.reviewed", to: "catalog") == 1)
            for rating in [0, 6] {
                let bad = try await shop.orders.send(
                    .post, path, body: Array(#"{"rating": \#(rating), "text": ""}"#.utf8), token: customer.token)
                #expect(bad.status == .badRequest)
                #expect(bad.problem?.errors.first?.pointer == "/rating")
            }
        }
    }

    @Test func `a customer's list is their own, newest first, page by page`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            var ids: [OrderID] = []
            for _ in 0..<5 { ids.append(try await shop.place(customer).id) }
            _ = try await shop.place(try shop.customer())
            var found: [OrderID] = []
            var cursor: String?
            repeat {
                let query = "?limit=2" + (cursor.map { "&cursor=\($0)" } ?? "")
                let page: Page<OrderSummary> = try await shop.orders.send(
                    .get, OrdersAPI.orders.path() + query, token: customer.token
                ).decoded()
                found += page.items.map(\.id)
                cursor = page.nextCursor
            } while cursor != nil
            #expect(found == ids.reversed())
        }
    }
}
