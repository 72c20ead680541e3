import Models
import Postgres

/// A transaction as UnionPay keeps it.
struct UnionPayTransaction: Sendable {
    var merID: String
    var orderID: String
    var txnTime: String
    var kind: String
    var queryID: String
    var origQueryID: String?
    var amount: Int64
    var frontURL: String
    var backURL: String
    var reserved: String
    var token: String
    var state: String
    var cardLast4: String
    var code: String
    var tries: Int32
    var createdAt: Timestamp
    var expiresAt: Timestamp
    var settledAt: Timestamp?
    var refunded: Int64
}

/// Creates a payment unless merchant, number and time are taken; no row when they are.
struct InsertUnionPay: Statement {
    let transaction: UnionPayTransaction

    static let name: StaticString = "insert_unionpay"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO unionpay_transactions (mer_id, order_id, txn_time, kind, query_id, amount, front_url, back_url,
            reserved, token, state, created_at, expires_at)
        VALUES ($1, $2, $3, 'pay', $4, $5, $6, $7, $8, $9, 'OPEN', $10, $11)
        ON CONFLICT DO NOTHING
        RETURNING token
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(transaction.merID)
        parameters.append(transaction.orderID)
        parameters.append(transaction.txnTime)
        parameters.append(transaction.queryID)
        parameters.append(transaction.amount)
        parameters.append(transaction.frontURL)
        parameters.append(transaction.backURL)
        parameters.append(transaction.reserved)
        parameters.append(transaction.token)
        parameters.append(transaction.createdAt)
        parameters.append(transaction.expiresAt)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

/// A transaction by its page's token, its query number, or what the merchant named it (the newest of a number without a
/// time).
struct FindUnionPay: Statement {
    var merID = ""
    var orderID = ""
    var txnTime = ""
    var queryID: String?
    var token: String?

    static let name: StaticString = "find_unionpay"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT mer_id, order_id, txn_time, kind, query_id, orig_query_id, amount, front_url, back_url, reserved, token,
            state, card_last4, code, tries, created_at, expires_at, settled_at, refunded
        FROM unionpay_transactions
        WHERE (mer_id = $1 AND order_id = $2 AND ($3 = '' OR txn_time = $3)) OR (mer_id = $1 AND query_id = $4)
            OR token = $5
        ORDER BY created_at DESC
        LIMIT 1
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(merID)
        parameters.append(orderID)
        parameters.append(txnTime)
        parameters.append(queryID)
        parameters.append(token)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> UnionPayTransaction {
        UnionPayTransaction(
            merID: try row.next(), orderID: try row.next(), txnTime: try row.next(), kind: try row.next(),
            queryID: try row.next(), origQueryID: try row.next(), amount: try row.next(), frontURL: try row.next(),
            backURL: try row.next(), reserved: try row.next(), token: try row.next(), state: try row.next(),
            cardLast4: try row.next(), code: try row.next(), tries: try row.next(), createdAt: try row.next(),
            expiresAt: try row.next(), settledAt: try row.next(), refunded: try row.next())
    }
}

/// Remembers which card is to pay, and the code that its holder is to type. No row when the payment is not open.
struct RememberCard: Statement {
    let token: String
    let cardToken: String
    let last4: String
    let code: String

    static let name: StaticString = "remember_card"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE unionpay_transactions
        SET card_token = $2, card_last4 = $3, code = $4, tries = 0
        WHERE token = $1 AND state = 'OPEN'
        RETURNING token
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(token)
        parameters.append(cardToken)
        parameters.append(last4)
        parameters.append(code)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

/// Counts a wrong code; forgets the card after the third.
struct CountWrongCode: Statement {
    let token: String

    static let name: StaticString = "count_wrong_code"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE unionpay_transactions
        SET tries = tries + 1, code = CASE WHEN tries >= 2 THEN '' ELSE code END,
            card_token = CASE WHEN tries >= 2 THEN '' ELSE card_token END,
            card_last4 = CASE WHEN tries >= 2 THEN '' ELSE card_last4 END
        WHERE token = $1 AND state = 'OPEN'
        """
    func bind(to parameters: inout Parameters) { parameters.append(token) }
}

/// The card pays: state, posting and notification in one statement, once. No row when it can't be paid (any more).
struct SettleUnionPay: Statement {
    let token: String
    let at: Timestamp
    let notificationID: UUID128
    let resource: String

    static let name: StaticString = "settle_unionpay"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH paid AS (
            UPDATE unionpay_transactions
            SET state = 'SUCCESS', settled_at = $2, code = ''
            WHERE token = $1 AND state = 'OPEN' AND expires_at > $2
            RETURNING mer_id, order_id, txn_time, query_id, amount, back_url
        ), posting AS (
            INSERT INTO ledger_postings (kind, reference, at, document)
            SELECT 'payment', 'card:' || mer_id || ':' || order_id || ':' || txn_time, $2, query_id FROM paid
            RETURNING id
        ), entries AS (
            INSERT INTO ledger_entries (posting_id, account, currency, amount)
            SELECT posting.id, entry.account, 'CNY', entry.amount
            FROM paid
            CROSS JOIN posting
            CROSS JOIN LATERAL (VALUES
                ('customers', -paid.amount), ('card:' || paid.mer_id, paid.amount - fee_of(paid.amount)),
                ('fees', fee_of(paid.amount))
            ) AS entry (account, amount)
            WHERE entry.amount <> 0
        ), told AS (
            INSERT INTO notifications (id, gateway, mchid, url, event_type, original_type, summary, resource,
                created_at, next_at)
            SELECT $3, 'unionpay', mer_id, back_url, '01', '', '', $4, $2, $2 FROM paid WHERE back_url <> ''
        )
        SELECT query_id FROM paid
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(token)
        parameters.append(at)
        parameters.append(notificationID)
        parameters.append(resource)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

/// Gives money of a payment back: what is left is checked and taken, the refund made, posted and told, in one
/// statement.
/// No row when too much was asked for; a unique violation when its name is taken.
struct RefundUnionPay: Statement {
    /// The refund or cancellation.
    let refund: UnionPayTransaction
    let notificationID: UUID128
    let resource: String

    static let name: StaticString = "refund_unionpay"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH taken AS (
            UPDATE unionpay_transactions
            SET refunded = refunded + $6, state = CASE WHEN $4 = 'cancel' THEN 'UNDONE' ELSE state END
            WHERE mer_id = $1 AND query_id = $7 AND kind = 'pay' AND state = 'SUCCESS' AND refunded + $6 <= amount
                AND ($4 <> 'cancel' OR refunded = 0 AND $6 = amount)
            RETURNING mer_id, card_last4, fee_of(amount - refunded + $6) - fee_of(amount - refunded) AS fee
        ), made AS (
            INSERT INTO unionpay_transactions (mer_id, order_id, txn_time, kind, query_id, orig_query_id, amount,
                front_url, back_url, reserved, token, state, card_last4, created_at, expires_at, settled_at)
            SELECT $1, $2, $3, $4, $5, $7, $6, '', $8, $9, $10, 'SUCCESS', card_last4, $11, $11, $11 FROM taken
        ), posting AS (
            INSERT INTO ledger_postings (kind, reference, at, document)
            SELECT 'refund', 'card:' || $1 || ':' || $2 || ':' || $3, $11, $5 FROM taken
            RETURNING id
        ), entries AS (
            INSERT INTO ledger_entries (posting_id, account, currency, amount)
            SELECT posting.id, entry.account, 'CNY', entry.amount
            FROM taken
            CROSS JOIN posting
            CROSS JOIN LATERAL (VALUES
                ('customers', $6), ('card:' || taken.mer_id, taken.fee - $6), ('fees', -taken.fee)
            ) AS entry (account, amount)
            WHERE entry.amount <> 0
        ), told AS (
            INSERT INTO notifications (id, gateway, mchid, url, event_type, original_type, summary, resource,
                created_at, next_at)
            SELECT $12, 'unionpay', $1, $8, '04', '', '', $13, $11, $11 FROM taken WHERE $8 <> ''
        )
        SELECT mer_id FROM taken
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(refund.merID)
        parameters.append(refund.orderID)
        parameters.append(refund.txnTime)
        parameters.append(refund.kind)
        parameters.append(refund.queryID)
        parameters.append(refund.amount)
        parameters.append(refund.origQueryID)
        parameters.append(refund.backURL)
        parameters.append(refund.reserved)
        parameters.append(refund.token)
        parameters.append(refund.createdAt)
        parameters.append(notificationID)
        parameters.append(resource)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

/// What settled in a period, for the merchant's file.
struct SettledUnionPay: Statement {
    let merID: String
    let from: Timestamp
    let to: Timestamp

    static let name: StaticString = "settled_unionpay"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT kind, order_id, txn_time, query_id, coalesce(orig_query_id, ''), amount, card_last4
        FROM unionpay_transactions
        WHERE mer_id = $1 AND settled_at >= $2 AND settled_at < $3
        ORDER BY settled_at, query_id
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(merID)
        parameters.append(from)
        parameters.append(to)
    }
    struct Row {
        let kind, orderID, txnTime, queryID, origQueryID: String
        let amount: Int64
        let last4: String
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            kind: try row.next(), orderID: try row.next(), txnTime: try row.next(), queryID: try row.next(),
            origQueryID: try row.next(), amount: try row.next(), last4: try row.next())
    }
}
