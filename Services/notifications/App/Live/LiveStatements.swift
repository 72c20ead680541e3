import Models
import Postgres

/// Until commit nobody else gets identifiers of live events: they become visible in their order.
struct LockLiveEvents: Statement {
    static let name: StaticString = "lock_live_events"
    static let mode = StatementMode.write
    static let sql: StaticString = "SELECT true FROM pg_advisory_xact_lock(hashtextextended('live_events', 0))"

    func bind(to parameters: inout Parameters) {}
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.next() }
}

/// Stores live events in their order and wakes the dispatchers; needs ``LockLiveEvents`` in the transaction.
struct InsertLiveEvents: Statement {
    static let name: StaticString = "insert_live_events"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH inserted AS (
            INSERT INTO live_events (channel, type, data, created_at)
            SELECT e.channel, e.type, e.data, $4
            FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS e (channel, type, data, position)
            ORDER BY e.position
            RETURNING id
        )
        SELECT pg_notify('live_events', '') FROM (SELECT max(id) FROM inserted) AS done
        """
    let events: [NewLiveEvent]
    let at: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(events.map(\.channel.text))
        parameters.append(events.map(\.type))
        parameters.append(events.map(\.data))
        parameters.append(at)
    }
}

/// The newest identifier; 0 when there is none.
struct LastLiveEvent: Statement {
    static let name: StaticString = "last_live_event"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT coalesce(max(id), 0) FROM live_events"

    func bind(to parameters: inout Parameters) {}
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.next() }
}

/// The oldest and the newest live event there is.
struct KeptLiveEvents: Statement {
    static let name: StaticString = "kept_live_events"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT min(id), coalesce(max(id), 0) FROM live_events"

    func bind(to parameters: inout Parameters) {}
    static func decode(_ row: inout RowReader) throws(PostgresError) -> KeptRange {
        KeptRange(oldest: try row.next(), newest: try row.next())
    }
}

/// What came after an event, for all streams of the process.
struct LiveEventsAfter: Statement {
    static let name: StaticString = "live_events_after"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT id, channel, type, data FROM live_events WHERE id > $1 ORDER BY id LIMIT $2
        """
    let id: Int64
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(id)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> LiveEvent {
        LiveEvent(id: try row.next(), channel: try row.next(), type: try row.next(), data: try row.next())
    }
}

/// What one channel was told after an event, for a stream that goes on.
struct MissedLiveEvents: Statement {
    static let name: StaticString = "missed_live_events"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT id, channel, type, data FROM live_events WHERE channel = $1 AND id > $2 ORDER BY id LIMIT $3
        """
    let channel: LiveChannel
    let after: Int64
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(channel.text)
        parameters.append(after)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> LiveEvent {
        LiveEvent(id: try row.next(), channel: try row.next(), type: try row.next(), data: try row.next())
    }
}

/// Forgets live events older than a moment, a bounded number at once.
struct DeleteOldLiveEvents: Statement {
    static let name: StaticString = "delete_old_live_events"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        DELETE FROM live_events
        WHERE id IN (
            SELECT id FROM live_events WHERE created_at < $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
        )
        """
    let before: Timestamp
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(before)
        parameters.append(Int64(limit))
    }
}
