import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import ServiceKit

/// A receiver in the place of the catalog: keeps what it was given and answers as told.
private final class Receiver: Sendable {
    let fake: FakeNeighbour
    private let seen = Mutex<[EventEnvelope]>([])
    var events: [EventEnvelope] { seen.withLock { $0 } }

    init() async throws { fake = try await FakeNeighbour() }

    /// Answers `outcome` for each event.
    func answer(_ outcome: @escaping @Sendable (EventEnvelope) -> EventOutcome) {
        fake.on(.post, "/v1/events") { request in
            let delivery = try JSON.decode(EventDelivery.self, from: request.body, mode: .strict)
            self.seen.withLock { $0 += delivery.events }
            return .json(
                .ok, EventReceipt(results: delivery.events.map { .init(id: $0.id, outcome: outcome($0), code: "no") }))
        }
    }

    /// Answers every post with a bare status.
    func refuse(_ status: Int) {
        fake.on(.post, "/v1/events") { request in
            let delivery = try JSON.decode(EventDelivery.self, from: request.body, mode: .strict)
            self.seen.withLock { $0 += delivery.events }
            return Response(status: HTTPStatus(status), headers: HTTPHeaders(), body: .none)
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct OutboxRelayTests {
    /// A relay as the job makes it, over its own toolkit parts.
    private func relay(_ test: TestDatabase, to url: String, _ database: Database? = nil) async throws -> OutboxRelay {
        let logger = Logger(service: "orders", level: .error)
        let database = database ?? test.database
        let http = HTTPClient(group: TestPostgres.group)
        let keys = SigningKeys(
            database: database, encryptionKey: Redacted([UInt8](repeating: 7, count: 32)), logger: logger)
        let tokens = Tokens(service: "orders", keys: keys, issuers: [:], clock: .system)
        try await tokens.refreshKeys()
        _ = try await database.execute(EnsureOutboxShards(consumer: "catalog"))
        let metrics = Metrics()
        return OutboxRelay(
            consumer: "catalog", url: url, database: database, http: http, tokens: tokens, logger: logger,
            deadLetters: metrics.counter("dead_total", help: "."),
            delivered: metrics.counter("delivered_total", help: "."), chaos: .off)
    }

    private func append(_ aggregates: [String], _ test: TestDatabase) async throws {
        try await test.database.transaction { tx in
            let now = Timestamp(microseconds: 1_700_000_000_000_000)
            let events = aggregates.enumerated().map { index, aggregate in
                OutboxEvent(type: "note.made", aggregate: aggregate, occurredAt: now, data: NewNote(text: "\(index)"))
            }
            try await Outbox().append(events, to: ["catalog"], in: tx)
        }
    }

    private func state(_ test: TestDatabase) async throws -> [OutboxState.Row] {
        try await test.database.all(OutboxState())
    }

    private func undelivered(_ test: TestDatabase) async throws -> Int {
        try await state(test).filter { !$0.isDelivered }.count
    }

    @Test func `delivers in the order of each aggregate and marks what was taken`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            let receiver = try await Receiver()
            receiver.answer { _ in .applied }
            let aggregates = (0..<50).map { "ord_\($0 % 7)" }
            try await append(aggregates, test)
            let relay = try await relay(test, to: receiver.fake.url)
            let value1 = try await relay.run()
            #expect(value1 == .idle)
            #expect(receiver.events.map(\.aggregate) == aggregates)
            #expect(receiver.events.map(\.sequence) == receiver.events.map(\.sequence).sorted())
            let rows = try await state(test)
            #expect(rows.allSatisfy { $0.isDelivered && $0.attempts == 1 })
            #expect(receiver.fake.requests[0].headers["authorization"]?.hasPrefix("Bearer ") == true)
            let value2 = try await relay.run()
            #expect(value2 == .idle)
            #expect(receiver.events.count == 50)
        }
    }

    @Test func `a batch has at most 200 events and the rest follows at once`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            let receiver = try await Receiver()
            receiver.answer { _ in .applied }
            try await append((0..<450).map { "ord_\($0 % 40)" }, test)
            let relay = try await relay(test, to: receiver.fake.url)
            let value3 = try await relay.run()
            #expect(value3 == .more)
            let value4 = try await relay.run()
            #expect(value4 == .more)
            let value5 = try await relay.run()
            #expect(value5 == .idle)
            #expect(receiver.fake.requests.count == 3)
            #expect(receiver.events.count == 450)
        }
    }

    @Test func `a relay that dies between delivery and mark leaves the events to the next`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            let receiver = try await Receiver()
            receiver.answer { _ in .applied }
            try await append(["a", "a", "b"], test)
            let successor = try await relay(test, to: receiver.fake.url)
            // The first relay leases and delivers, then dies: nothing is marked, its leases stay.
            let leases = try await test.database.all(LeaseOutboxShards(consumer: "catalog", leaseMilliseconds: 30_000))
            #expect(!leases.isEmpty)
            let value6 = try await successor.run()
            #expect(value6 == .idle)
            #expect(receiver.events.isEmpty, "the shards are leased")
            try await test.run("UPDATE outbox_shards SET leased_until = clock_timestamp() WHERE leased_until > 'epoch'")
            _ = try await successor.run()
            #expect(receiver.events.map(\.aggregate) == ["a", "a", "b"])
            // The dead one comes back and tries to mark with its old fence: nothing happens.
            try await append(["a"], test)
            let pending = try await test.database.all(
                PendingOutboxEvents(consumer: "catalog", shards: leases.map(\.shard), limit: 10))
            _ = try await test.database.one(
                SettleOutboxDelivery(
                    consumer: "catalog", leases: leases, delivered: pending.map(\.envelope.sequence), refused: [],
                    triesMax: 8, restMilliseconds: 0))
            let value7 = try await state(test).last?.isDelivered
            #expect(value7 == false)
            _ = try await successor.run()
            #expect(receiver.events.count == 4)
        }
    }

    @Test func `two relays share the work and deliver each event once, in order`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            let receiver = try await Receiver()
            receiver.answer { _ in .applied }
            let relays = [
                try await relay(test, to: receiver.fake.url), try await relay(test, to: receiver.fake.url),
            ]
            for round in 0..<10 {
                try await append((0..<60).map { "ord_\(($0 + round) % 23)" }, test)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for relay in relays {
                        group.addTask { while case .more = try await relay.run() {} }
                    }
                    try await group.waitForAll()
                }
            }
            _ = try await relays[0].run()
            let value8 = try await undelivered(test)
            #expect(value8 == 0)
            // A snapshot older than a rival's mark may deliver twice; the first delivery of each is in order.
            var known: Set<EventID> = []
            let firsts = receiver.events.filter { known.insert($0.id).inserted }
            #expect(firsts.count == 600)
            for (_, events) in Dictionary(grouping: firsts, by: \.aggregate) {
                #expect(events.map(\.sequence) == events.map(\.sequence).sorted())
            }
        }
    }

    @Test func `a receiver that is down costs no try and gets everything when it is back`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            let receiver = try await Receiver()
            try await append(["a", "b"], test)
            let relay = try await relay(test, to: receiver.fake.url)
            for status in [503, 500, 404, 401, 429] {
                receiver.refuse(status)
                _ = try await relay.run()
                let rows = try await state(test)
                #expect(rows.allSatisfy { !$0.isDelivered && !$0.isDead && $0.attempts == 0 })
                try await test.run("UPDATE outbox_shards SET retry_at = 'epoch'")
            }
            let unreachable = try await self.relay(test, to: "http://127.0.0.1:1")
            for _ in 0..<20 {
                _ = try await unreachable.run()
                try await test.run("UPDATE outbox_shards SET retry_at = 'epoch'")
            }
            let rows = try await state(test)
            #expect(rows.allSatisfy { !$0.isDead && $0.attempts == 0 })
            receiver.answer { _ in .applied }
            _ = try await relay.run()
            let value9 = try await undelivered(test)
            #expect(value9 == 0)
        }
    }

    @Test func `shards rest after a failure, a little longer each time`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            let receiver = try await Receiver()
            receiver.refuse(503)
            try await append(["a"], test)
            let relay = try await relay(test, to: receiver.fake.url)
            _ = try await relay.run()
            try await test.run("UPDATE outbox_shards SET retry_at = clock_timestamp() + interval '1 hour'")
            _ = try await relay.run()
            #expect(receiver.fake.requests.count == 1)
        }
    }

    @Test func `an event that is refused eight times becomes a dead letter and holds up its own aggregate only`()
        async throws
    {
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            let receiver = try await Receiver()
            receiver.answer { $0.aggregate == "a" && $0.data == [UInt8](#"{"text": "0"}"#.utf8) ? .rejected : .applied }
            try await append(["a", "a", "b"], test)
            let relay = try await relay(test, to: receiver.fake.url)
            _ = try await relay.run()
            let value10 = try await state(test).map(\.isDelivered)
            #expect(value10 == [false, true, true])
            for _ in 0..<10 {
                try await test.run("UPDATE outbox SET retry_at = 'epoch'")
                _ = try await relay.run()
            }
            let first = try await state(test)[0]
            #expect(first == OutboxState.Row(aggregate: "a", isDelivered: false, isDead: true, attempts: 8))
            #expect(relay.deadLetters.value == 1)
        }
    }

    @Test func `events behind one that waits for its next try are not sent`() {
        func event(_ aggregate: String, _ sequence: Int64, due: Bool) -> PendingEvent {
            let time = Timestamp(microseconds: 1)
            let envelope = EventEnvelope(
                id: .make(at: time), type: "t", aggregate: aggregate, sequence: sequence, occurredAt: time,
                traceparent: nil, data: [])
            return PendingEvent(envelope: envelope, isDue: due)
        }
        let due = OutboxRelay.due([
            event("a", 1, due: false), event("b", 2, due: true), event("a", 3, due: true), event("b", 4, due: true),
        ])
        #expect(due.map(\.sequence) == [2, 4])
    }

    @Test func `a post that the receiver refuses whole is delivered one by one`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            let receiver = try await Receiver()
            receiver.fake.on(.post, "/v1/events") { request in
                let delivery = try JSON.decode(EventDelivery.self, from: request.body, mode: .strict)
                let status = delivery.events.contains { $0.aggregate == "poison" } ? 400 : 204
                return Response(status: HTTPStatus(status), headers: HTTPHeaders(), body: .none)
            }
            try await append(["a", "poison", "b", "poison"], test)
            let relay = try await relay(test, to: receiver.fake.url)
            _ = try await relay.run()
            let value11 = try await state(test).map(\.isDelivered)
            #expect(value11 == [true, false, true, false])
            let value12 = try await state(test).map(\.attempts)
            #expect(value12 == [1, 1, 1, 0])
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct InboxTests {
    private func event(_ text: String, aggregate: String = "a", sequence: Int64 = 1) -> EventEnvelope {
        let time = Timestamp(microseconds: 1_700_000_000_000_000)
        return EventEnvelope(
            id: .make(at: time), type: "note.made", aggregate: aggregate, sequence: sequence, occurredAt: time,
            traceparent: nil, data: JSON.encode(NewNote(text: text)))
    }

    private func deliver(_ events: [EventEnvelope], to notes: ServiceHarness) async throws -> [EventOutcome] {
        let answer = try await notes.send(
            .post, "/v1/events", json: EventDelivery(events: events), token: try TestTokens.service("catalog"))
        #expect(answer.status == .ok)
        return try answer.decoded(EventReceipt.self).results.map(\.outcome)
    }

    @Test func `applies an event once, however often it comes`() async throws {
        try await ServiceHarness.with(NotesService.self) { notes in
            let first = event("one"), second = event("two")
            let value13 = try await deliver([first], to: notes)
            #expect(value13 == [.applied])
            let value14 = try await deliver([first, second], to: notes)
            #expect(value14 == [.duplicate, .applied])
            let outcomes = try await withThrowingTaskGroup(of: [EventOutcome].self) { group in
                let third = event("three")
                for _ in 0..<8 { group.addTask { try await deliver([third], to: notes) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(outcomes.filter { $0 == .applied }.count == 1)
            let value15 = try await notes.test.database.all(AllNotes())
            #expect(value15 == ["one", "two", "three"])
        }
    }

    @Test func `a bad event holds up the later ones of its aggregate only`() async throws {
        try await ServiceHarness.with(NotesService.self) { notes in
            let events = [
                event("one", aggregate: "a"), event("refused", aggregate: "b"), event("later", aggregate: "b"),
                event("two", aggregate: "a"), event("bad", aggregate: "c"),
            ]
            let outcomes = try await deliver(events, to: notes)
            #expect(outcomes == [.applied, .rejected, .blocked, .applied, .failed])
            let value16 = try await notes.test.database.all(AllNotes())
            #expect(value16 == ["one", "two"])
        }
    }

    @Test func `only the services named by the route may deliver`() async throws {
        try await ServiceHarness.with(NotesService.self) { notes in
            let delivery = EventDelivery(events: [event("one")])
            let answer = try await notes.send(
                .post, "/v1/events", json: delivery, token: try TestTokens.service("storefront"))
            #expect(answer.status.code == 403)
        }
    }

    @Test func `a write reaches the consumer through outbox, notification and relay`() async throws {
        let catalog = try await FakeNeighbour()
        catalog.on(.post, "/v1/events") { _ in Response(status: HTTPStatus(204), headers: HTTPHeaders(), body: .none) }
        try await ServiceHarness.with(NotesService.self, neighbours: ["catalog": catalog]) { notes in
            let account = AccountID.make(at: Timestamp(microseconds: 1_700_000_000_000_000))
            let answer = try await notes.send(
                .post, "/v1/notes", json: NewNote(text: "hi"), token: try TestTokens.user(account))
            #expect(answer.status == .created)
            await catalog.waitForRequests(1)
            let delivery = try JSON.decode(EventDelivery.self, from: catalog.requests[0].body, mode: .strict)
            #expect(delivery.events.map(\.aggregate) == ["note_hi"])
            #expect(delivery.events[0].traceparent?.hasPrefix("00-") == true)
            let value17 = try delivery.events[0].payload(NewNote.self)
            #expect(value17 == NewNote(text: "hi"))
        }
        await catalog.stop()
    }
}
