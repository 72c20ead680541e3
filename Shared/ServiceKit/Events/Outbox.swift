import Models
public import Postgres

/// The transactional outbox: events are rows written with the change they tell of; a relay delivers them later.
///
/// **From a transaction**: `try await kit.outbox.append([event], to: ["catalog"], in: tx)`.
///
/// **From a set-based statement** (the columns are the contract; leave out the others):
///
/// ```sql
/// WITH event AS (
///     SELECT * FROM unnest($5::uuid[], $6::text[], $7::timestamptz[], $8::text[])
///         WITH ORDINALITY AS e(id, aggregate, occurred_at, data, position)
/// ), placed AS (INSERT INTO orders … RETURNING …)
/// INSERT INTO outbox (event_id, consumer, type, aggregate, occurred_at, traceparent, data)
/// SELECT event.id, consumer.name, 'order.placed', event.aggregate, event.occurred_at, NULL, event.data::jsonb
/// FROM event JOIN placed ON …
/// CROSS JOIN (VALUES ('catalog'), ('notifications')) AS consumer(name)
/// ORDER BY event.position
/// ```
///
/// One row an event and consumer. `sequence` comes from the table's own sequence; two events of one aggregate stand
/// in order when each is inserted by whoever holds the aggregate's row lock. A trigger wakes the relays once a
/// statement. `data` is the event's JSON.
public struct Outbox: Sendable {
    /// Nothing to configure: the table is in the service's own database.
    public init() {}

    /// Writes `events` for each of `consumers` in the caller's transaction.
    public func append(
        _ events: [OutboxEvent], to consumers: [String], traceparent: String? = nil, in transaction: Transaction
    ) async throws(PostgresError) {
        guard !events.isEmpty, !consumers.isEmpty else { return }
        _ = try await transaction.execute(
            InsertOutboxEvents(events: events, traceparent: traceparent, consumers: consumers))
    }
}
