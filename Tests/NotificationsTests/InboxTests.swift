import HTTPClient
import HTTPCore
import JSON
import Models
import Postgres
import ServiceKit
import TestSupport
import Testing
@testable import Notifications

@Suite(.serialized, .timeLimit(.minutes(5))) struct InboxTests {
    @Test func `an order's events become messages in their order, newest first, with what they are about`()
        async throws
    {
        try await Bench.with { bench in
            let order = SampleOrder()
            let moves = [OrderEvents.placed, OrderEvents.paid, OrderEvents.accepted, OrderEvents.preparing,
                OrderEvents.ready, OrderEvents.collected]
            let outcomes = try await bench.deliver(
                moves.enumerated().map { order.event($1, sequence: Int64($0)) })
            #expect(outcomes == moves.map { _ in .applied })
            let messages = try await bench.inbox(order.customer).items
            #expect(messages.map(\.kind) == ["collected", "ready", "accepted", "paid"])
            #expect(messages.allSatisfy { $0.orderID == order.id && $0.storeID == order.store && $0.readAt == nil })
            #expect(messages.allSatisfy { $0.createdAt == Bench.now })
        }
    }

    @Test func `an event that comes again makes no second message`() async throws {
        try await Bench.with { bench in
            let order = SampleOrder()
            let ready = order.event(OrderEvents.ready)
            let outcomes = [
                try await bench.deliver([ready]), try await bench.deliver([ready]),
                try await bench.deliver([order.event(OrderEvents.collected), ready]),
            ]
            #expect(outcomes == [[.applied], [.duplicate], [.applied, .duplicate]])
            #expect(try await bench.inbox(order.customer).items.map(\.kind) == ["collected", "ready"])
        }
    }

    @Test func `unknown events are taken and change nothing, whatever they carry`() async throws {
        try await Bench.with { bench in
            let order = SampleOrder()
            var strange = order.event("order.teleported")
            strange.data = Array(#"{"nothing": "we know"}"#.utf8)
            var foreign = order.event("stock.commit_failed")
            foreign.data = Array("[1]".utf8)
            let outcomes = try await bench.deliver([strange, foreign, order.event(OrderEvents.ready)])
            #expect(outcomes == [.applied, .applied, .applied])
            #expect(try await bench.inbox(order.customer).items.count == 1)
        }
    }

    @Test func `a broken event is refused, holds up its own order, and no other`() async throws {
        try await Bench.with { bench in
            let (bad, good) = (SampleOrder(), SampleOrder())
            var broken = bad.event(OrderEvents.paid)
            broken.data = Array(#"{"order_id": 7}"#.utf8)
            let outcomes = try await bench.deliver([broken, bad.event(OrderEvents.ready), good.event(OrderEvents.ready)])
            #expect(outcomes == [.rejected, .blocked, .applied])
            #expect(try await bench.inbox(bad.customer).items.isEmpty)
            #expect(try await bench.inbox(good.customer).items.map(\.kind) == ["ready"])
        }
    }

    @Test func `pages follow each other without gaps or repetitions`() async throws {
        try await Bench.with { bench in
            let customer = AccountID.make(at: Bench.now)
            let orders = (1...7).map { SampleOrder(customer: customer, number: "A00\($0)") }
            try await bench.deliver(orders.map { $0.event(OrderEvents.ready) })
            var seen: [OrderID?] = []
            var cursor: String?
            repeat {
                let page = try await bench.inbox(customer, "?limit=3" + (cursor.map { "&cursor=\($0)" } ?? ""))
                #expect(page.items.count <= 3)
                seen += page.items.map(\.orderID)
                cursor = page.nextCursor
            } while cursor != nil
            #expect(seen == orders.reversed().map(\.id))
        }
    }

    @Test(arguments: ["?limit=0", "?limit=101", "?limit=x", "?cursor=nonsense", "?cursor=eA"])
    func `a page that cannot be is refused`(query: String) async throws {
        try await Bench.with { bench in
            let answer = try await bench.service.send(
                .get, NotificationsAPI.inbox.path() + query, token: try TestTokens.user(.make(at: Bench.now)))
            #expect(answer.status == .badRequest)
            #expect(answer.headers["content-type"] == "application/problem+json")
        }
    }

    @Test func `a message is read once, by its owner alone; for others it does not exist`() async throws {
        try await Bench.with { bench in
            let order = SampleOrder()
            try await bench.deliver([order.event(OrderEvents.ready)])
            let message = try #require(try await bench.inbox(order.customer).items.first)
            let path = NotificationsAPI.inboxRead.path(message.id)

            let stranger = try TestTokens.user(.make(at: Bench.now))
            let refused = try await bench.service.send(.post, path, token: stranger)
            #expect(refused.status == .notFound)
            #expect(try refused.decoded(Problem.self).code == "not_found")
            let staff = try TestTokens.user(.make(at: Bench.now), stores: [order.store: .manager])
            #expect(try await bench.service.send(.post, path, token: staff).status == .notFound)
            #expect(try await bench.inbox(order.customer).items.first?.readAt == nil)

            let token = try TestTokens.user(order.customer)
            #expect(try await bench.service.send(.post, path, token: token).status == .noContent)
            let readAt = try #require(try await bench.inbox(order.customer).items.first?.readAt)
            #expect(try await bench.service.send(.post, path, token: token).status == .noContent)
            #expect(try await bench.inbox(order.customer).items.first?.readAt == readAt)

            let unknown = NotificationsAPI.inboxRead.path(MessageID.make(at: Bench.now))
            #expect(try await bench.service.send(.post, unknown, token: token).status == .notFound)
        }
    }

    @Test func `only the orders service delivers events, and only people have an inbox`() async throws {
        try await Bench.with { bench in
            let order = SampleOrder()
            let delivery = EventDelivery(events: [order.event(OrderEvents.ready)])
            let path = NotificationsAPI.events.path()
            #expect(try await bench.service.send(.post, path, json: delivery).status == .unauthorized)
            for token in [try TestTokens.user(order.customer), try TestTokens.service("storefront")] {
                #expect(try await bench.service.send(.post, path, json: delivery, token: token).status == .forbidden)
            }
            #expect(try await bench.inbox(order.customer).items.isEmpty)
            let inbox = NotificationsAPI.inbox.path()
            #expect(try await bench.service.send(.get, inbox).status == .unauthorized)
            #expect(try await bench.service.send(.get, inbox, token: try TestTokens.service("orders")).status == .forbidden)
        }
    }
}
