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
        requestedBy = try row.next()
        outcome = try row.next()
        signingSerial = try row.next()
    }
}

/// Accepts a refund: what is left is checked and taken, the refund is made and posted, in one statement. No row when
/// too
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
    let requestedBy: String
    let outcome: String
    /// When the bank answers.
    let dueAt: Timestamp
    let signingSerial: String

    static let name: StaticString = "accept_wechat_refund"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH locked AS (
            SELECT mchid, out_trade_no, least(unsplit, $5) AS frozen,
                fee_of(total - refunded) - fee_of(total - refunded - $5) AS fee
            FROM wechat_transactions
            WHERE mchid = $1 AND out_trade_no = $2 AND state IN ('SUCCESS', 'REFUND') AND refunded + $5 <= total
            FOR UPDATE
        ), taken AS (
            UPDATE wechat_transactions AS t
            SET refunded = t.refunded + $5, state = 'REFUND', unsplit = t.unsplit - locked.frozen
            FROM locked
            WHERE t.mchid = locked.mchid AND t.out_trade_no = locked.out_trade_no
            RETURNING t.mchid, t.out_trade_no, t.total, t.currency, t.transaction_id, locked.frozen, locked.fee
        ), made AS (
            INSERT INTO wechat_refunds (mchid, out_refund_no, out_trade_no, refund_id, amount, total, reason,
                notify_url,
                status, created_at, requested_by, outcome, due_at, signing_serial, frozen, fee)
            SELECT mchid, $3, out_trade_no, $4, $5, total, $6, $7, 'PROCESSING', $8, $9, $10, $11, $12, frozen, fee
            FROM taken
        ), posting AS (
            INSERT INTO ledger_postings (kind, reference, at, document)
            SELECT 'refund', mchid || ':' || $3, $8, $4 FROM taken
            RETURNING id
        ), entries AS (
            INSERT INTO ledger_entries (posting_id, account, currency, amount)
            SELECT posting.id, entry.account, taken.currency, entry.amount
            FROM taken
            CROSS JOIN posting
            CROSS JOIN LATERAL (VALUES
                ('customers', $5),
                ('merchant:' || taken.mchid, taken.fee + taken.frozen - $5),
                ('sharing:' || taken.mchid, -taken.frozen),
                ('fees', -taken.fee)
            ) AS entry (account, amount)
            WHERE entry.amount <> 0
        )
        SELECT mchid, $3, out_trade_no, transaction_id, $4, $5, total, 'PROCESSING', $8, NULL::timestamptz, $7, $9, $10,
            $12
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
        parameters.append(requestedBy)
        parameters.append(outcome)
        parameters.append(dueAt)
        parameters.append(signingSerial)
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
            r.created_at, r.completed_at, r.notify_url, r.requested_by, r.outcome, r.signing_serial
        FROM wechat_refunds AS r
        JOIN wechat_transactions AS t USING (mchid, out_trade_no)
        WHERE r.requested_by = $1 AND r.out_refund_no = $2
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
    /// On the business clock.
    let at: Timestamp

    static let name: StaticString = "open_wechat_refunds"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT r.mchid, r.out_refund_no, r.out_trade_no, t.transaction_id, r.refund_id, r.amount, r.total, r.status,
            r.created_at, r.completed_at, r.notify_url, r.requested_by, r.outcome, r.signing_serial
        FROM wechat_refunds AS r
        JOIN wechat_transactions AS t USING (mchid, out_trade_no)
        WHERE r.status = 'PROCESSING' AND r.due_at <= $2
        ORDER BY r.due_at
        LIMIT $1
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(limit)
        parameters.append(at)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> WeChatRefund { try WeChatRefund(&row) }
}

/// The bank answers, once: the refund is done, refused or stuck, and the merchant is to be told, in one statement. What
/// was refused is posted back.
struct CompleteRefund: Statement {
    let refund: WeChatRefund
    let at: Timestamp
    let notificationID: UUID128
    let summary: String
    let resource: String

    static let name: StaticString = "complete_wechat_refund"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH done AS (
            UPDATE wechat_refunds
            SET status = outcome, completed_at = CASE WHEN outcome = 'SUCCESS' THEN $3 END
            WHERE mchid = $1 AND out_refund_no = $2 AND status = 'PROCESSING'
            RETURNING mchid, out_refund_no, out_trade_no, refund_id, requested_by, notify_url, outcome, amount, frozen,
                signing_serial
        ), given_back AS (
            UPDATE wechat_transactions AS t
            SET refunded = t.refunded - done.amount, unsplit = t.unsplit + done.frozen
            FROM done
            WHERE done.outcome = 'CLOSED' AND t.mchid = done.mchid AND t.out_trade_no = done.out_trade_no
        ), posting AS (
            INSERT INTO ledger_postings (kind, reference, at, document)
            SELECT 'refund_closed', mchid || ':' || out_refund_no, $3, refund_id FROM done WHERE outcome = 'CLOSED'
            RETURNING id, reference
        ), entries AS (
            INSERT INTO ledger_entries (posting_id, account, currency, amount)
            SELECT posting.id, entry.account, entry.currency, -entry.amount
            FROM posting
            JOIN ledger_postings AS refund ON refund.kind = 'refund' AND refund.reference = posting.reference
            JOIN ledger_entries AS entry ON entry.posting_id = refund.id
        )
        INSERT INTO notifications (id, gateway, mchid, url, event_type, original_type, summary, resource, created_at,
            next_at, signing_serial)
        SELECT $4, 'wechat', requested_by, notify_url, 'REFUND.' || outcome, 'refund', $6, $5, $3, $3, signing_serial
        FROM done
        WHERE notify_url <> ''
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(refund.mchid)
        parameters.append(refund.outRefundNo)
        parameters.append(at)
        parameters.append(notificationID)
        parameters.append(resource)
        parameters.append(summary)
    }
}

/// The merchant gives another account for a stuck refund: the bank tries again. No row when it is not stuck.
struct RetryAbnormalRefund: Statement {
    let requestedBy: String
    let refundID: String
    let outRefundNo: String
    let at: Timestamp

    static let name: StaticString = "retry_abnormal_wechat_refund"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE wechat_refunds
        SET status = 'PROCESSING', outcome = 'SUCCESS', due_at = $4
        WHERE requested_by = $1 AND refund_id = $2 AND out_refund_no = $3 AND status = 'ABNORMAL'
        RETURNING out_refund_no
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(requestedBy)
        parameters.append(refundID)
        parameters.append(outRefundNo)
        parameters.append(at)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}
