import Models
import Postgres

/// A message about to be stored.
struct NewMessage: Sendable {
    let id: MessageID
    let event: EventEnvelope
    let order: OrderEventData
    let words: MessageTemplate.Words
}

/// Stores messages in their order; one that is there already (same person, same event) stays as it is.
struct InsertMessages: Statement {
    static let name: StaticString = "insert_messages"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO messages (id, account_id, event_id, kind, title_zh, title_en, body_zh, body_en, order_id, store_id,
            created_at)
        SELECT m.id, m.account_id, m.event_id, m.kind, m.title_zh, m.title_en, m.body_zh, m.body_en, m.order_id,
            m.store_id, m.created_at
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::uuid[], $10::uuid[], $11::timestamptz[]) WITH ORDINALITY AS m (id, account_id, event_id, kind,
            title_zh, title_en, body_zh, body_en, order_id, store_id, created_at, ordinal)
        ORDER BY m.ordinal
        ON CONFLICT (account_id, event_id) DO NOTHING
        """
    let messages: [NewMessage]

    func bind(to parameters: inout Parameters) {
        parameters.append(messages.map(\.id))
        parameters.append(messages.map(\.order.customerID))
        parameters.append(messages.map(\.event.id))
        parameters.append(messages.map(\.words.kind))
        parameters.append(messages.map(\.words.title.zh))
        parameters.append(messages.map(\.words.title.en))
        parameters.append(messages.map(\.words.body.zh))
        parameters.append(messages.map(\.words.body.en))
        parameters.append(messages.map(\.order.orderID))
        parameters.append(messages.map(\.order.storeID))
        parameters.append(messages.map(\.event.occurredAt))
    }
}

/// A message with its place in the order of writing.
struct PlacedMessage: Sendable {
    let position: Int64
    let message: InboxMessage
}

/// A page of a person's messages, newest first.
struct MessagesOf: Statement {
    static let name: StaticString = "messages_of"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT position, id, kind, title_zh, title_en, body_zh, body_en, order_id, store_id, created_at, read_at
        FROM messages
        WHERE account_id = $1 AND position < $2
        ORDER BY position DESC
        LIMIT $3
        """
    let accountID: AccountID
    /// Position of the last message of the page before.
    let before: Int64
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(accountID)
        parameters.append(before)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> PlacedMessage {
        PlacedMessage(
            position: try row.next(),
            message: InboxMessage(
                id: try row.next(), kind: try row.next(),
                title: LocalizedText(zh: try row.next(), en: try row.next()),
                body: LocalizedText(zh: try row.next(), en: try row.next()), orderID: try row.next(),
                storeID: try row.next(), createdAt: try row.next(), readAt: try row.next()))
    }
}

/// Marks a person's own message read, the first time only; no row when they have no such message.
struct MarkMessageRead: Statement {
    static let name: StaticString = "mark_message_read"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE messages
        SET read_at = coalesce(read_at, greatest($3, created_at))
        WHERE id = $1 AND account_id = $2
        RETURNING id
        """
    let id: MessageID
    let accountID: AccountID
    let at: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(id)
        parameters.append(accountID)
        parameters.append(at)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> MessageID { try row.next() }
}
