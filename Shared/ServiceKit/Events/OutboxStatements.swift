import Models
import Postgres

/// Makes the leases of a consumer, once.
struct EnsureOutboxShards: Statement {
    static let name: StaticString = "kit_ensure_outbox_shards"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO outbox_shards (consumer, shard)
        SELECT $1, shard FROM generate_series(0, 15) AS shard
        ON CONFLICT DO NOTHING
        """
    let consumer: String

    func bind(to parameters: inout Parameters) { parameters.append(consumer) }
    static func decode(_ row: inout RowReader) throws(PostgresError) {}
}

/// Leases every free shard of a consumer that has something to deliver. Two relays never hold one shard.
///
/// The first event of a shard is one look into the index; `EXISTS` could be planned as a scan of all that waits.
struct LeaseOutboxShards: Statement {
    static let name: StaticString = "kit_lease_outbox_shards"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH free AS (
            SELECT shard
            FROM outbox_shards
            WHERE consumer = $1
                AND leased_until <= clock_timestamp()
                AND retry_at <= clock_timestamp()
                AND (
                    SELECT true FROM outbox
                    WHERE outbox.consumer = $1 AND outbox.shard = outbox_shards.shard
                        AND delivered_at IS NULL AND dead_at IS NULL
                    LIMIT 1)
            ORDER BY shard
            FOR UPDATE SKIP LOCKED
        )
        UPDATE outbox_shards
        SET fence = fence + 1, leased_until = clock_timestamp() + $2::bigint * interval '1 millisecond'
        FROM free
        WHERE outbox_shards.consumer = $1 AND outbox_shards.shard = free.shard
        RETURNING outbox_shards.shard::bigint, fence, failures::bigint
        """
    let consumer: String
    let leaseMilliseconds: Int64

    func bind(to parameters: inout Parameters) {
        parameters.append(consumer)
        parameters.append(leaseMilliseconds)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> OutboxLease {
        OutboxLease(shard: try row.next(), fence: try row.next(), failures: try row.next())
    }
}

/// The right to deliver one shard, until its time is over or a later holder has a higher fence.
struct OutboxLease: Sendable {
    let shard: Int64
    let fence: Int64
    let failures: Int64
}

/// The oldest undelivered events of the leased shards. Runs after the lease was committed, in a snapshot of its own,
/// so that it sees what the former holder marked.
struct PendingOutboxEvents: Statement {
    static let name: StaticString = "kit_pending_outbox_events"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT batch.sequence, batch.event_id, batch.type, batch.aggregate, batch.occurred_at, batch.traceparent,
            batch.data::text, batch.retry_at <= clock_timestamp()
        FROM unnest($2::bigint[]) AS held(shard)
        CROSS JOIN LATERAL (
            SELECT sequence, event_id, type, aggregate, occurred_at, traceparent, data, retry_at
            FROM outbox
            WHERE consumer = $1 AND shard = held.shard AND delivered_at IS NULL AND dead_at IS NULL
            ORDER BY sequence
            LIMIT $3
        ) AS batch
        ORDER BY batch.sequence
        LIMIT $3
        """
    let consumer: String
    let shards: [Int64]
    let limit: Int64

    func bind(to parameters: inout Parameters) {
        parameters.append(consumer)
        parameters.append(shards)
        parameters.append(limit)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> PendingEvent {
        let sequence: Int64 = try row.next()
        let id: EventID = try row.next()
        let type: String = try row.next()
        let aggregate: String = try row.next()
        let occurredAt: Timestamp = try row.next()
        let traceparent: String? = try row.next()
        let data: String = try row.next()
        let isDue: Bool = try row.next()
        let envelope = EventEnvelope(
            id: id, type: type, aggregate: aggregate, sequence: sequence, occurredAt: occurredAt,
            traceparent: traceparent, data: [UInt8](data.utf8))
        return PendingEvent(envelope: envelope, isDue: isDue)
    }
}

/// An event to deliver, and whether its back-off is over.
struct PendingEvent: Sendable {
    let envelope: EventEnvelope
    let isDue: Bool
}

/// Writes down what became of a delivery and gives the leases back. Does nothing for a shard that a later relay holds
/// (the fence moved on): that relay delivers again, and the receiver's inbox drops what it knows.
struct SettleOutboxDelivery: Statement {
    static let name: StaticString = "kit_settle_outbox_delivery"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH held AS (
            SELECT outbox_shards.shard
            FROM outbox_shards
            JOIN unnest($2::bigint[], $3::bigint[]) AS mine(shard, fence)
                ON outbox_shards.shard = mine.shard AND outbox_shards.fence = mine.fence
            WHERE outbox_shards.consumer = $1
            ORDER BY outbox_shards.shard
            FOR UPDATE OF outbox_shards
        ), delivered AS (
            UPDATE outbox
            SET delivered_at = clock_timestamp(), attempts = attempts + 1, last_error = NULL
            WHERE sequence = ANY ($4::bigint[]) AND shard IN (SELECT shard FROM held)
        ), refused AS (
            UPDATE outbox
            SET attempts = attempts + refusal.counted, last_error = refusal.error,
                retry_at = clock_timestamp() + least(500 * (1 << least(attempts, 6)), 30000) * interval '1 millisecond',
                dead_at = CASE WHEN attempts + refusal.counted >= $8 THEN clock_timestamp() END
            FROM unnest($5::bigint[], $6::bigint[], $7::text[]) AS refusal(sequence, counted, error)
            WHERE outbox.sequence = refusal.sequence AND shard IN (SELECT shard FROM held)
            RETURNING outbox.dead_at
        ), released AS (
            UPDATE outbox_shards
            SET leased_until = 'epoch', failures = CASE WHEN $9::bigint > 0 THEN failures + 1 ELSE 0 END,
                retry_at = clock_timestamp() + $9 * interval '1 millisecond'
            WHERE consumer = $1 AND shard IN (SELECT shard FROM held)
        )
        SELECT count(dead_at) FROM refused
        """
    let consumer: String
    let leases: [OutboxLease]
    let delivered: [Int64]
    let refused: [OutboxRefusal]
    let triesMax: Int64
    /// When positive the whole delivery failed, and the shards rest this long.
    let restMilliseconds: Int64

    func bind(to parameters: inout Parameters) {
        parameters.append(consumer)
        parameters.append(leases.map(\.shard))
        parameters.append(leases.map(\.fence))
        parameters.append(delivered)
        parameters.append(refused.map(\.sequence))
        parameters.append(refused.map { $0.counts ? Int64(1) : 0 })
        parameters.append(refused.map(\.error))
        parameters.append(triesMax)
        parameters.append(restMilliseconds)
    }
    /// How many events became dead letters.
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.next() }
}

/// An event that the receiver did not take. `counts` toward the dead letter limit only when the event itself is at
/// fault (a 4xx answer), never when the receiver is down.
struct OutboxRefusal: Sendable {
    let sequence: Int64
    let counts: Bool
    let error: String
}

/// Appends events within a transaction.
struct InsertOutboxEvents: Statement {
    static let name: StaticString = "kit_insert_outbox_events"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO outbox (event_id, consumer, type, aggregate, occurred_at, traceparent, data)
        SELECT event.id, consumer.name, event.type, event.aggregate, event.occurred_at, $6, event.data::jsonb
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[])
            WITH ORDINALITY AS event(id, type, aggregate, occurred_at, data, position)
        CROSS JOIN unnest($7::text[]) AS consumer(name)
        ORDER BY event.position
        """
    let events: [OutboxEvent]
    let traceparent: String?
    let consumers: [String]

    func bind(to parameters: inout Parameters) {
        parameters.append(events.map(\.id.uuid))
        parameters.append(events.map(\.type))
        parameters.append(events.map(\.aggregate))
        parameters.append(events.map(\.occurredAt))
        parameters.append(events.map { String(decoding: $0.data, as: UTF8.self) })
        parameters.append(traceparent)
        parameters.append(consumers)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) {}
}

/// Deletes delivered events that are older than the retention, a bounded number at a time.
struct ReapOutbox: Statement {
    static let name: StaticString = "kit_reap_outbox"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        DELETE FROM outbox WHERE sequence IN (
            SELECT sequence FROM outbox
            WHERE delivered_at < clock_timestamp() - $1::bigint * interval '1 second'
            ORDER BY delivered_at
            LIMIT $2
            FOR UPDATE SKIP LOCKED)
        """
    let retentionSeconds: Int64
    let limit: Int64

    func bind(to parameters: inout Parameters) {
        parameters.append(retentionSeconds)
        parameters.append(limit)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) {}
}

/// How much waits for each consumer, and since when.
struct OutboxBacklog: Statement {
    struct Line: Sendable {
        let consumer: String
        let pending: Int64
        let oldestSeconds: Int64
        let dead: Int64
    }
    static let name: StaticString = "kit_outbox_backlog"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT consumer, sum(pending)::bigint, max(oldest)::bigint, sum(dead)::bigint
        FROM (
            SELECT consumer, count(*) AS pending, 0 AS dead,
                extract(epoch FROM clock_timestamp() - min(occurred_at)) AS oldest
            FROM outbox
            WHERE delivered_at IS NULL AND dead_at IS NULL
            GROUP BY consumer
            UNION ALL
            SELECT consumer, 0, count(*), 0 FROM outbox WHERE dead_at IS NOT NULL GROUP BY consumer
        ) AS part
        GROUP BY consumer
        """

    func bind(to parameters: inout Parameters) {}
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Line {
        Line(consumer: try row.next(), pending: try row.next(), oldestSeconds: try row.next(), dead: try row.next())
    }
}
