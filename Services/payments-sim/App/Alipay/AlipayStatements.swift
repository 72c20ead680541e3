import Models
import Postgres

extension AlipayTrade {
    init(_ row: inout RowReader) throws(PostgresError) {
        appID = try row.next()
        outTradeNo = try row.next()
        sellerID = try row.next()
        product = try row.next()
        token = try row.next()
        tradeNo = try row.next()
        subject = try row.next()
        body = try row.next()
        passback = try row.next()
        total = try row.next()
        notifyURL = try row.next()
        returnURL = try row.next()
        buyerID = try row.next()
        state = try row.next()
        createdAt = try row.next()
        expiresAt = try row.next()
        paidAt = try row.next()
        closedAt = try row.next()
        refunded = try row.next()
        settled = try row.next()
    }
}

/// Creates a trade, or a code for one, unless its number is taken; no row when it is.
struct InsertAlipayTrade: Statement {
    let trade: AlipayTrade

    static let name: StaticString = "insert_alipay_trade"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO alipay_trades (app_id, out_trade_no, seller_id, product, token, trade_no, subject, body, passback,
            total, notify_url, return_url, buyer_id, state, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        ON CONFLICT (app_id, out_trade_no) DO NOTHING
        RETURNING token
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(trade.appID)
        parameters.append(trade.outTradeNo)
        parameters.append(trade.sellerID)
        parameters.append(trade.product)
        parameters.append(trade.token)
        parameters.append(trade.tradeNo)
        parameters.append(trade.subject)
        parameters.append(trade.body)
        parameters.append(trade.passback)
        parameters.append(trade.total)
        parameters.append(trade.notifyURL)
        parameters.append(trade.returnURL)
        parameters.append(trade.buyerID)
        parameters.append(trade.state)
        parameters.append(trade.createdAt)
        parameters.append(trade.expiresAt)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

/// A trade by one of its names; the others stay nil.
struct FindAlipayTrade: Statement {
    var appID = ""
    var outTradeNo: String?
    var tradeNo: String?
    var token: String?

    static let name: StaticString = "find_alipay_trade"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT app_id, out_trade_no, seller_id, product, token, trade_no, subject, body, passback, total, notify_url,
            return_url, buyer_id, state, created_at, expires_at, paid_at, closed_at, refunded, settled
        FROM alipay_trades
        WHERE (app_id = $1 AND out_trade_no = $2) OR (app_id = $1 AND trade_no = $3) OR token = $4
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(appID)
        parameters.append(outTradeNo)
        parameters.append(tradeNo)
        parameters.append(token)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> AlipayTrade { try AlipayTrade(&row) }
}

/// Trades whose time to be paid, or to be refunded, is over.
struct DueAlipayTrades: Statement {
    let at: Timestamp
    let paidBefore: Timestamp
    let limit: Int64

    static let name: StaticString = "due_alipay_trades"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        (SELECT app_id, out_trade_no, seller_id, product, token, trade_no, subject, body, passback, total, notify_url,
            return_url, buyer_id, state, created_at, expires_at, paid_at, closed_at, refunded, settled
        FROM alipay_trades
        WHERE state = 'WAIT_BUYER_PAY' AND expires_at <= $1
        LIMIT $3)
        UNION ALL
        (SELECT app_id, out_trade_no, seller_id, product, token, trade_no, subject, body, passback, total, notify_url,
            return_url, buyer_id, state, created_at, expires_at, paid_at, closed_at, refunded, settled
        FROM alipay_trades
        WHERE state = 'TRADE_SUCCESS' AND paid_at <= $2
        LIMIT $3)
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(at)
        parameters.append(paidBefore)
        parameters.append(limit)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> AlipayTrade { try AlipayTrade(&row) }
}

/// The buyer opens the code: from now on there is a trade. No row when it is over.
struct ScanAlipayCode: Statement {
    let token: String
    let buyerID: String
    let at: Timestamp
    let createdAfter: Timestamp

    static let name: StaticString = "scan_alipay_code"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE alipay_trades
        SET state = 'WAIT_BUYER_PAY', buyer_id = $2, created_at = $3
        WHERE token = $1 AND state = 'CODE' AND created_at > $4 AND expires_at > $3
        RETURNING token
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(token)
        parameters.append(buyerID)
        parameters.append(at)
        parameters.append(createdAfter)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

/// Moves a trade from one state to another, once: payment, close, finish; with posting and notification in one
/// statement.
/// No row when it is not in the state it comes from (any more).
struct MoveAlipayTrade: Statement {
    /// As it will be.
    let trade: AlipayTrade
    let from: [String]
    let at: Timestamp
    let notificationID: UUID128
    let resource: String

    static let name: StaticString = "move_alipay_trade"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH moved AS (
            UPDATE alipay_trades
            SET state = $3, paid_at = $4, closed_at = $5, buyer_id = $6
            WHERE app_id = $1 AND out_trade_no = $2 AND state = ANY ($7::text[])
                AND ($3 <> 'TRADE_SUCCESS' OR expires_at > $8 OR state = 'TRADE_CLOSED')
            RETURNING app_id, out_trade_no, seller_id, trade_no, total, notify_url, state
        ), posting AS (
            INSERT INTO ledger_postings (kind, reference, at, document)
            SELECT 'payment', 'alipay:' || out_trade_no || ':' || app_id, $8, trade_no
            FROM moved
            WHERE state = 'TRADE_SUCCESS'
            RETURNING id
        ), entries AS (
            INSERT INTO ledger_entries (posting_id, account, currency, amount)
            SELECT posting.id, entry.account, 'CNY', entry.amount
            FROM moved
            CROSS JOIN posting
            CROSS JOIN LATERAL (VALUES
                ('customers', -moved.total),
                ('alipay:' || moved.seller_id, moved.total - fee_of(moved.total)),
                ('fees', fee_of(moved.total))
            ) AS entry (account, amount)
            WHERE entry.amount <> 0
        ), told AS (
            INSERT INTO notifications (id, gateway, mchid, url, event_type, original_type, summary, resource,
                created_at, next_at)
            SELECT $9, 'alipay', app_id, notify_url, state, 'trade_status_sync', '', $10, $8, $8
            FROM moved
            WHERE notify_url <> ''
        )
        SELECT out_trade_no FROM moved
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(trade.appID)
        parameters.append(trade.outTradeNo)
        parameters.append(trade.state)
        parameters.append(trade.paidAt)
        parameters.append(trade.closedAt)
        parameters.append(trade.buyerID)
        parameters.append(from)
        parameters.append(at)
        parameters.append(notificationID)
        parameters.append(resource)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

struct AlipayRefund: Sendable {
    var outRequestNo: String
    var amount: Int64
    /// Refunded of the trade, this one included.
    var cumulative: Int64
    var reason: String
    var at: Timestamp
}

struct FindAlipayRefund: Statement {
    let trade: AlipayTrade
    let outRequestNo: String

    static let name: StaticString = "find_alipay_refund"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT out_request_no, amount, cumulative, reason, at
        FROM alipay_refunds
        WHERE app_id = $1 AND out_trade_no = $2 AND out_request_no = $3
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(trade.appID)
        parameters.append(trade.outTradeNo)
        parameters.append(outRequestNo)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> AlipayRefund {
        AlipayRefund(
            outRequestNo: try row.next(), amount: try row.next(), cumulative: try row.next(), reason: try row.next(),
            at: try row.next())
    }
}

/// Refunds, once a number: what is left is checked under the trade's lock, with posting and notification. No row when
/// the
/// trade changed meanwhile.
struct AcceptAlipayRefund: Statement {
    /// As it will be: the sum refunded included.
    let trade: AlipayTrade
    let refund: AlipayRefund
    let notificationID: UUID128
    let resource: String

    static let name: StaticString = "accept_alipay_refund"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH taken AS (
            UPDATE alipay_trades
            SET refunded = $4, state = $5, closed_at = $6
            WHERE app_id = $1 AND out_trade_no = $2 AND state = 'TRADE_SUCCESS' AND refunded = $4 - $7
            RETURNING app_id, out_trade_no, seller_id, trade_no, total, notify_url,
                fee_of(total - refunded + $7) - fee_of(total - refunded) AS fee
        ), made AS (
            INSERT INTO alipay_refunds (app_id, out_trade_no, out_request_no, amount, cumulative, fee, reason, at)
            SELECT app_id, out_trade_no, $3, $7, $4, fee, $8, $9 FROM taken
        ), posting AS (
            INSERT INTO ledger_postings (kind, reference, at, document)
            SELECT 'refund', 'alipay:' || out_trade_no || ':' || app_id || ':' || $3, $9, trade_no FROM taken
            RETURNING id
        ), entries AS (
            INSERT INTO ledger_entries (posting_id, account, currency, amount)
            SELECT posting.id, entry.account, 'CNY', entry.amount
            FROM taken
            CROSS JOIN posting
            CROSS JOIN LATERAL (VALUES
                ('customers', $7), ('alipay:' || taken.seller_id, taken.fee - $7), ('fees', -taken.fee)
            ) AS entry (account, amount)
            WHERE entry.amount <> 0
        ), told AS (
            INSERT INTO notifications (id, gateway, mchid, url, event_type, original_type, summary, resource,
                created_at, next_at)
            SELECT $10, 'alipay', app_id, notify_url, $5, 'trade_status_sync', '', $11, $9, $9
            FROM taken
            WHERE notify_url <> ''
        )
        SELECT out_trade_no FROM taken
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(trade.appID)
        parameters.append(trade.outTradeNo)
        parameters.append(refund.outRequestNo)
        parameters.append(trade.refunded)
        parameters.append(trade.state)
        parameters.append(trade.closedAt)
        parameters.append(refund.amount)
        parameters.append(refund.reason)
        parameters.append(refund.at)
        parameters.append(notificationID)
        parameters.append(resource)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}
