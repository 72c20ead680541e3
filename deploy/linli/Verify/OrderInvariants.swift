import Postgres

/// An order costs the sum of its lines.
struct TotalsAreSums: OrderInvariant {
    static let name: StaticString = "totals_are_sums"
    static let sql: StaticString = """
        SELECT o.id, format('total %s, lines %s; %s items, lines %s', o.total, coalesce(sum(l.line_total), 0),
            o.item_count, coalesce(sum(l.quantity), 0))
        FROM orders AS o
        LEFT JOIN order_lines AS l ON l.order_id = o.id
        GROUP BY o.id
        HAVING o.total <> coalesce(sum(l.line_total), 0) OR o.item_count <> coalesce(sum(l.quantity), 0)
        ORDER BY 1
        """
}

/// What was paid of an order is the sum of its settled payments: all of the total once it is paid, less before.
struct PaidOnceExactly: OrderInvariant {
    static let name: StaticString = "paid_once_exactly"
    static let sql: StaticString = """
        SELECT o.id, format('is %s, total %s, paid %s; %s payments took %s', o.payment_state, o.total, o.paid,
            count(p.id), coalesce(sum(p.amount), 0))
        FROM orders AS o
        LEFT JOIN payments AS p ON p.order_id = o.id AND p.state = 'paid'
        GROUP BY o.id
        HAVING coalesce(sum(p.amount), 0) <> o.paid OR (o.payment_state = 'unpaid') <> (o.paid < o.total)
        ORDER BY 1
        """
}

/// What was given back of an order is the sum of the refunds that arrived, and its payment state says so.
struct RefundsAreSums: OrderInvariant {
    static let name: StaticString = "refunds_are_sums"
    static let sql: StaticString = """
        SELECT o.id, format('is %s, total %s, given back %s; refunds that arrived are %s', o.payment_state, o.total,
            o.refunded, coalesce(r.amount, 0))
        FROM orders AS o
        LEFT JOIN (
            SELECT refunds.order_id, sum(refunds.amount) AS amount
            FROM refunds
            JOIN payments ON payments.id = refunds.payment_id
            WHERE refunds.state = 'succeeded' AND payments.state = 'paid'
            GROUP BY refunds.order_id
        ) AS r ON r.order_id = o.id
        WHERE o.refunded <> coalesce(r.amount, 0)
            OR (o.payment_state <> 'unpaid' AND (o.payment_state = 'paid') <> (o.refunded = 0))
            OR (o.payment_state = 'refunded') <> (o.refunded = o.total)
        ORDER BY 1
        """
}

/// Refunds of a payment were all set aside from it.
struct RefundsFitPayments: PaymentInvariant {
    static let name: StaticString = "refunds_fit_payments"
    static let sql: StaticString = """
        SELECT p.id, format('payment of %s with %s asked back; its refunds are %s', p.amount, p.refunded, sum(r.amount))
        FROM payments AS p
        JOIN refunds AS r ON r.payment_id = p.id AND r.state <> 'failed'
        GROUP BY p.id
        HAVING sum(r.amount) > p.refunded OR p.refunded > p.amount
        ORDER BY 1
        """
}

/// Money that came too late went back, or is on its way.
struct LateMoneyGoesBack: PaymentInvariant {
    static let name: StaticString = "late_money_goes_back"
    static let sql: StaticString = """
        SELECT p.id, format('came late with %s; refunds of %s', p.amount, coalesce(sum(r.amount), 0))
        FROM payments AS p
        LEFT JOIN refunds AS r ON r.payment_id = p.id AND r.state <> 'failed'
        WHERE p.state = 'late'
        GROUP BY p.id
        HAVING coalesce(sum(r.amount), 0) <> p.amount
        ORDER BY 1
        """
}

/// The story of every order is one that the rules allow, each move once and in order, and its states are what the
/// story leads to.
struct StoriesAreLegal: OrderInvariant {
    static let name: StaticString = "stories_are_legal"
    static let sql: StaticString = """
        WITH told AS (
            SELECT o.id, o.payment_state, o.order_state, o.fulfilment_state, coalesce(s.moves, '') AS moves
            FROM orders AS o
            LEFT JOIN (
                SELECT order_id, string_agg(move, ' ' ORDER BY id) AS moves
                FROM order_story
                WHERE move IN ('paid', 'expired', 'accepted', 'preparing', 'ready', 'collected', 'cancelled')
                GROUP BY order_id
            ) AS s ON s.order_id = o.id
        )
        SELECT id, format('is %s, %s and %s after the moves: %s', payment_state, order_state, fulfilment_state,
            coalesce(nullif(moves, ''), 'none'))
        FROM told
        WHERE moves !~ ('^(|expired|cancelled|paid accepted preparing ready collected'
                || '|paid( accepted( preparing( ready)?)?)?( cancelled)?)$')
            OR (payment_state = 'unpaid') <> (moves !~ '^paid')
            OR fulfilment_state
                <> coalesce((regexp_match(moves, '.*(accepted|preparing|ready|collected)'))[1], 'waiting')
            OR order_state <> CASE
                WHEN moves ~ 'cancelled$' THEN 'cancelled'
                WHEN moves ~ 'expired$' THEN 'expired'
                WHEN moves ~ 'collected$' THEN 'completed'
                ELSE 'open' END
        ORDER BY 1
        """
}

/// Unpaid orders end.
struct NoOrderIsForgotten: OrderInvariant {
    static let name: StaticString = "no_order_is_forgotten"
    static let sql: StaticString = """
        SELECT id, format('waits for its payment since %s, which was due at %s', placed_at, expires_at)
        FROM orders
        WHERE order_state = 'open' AND payment_state = 'unpaid' AND expires_at < now() - interval '5 minutes'
        ORDER BY 1
        """
}
