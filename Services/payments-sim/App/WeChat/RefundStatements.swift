import Models
import Postgres

extension WeChatRefund {
    init(_ row: inout RowReader) throws(PostgresError) {
        mchid = try row.next()
        outRefundNo = try row.next()
        outTradeNo = try row.next()
        transactionID = try row.next()
        refundID = try row.next()
        amount = try row.next()
        total = try row.next()
        status = try row.next()
        createdAt = try row.next()
        completedAt = try row.next()
        notifyURL = try row.next()
    }
}

/// Accepts a refund: what is left is checked and taken, the refund is made and posted, in one statement. No row when too
/// much would be refunded or the order is not paid; a unique violation when the number is taken meanwhile.
struct AcceptRefund: Statement {
    let mchid: String
    let outTradeNo: String
    let outRefundNo: String
    let refundID: String
    let amount: Int64
    let reason: String
    let notifyURL: String
    let at: Timestamp

    static let name: StaticString = "accept_wechat_refund"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH taken AS (
            UPDATE wechat_transactions
            SET refunded = refunded + $5, state = 'REFUND'
            WHERE mchid = $1 AND out_trade_no = $2 AND state IN ('SUCCESS', 'REFUND') AND refunded + $5 <= total
            RETURNING mchid, out_trade_no, total, currency, transaction_id, refunded
        ), made AS (
            INSERT INTO wechat_refunds (mchid, out_refund_no, out_trade_no, refund_id, amount, total, reason, notify_url,
                status, created_at)
            SELECT mchid, $3, out_trade_no, $4, $5, total, $6, $7, 'PROCESSING', $8 FROM taken
        ), posting AS (
            INSERT INTO ledger_postings (kind, reference, at)
            SELECT 'refund', mchid || ':' || $3, $8 FROM taken
            RETURNING id
        ), fee AS (
            SELECT fee_of(total - refunded + $5) - fee_of(total - refunded) AS amount FROM taken
        ), entries AS (
            INSERT INTO ledger_entries (posting_id, account, currency, amount)
            SELECT posting.id, entry.account, taken.currency, entry.amount
            FROM taken
            CROSS JOIN posting
            CROSS JOIN fee
            CROSS JOIN LATERAL (VALUES
                ('customers', $5),
                ('merchant:' || taken.mchid, fee.amount - $5),
                ('fees', -fee.amount)
            ) AS entry (account, amount)
            WHERE entry.amount <> 0
        )
        SELECT mchid, $3, out_trade_no, transaction_id, $4, $5, total, 'PROCESSING', $8, NULL::timestamptz, $7
        FROM taken
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(outTradeNo)
        parameters.append(outRefundNo)
        parameters.append(refundID)
        parameters.append(amount)
        parameters.append(reason)
        parameters.append(notifyURL)
        parameters.append(at)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> WeChatRefund { try WeChatRefund(&row) }
}

struct RefundByNumber: Statement {
    let mchid: String
    let outRefundNo: String

    static let name: StaticString = "wechat_refund_by_number"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT r.mchid, r.out_refund_no, r.out_trade_no, t.transaction_id, r.refund_id, r.amount, r.total, r.status,
            r.created_at, r.completed_at, r.notify_url
        FROM wechat_refunds AS r
        JOIN wechat_transactions AS t USING (mchid, out_trade_no)
        WHERE r.mchid = $1 AND r.out_refund_no = $2
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(outRefundNo)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> WeChatRefund { try WeChatRefund(&row) }
}

/// Refunds that the banks have not confirmed yet, oldest first.
struct OpenRefunds: Statement {
    let limit: Int64

    static let name: StaticString = "open_wechat_refunds"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT r.mchid, r.out_refund_no, r.out_trade_no, t.transaction_id, r.refund_id, r.amount, r.total, r.status,
            r.created_at, r.completed_at, r.notify_url
        FROM wechat_refunds AS r
        JOIN wechat_transactions AS t USING (mchid, out_trade_no)
        WHERE r.status = 'PROCESSING'
        ORDER BY r.created_at
        LIMIT $1
        """
    func bind(to parameters: inout Parameters) { parameters.append(limit) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> WeChatRefund { try WeChatRefund(&row) }
}

/// The bank confirms: the refund is done and the merchant is to be told, in one statement, once.
struct CompleteRefund: Statement {
    let refund: WeChatRefund
    let at: Timestamp
    let notificationID: UUID128
    let resource: String

    static let name: StaticString = "complete_wechat_refund"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH done AS (
            UPDATE wechat_refunds
            SET status = 'SUCCESS', completed_at = $3
            WHERE mchid = $1 AND out_refund_no = $2 AND status = 'PROCESSING'
            RETURNING mchid, notify_url
        )
        INSERT INTO notifications (id, gateway, mchid, url, event_type, original_type, summary, resource, created_at,
            next_at)
        SELECT $4, 'wechat', mchid, notify_url, 'REFUND.SUCCESS', 'refund', '退款成功', $5, $3, $3
        FROM done
        WHERE notify_url <> ''
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(refund.mchid)
        parameters.append(refund.outRefundNo)
        parameters.append(at)
        parameters.append(notificationID)
        parameters.append(resource)
    }
}
