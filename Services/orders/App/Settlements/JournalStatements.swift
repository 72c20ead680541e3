import Models
import Postgres

/// Makes the transaction the only one that books or closes days, until it ends. False: another one is.
struct TryLockSettlementJournal: Statement {
    static let name: StaticString = "try_lock_settlement_journal"
    static let mode = StatementMode.write
    // The number is the day this lock was made up; no other lock has it.
    static let sql: StaticString = "SELECT pg_try_advisory_xact_lock(20261123)"

    func bind(to parameters: inout Parameters) {}
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.next() }
}

/// The same, waiting for the other one.
struct LockSettlementJournal: Statement {
    static let name: StaticString = "lock_settlement_journal"
    static let mode = StatementMode.write
    static let sql: StaticString = "SELECT pg_advisory_xact_lock(20261123) IS NULL"

    func bind(to parameters: inout Parameters) {}
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.next() }
}

/// Claims orders that are due and books what of them is not in the journal. Gives how many were claimed. The caller
/// holds the journal's lock.
///
/// A payment is divided by the terms at the placing of its order. A refund takes from each share the difference between
/// its part of what was left before and its part of what is left after, so that the shares of a payment are at any time
/// the exact division of what is left of it, and nothing once all went back. Refunds use the terms of the sale, and
/// those that are booked come first, whenever they were completed.
struct BookSettlements: Statement {
    static let name: StaticString = "book_settlements"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH due AS (
            DELETE FROM settlement_due
            WHERE id IN (SELECT id FROM settlement_due ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
            RETURNING order_id
        ), closed AS (
            SELECT max(day) + 1 AS first_open FROM settlement_days
        ), sale AS (
            SELECT orders.id AS order_id, payments.id AS payment_id, orders.store_id, orders.merchant_id,
                CASE WHEN known.id IS NULL THEN terms.leader_account_id ELSE known.leader_id END AS leader_id,
                coalesce(known.platform_rate_bps, terms.platform_rate_bps, $1::integer) AS platform_bps,
                coalesce(known.leader_rate_bps, terms.leader_rate_bps, 0) AS leader_bps,
                payments.currency, payments.amount, payments.gateway IN ('cash', 'terminal') AS is_taken,
                orders.completed_at AS at, known.id IS NOT NULL AS is_known
            FROM (SELECT DISTINCT order_id FROM due) AS due
            JOIN orders ON orders.id = due.order_id AND orders.order_state = 'completed'
            JOIN payments ON payments.order_id = orders.id AND payments.state = 'paid'
            LEFT JOIN settlement_postings AS known ON known.payment_id = payments.id AND known.cause = 'sale'
            LEFT JOIN LATERAL (
                SELECT platform_rate_bps, leader_account_id, leader_rate_bps
                FROM settlement_terms
                WHERE store_id = orders.store_id AND valid_from <= orders.placed_at
                ORDER BY valid_from DESC
                LIMIT 1
            ) AS terms ON true
        ), refund AS (
            SELECT refunds.id, refunds.payment_id, refunds.amount, refunds.completed_at,
                known.id IS NOT NULL AS is_known,
                (sum(refunds.amount) OVER (
                    PARTITION BY refunds.payment_id
                    ORDER BY known.id IS NULL, refunds.completed_at, refunds.id))::bigint AS gone
            FROM refunds
            LEFT JOIN settlement_postings AS known ON known.refund_id = refunds.id
            WHERE refunds.state = 'succeeded' AND refunds.order_id IN (SELECT order_id FROM due)
        ), posting AS (
            SELECT 'sale' AS cause, sale.order_id, sale.payment_id, NULL::uuid AS refund_id, sale.store_id,
                sale.merchant_id, sale.leader_id, sale.platform_bps, sale.leader_bps, sale.currency, sale.is_taken,
                sale.at, sale.amount, share.merchant, share.platform, share.leader
            FROM sale
            CROSS JOIN LATERAL settlement_shares(sale.amount, sale.platform_bps, sale.leader_bps) AS share
            WHERE NOT sale.is_known
            UNION ALL
            SELECT 'refund', sale.order_id, sale.payment_id, refund.id, sale.store_id, sale.merchant_id,
                sale.leader_id, sale.platform_bps, sale.leader_bps, sale.currency, sale.is_taken,
                greatest(refund.completed_at, sale.at), -refund.amount, after.merchant - before.merchant,
                after.platform - before.platform, after.leader - before.leader
            FROM sale
            JOIN refund ON refund.payment_id = sale.payment_id AND NOT refund.is_known
            CROSS JOIN LATERAL settlement_shares(
                sale.amount - refund.gone, sale.platform_bps, sale.leader_bps) AS after
            CROSS JOIN LATERAL settlement_shares(
                sale.amount - refund.gone + refund.amount, sale.platform_bps, sale.leader_bps) AS before
        ), booked AS (
            INSERT INTO settlement_postings (cause, order_id, payment_id, refund_id, store_id, merchant_id, leader_id,
                platform_rate_bps, leader_rate_bps, currency, amount, merchant_share, platform_share, leader_share,
                taken, at, day)
            SELECT cause, order_id, payment_id, refund_id, store_id, merchant_id, leader_id, platform_bps, leader_bps,
                currency, amount, merchant, platform, leader, CASE WHEN is_taken THEN amount ELSE 0 END, at,
                greatest((at AT TIME ZONE 'Asia/Shanghai')::date, first_open)
            FROM posting, closed
            ORDER BY at, order_id, payment_id, cause DESC, refund_id
            ON CONFLICT DO NOTHING
        )
        SELECT count(*) FROM due
        """
    let defaults: SettlementRates
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(Int32(clamping: defaults.platformBps))
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}
