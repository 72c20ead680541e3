import Models
import Postgres
import TestSupport
import Testing

@testable import ServiceKit

/// The SQL of the kit's tables, statement by statement, on a real server.
@Suite(.timeLimit(.minutes(1))) struct StatementTests {
    private let now = Timestamp(microseconds: 1_700_000_000_000_000)

    private func append(
        _ aggregates: [String], to consumers: [String] = ["catalog"], _ test: TestDatabase
    ) async throws {
        let events = aggregates.map {
            OutboxEvent(type: "note.made", aggregate: $0, occurredAt: now, data: NewNote(text: $0))
        }
        try await test.database.transaction { tx in
            try await Outbox().append(events, to: consumers, traceparent: "00-1", in: tx)
        }
    }

    @Test func `an event becomes a row for each consumer, in order, with its shard`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            try await append(["a", "b"], to: ["catalog", "notifications"], test)
            _ = try await test.database.execute(EnsureOutboxShards(consumer: "catalog"))
            _ = try await test.database.execute(EnsureOutboxShards(consumer: "catalog"))
            let leases = try await test.database.all(LeaseOutboxShards(consumer: "catalog", leaseMilliseconds: 60_000))
            #expect((1...2).contains(leases.count))
            let rivals = try await test.database.all(LeaseOutboxShards(consumer: "catalog", leaseMilliseconds: 60_000))
            #expect(rivals.isEmpty)
            let pending = try await test.database.all(
                PendingOutboxEvents(consumer: "catalog", shards: leases.map(\.shard), limit: 10))
            #expect(pending.map(\.envelope.aggregate) == ["a", "b"])
            #expect(pending.map(\.isDue) == [true, true])
            let first = try #require(pending.first?.envelope)
            let note = try first.payload(NewNote.self)
            #expect(note == NewNote(text: "a"))
            #expect(first.occurredAt == now && first.traceparent == "00-1" && first.type == "note.made")
        }
    }

    @Test func `settling marks, counts refusals, buries after the last try and gives the leases back`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            try await append(["a", "b", "c"], test)
            _ = try await test.database.execute(EnsureOutboxShards(consumer: "catalog"))
            let leases = try await test.database.all(LeaseOutboxShards(consumer: "catalog", leaseMilliseconds: 60_000))
            let pending = try await test.database.all(
                PendingOutboxEvents(consumer: "catalog", shards: leases.map(\.shard), limit: 10))
            let sequences = pending.map(\.envelope.sequence)
            let dead = try await test.database.one(
                SettleOutboxDelivery(
                    consumer: "catalog", leases: leases, delivered: [sequences[0]],
                    refused: [
                        .init(sequence: sequences[1], counts: true, error: "no"),
                        .init(sequence: sequences[2], counts: false, error: "later"),
                    ], triesMax: 1, restMilliseconds: 0))
            #expect(dead == 1)
            let rows = try await test.database.all(OutboxState())
            #expect(rows.map(\.isDelivered) == [true, false, false])
            #expect(rows.map(\.isDead) == [false, true, false])
            #expect(rows.map(\.attempts) == [1, 1, 0])
            let again = try await test.database.all(LeaseOutboxShards(consumer: "catalog", leaseMilliseconds: 60_000))
            #expect(again.count == 1)
            #expect(again[0].fence == 2)
            let backlog = try await test.database.all(OutboxBacklog())
            #expect(backlog.map(\.pending) == [1])
            #expect(backlog.map(\.dead) == [1])
            #expect(backlog[0].oldestSeconds > 0)
        }
    }

    @Test func `inserting wakes a listener once a statement`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            var wakes = test.database.listen("outbox").makeAsyncIterator()
            _ = await wakes.next()  // listening has begun
            try await append((0..<100).map { "a\($0)" }, test)
            _ = await wakes.next()
            try await append(["b"], test)
            _ = await wakes.next()
        }
    }

    @Test func `reapers delete what is older than the retention, and no more than asked`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            try await append(["a", "b", "c", "d"], test)
            try await test.run(
                """
                UPDATE outbox SET delivered_at = clock_timestamp() - interval '2 hours' WHERE aggregate <> 'd';
                INSERT INTO inbox (event_id, source, type, received_at)
                    SELECT gen_random_uuid(), 'catalog', 't', clock_timestamp() - interval '2 hours'
                    FROM generate_series(1, 3);
                INSERT INTO idempotency_keys (caller, key, fingerprint, status, headers, body, created_at)
                    SELECT 'user', n::text, decode(repeat('00', 32), 'hex'), 201, '', '',
                        clock_timestamp() - interval '2 hours' FROM generate_series(1, 3) AS n
                """)
            var counts: [Int] = []
            for _ in 0..<3 {
                counts.append(try await test.database.execute(ReapOutbox(retentionSeconds: 3_600, limit: 2)))
                counts.append(try await test.database.execute(ReapInbox(retentionSeconds: 3_600, limit: 2)))
                counts.append(try await test.database.execute(ReapIdempotencyKeys(retentionSeconds: 3_600, limit: 2)))
            }
            #expect(counts == [2, 2, 2, 1, 1, 1, 0, 0, 0])
            let rows = try await test.database.all(OutboxState())
            #expect(rows.map(\.aggregate) == ["d"])
        }
    }

    @Test func `the inbox takes an event once and answers with the new ones`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            let events = (0..<3).map {
                EventEnvelope(
                    id: .make(at: now), type: "t", aggregate: "a", sequence: Int64($0), occurredAt: now, data: [])
            }
            let first = try await test.database.all(ReceiveInboxEvents(events: [events[0]], source: "catalog"))
            #expect(first == [events[0].id])
            let second = try await test.database.all(ReceiveInboxEvents(events: events, source: "catalog"))
            #expect(Set(second) == [events[1].id, events[2].id])
        }
    }

    @Test func `the kit's tables stand beside a service's own migrations`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all + NotesService.migrations) { test in
            try await test.database.migrate(KitMigrations.all + NotesService.migrations)
            let notes = try await test.database.all(AllNotes())
            #expect(notes.isEmpty)
        }
    }
}
