import Models
import Postgres

/// A balance of points is the sum of its entries.
struct PointsAreTheirEntries: Invariant {
    static let name: StaticString = "points_are_their_entries"
    static let sql: StaticString = """
        SELECT a.customer_id, format('has %s points; its entries add up to %s', a.balance, coalesce(sum(e.delta), 0))
        FROM point_accounts AS a
        LEFT JOIN point_entries AS e ON e.customer_id = a.customer_id
        GROUP BY a.customer_id
        HAVING a.balance <> coalesce(sum(e.delta), 0)
        ORDER BY 1
        """
    static func subject(_ row: inout RowReader) throws(PostgresError) -> String {
        try row.next(AccountID.self).description
    }
}

/// What was paid with points left a balance, and what of it went back came back.
struct PointPaymentsAreEntries: PaymentInvariant {
    static let name: StaticString = "point_payments_are_entries"
    static let sql: StaticString = """
        SELECT p.id, format('took %s points; entries took %s and gave back %s of %s', p.amount, -coalesce(sum(spent.delta), 0),
            (SELECT coalesce(sum(delta), 0) FROM point_entries
                WHERE refund_id IN (SELECT id FROM refunds WHERE payment_id = p.id)),
            (SELECT coalesce(sum(amount), 0) FROM refunds WHERE payment_id = p.id AND state = 'succeeded'))
        FROM payments AS p
        LEFT JOIN point_entries AS spent ON spent.payment_id = p.id
        WHERE p.gateway = 'points'
        GROUP BY p.id
        HAVING p.amount <> -coalesce(sum(spent.delta), 0)
            OR (SELECT coalesce(sum(delta), 0) FROM point_entries
                    WHERE refund_id IN (SELECT id FROM refunds WHERE payment_id = p.id))
                <> (SELECT coalesce(sum(amount), 0) FROM refunds WHERE payment_id = p.id AND state = 'succeeded')
        ORDER BY 1
        """
}
