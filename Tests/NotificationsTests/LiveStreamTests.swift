import HTTPClient
import HTTPCore
import JSON
import Models
import Postgres
import ServiceKit
import TestSupport
import Testing
@testable import Notifications

@Suite(.serialized, .timeLimit(.minutes(5))) struct LiveStreamTests {
    private static let moves = [
        OrderEvents.placed, OrderEvents.paid, OrderEvents.accepted, OrderEvents.preparing, OrderEvents.ready,
    ]

    @Test func `the customer and the store hear every move, in order, and others hear nothing`() async throws {
        try await Bench.with { bench in
            let (order, other) = (SampleOrder(), SampleOrder())
            let customer = try await bench.listen(order.customer)
            let store = try await bench.listen(order.store)
            let stranger = try await bench.listen(other.customer)
            try await bench.deliver(Self.moves.map { order.event($0) })
            try await bench.deliver([other.event(OrderEvents.ready)])
            #expect(try await customer.types(5) == Self.moves)
            #expect(try await store.types(5) == Self.moves)
            let heard = try #require(try await stranger.next())
            #expect(heard.type == OrderEvents.ready)
            #expect(heard.data?.contains(other.id.description) == true)
        }
    }

    @Test func `an event tells where the order stands and nothing about its customer`() async throws {
        try await Bench.with { bench in
            let order = SampleOrder()
            let store = try await bench.listen(order.store)
            try await bench.deliver([order.event(OrderEvents.paid) { $0.queueNumber = 3 }])
            let event = try #require(try await store.next())
            let text = try #require(event.data)
            let data = try JSON.decode(JSONValue.self, from: Array(text.utf8), mode: .strict)
            guard case .object(let members) = data else {
                Issue.record("not an object")
                return
            }
            #expect(Set(members.map(\.name)) == ["order_id", "number", "store_id", "states", "queue_number"])
            #expect(!text.contains(order.customer.description))
        }
    }

    @Test func `a stream that broke goes on after its last event, without gap or repetition`() async throws {
        try await Bench.with { bench in
            let order = SampleOrder()
            let first = try await bench.listen(order.customer)
            try await bench.deliver([order.event(OrderEvents.placed), order.event(OrderEvents.paid)])
            #expect(try await first.types(2) == [OrderEvents.placed, OrderEvents.paid])
            await first.close()
            // While nobody listens.
            try await bench.deliver([order.event(OrderEvents.accepted), order.event(OrderEvents.preparing)])
            let second = try await bench.listen(order.customer, after: first.lastEventID)
            try await bench.deliver([order.event(OrderEvents.ready)])
            #expect(try await second.types(3) == [OrderEvents.accepted, OrderEvents.preparing, OrderEvents.ready])
        }
    }

    @Test func `a stream that broke before its first event misses nothing either`() async throws {
        try await Bench.with { bench in
            let order = SampleOrder()
            try await bench.deliver([order.event(OrderEvents.placed)])
            let first = try await bench.listen(order.customer)
            let opening = try #require(first.lastEventID)
            await first.close()
            try await bench.deliver([order.event(OrderEvents.paid)])
            let second = try await bench.listen(order.customer, after: opening)
            // What happened just before a stream opened may be told, what happened after it must be.
            var heard = try await second.types(1)
            if heard == [OrderEvents.placed] { heard = try await second.types(1) }
            #expect(heard == [OrderEvents.paid])
        }
    }

    @Test func `who comes back too late, or from elsewhere, is told to look again`() async throws {
        try await Bench.with { bench in
            let order = SampleOrder()
            try await bench.deliver(Self.moves.map { order.event($0) })
            // Everything but the newest was forgotten.
            try await bench.service.test.run(
                "DELETE FROM live_events WHERE id < (SELECT max(id) FROM live_events)")
            for last in ["1", "\(Int64.max)"] {
                let path = NotificationsAPI.myStream.path()
                let token = try TestTokens.user(order.customer)
                let late = try await Listener(bench.service, path, token, after: last)
                #expect(late.openingType == "resync")
                try await bench.deliver([order.event(OrderEvents.collected)])
                #expect(try await late.types(1) == [OrderEvents.collected])
                await late.close()
            }
        }
    }

    @Test func `two replicas over one database both tell an event that one of them took`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all + NotificationsService.migrations) { test in
            let standIn = try await FakeNeighbour()
            let one = Bench(service: try await ServiceHarness.start(NotificationsService.self, on: test, standIn: standIn))
            let two = Bench(service: try await ServiceHarness.start(NotificationsService.self, on: test, standIn: standIn))
            let order = SampleOrder()
            let listeners = [try await one.listen(order.customer), try await two.listen(order.customer)]
            // At the same time on both, for one and the same person.
            async let first = one.deliver([order.event(OrderEvents.paid), order.event(OrderEvents.accepted)])
            let late = SampleOrder(customer: order.customer)
            async let second = two.deliver([late.event(OrderEvents.paid), late.event(OrderEvents.accepted)])
            _ = try await (first, second)
            var ids: [[String?]] = []
            for listener in listeners {
                var heard: [Listener.Event] = []
                while heard.count < 4, let event = try await listener.next() { heard.append(event) }
                #expect(heard.filter { $0.type == OrderEvents.paid }.count == 2)
                ids.append(heard.map(\.id))
            }
            #expect(ids[0] == ids[1])
            // A stream of one goes on at the other.
            let resumed = try await two.listen(order.customer, after: ids[0][0])
            #expect(try await resumed.types(3).count == 3)
            await one.service.service.shutDown()
            await two.service.service.shutDown()
            await standIn.stop()
        }
    }

    @Test func `a store's stream is for its staff and for operators`() async throws {
        try await Bench.with { bench in
            let store = StoreID.make(at: Bench.now)
            let path = NotificationsAPI.storeStream.path(store)
            let person = AccountID.make(at: Bench.now)
            #expect(try await bench.service.send(.get, path).status == .unauthorized)
            let tokens = [
                try TestTokens.user(person), try TestTokens.service("orders"),
                try TestTokens.user(person, stores: [.make(at: Bench.now): .manager]),
            ]
            for token in tokens {
                let answer = try await bench.service.send(.get, path, token: token)
                #expect([.forbidden, .notFound].contains(answer.status))
            }
            let operatorToken = try TestTokens.user(person, isOperator: true)
            let listener = try await Listener(bench.service, path, operatorToken)
            #expect(listener.status == .ok)
            await listener.close()
            #expect(try await bench.service.send(.get, NotificationsAPI.myStream.path()).status == .unauthorized)
        }
    }

    @Test(arguments: ["x", "-1", "1e3", "99999999999999999999"])
    func `a Last-Event-ID that is none is refused`(last: String) async throws {
        try await Bench.with { bench in
            let answer = try await bench.service.send(
                .get, NotificationsAPI.myStream.path(), token: try TestTokens.user(.make(at: Bench.now)),
                headers: [("last-event-id", last)])
            #expect(answer.status == .badRequest)
            #expect(try answer.decoded(Problem.self).errors.map(\.pointer) == ["Last-Event-ID"])
        }
    }

    @Test func `a silent stream says that it lives`() async throws {
        try await Bench.with(environment: ["STREAM_HEARTBEAT_SECONDS": "1"]) { bench in
            let listener = try await bench.listen(AccountID.make(at: Bench.now))
            #expect(try await listener.comment() == "beat")
        }
    }

    @Test func `shutting down ends the streams`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all + NotificationsService.migrations) { test in
            let standIn = try await FakeNeighbour()
            let bench = Bench(
                service: try await ServiceHarness.start(NotificationsService.self, on: test, standIn: standIn))
            let listener = try await bench.listen(AccountID.make(at: Bench.now))
            await bench.service.service.shutDown()
            #expect(try await listener.next() == nil)
            await standIn.stop()
        }
    }

    @Test func `old live events and text messages are forgotten, young ones kept`() async throws {
        try await Bench.with { bench in
            let order = SampleOrder()
            try await bench.deliver([order.event(OrderEvents.paid), order.event(OrderEvents.ready)])
            try await bench.service.test.run(
                """
                UPDATE live_events SET created_at = created_at - interval '2 hours' WHERE type = 'order.paid';
                INSERT INTO text_messages (id, phone, content, code, created_at) VALUES
                    (gen_random_uuid(), '13800000000', 'old', NULL, clock_timestamp() - interval '2 days'),
                    (gen_random_uuid(), '13800000000', 'young', NULL, clock_timestamp());
                """)
            let prune = PruneOldRows(kit: bench.service.kit, liveEventsKept: .seconds(3_600))
            _ = try await prune.run()
            let left = try await bench.service.test.database.all(
                MissedLiveEvents(channel: .store(order.store), after: 0, limit: 10))
            #expect(left.map { String(decoding: $0.frame, as: UTF8.self).contains(OrderEvents.ready) } == [true])
            let texts = try await bench.service.test.database.all(TextMessagesTo(phone: "13800000000", limit: 10))
            #expect(texts.map(\.text) == ["young"])
        }
    }
}
