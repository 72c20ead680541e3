import JSON
import Models
import Postgres

/// Reads the columns of a transaction in the order that every statement here lists them.
extension WeChatTransaction {
    init(_ row: inout RowReader) throws(PostgresError) {
        mchid = try row.next()
        outTradeNo = try row.next()
        appid = try row.next()
        tradeType = try row.next()
        description = try row.next()
        attach = try row.next()
        notifyURL = try row.next()
        total = try row.next()
        openid = try row.next()
        token = try row.next()
        state = try row.next()
        transactionID = try row.next()
        createdAt = try row.next()
        expiresAt = try row.next()
        paidAt = try row.next()
        refunded = try row.next()
    }
}

/// Creates a transaction unless its number is taken; no row when it is.
struct InsertTransaction: Statement {
    let transaction: WeChatTransaction

    static let name: StaticString = "insert_wechat_transaction"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO wechat_transactions (mchid, out_trade_no, appid, trade_type, description, attach, notify_url, total,
            currency, openid, token, state, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'CNY', $9, $10, 'NOTPAY', $11, $12)
        ON CONFLICT (mchid, out_trade_no) DO NOTHING
        RETURNING token
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(transaction.mchid)
        parameters.append(transaction.outTradeNo)
        parameters.append(transaction.appid)
        parameters.append(transaction.tradeType)
        parameters.append(transaction.description)
        parameters.append(transaction.attach)
        parameters.append(transaction.notifyURL)
        parameters.append(transaction.total)
        parameters.append(transaction.openid)
        parameters.append(transaction.token)
        parameters.append(transaction.createdAt)
        parameters.append(transaction.expiresAt)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

struct TransactionByNumber: Statement {
    let mchid: String
    let outTradeNo: String

    static let name: StaticString = "wechat_transaction_by_number"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT mchid, out_trade_no, appid, trade_type, description, attach, notify_url, total, openid, token, state,
            transaction_id, created_at, expires_at, paid_at, refunded
        FROM wechat_transactions
        WHERE mchid = $1 AND out_trade_no = $2
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(outTradeNo)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> WeChatTransaction { try WeChatTransaction(&row) }
}

struct TransactionByID: Statement {
    let mchid: String
    let transactionID: String

    static let name: StaticString = "wechat_transaction_by_id"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT mchid, out_trade_no, appid, trade_type, description, attach, notify_url, total, openid, token, state,
            transaction_id, created_at, expires_at, paid_at, refunded
        FROM wechat_transactions
        WHERE mchid = $1 AND transaction_id = $2
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(transactionID)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> WeChatTransaction { try WeChatTransaction(&row) }
}

struct TransactionByToken: Statement {
    let token: String

    static let name: StaticString = "wechat_transaction_by_token"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT mchid, out_trade_no, appid, trade_type, description, attach, notify_url, total, openid, token, state,
            transaction_id, created_at, expires_at, paid_at, refunded
        FROM wechat_transactions
        WHERE token = $1
        """
    func bind(to parameters: inout Parameters) { parameters.append(token) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> WeChatTransaction { try WeChatTransaction(&row) }
}

/// The payer pays: state, ledger posting and notification in one statement, once. No row when it can't be paid (any
/// more).
struct PayTransaction: Statement {
    let token: String
    let transactionID: String
    let openid: String
    let at: Timestamp
    let notificationID: UUID128
    /// The transaction object as it will be once paid.
    let resource: String

    static let name: StaticString = "pay_wechat_transaction"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH paid AS (
            UPDATE wechat_transactions
            SET state = 'SUCCESS', transaction_id = $2, openid = $3, paid_at = $4
            WHERE token = $1 AND state = 'NOTPAY' AND expires_at > $4
            RETURNING mchid, out_trade_no, notify_url, total, currency
        ), posting AS (
            INSERT INTO ledger_postings (kind, reference, at)
            SELECT 'payment', mchid || ':' || out_trade_no, $4 FROM paid
            RETURNING id
        ), entries AS (
            INSERT INTO ledger_entries (posting_id, account, currency, amount)
            SELECT posting.id, entry.account, paid.currency, entry.amount
            FROM paid
            CROSS JOIN posting
            CROSS JOIN LATERAL (VALUES
                ('customers', -paid.total),
                ('merchant:' || paid.mchid, paid.total - fee_of(paid.total)),
                ('fees', fee_of(paid.total))
            ) AS entry (account, amount)
            WHERE entry.amount <> 0
        ), told AS (
            INSERT INTO notifications (id, gateway, mchid, url, event_type, original_type, summary, resource, created_at,
                next_at)
            SELECT $5, 'wechat', mchid, notify_url, 'TRANSACTION.SUCCESS', 'transaction', '支付成功', $6, $4, $4
            FROM paid
        )
        SELECT out_trade_no FROM paid
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(token)
        parameters.append(transactionID)
        parameters.append(openid)
        parameters.append(at)
        parameters.append(notificationID)
        parameters.append(resource)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

/// Closes an unpaid transaction; no row when it is not unpaid.
struct CloseTransaction: Statement {
    let mchid: String
    let outTradeNo: String

    static let name: StaticString = "close_wechat_transaction"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE wechat_transactions
        SET state = 'CLOSED'
        WHERE mchid = $1 AND out_trade_no = $2 AND state = 'NOTPAY'
        RETURNING out_trade_no
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(outTradeNo)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}
