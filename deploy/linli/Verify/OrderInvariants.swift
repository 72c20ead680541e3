import Postgres

/// An order costs the sum of its lines.
struct TotalsAreSums: Invariant {
    static let name: StaticString = "totals_are_sums"
    static let sql: StaticString = """
        SELECT o.id::text, format('total %s, lines %s; %s items, lines %s', o.total, coalesce(sum(l.line_total), 0),
            o.item_count, coalesce(sum(l.quantity), 0))
        FROM orders AS o
        LEFT JOIN order_lines AS l ON l.order_id = o.id
        GROUP BY o.id
        HAVING o.total <> coalesce(sum(l.line_total), 0) OR o.item_count <> coalesce(sum(l.quantity), 0)
        ORDER BY 1
        """
}

/// A paid order was paid once, exactly; an unpaid one was not.
struct PaidOnceExactly: Invariant {
    static let name: StaticString = "paid_once_exactly"
    static let sql: StaticString = """
        SELECT o.id::text, format('is %s, total %s; %s payments took %s', o.payment_state, o.total,
            count(p.id), coalesce(sum(p.amount), 0))
        FROM orders AS o
        LEFT JOIN payments AS p ON p.order_id = o.id AND p.state = 'paid'
        GROUP BY o.id
        HAVING coalesce(sum(p.amount), 0) <> CASE WHEN o.payment_state = 'unpaid' THEN 0 ELSE o.total END
            OR count(p.id) > 1
        ORDER BY 1
        """
}

/// What was given back is the sum of the refunds that arrived, and never more than was paid.
struct RefundsAreSums: Invariant {
    static let name: StaticString = "refunds_are_sums"
    static let sql: StaticString = """
        SELECT p.id::text, format('payment of %s, refunds of %s', p.amount, sum(r.amount))
        FROM payments AS p
        JOIN refunds AS r ON r.payment_id = p.id AND r.state <> 'failed'
        GROUP BY p.id
        HAVING sum(r.amount) > p.amount
        ORDER BY 1
        """
}

/// Money that came too late went back, or is on its way.
struct LateMoneyGoesBack: Invariant {
    static let name: StaticString = "late_money_goes_back"
    static let sql: StaticString = """
        SELECT p.id::text, format('came late with %s; refunds of %s', p.amount, coalesce(sum(r.amount), 0))
        FROM payments AS p
        LEFT JOIN refunds AS r ON r.payment_id = p.id AND r.state <> 'failed'
        WHERE p.state = 'late'
        GROUP BY p.id
        HAVING coalesce(sum(r.amount), 0) <> p.amount
        ORDER BY 1
        """
}

/// The story of a collected order has each move once, in their order.
struct StoriesAreWhole: Invariant {
    static let name: StaticString = "stories_are_whole"
    static let sql: StaticString = """
        SELECT o.id::text, 'collected after ' || coalesce(s.moves, 'nothing')
        FROM orders AS o
        LEFT JOIN LATERAL (
            SELECT string_agg(move, ' ' ORDER BY id) AS moves
            FROM order_story
            WHERE order_id = o.id AND move IN ('paid', 'accepted', 'preparing', 'ready', 'collected')
        ) AS s ON true
        WHERE o.fulfilment_state = 'collected' AND s.moves IS DISTINCT FROM 'paid accepted preparing ready collected'
        ORDER BY 1
        """
}

/// Unpaid orders end.
struct NoOrderIsForgotten: Invariant {
    static let name: StaticString = "no_order_is_forgotten"
    static let sql: StaticString = """
        SELECT id::text, format('waits for its payment since %s, which was due at %s', placed_at, expires_at)
        FROM orders
        WHERE order_state = 'open' AND payment_state = 'unpaid' AND expires_at < now() - interval '5 minutes'
        ORDER BY 1
        """
}
