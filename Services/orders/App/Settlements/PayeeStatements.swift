public import Models
public import Postgres

/// A row of `settlements` with its payout. Every statement about whole ones lists these columns:
///
/// id, payee_kind, payee_id, day, currency, orders, sales, refunds, commission, taken, carried_over, net, state,
/// made_at, confirmed_at, reference, paid_at
struct SettlementRecord: Sendable {
    let settlement: Settlement
    let payee: UUID128

    init(_ row: inout RowReader) throws(PostgresError) {
        let id: SettlementID = try row.next()
        let kind: PayeeKind = try row.next()
        payee = try row.next()
        let day: String = try row.next()
        let currency = try row.currency()
        let orders: Int = try row.next()
        var sums: [Money] = []
        for _ in 0..<6 { sums.append(Money(minorUnits: try row.next(), currency: currency)) }
        let state: SettlementState = try row.next()
        let madeAt: Timestamp = try row.next()
        let confirmedAt: Timestamp? = try row.next()
        let reference: String? = try row.next()
        let paidAt: Timestamp? = try row.next()
        var payout: SettlementPayout?
        if let reference, let paidAt { payout = SettlementPayout(reference: reference, paidAt: paidAt) }
        settlement = Settlement(
            id: id, payeeKind: kind, payeeID: Self.text(kind, payee), day: day, orders: orders, sales: sums[0],
            refunds: sums[1], commission: sums[2], taken: sums[3], carriedOver: sums[4], net: sums[5], state: state,
            madeAt: madeAt, confirmedAt: confirmedAt, payout: payout)
    }

    private static func text(_ kind: PayeeKind, _ payee: UUID128) -> String? {
        switch kind {
        case .merchant: MerchantID(uuid: payee).description
        case .leader: AccountID(uuid: payee).description
        case .platform: nil
        }
    }
}

/// One statement.
struct SettlementByID: Statement {
    static let name: StaticString = "settlement_by_id"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT id, payee_kind, payee_id, day::text, s.currency, orders::bigint, sales, refunds, commission, taken,
            carried_over, net, state, made_at, confirmed_at, reference, paid_at
        FROM settlements AS s
        LEFT JOIN settlement_payouts ON settlement_id = id
        WHERE id = $1
        """
    let id: SettlementID

    func bind(to parameters: inout Parameters) { parameters.append(id.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> SettlementRecord { try SettlementRecord(&row) }
}

/// Where a page of statements begins: after this one, newest first.
struct SettlementPosition: Sendable {
    let day: String
    let id: UUID128

    static let newest = SettlementPosition(day: "infinity", id: UUID128(high: .max, low: .max))
}

/// Statements of one payee, newest first.
struct SettlementsOfPayee: Statement {
    static let name: StaticString = "settlements_of_payee"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT id, payee_kind, payee_id, day::text, s.currency, orders::bigint, sales, refunds, commission, taken,
            carried_over, net, state, made_at, confirmed_at, reference, paid_at
        FROM settlements AS s
        LEFT JOIN settlement_payouts ON settlement_id = id
        WHERE payee_kind = $1 AND payee_id = $2 AND (day, id) < ($3::text::date, $4)
            AND ($5::text IS NULL OR state = $5)
        ORDER BY day DESC, id DESC
        LIMIT $6
        """
    let kind: PayeeKind
    let payee: UUID128
    let before: SettlementPosition
    let state: SettlementState?
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(kind)
        parameters.append(payee)
        parameters.append(before.day)
        parameters.append(before.id)
        parameters.append(state?.rawValue)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> SettlementRecord { try SettlementRecord(&row) }
}

/// Statements of everybody, newest first.
struct SettlementsOfAll: Statement {
    static let name: StaticString = "settlements_of_all"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT id, payee_kind, payee_id, day::text, s.currency, orders::bigint, sales, refunds, commission, taken,
            carried_over, net, state, made_at, confirmed_at, reference, paid_at
        FROM settlements AS s
        LEFT JOIN settlement_payouts ON settlement_id = id
        WHERE (day, id) < ($1::text::date, $2)
            AND ($3::text IS NULL OR payee_kind = $3) AND ($4::text IS NULL OR state = $4)
        ORDER BY day DESC, id DESC
        LIMIT $5
        """
    let kind: PayeeKind?
    let before: SettlementPosition
    let state: SettlementState?
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(before.day)
        parameters.append(before.id)
        parameters.append(kind?.rawValue)
        parameters.append(state?.rawValue)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> SettlementRecord { try SettlementRecord(&row) }
}

/// The merchants of stores, as their newest paid orders have them.
struct MerchantsOfStores: Statement {
    static let name: StaticString = "merchants_of_stores"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT DISTINCT newest.merchant_id
        FROM unnest($1::uuid[]) AS store (id)
        CROSS JOIN LATERAL (
            SELECT merchant_id
            FROM orders
            WHERE store_id = store.id AND paid_at IS NOT NULL
            ORDER BY paid_at DESC
            LIMIT 1
        ) AS newest
        """
    let storeIDs: [StoreID]

    func bind(to parameters: inout Parameters) { parameters.append(storeIDs.map(\.uuid)) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> MerchantID { try row.next() }
}

/// An operator has looked at it. No row changes when it is not open.
struct ConfirmSettlement: Statement {
    static let name: StaticString = "confirm_settlement"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE settlements SET state = 'confirmed', confirmed_at = $2, confirmed_by = $3
        WHERE id = $1 AND state = 'open'
        """
    let id: SettlementID
    let now: Timestamp
    let by: AccountID

    func bind(to parameters: inout Parameters) {
        parameters.append(id.uuid)
        parameters.append(now)
        parameters.append(by.uuid)
    }
}

/// The money of a confirmed statement has left, once. No row changes when it is not confirmed.
struct PayOutSettlement: Statement {
    static let name: StaticString = "pay_out_settlement"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH paid AS (
            UPDATE settlements SET state = 'paid_out'
            WHERE id = $1 AND state = 'confirmed'
            RETURNING id, net, currency
        )
        INSERT INTO settlement_payouts (settlement_id, amount, currency, reference, paid_at, paid_by)
        SELECT id, net, currency, $2, $3, $4 FROM paid
        """
    let id: SettlementID
    let reference: String
    let now: Timestamp
    let by: AccountID

    func bind(to parameters: inout Parameters) {
        parameters.append(id.uuid)
        parameters.append(reference)
        parameters.append(now)
        parameters.append(by.uuid)
    }
}

extension PayeeKind: PostgresCodable {}
extension SettlementState: PostgresCodable {}
extension SettlementCause: PostgresCodable {}
