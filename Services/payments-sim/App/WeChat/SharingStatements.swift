import Models
import Postgres

/// Adds a receiver; again changes nothing.
struct AddReceiver: Statement {
    let mchid: String
    let type: String
    let account: String
    let relation: String
    let at: Timestamp

    static let name: StaticString = "add_sharing_receiver"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO sharing_receivers (mchid, type, account, relation_type, added_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (mchid, type, account) DO UPDATE SET relation_type = EXCLUDED.relation_type
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(type)
        parameters.append(account)
        parameters.append(relation)
        parameters.append(at)
    }
}

struct DeleteReceiver: Statement {
    let mchid: String
    let type: String
    let account: String

    static let name: StaticString = "delete_sharing_receiver"
    static let mode = StatementMode.write
    static let sql: StaticString = "DELETE FROM sharing_receivers WHERE mchid = $1 AND type = $2 AND account = $3"
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(type)
        parameters.append(account)
    }
}

/// How many of these receivers the merchant has added.
struct CountReceivers: Statement {
    let mchid: String
    let types: [String]
    let accounts: [String]

    static let name: StaticString = "count_sharing_receivers"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT count(*)
        FROM unnest($2::text[], $3::text[]) AS wanted (type, account)
        JOIN sharing_receivers AS r ON r.mchid = $1 AND r.type = wanted.type AND r.account = wanted.account
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(types)
        parameters.append(accounts)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}

/// What of an order may be shared; holds the order until the transaction ends. No row when it is not paid.
struct LockForSharing: Statement {
    let mchid: String
    let transactionID: String

    static let name: StaticString = "lock_for_sharing"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        SELECT t.shares, t.total, t.unsplit,
            (SELECT coalesce(sum(p.amount - p.returned), 0)::bigint
             FROM sharing_orders AS o
             JOIN sharing_parts AS p USING (mchid, out_order_no)
             WHERE o.transaction_id = t.transaction_id)
        FROM wechat_transactions AS t
        WHERE t.transaction_id = $2 AND t.mchid = $1
        FOR UPDATE
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(transactionID)
    }
    struct Row {
        let shares: Bool
        let total: Int64
        let unsplit: Int64
        let shared: Int64
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(shares: try row.next(), total: try row.next(), unsplit: try row.next(), shared: try row.next())
    }
}

/// Makes the request and takes its money out of what is frozen. No row when the number is taken.
struct InsertSharingOrder: Statement {
    let order: SharingOrder

    static let name: StaticString = "insert_sharing_order"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH made AS (
            INSERT INTO sharing_orders (mchid, out_order_no, transaction_id, order_id, request, finishes, unfrozen,
                state,
                created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, 'PROCESSING', $8)
            ON CONFLICT (mchid, out_order_no) DO NOTHING
            RETURNING mchid, out_order_no, transaction_id
        ), parts AS (
            INSERT INTO sharing_parts (detail_id, mchid, out_order_no, type, account, amount, description)
            SELECT part.detail_id, made.mchid, made.out_order_no, part.type, part.account, part.amount, part.description
            FROM made
            CROSS JOIN unnest($9::text[], $10::text[], $11::text[], $12::bigint[], $13::text[])
                AS part (detail_id, type, account, amount, description)
        )
        UPDATE wechat_transactions AS t
        SET unsplit = t.unsplit - $14
        FROM made
        WHERE t.transaction_id = made.transaction_id
        RETURNING made.out_order_no
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(order.mchid)
        parameters.append(order.outOrderNo)
        parameters.append(order.transactionID)
        parameters.append(order.orderID)
        parameters.append(order.request)
        parameters.append(order.finishes)
        parameters.append(order.unfrozen)
        parameters.append(order.createdAt)
        parameters.append(order.parts.map(\.detailID))
        parameters.append(order.parts.map(\.type))
        parameters.append(order.parts.map(\.account))
        parameters.append(order.parts.map(\.amount))
        parameters.append(order.parts.map(\.description))
        parameters.append(order.parts.reduce(order.unfrozen) { $0 + $1.amount })
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

extension SharingOrder {
    init(_ row: inout RowReader) throws(PostgresError) {
        self.init(
            mchid: try row.next(), outOrderNo: try row.next(), transactionID: try row.next(), orderID: try row.next(),
            request: try row.next(), finishes: try row.next(), unfrozen: try row.next(), state: try row.next(),
            createdAt: try row.next(), finishedAt: try row.next())
    }
}

/// Requests that are still under way, oldest first.
struct OpenSharingOrders: Statement {
    let limit: Int64

    static let name: StaticString = "open_sharing_orders"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT mchid, out_order_no, transaction_id, order_id, request, finishes, unfrozen, state, created_at, finished_at
        FROM sharing_orders
        WHERE state = 'PROCESSING'
        ORDER BY created_at
        LIMIT $1
        """
    func bind(to parameters: inout Parameters) { parameters.append(limit) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> SharingOrder { try SharingOrder(&row) }
}

/// A request by one of its numbers; the other stays nil.
struct FindSharingOrder: Statement {
    let mchid: String
    var outOrderNo: String?
    var orderID: String?

    static let name: StaticString = "find_sharing_order"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT mchid, out_order_no, transaction_id, order_id, request, finishes, unfrozen, state, created_at,
            finished_at
        FROM sharing_orders
        WHERE (mchid = $1 AND out_order_no = $2) OR (mchid = $1 AND order_id = $3)
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(outOrderNo)
        parameters.append(orderID)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> SharingOrder { try SharingOrder(&row) }
}

struct SharingParts: Statement {
    let mchid: String
    let outOrderNo: String

    static let name: StaticString = "sharing_parts"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT detail_id, type, account, amount, description, returned
        FROM sharing_parts
        WHERE mchid = $1 AND out_order_no = $2
        ORDER BY detail_id
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(outOrderNo)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> SharingPart {
        SharingPart(
            detailID: try row.next(), type: try row.next(), account: try row.next(), amount: try row.next(),
            description: try row.next(), returned: try row.next())
    }
}

/// The shared money arrives, once: one posting for all receivers and for what is unfrozen.
struct FinishSharing: Statement {
    let mchid: String
    let outOrderNo: String
    let at: Timestamp

    static let name: StaticString = "finish_sharing"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH done AS (
            UPDATE sharing_orders
            SET state = 'FINISHED', finished_at = $3
            WHERE mchid = $1 AND out_order_no = $2 AND state = 'PROCESSING'
            RETURNING mchid, out_order_no, order_id, unfrozen
        ), moves AS (
            SELECT CASE WHEN p.type = 'MERCHANT_ID' THEN 'merchant:' ELSE 'person:' END || p.account AS account,
                p.amount
            FROM done
            JOIN sharing_parts AS p USING (mchid, out_order_no)
            UNION ALL
            SELECT 'merchant:' || mchid, unfrozen FROM done
        ), posting AS (
            INSERT INTO ledger_postings (kind, reference, at, document)
            SELECT 'sharing', mchid || ':' || out_order_no, $3, order_id FROM done
            RETURNING id
        )
        INSERT INTO ledger_entries (posting_id, account, currency, amount)
        SELECT posting.id, entry.account, 'CNY', sum(entry.amount)
        FROM posting
        CROSS JOIN (
            SELECT account, amount FROM moves
            UNION ALL
            SELECT 'sharing:' || $1, -amount FROM moves
        ) AS entry
        GROUP BY posting.id, entry.account
        HAVING sum(entry.amount) <> 0
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(outOrderNo)
        parameters.append(at)
    }
}

/// A receiver gives money back, up to what it got. No row when it has not enough of this order.
struct InsertSharingReturn: Statement {
    let value: SharingReturn

    static let name: StaticString = "insert_sharing_return"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH part AS (
            UPDATE sharing_parts
            SET returned = returned + $6
            WHERE detail_id = (
                SELECT p.detail_id
                FROM sharing_parts AS p
                WHERE p.mchid = $1 AND p.out_order_no = $3 AND p.type = 'MERCHANT_ID' AND p.account = $5
                    AND p.amount - p.returned >= $6
                LIMIT 1
                FOR UPDATE
            )
            RETURNING detail_id
        ), made AS (
            INSERT INTO sharing_returns (mchid, out_return_no, out_order_no, order_id, return_id, return_mchid, amount,
                description, created_at)
            SELECT $1, $2, $3, $4, $7, $5, $6, $8, $9 FROM part
            RETURNING mchid
        ), posting AS (
            INSERT INTO ledger_postings (kind, reference, at, document)
            SELECT 'sharing_return', $1 || ':' || $2, $9, $7 FROM made
            RETURNING id
        ), entries AS (
            INSERT INTO ledger_entries (posting_id, account, currency, amount)
            SELECT posting.id, entry.account, 'CNY', entry.amount
            FROM posting
            CROSS JOIN LATERAL (VALUES ('merchant:' || $5, -$6), ('merchant:' || $1, $6)) AS entry (account, amount)
        )
        SELECT mchid FROM made
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(value.mchid)
        parameters.append(value.outReturnNo)
        parameters.append(value.outOrderNo)
        parameters.append(value.orderID)
        parameters.append(value.returnMchid)
        parameters.append(value.amount)
        parameters.append(value.returnID)
        parameters.append(value.description)
        parameters.append(value.createdAt)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

struct FindSharingReturn: Statement {
    let mchid: String
    let outReturnNo: String

    static let name: StaticString = "find_sharing_return"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT mchid, out_return_no, out_order_no, order_id, return_id, return_mchid, amount, description, created_at
        FROM sharing_returns
        WHERE mchid = $1 AND out_return_no = $2
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(outReturnNo)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> SharingReturn {
        SharingReturn(
            mchid: try row.next(), outReturnNo: try row.next(), outOrderNo: try row.next(), orderID: try row.next(),
            returnID: try row.next(), returnMchid: try row.next(), amount: try row.next(), description: try row.next(),
            createdAt: try row.next())
    }
}
