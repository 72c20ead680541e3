import Postgres

/// Double entry: what one account gets another gives.
struct PostingsBalance: Invariant {
    static let name: StaticString = "postings_balance"
    static let sql: StaticString = """
        SELECT p.id::text, format('%s %s is out by %s %s', p.kind, p.reference, sum(e.amount), e.currency)
        FROM ledger_postings AS p
        JOIN ledger_entries AS e ON e.posting_id = p.id
        GROUP BY p.id, e.currency
        HAVING sum(e.amount) <> 0
        ORDER BY 1
        """
}

/// Every payment and refund that went through is in the ledger, once.
struct MoneyIsPosted: Invariant {
    static let name: StaticString = "money_is_posted"
    static let sql: StaticString = """
        SELECT coalesce(t.reference, p.reference), format('moved %s, posted %s', coalesce(t.amount, 0), coalesce(p.amount, 0))
        FROM (
            SELECT 'payment' AS kind, mchid || ':' || out_trade_no AS reference, total AS amount
            FROM wechat_transactions
            WHERE transaction_id IS NOT NULL
            UNION ALL
            SELECT 'refund', mchid || ':' || out_refund_no, amount FROM wechat_refunds WHERE status = 'SUCCESS'
        ) AS t
        FULL JOIN (
            SELECT p.kind, p.reference, sum(e.amount) FILTER (WHERE e.amount > 0) AS amount
            FROM ledger_postings AS p
            JOIN ledger_entries AS e ON e.posting_id = p.id
            GROUP BY p.id
        ) AS p USING (kind, reference)
        WHERE t.amount IS DISTINCT FROM p.amount
        ORDER BY 1
        """
}

/// Events arrive: none was given up, none waits long.
struct EventsArrive: Invariant {
    static let name: StaticString = "events_arrive"
    static let sql: StaticString = """
        SELECT event_id::text, format('%s for %s %s', type, consumer,
            CASE WHEN dead_at IS NULL THEN 'waits since ' || occurred_at ELSE 'was given up: ' || coalesce(last_error, '') END)
        FROM outbox
        WHERE dead_at IS NOT NULL OR (delivered_at IS NULL AND occurred_at < now() - interval '2 minutes')
        ORDER BY 1
        """
}

/// Nobody is told twice.
struct MessagesAreSentOnce: Invariant {
    static let name: StaticString = "messages_are_sent_once"
    static let sql: StaticString = """
        SELECT order_id::text, format('%s messages that it is %s', count(*), kind)
        FROM messages
        WHERE order_id IS NOT NULL AND kind <> 'refunded'
        GROUP BY order_id, kind
        HAVING count(*) > 1
        ORDER BY 1
        """
}
