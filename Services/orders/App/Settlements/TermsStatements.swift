import Models
import Postgres

/// A store's terms, newest first.
struct TermsOfStore: Statement {
    static let name: StaticString = "settlement_terms_of_store"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT valid_from, platform_rate_bps::bigint, leader_account_id, leader_rate_bps::bigint
        FROM settlement_terms
        WHERE store_id = $1
        ORDER BY valid_from DESC
        LIMIT 100
        """
    let storeID: StoreID

    func bind(to parameters: inout Parameters) { parameters.append(storeID.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> SettlementTerms {
        SettlementTerms(
            validFrom: try row.next(), platformRateBps: try row.next(), leaderAccountID: try row.next(),
            leaderRateBps: try row.next())
    }
}

/// A new version. No row when one begins at the same moment.
struct InsertTerms: Statement {
    static let name: StaticString = "insert_settlement_terms"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO settlement_terms (store_id, valid_from, platform_rate_bps, leader_account_id, leader_rate_bps,
            agreed_by, agreed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT DO NOTHING
        """
    let storeID: StoreID
    let terms: SettlementTerms
    let by: AccountID
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(storeID.uuid)
        parameters.append(terms.validFrom)
        parameters.append(Int32(clamping: terms.platformRateBps))
        parameters.append(terms.leaderAccountID?.uuid)
        parameters.append(Int32(clamping: terms.leaderRateBps))
        parameters.append(by.uuid)
        parameters.append(now)
    }
}
