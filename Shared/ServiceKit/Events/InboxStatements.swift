import Models
import Postgres

/// Notes events as received; answers with those that were new. Waits for a concurrent delivery of the same event to
/// end, so exactly one of two applies it.
struct ReceiveInboxEvents: Statement {
    static let name: StaticString = "kit_receive_inbox_events"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO inbox (event_id, source, type)
        SELECT event.id, $3, event.type
        FROM unnest($1::uuid[], $2::text[]) AS event(id, type)
        ORDER BY event.id
        ON CONFLICT (event_id) DO NOTHING
        RETURNING event_id
        """
    let events: [EventEnvelope]
    let source: String

    func bind(to parameters: inout Parameters) {
        parameters.append(events.map(\.id.uuid))
        parameters.append(events.map(\.type))
        parameters.append(source)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> EventID { try row.next() }
}

/// Deletes notes that are older than any redelivery.
struct ReapInbox: Statement {
    static let name: StaticString = "kit_reap_inbox"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        DELETE FROM inbox WHERE event_id IN (
            SELECT event_id FROM inbox
            WHERE received_at < clock_timestamp() - $1::bigint * interval '1 second'
            ORDER BY received_at
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
