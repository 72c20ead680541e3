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
        ORDER BY p.id
        """
}

/// All accounts together hold nothing; also finds entries of a posting that is gone.
struct AccountsSumToZero: Invariant {
    static let name: StaticString = "accounts_sum_to_zero"
    static let sql: StaticString = """
        SELECT currency, format('all accounts together hold %s', sum(amount))
        FROM ledger_entries
        GROUP BY currency
        HAVING sum(amount) <> 0
        ORDER BY 1
        """
}

/// Every payment that was made, and every refund that was accepted, moved exactly its amount from or to customers, in
/// one posting; and no posting says so of anything else. Of WeChat Pay: the others have references of their own.
struct MoneyIsPosted: Invariant {
    static let name: StaticString = "money_is_posted"
    static let sql: StaticString = """
        SELECT coalesce(t.reference, p.reference),
            format('%s gave customers %s, posted %s', coalesce(t.kind, p.kind), coalesce(t.amount, 0),
                coalesce(p.amount, 0))
        FROM (
            SELECT 'payment' AS kind, mchid || ':' || out_trade_no AS reference, -total AS amount
            FROM wechat_transactions
            WHERE transaction_id IS NOT NULL
            UNION ALL
            SELECT 'refund', mchid || ':' || out_trade_no || ':reverse', total
            FROM wechat_transactions
            WHERE transaction_id IS NOT NULL AND state = 'REVOKED'
            UNION ALL
            SELECT 'refund', mchid || ':' || out_refund_no, amount
            FROM wechat_refunds
        ) AS t
        FULL JOIN (
            SELECT p.kind, p.reference, coalesce(sum(e.amount) FILTER (WHERE e.account = 'customers'), 0) AS amount
            FROM ledger_postings AS p
            LEFT JOIN ledger_entries AS e ON e.posting_id = p.id
            WHERE p.kind IN ('payment', 'refund') AND p.reference !~ '^(alipay|card):'
            GROUP BY p.id
        ) AS p ON p.kind = t.kind AND p.reference = t.reference
        WHERE t.amount IS DISTINCT FROM p.amount
        ORDER BY 1
        """
}

/// What the gateway says it gave back of a payment is the sum of its refunds, those it closed aside. A payment that
/// was revoked as a whole has none.
struct GatewayRefundsAreSums: Invariant {
    static let name: StaticString = "gateway_refunds_are_sums"
    static let sql: StaticString = """
        SELECT t.out_trade_no, format('is %s with %s given back; its refunds are %s', t.state, t.refunded,
            coalesce(r.amount, 0))
        FROM wechat_transactions AS t
        LEFT JOIN (
            SELECT mchid, out_trade_no, sum(amount) AS amount
            FROM wechat_refunds
            WHERE status <> 'CLOSED'
            GROUP BY mchid, out_trade_no
        ) AS r USING (mchid, out_trade_no)
        WHERE t.state <> 'REVOKED'
            AND (t.refunded <> coalesce(r.amount, 0) OR (t.refunded > 0 AND t.state <> 'REFUND'))
        ORDER BY 1
        """
}

/// The gateways' bills and the orders agree: no difference is open, and both sides of each compared day are alike.
struct BillsAgreeWithOrders: Invariant {
    static let name: StaticString = "bills_agree_with_orders"
    static let sql: StaticString = """
        SELECT d.gateway || ' ' || d.day, format('%s %s %s: the bill has %s, orders have %s', d.entry, d.number, d.kind,
            coalesce(d.theirs::text, 'nothing'), coalesce(d.ours::text, 'nothing'))
        FROM reconciliation_differences AS d
        WHERE d.state = 'open'
        UNION ALL
        SELECT r.gateway || ' ' || r.day, format('the bill has %s payments of %s and %s refunds of %s; orders %s of %s, %s of %s',
            billed_payments, billed_paid, billed_refunds, billed_refunded, booked_payments, booked_paid, booked_refunds,
            booked_refunded)
        FROM reconciliations AS r
        WHERE r.state = 'compared'
            AND (billed_payments, billed_paid, billed_refunds, billed_refunded)
                IS DISTINCT FROM (booked_payments, booked_paid, booked_refunds, booked_refunded)
            AND NOT EXISTS (
                SELECT FROM reconciliation_differences AS d
                WHERE d.gateway = r.gateway AND d.day = r.day AND d.state = 'open')
        UNION ALL
        SELECT line.gateway || ' ' || line.day, format('payment %s is %s in the bill, and %s as %s here', line.number,
            line.amount, p.amount, p.state)
        FROM bill_lines AS line
        JOIN reconciliations AS r USING (gateway, day)
        JOIN payments AS p ON p.id = line.payment_id
        WHERE r.state = 'compared' AND (p.amount <> line.amount OR p.state NOT IN ('paid', 'late'))
            AND NOT EXISTS (
                SELECT FROM reconciliation_differences AS d
                WHERE d.gateway = line.gateway AND d.payment_id = p.id AND d.state = 'open')
        ORDER BY 1, 2
        """
}

/// Events arrive: none was given up, none waits long. Subjects are events; each database has its own outbox.
struct EventsArrive: Invariant {
    static let name: StaticString = "events_arrive"
    static let sql: StaticString = """
        SELECT event_id::text, format('%s for %s %s', type, consumer,
            CASE
                WHEN dead_at IS NULL THEN 'waits since ' || occurred_at
                ELSE 'was given up: ' || coalesce(last_error, '')
            END)
        FROM outbox
        WHERE dead_at IS NOT NULL OR (delivered_at IS NULL AND occurred_at < now() - interval '2 minutes')
        ORDER BY sequence
        """
}

/// Nobody is told twice. An order may be refunded in several parts.
struct MessagesAreSentOnce: OrderInvariant {
    static let name: StaticString = "messages_are_sent_once"
    static let sql: StaticString = """
        SELECT order_id, format('%s messages of kind %s', count(*), kind)
        FROM messages
        WHERE order_id IS NOT NULL AND kind <> 'refunded'
        GROUP BY order_id, kind
        HAVING count(*) > 1
        ORDER BY 1
        """
}
