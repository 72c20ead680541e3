import Models
import Postgres

/// The settlement journal has of each completed order what was paid for it, and what went back since. Orders that the
/// job has not come to yet are due.
struct SettlementsAreWhole: OrderInvariant {
    static let name: StaticString = "settlements_are_whole"
    static let sql: StaticString = """
        SELECT coalesce(p.order_id, s.order_id),
            format('%s paid less refunds, %s in the journal', coalesce(p.amount, 0), coalesce(s.amount, 0))
        FROM (
            SELECT orders.id AS order_id, sum(payments.amount) - coalesce(sum(refunds.amount), 0) AS amount
            FROM orders
            JOIN payments ON payments.order_id = orders.id AND payments.state = 'paid'
            LEFT JOIN (
                SELECT payment_id, sum(amount) AS amount FROM refunds WHERE state = 'succeeded' GROUP BY payment_id
            ) AS refunds ON refunds.payment_id = payments.id
            WHERE orders.order_state = 'completed'
            GROUP BY orders.id
        ) AS p
        FULL JOIN (
            SELECT order_id, sum(amount) AS amount FROM settlement_postings GROUP BY order_id
        ) AS s USING (order_id)
        WHERE p.amount IS DISTINCT FROM s.amount
            AND NOT EXISTS (
                SELECT FROM settlement_due WHERE settlement_due.order_id = coalesce(p.order_id, s.order_id))
        ORDER BY 1
        """
}

/// The shares of each payment are the exact division of what is left of it.
struct SharesAreExact: PaymentInvariant {
    static let name: StaticString = "shares_are_exact"
    static let sql: StaticString = """
        SELECT s.payment_id, format('%s is divided %s, %s, %s; right: %s, %s, %s', s.amount, s.merchant, s.platform,
            s.leader, share.merchant, share.platform, share.leader)
        FROM (
            SELECT payment_id, min(platform_rate_bps) AS platform_bps, min(leader_rate_bps) AS leader_bps,
                sum(amount)::bigint AS amount, sum(merchant_share)::bigint AS merchant,
                sum(platform_share)::bigint AS platform, sum(leader_share)::bigint AS leader
            FROM settlement_postings
            GROUP BY payment_id
        ) AS s
        CROSS JOIN LATERAL settlement_shares(s.amount, s.platform_bps, s.leader_bps) AS share
        WHERE (s.merchant, s.platform, s.leader) <> (share.merchant, share.platform, share.leader)
        ORDER BY 1
        """
}

/// The statements of a closed day say what its journal says.
struct StatementsAreSums: Invariant {
    static let name: StaticString = "statements_are_sums"
    static let sql: StaticString = """
        SELECT format('%s %s %s', coalesce(s.day, e.day), coalesce(s.payee_kind, e.payee_kind),
                coalesce(s.payee_id, e.payee_id)),
            format('%s stated, %s booked', coalesce(s.net, 0), coalesce(e.net, 0))
        FROM (SELECT payee_kind, payee_id, day, currency, net - carried_over AS net FROM settlements) AS s
        FULL JOIN (
            SELECT payee_kind, payee_id, day, currency, sum(net) AS net
            FROM settlement_entries
            JOIN settlement_days USING (day)
            GROUP BY payee_kind, payee_id, day, currency
        ) AS e USING (payee_kind, payee_id, day, currency)
        WHERE s.net IS DISTINCT FROM e.net
        ORDER BY 1
        """
}

/// What each payee got is what was stated and is not due any more: no carry is lost, no payout is another sum.
struct PayoutsBalance: Invariant {
    static let name: StaticString = "payouts_balance"
    static let sql: StaticString = """
        SELECT format('%s %s %s', day, payee_kind, payee_id),
            format('%s is %s with %s carried in of %s, and %s paid out', id, state, carried_over, owed,
                coalesce(paid, 0))
        FROM (
            SELECT s.id, s.day, s.payee_kind, s.payee_id, s.state, s.net, s.carried_over, p.amount AS paid,
                coalesce(CASE WHEN lag(s.state) OVER statements = 'carried' THEN lag(s.net) OVER statements END, 0)
                    AS owed
            FROM settlements AS s
            LEFT JOIN settlement_payouts AS p ON p.settlement_id = s.id
            WINDOW statements AS (PARTITION BY s.payee_kind, s.payee_id, s.currency ORDER BY s.day)
        ) AS statements
        WHERE carried_over <> owed OR coalesce(paid, 0) <> CASE WHEN state = 'paid_out' THEN net ELSE 0 END
        ORDER BY 1
        """
}
