import Models
import Postgres

extension CombinedPayment {
    init(_ row: inout RowReader) throws(PostgresError) {
        mchid = try row.next()
        outTradeNo = try row.next()
        appid = try row.next()
        tradeType = try row.next()
        notifyURL = try row.next()
        openid = try row.next()
        token = try row.next()
        signingSerial = try row.next()
        createdAt = try row.next()
        expiresAt = try row.next()
        paidAt = try row.next()
        closedAt = try row.next()
    }
}

/// Creates a combined payment unless its number is taken; no row when it is. Its parts follow in the same transaction.
struct InsertCombined: Statement {
    let payment: CombinedPayment

    static let name: StaticString = "insert_combined_payment"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO wechat_combined (mchid, out_trade_no, appid, trade_type, notify_url, openid, token, signing_serial,
            created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (mchid, out_trade_no) DO NOTHING
        RETURNING token
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(payment.mchid)
        parameters.append(payment.outTradeNo)
        parameters.append(payment.appid)
        parameters.append(payment.tradeType)
        parameters.append(payment.notifyURL)
        parameters.append(payment.openid)
        parameters.append(payment.token)
        parameters.append(payment.signingSerial)
        parameters.append(payment.createdAt)
        parameters.append(payment.expiresAt)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

/// A combined payment by its number, or by its token when that is given.
struct FindCombined: Statement {
    var mchid = ""
    var outTradeNo = ""
    var token: String?

    static let name: StaticString = "find_combined_payment"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT mchid, out_trade_no, appid, trade_type, notify_url, openid, token, signing_serial, created_at,
            expires_at,
            paid_at, closed_at
        FROM wechat_combined
        WHERE (mchid = $1 AND out_trade_no = $2) OR token = $3
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(outTradeNo)
        parameters.append(token)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> CombinedPayment { try CombinedPayment(&row) }
}

struct CombinedParts: Statement {
    let mchid: String
    let outTradeNo: String

    static let name: StaticString = "combined_parts"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT mchid, out_trade_no, appid, trade_type, description, attach, notify_url, total, openid, token, state,
            transaction_id, created_at, expires_at, paid_at, refunded, shares, unsplit, signing_serial, combine_mchid,
            combine_out_trade_no
        FROM wechat_transactions
        WHERE combine_mchid = $1 AND combine_out_trade_no = $2
        ORDER BY mchid, out_trade_no
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(outTradeNo)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> WeChatTransaction {
        try WeChatTransaction(&row)
    }
}

/// The person pays all parts: states, one posting each, and one notification, in one statement, once.
struct PayCombined: Statement {
    /// As it will be once paid.
    let payment: CombinedPayment
    let at: Timestamp
    let notificationID: UUID128
    let resource: String
    let paysClosed: Bool

    static let name: StaticString = "pay_combined_payment"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH whole AS (
            UPDATE wechat_combined
            SET paid_at = $3, openid = $2
            WHERE token = $1 AND paid_at IS NULL AND (closed_at IS NULL AND expires_at > $3 OR $9)
            RETURNING mchid, out_trade_no, notify_url, signing_serial
        ), paid AS (
            UPDATE wechat_transactions AS t
            SET state = 'SUCCESS', transaction_id = part.transaction_id, openid = $2, paid_at = $3,
                unsplit = CASE WHEN t.shares THEN t.total ELSE 0 END
            FROM whole
            CROSS JOIN unnest($4::text[], $5::text[], $6::text[]) AS part (mchid, out_trade_no, transaction_id)
            WHERE t.combine_mchid = whole.mchid AND t.combine_out_trade_no = whole.out_trade_no
                AND t.mchid = part.mchid AND t.out_trade_no = part.out_trade_no
            RETURNING t.mchid, t.out_trade_no, t.total, t.currency, t.shares, t.transaction_id
        ), posting AS (
            INSERT INTO ledger_postings (kind, reference, at, document)
            SELECT 'payment', mchid || ':' || out_trade_no, $3, transaction_id FROM paid
            RETURNING id, reference
        ), entries AS (
            INSERT INTO ledger_entries (posting_id, account, currency, amount)
            SELECT posting.id, entry.account, paid.currency, entry.amount
            FROM paid
            JOIN posting ON posting.reference = paid.mchid || ':' || paid.out_trade_no
            CROSS JOIN LATERAL (VALUES
                ('customers', -paid.total),
                ('merchant:' || paid.mchid, CASE WHEN paid.shares THEN 0 ELSE paid.total END - fee_of(paid.total)),
                ('sharing:' || paid.mchid, CASE WHEN paid.shares THEN paid.total ELSE 0 END),
                ('fees', fee_of(paid.total))
            ) AS entry (account, amount)
            WHERE entry.amount <> 0
        ), told AS (
            INSERT INTO notifications (id, gateway, mchid, url, event_type, original_type, summary, resource,
                created_at,
                next_at, signing_serial)
            SELECT $7, 'wechat', mchid, notify_url, 'TRANSACTION.SUCCESS', 'transaction', '支付成功', $8, $3, $3,
                signing_serial
            FROM whole
        )
        SELECT out_trade_no FROM whole
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(payment.token)
        parameters.append(payment.openid)
        parameters.append(at)
        parameters.append(payment.parts.map(\.mchid))
        parameters.append(payment.parts.map(\.outTradeNo))
        parameters.append(payment.parts.map { $0.transactionID ?? "" })
        parameters.append(notificationID)
        parameters.append(resource)
        parameters.append(paysClosed)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

/// Closes an unpaid combined payment with its parts; no row when it is paid or closed.
struct CloseCombined: Statement {
    let mchid: String
    let outTradeNo: String
    let at: Timestamp

    static let name: StaticString = "close_combined_payment"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH whole AS (
            UPDATE wechat_combined
            SET closed_at = $3
            WHERE mchid = $1 AND out_trade_no = $2 AND paid_at IS NULL AND closed_at IS NULL
            RETURNING mchid, out_trade_no
        ), parts AS (
            UPDATE wechat_transactions AS t
            SET state = 'CLOSED'
            FROM whole
            WHERE t.combine_mchid = whole.mchid AND t.combine_out_trade_no = whole.out_trade_no
        )
        SELECT out_trade_no FROM whole
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(outTradeNo)
        parameters.append(at)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}
