import Models
import Postgres

struct InsertTextMessage: Statement {
    static let name: StaticString = "insert_text_message"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO text_messages (id, phone, content, code, created_at) VALUES ($1, $2, $3, $4, $5)
        """
    let message: MailboxMessage

    func bind(to parameters: inout Parameters) {
        parameters.append(message.id)
        parameters.append(message.phone)
        parameters.append(message.text)
        parameters.append(message.code)
        parameters.append(message.createdAt)
    }
}

/// The newest text messages, to one number or to all.
struct TextMessagesTo: Statement {
    static let name: StaticString = "text_messages_to"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT id, phone, content, code, created_at
        FROM text_messages
        WHERE $1::text IS NULL OR phone = $1
        ORDER BY id DESC
        LIMIT $2
        """
    let phone: String?
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(phone)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> MailboxMessage {
        MailboxMessage(
            id: try row.next(), phone: try row.next(), text: try row.next(), code: try row.next(),
            createdAt: try row.next())
    }
}

/// Forgets text messages older than a moment: codes are worth nothing after five minutes.
struct DeleteOldTextMessages: Statement {
    static let name: StaticString = "delete_old_text_messages"
    static let mode = StatementMode.write
    static let sql: StaticString = "DELETE FROM text_messages WHERE created_at < $1"
    let before: Timestamp

    func bind(to parameters: inout Parameters) { parameters.append(before) }
}
