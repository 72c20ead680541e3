import Models
import Postgres

/// Locks the reservations of these orders and then their stock, each in key order, for the statements that follow in
/// the transaction. Every statement that settles takes its locks in this order (reservations, then stock), and
/// reserving only takes the second kind, so nothing ever waits in a circle.
struct LockForSettlement: Statement {
    static let name: StaticString = "lock_for_settlement"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH chosen AS MATERIALIZED (
            SELECT order_id, store_id, sku_ids
            FROM reservations
            WHERE order_id = ANY ($1)
            ORDER BY order_id
            FOR UPDATE
        ),
        keys AS MATERIALIZED (
            SELECT DISTINCT c.store_id, l.sku_id
            FROM chosen AS c
            CROSS JOIN LATERAL unnest(c.sku_ids) AS l (sku_id)
        ),
        locked AS MATERIALIZED (
            SELECT s.sku_id
            FROM stock AS s
            WHERE (s.store_id, s.sku_id) IN (SELECT store_id, sku_id FROM keys)
            ORDER BY s.store_id, s.sku_id
            FOR UPDATE
        )
        SELECT count(*) FROM locked
        """
    let orderIDs: [OrderID]

    func bind(to parameters: inout Parameters) { parameters.append(orderIDs) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}

/// Sells what paid orders hold: the stock leaves the shelf. Answers with the orders it settled; the others were not
/// held. A second run finds them settled and changes nothing: row lock and state together make it exactly once.
struct CommitHeldReservations: Statement {
    static let name: StaticString = "commit_held_reservations"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH chosen AS MATERIALIZED (
            SELECT order_id, store_id, sku_ids, quantities
            FROM reservations
            WHERE order_id = ANY ($1) AND state = 'held'
            ORDER BY order_id
            FOR UPDATE
        ),
        totals AS MATERIALIZED (
            SELECT c.store_id, l.sku_id, sum(l.quantity) AS quantity
            FROM chosen AS c
            CROSS JOIN LATERAL unnest(c.sku_ids, c.quantities) AS l (sku_id, quantity)
            GROUP BY c.store_id, l.sku_id
        ),
        locked AS MATERIALIZED (
            SELECT s.store_id, s.sku_id
            FROM stock AS s
            WHERE (s.store_id, s.sku_id) IN (SELECT store_id, sku_id FROM totals)
            ORDER BY s.store_id, s.sku_id
            FOR UPDATE
        ),
        batch AS MATERIALIZED (
            SELECT nextval('stock_batches') AS id
            WHERE EXISTS (SELECT FROM locked)
        ),
        settled AS (
            UPDATE reservations AS r
            SET state = 'committed', batches = r.batches || b.id
            FROM chosen AS c
            CROSS JOIN batch AS b
            WHERE r.order_id = c.order_id
            RETURNING r.order_id
        ),
        updated AS (
            UPDATE stock AS s
            SET on_hand = s.on_hand - t.quantity, reserved = s.reserved - t.quantity
            FROM totals AS t
            CROSS JOIN batch AS b
            WHERE s.store_id = t.store_id AND s.sku_id = t.sku_id
        ),
        written AS (
            INSERT INTO stock_ledger (store_id, sku_id, batch, cause, on_hand_delta, reserved_delta, at)
            SELECT t.store_id, t.sku_id, b.id, 'commit', -t.quantity, -t.quantity, $2
            FROM totals AS t
            CROSS JOIN batch AS b
        )
        SELECT order_id FROM settled
        """
    let orderIDs: [OrderID]
    let at: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(orderIDs)
        parameters.append(at)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> OrderID { try row.next() }
}

/// Sells to an order that was paid after its stock had been given back: takes the stock again if all of it is still
/// there; otherwise the reservation becomes `commit_failed`, and `orders` is told, which gives the money back. Changes
/// nothing for a reservation that is committed, or was paid and cancelled.
struct CommitLateReservation: Statement {
    static let name: StaticString = "commit_late_reservation"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH held AS MATERIALIZED (
            SELECT order_id, store_id, state, sku_ids, quantities
            FROM reservations
            WHERE order_id = $1
            FOR UPDATE
        ),
        lines AS MATERIALIZED (
            SELECT h.store_id, l.sku_id, l.quantity::bigint AS quantity
            FROM held AS h
            CROSS JOIN LATERAL unnest(h.sku_ids, h.quantities) AS l (sku_id, quantity)
            WHERE h.state IN ('released', 'expired')
        ),
        locked AS MATERIALIZED (
            SELECT s.store_id, s.sku_id, s.on_hand - s.reserved AS free
            FROM stock AS s
            WHERE (s.store_id, s.sku_id) IN (SELECT store_id, sku_id FROM lines)
            ORDER BY s.store_id, s.sku_id
            FOR UPDATE
        ),
        verdict AS MATERIALIZED (
            SELECT nextval('stock_batches') AS batch, bool_and(k.free >= l.quantity) AS possible
            FROM lines AS l
            JOIN locked AS k ON k.store_id = l.store_id AND k.sku_id = l.sku_id
            HAVING count(*) > 0
        ),
        settled AS (
            UPDATE reservations AS r
            SET state = CASE WHEN v.possible THEN 'committed' ELSE 'commit_failed' END, batches = r.batches || v.batch
            FROM verdict AS v
            WHERE r.order_id = $1
            RETURNING r.state
        ),
        updated AS (
            UPDATE stock AS s
            SET on_hand = s.on_hand - l.quantity
            FROM lines AS l
            CROSS JOIN verdict AS v
            WHERE v.possible AND s.store_id = l.store_id AND s.sku_id = l.sku_id
        ),
        written AS (
            INSERT INTO stock_ledger (store_id, sku_id, batch, cause, on_hand_delta, reserved_delta, at)
            SELECT l.store_id, l.sku_id, v.batch, 'late_sale', -l.quantity, 0, $2
            FROM lines AS l
            CROSS JOIN verdict AS v
            WHERE v.possible
        ),
        told AS (
            INSERT INTO outbox (event_id, consumer, type, aggregate, occurred_at, traceparent, data)
            SELECT $3, 'orders', 'stock.commit_failed', $4, $2, $5, $6
            WHERE NOT EXISTS (SELECT FROM held) OR EXISTS (SELECT FROM verdict WHERE NOT possible)
        )
        SELECT coalesce((SELECT state FROM settled), (SELECT state FROM held), 'commit_failed')
        """
    let orderID: OrderID
    let at: Timestamp
    /// The event's identity, made before the first try.
    let eventID: EventID
    let traceparent: String?
    let data: JSONBytes

    func bind(to parameters: inout Parameters) {
        parameters.append(orderID)
        parameters.append(at)
        parameters.append(eventID)
        parameters.append(orderID.description)
        parameters.append(traceparent)
        parameters.append(data)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> ReservationState { try row.next() }
}

/// Gives the stock of orders back, because they were cancelled or expired: what they held becomes free; what they had
/// bought returns to the shelf. A second run finds the reservations settled and changes nothing.
struct ReleaseReservations: Statement {
    static let name: StaticString = "release_reservations"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH chosen AS MATERIALIZED (
            SELECT order_id, store_id, state = 'held' AS holds, sku_ids, quantities
            FROM reservations
            WHERE order_id = ANY ($1) AND state IN ('held', 'committed')
            ORDER BY order_id
            FOR UPDATE
        ),
        totals AS MATERIALIZED (
            SELECT c.store_id, l.sku_id, coalesce(sum(l.quantity) FILTER (WHERE c.holds), 0) AS held,
                coalesce(sum(l.quantity) FILTER (WHERE NOT c.holds), 0) AS sold
            FROM chosen AS c
            CROSS JOIN LATERAL unnest(c.sku_ids, c.quantities) AS l (sku_id, quantity)
            GROUP BY c.store_id, l.sku_id
        ),
        locked AS MATERIALIZED (
            SELECT s.store_id, s.sku_id
            FROM stock AS s
            WHERE (s.store_id, s.sku_id) IN (SELECT store_id, sku_id FROM totals)
            ORDER BY s.store_id, s.sku_id
            FOR UPDATE
        ),
        batch AS MATERIALIZED (
            SELECT nextval('stock_batches') AS id
            WHERE EXISTS (SELECT FROM locked)
        ),
        settled AS (
            UPDATE reservations AS r
            SET state = CASE WHEN c.holds THEN 'released' ELSE 'returned' END, batches = r.batches || b.id
            FROM chosen AS c
            CROSS JOIN batch AS b
            WHERE r.order_id = c.order_id
            RETURNING r.order_id
        ),
        updated AS (
            UPDATE stock AS s
            SET on_hand = s.on_hand + t.sold, reserved = s.reserved - t.held
            FROM totals AS t
            CROSS JOIN batch AS b
            WHERE s.store_id = t.store_id AND s.sku_id = t.sku_id
        ),
        written AS (
            INSERT INTO stock_ledger (store_id, sku_id, batch, cause, on_hand_delta, reserved_delta, at)
            SELECT t.store_id, t.sku_id, b.id, m.cause, m.on_hand, m.reserved, $2
            FROM totals AS t
            CROSS JOIN batch AS b
            CROSS JOIN LATERAL (VALUES ('release', 0, -t.held), ('return', t.sold, 0)) AS m (cause, on_hand, reserved)
            WHERE m.on_hand <> 0 OR m.reserved <> 0
        )
        SELECT count(*) FROM settled
        """
    let orderIDs: [OrderID]
    let at: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(orderIDs)
        parameters.append(at)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}

/// Gives back what orders hold beyond their time, a bounded batch at once. Replicas share the rows by skipping locked
/// ones. `orders` normally releases in time; this is for orders that never came to be.
struct ExpireReservations: Statement {
    static let name: StaticString = "expire_reservations"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH chosen AS MATERIALIZED (
            SELECT order_id, store_id, sku_ids, quantities
            FROM reservations
            WHERE state = 'held' AND expires_at < $1
            ORDER BY expires_at
            LIMIT $3
            FOR UPDATE SKIP LOCKED
        ),
        totals AS MATERIALIZED (
            SELECT c.store_id, l.sku_id, sum(l.quantity) AS quantity
            FROM chosen AS c
            CROSS JOIN LATERAL unnest(c.sku_ids, c.quantities) AS l (sku_id, quantity)
            GROUP BY c.store_id, l.sku_id
        ),
        locked AS MATERIALIZED (
            SELECT s.store_id, s.sku_id
            FROM stock AS s
            WHERE (s.store_id, s.sku_id) IN (SELECT store_id, sku_id FROM totals)
            ORDER BY s.store_id, s.sku_id
            FOR UPDATE
        ),
        batch AS MATERIALIZED (
            SELECT nextval('stock_batches') AS id
            WHERE EXISTS (SELECT FROM locked)
        ),
        settled AS (
            UPDATE reservations AS r
            SET state = 'expired', batches = r.batches || b.id
            FROM chosen AS c
            CROSS JOIN batch AS b
            WHERE r.order_id = c.order_id
            RETURNING r.order_id
        ),
        updated AS (
            UPDATE stock AS s
            SET reserved = s.reserved - t.quantity
            FROM totals AS t
            CROSS JOIN batch AS b
            WHERE s.store_id = t.store_id AND s.sku_id = t.sku_id
        ),
        written AS (
            INSERT INTO stock_ledger (store_id, sku_id, batch, cause, on_hand_delta, reserved_delta, at)
            SELECT t.store_id, t.sku_id, b.id, 'expire', 0, -t.quantity, $2
            FROM totals AS t
            CROSS JOIN batch AS b
        )
        SELECT count(*) FROM settled
        """
    let expiredBefore: Timestamp
    let at: Timestamp
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(expiredBefore)
        parameters.append(at)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}
