import Models
import Postgres

/// Days up to one that have something booked on them and no statements yet, oldest first.
struct OpenSettlementDays: Statement {
    static let name: StaticString = "open_settlement_days"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT DISTINCT day::text
        FROM settlement_postings
        WHERE day <= $1::text::date
            AND day > coalesce((SELECT max(day) FROM settlement_days), '-infinity')
        ORDER BY 1
        """
    let through: String

    func bind(to parameters: inout Parameters) { parameters.append(through) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

/// Closes a day and makes the statement of each payee who has anything on it. Nothing happens when it was closed
/// before. The caller holds the journal's lock.
struct CloseSettlementDay: Statement {
    static let name: StaticString = "close_settlement_day"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH closed AS (
            INSERT INTO settlement_days (day, closed_at)
            VALUES ($1::text::date, $2)
            ON CONFLICT DO NOTHING
            RETURNING day
        ), total AS (
            SELECT payee_kind, payee_id, day, currency,
                count(DISTINCT order_id) FILTER (WHERE cause = 'sale') AS orders,
                coalesce(sum(amount) FILTER (WHERE cause = 'sale'), 0)::bigint AS sales,
                coalesce(-sum(amount) FILTER (WHERE cause = 'refund'), 0)::bigint AS refunds,
                sum(commission)::bigint AS commission, sum(taken)::bigint AS taken, sum(net)::bigint AS net
            FROM closed
            JOIN settlement_entries USING (day)
            GROUP BY payee_kind, payee_id, day, currency
        ), owed AS (
            SELECT total.*, coalesce(last.net, 0) AS carried_over
            FROM total
            LEFT JOIN LATERAL (
                SELECT net, state
                FROM settlements
                WHERE payee_kind = total.payee_kind AND payee_id = total.payee_id AND currency = total.currency
                ORDER BY day DESC
                LIMIT 1
            ) AS last ON last.state = 'carried'
        )
        INSERT INTO settlements (id, payee_kind, payee_id, day, currency, orders, sales, refunds, commission, taken,
            carried_over, net, state, made_at)
        SELECT uuid_at($2), payee_kind, payee_id, day, currency, orders, sales, refunds, commission, taken,
            carried_over, net + carried_over, CASE WHEN net + carried_over > 0 THEN 'open' ELSE 'carried' END, $2
        FROM owed
        """
    let day: String
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(day)
        parameters.append(now)
    }
}
