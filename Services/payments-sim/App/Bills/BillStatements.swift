import Models
import Postgres

/// A row of the merchant's day: a payment, or a refund of one. By time.
struct TradeRows: Statement {
    let mchid: String
    let from: Timestamp
    let to: Timestamp

    static let name: StaticString = "wechat_trade_rows"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT paid_at, appid, transaction_id, out_trade_no, openid, trade_type, description, attach, total,
            fee_of(total), NULL::text, NULL::text, 0::bigint, NULL::text, NULL::timestamptz
        FROM wechat_transactions
        WHERE mchid = $1 AND paid_at >= $2 AND paid_at < $3
        UNION ALL
        SELECT r.created_at, t.appid, t.transaction_id, t.out_trade_no, t.openid, t.trade_type, t.description, t.attach,
            t.total, -r.fee, r.refund_id, r.out_refund_no, r.amount, r.status, r.completed_at
        FROM wechat_refunds AS r
        JOIN wechat_transactions AS t USING (mchid, out_trade_no)
        WHERE r.mchid = $1 AND r.created_at >= $2 AND r.created_at < $3 AND r.status <> 'CLOSED'
        ORDER BY 1, 3, 11 NULLS FIRST
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(from)
        parameters.append(to)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> TradeRow {
        TradeRow(
            at: try row.next(), appid: try row.next(), transactionID: try row.next(), outTradeNo: try row.next(),
            openid: try row.next(), tradeType: try row.next(), description: try row.next(), attach: try row.next(),
            total: try row.next(), fee: try row.next(), refundID: try row.next(), outRefundNo: try row.next(),
            refund: try row.next(), refundStatus: try row.next(), refundedAt: try row.next())
    }
}

struct TradeRow: Sendable {
    let at: Timestamp
    let appid, transactionID, outTradeNo, openid, tradeType, description, attach: String
    let total, fee: Int64
    /// nil for a payment.
    let refundID, outRefundNo: String?
    let refund: Int64
    let refundStatus: String?
    let refundedAt: Timestamp?
}

/// Moves of a merchant's account in a day, with the balance before each; frozen money counts as the merchant's.
struct FundRows: Statement {
    let mchid: String
    let from: Timestamp
    let to: Timestamp

    static let name: StaticString = "wechat_fund_rows"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        WITH own AS (
            SELECT posting_id, sum(amount)::bigint AS amount
            FROM ledger_entries
            WHERE account IN ('merchant:' || $1, 'sharing:' || $1)
            GROUP BY posting_id
        ), moves AS (
            SELECT p.id, p.at, p.kind, p.reference, p.document, own.amount,
                CASE WHEN p.kind IN ('payment', 'refund', 'refund_closed') THEN coalesce(fee.amount,
                    0) ELSE 0 END AS fee,
                (sum(own.amount) OVER (ORDER BY p.at, p.id) - own.amount)::bigint AS before
            FROM own
            JOIN ledger_postings AS p ON p.id = own.posting_id
            LEFT JOIN ledger_entries AS fee ON fee.posting_id = p.id AND fee.account = 'fees'
            WHERE p.at < $3
        )
        SELECT at, kind, split_part(reference, ':', 2), document, amount, fee, before
        FROM moves
        WHERE at >= $2
        ORDER BY at, id
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(from)
        parameters.append(to)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> FundRow {
        FundRow(
            at: try row.next(), kind: try row.next(), number: try row.next(), document: try row.next(),
            amount: try row.next(), fee: try row.next(), before: try row.next())
    }
}

struct FundRow: Sendable {
    let at: Timestamp
    let kind, number, document: String
    /// What the account gained, the fee included.
    let amount: Int64
    /// What the gateway kept (negative: gave back) of it.
    let fee: Int64
    let before: Int64
}

/// Keeps a bill. One that is there stays, unless it is made anew on purpose.
struct StoreBill: Statement {
    let gateway: String
    let merchant: String
    let kind: String
    let day: String
    let content: [UInt8]
    let at: Timestamp
    let replaces: Bool

    static let name: StaticString = "store_bill"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO bills (gateway, merchant, kind, day, content, made_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (gateway, merchant, kind, day) DO UPDATE
        SET content = EXCLUDED.content, made_at = EXCLUDED.made_at
        WHERE $7
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(gateway)
        parameters.append(merchant)
        parameters.append(kind)
        parameters.append(day)
        parameters.append(content)
        parameters.append(at)
        parameters.append(replaces)
    }
}

struct FindBill: Statement {
    let gateway: String
    let merchant: String
    let kind: String
    let day: String

    static let name: StaticString = "find_bill"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT content
        FROM bills
        WHERE gateway = $1 AND merchant = $2 AND kind = $3 AND day = $4
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(gateway)
        parameters.append(merchant)
        parameters.append(kind)
        parameters.append(day)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> [UInt8] { try row.next() }
}

/// The right to fetch a bill, for a while.
struct GrantDownload: Statement {
    let token: String
    let bill: FindBill
    let packing: String
    let expiresAt: Timestamp

    static let name: StaticString = "grant_bill_download"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO bill_downloads (token, gateway, merchant, kind, day, packing, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(token)
        parameters.append(bill.gateway)
        parameters.append(bill.merchant)
        parameters.append(bill.kind)
        parameters.append(bill.day)
        parameters.append(packing)
        parameters.append(expiresAt)
    }
}

struct FindDownload: Statement {
    let gateway: String
    let token: String

    static let name: StaticString = "find_bill_download"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT d.merchant, d.kind, d.day, d.packing, d.expires_at, b.content
        FROM bill_downloads AS d
        JOIN bills AS b USING (gateway, merchant, kind, day)
        WHERE d.gateway = $1 AND d.token = $2
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(gateway)
        parameters.append(token)
    }
    struct Row {
        let merchant, kind, day, packing: String
        let expiresAt: Timestamp
        let content: [UInt8]
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            merchant: try row.next(), kind: try row.next(), day: try row.next(), packing: try row.next(),
            expiresAt: try row.next(), content: try row.next())
    }
}
