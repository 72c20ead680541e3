import Models
import Postgres

struct AlipayReceiver: Sendable {
    var type: String
    var account: String
    var name: String
    var memo: String
}

/// Binds receivers; again changes their names.
struct BindAlipayReceivers: Statement {
    let appID: String
    let receivers: [AlipayReceiver]
    let at: Timestamp

    static let name: StaticString = "bind_alipay_receivers"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO alipay_receivers (app_id, type, account, name, memo, bound_at)
        SELECT DISTINCT ON (receiver.type, receiver.account) $1, receiver.*, $6::timestamptz
        FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS receiver (type, account, name, memo)
        ON CONFLICT (app_id, type, account) DO UPDATE SET name = EXCLUDED.name, memo = EXCLUDED.memo
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(appID)
        parameters.append(receivers.map(\.type))
        parameters.append(receivers.map(\.account))
        parameters.append(receivers.map(\.name))
        parameters.append(receivers.map(\.memo))
        parameters.append(at)
    }
}

struct UnbindAlipayReceivers: Statement {
    let appID: String
    let receivers: [AlipayReceiver]

    static let name: StaticString = "unbind_alipay_receivers"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        DELETE FROM alipay_receivers AS r
        USING unnest($2::text[], $3::text[]) AS gone (type, account)
        WHERE r.app_id = $1 AND r.type = gone.type AND r.account = gone.account
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(appID)
        parameters.append(receivers.map(\.type))
        parameters.append(receivers.map(\.account))
    }
}

struct ListAlipayReceivers: Statement {
    let appID: String

    static let name: StaticString = "list_alipay_receivers"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT type, account, name, memo
        FROM alipay_receivers
        WHERE app_id = $1
        ORDER BY bound_at, type, account
        """
    func bind(to parameters: inout Parameters) { parameters.append(appID) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> AlipayReceiver {
        AlipayReceiver(type: try row.next(), account: try row.next(), name: try row.next(), memo: try row.next())
    }
}

struct AlipaySettlement: Sendable {
    var appID: String
    var outRequestNo: String
    var tradeNo: String
    var settleNo: String
    var accounts: [String]
    var amounts: [Int64]
    var at: Timestamp

    var sum: Int64 { amounts.reduce(0, +) }
}

/// Gives parts of a trade to others, all or nothing, with one posting. No row when more than may be given was asked
/// for;
/// a unique violation when the number is taken.
struct InsertAlipaySettlement: Statement {
    let settlement: AlipaySettlement
    let sellerID: String
    let maxPercent: Int64

    static let name: StaticString = "insert_alipay_settlement"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH taken AS (
            UPDATE alipay_trades
            SET settled = settled + $7
            WHERE app_id = $1 AND trade_no = $3 AND state IN ('TRADE_SUCCESS', 'TRADE_FINISHED')
                AND (settled + $7) * 100 <= total * $9 AND settled + $7 <= total - refunded
            RETURNING app_id, trade_no
        ), made AS (
            INSERT INTO alipay_settlements (app_id, out_request_no, trade_no, settle_no, accounts, amounts, at)
            SELECT app_id, $2, trade_no, $4, $5, $6, $8 FROM taken
        ), posting AS (
            INSERT INTO ledger_postings (kind, reference, at, document)
            SELECT 'sharing', 'alipay:' || app_id || ':' || $2, $8, $4 FROM taken
            RETURNING id
        ), entries AS (
            INSERT INTO ledger_entries (posting_id, account, currency, amount)
            SELECT posting.id, entry.account, 'CNY', sum(entry.amount)
            FROM posting
            CROSS JOIN (
                SELECT 'alipay:' || part.account AS account, part.amount
                FROM unnest($5::text[], $6::bigint[]) AS part (account, amount)
                UNION ALL
                SELECT 'alipay:' || $10, -$7::bigint
            ) AS entry
            GROUP BY posting.id, entry.account
            HAVING sum(entry.amount) <> 0
        )
        SELECT trade_no FROM taken
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(settlement.appID)
        parameters.append(settlement.outRequestNo)
        parameters.append(settlement.tradeNo)
        parameters.append(settlement.settleNo)
        parameters.append(settlement.accounts)
        parameters.append(settlement.amounts)
        parameters.append(settlement.sum)
        parameters.append(settlement.at)
        parameters.append(maxPercent)
        parameters.append(sellerID)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

struct FindAlipaySettlement: Statement {
    let appID: String
    var outRequestNo: String?
    var settleNo: String?

    static let name: StaticString = "find_alipay_settlement"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT app_id, out_request_no, trade_no, settle_no, accounts, amounts, at
        FROM alipay_settlements
        WHERE (app_id = $1 AND out_request_no = $2) OR (app_id = $1 AND settle_no = $3)
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(appID)
        parameters.append(outRequestNo)
        parameters.append(settleNo)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> AlipaySettlement {
        AlipaySettlement(
            appID: try row.next(), outRequestNo: try row.next(), tradeNo: try row.next(), settleNo: try row.next(),
            accounts: try row.next(), amounts: try row.next(), at: try row.next())
    }
}
