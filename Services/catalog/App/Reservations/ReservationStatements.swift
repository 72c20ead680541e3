import Models
public import Postgres

extension ReservationState: PostgresCodable {}

/// Takes the stock of a batch of orders, each order all or nothing, in one transaction.
///
/// It leaves orders alone that have a reservation; locks the stock rows in key order, so that batches never wait for
/// each other in a circle; adds up, for each SKU in the order of the batch, what is asked for; and accepts the orders
/// all of whose lines still fit and cost what was agreed. Only orders whose reservation was inserted move stock: a second reservation of one
/// order cannot exist. A batch writes one ledger line a SKU, however many orders it carries; each reservation names
/// the batch. The `CHECK` of the table stands behind the arithmetic.
struct ReserveStockBatch: Statement {
    static let name: StaticString = "reserve_stock_batch"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH known AS MATERIALIZED (
            SELECT r.order_id, r.store_id, r.state, r.expires_at, r.sku_ids, r.quantities
            FROM (SELECT DISTINCT id FROM unnest($2::uuid[]) AS asked (id)) AS asked
            CROSS JOIN LATERAL (SELECT * FROM reservations WHERE order_id = asked.id LIMIT 1) AS r
        ),
        lines AS MATERIALIZED (
            SELECT l.number, l.order_id, l.store_id, l.expires_at, l.sku_id, l.quantity, l.price, l.currency
            FROM unnest($1::integer[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::uuid[], $6::integer[],
                $7::bigint[], $8::text[])
                AS l (number, order_id, store_id, expires_at, sku_id, quantity, price, currency)
            WHERE l.order_id NOT IN (SELECT order_id FROM known)
        ),
        locked AS MATERIALIZED (
            SELECT s.store_id, s.sku_id, s.on_hand - s.reserved - s.online_buffer AS available, p.price, p.currency
            FROM stock AS s
            JOIN skus AS p ON p.id = s.sku_id
            WHERE (s.store_id, s.sku_id) IN (SELECT store_id, sku_id FROM lines)
            ORDER BY s.store_id, s.sku_id
            FOR UPDATE OF s
        ),
        judged AS MATERIALIZED (
            SELECT l.order_id, l.store_id, l.expires_at, l.sku_id, l.quantity, k.available, k.price, k.currency,
                l.price IS NULL OR (l.price = k.price AND l.currency = k.currency) AS is_agreed,
                sum(l.quantity) OVER (PARTITION BY l.store_id, l.sku_id ORDER BY l.number) AS running
            FROM lines AS l
            LEFT JOIN locked AS k ON k.store_id = l.store_id AND k.sku_id = l.sku_id
        ),
        fitting AS MATERIALIZED (
            SELECT order_id, store_id, expires_at, array_agg(sku_id ORDER BY sku_id) AS sku_ids,
                array_agg(quantity ORDER BY sku_id) AS quantities
            FROM judged
            GROUP BY order_id, store_id, expires_at
            HAVING bool_and(coalesce(is_agreed AND running <= available, false))
        ),
        batch AS MATERIALIZED (
            SELECT nextval('stock_batches') AS id
            WHERE EXISTS (SELECT FROM fitting)
        ),
        inserted AS (
            INSERT INTO reservations (order_id, store_id, state, expires_at, sku_ids, quantities, batches)
            SELECT f.order_id, f.store_id, 'held', f.expires_at, f.sku_ids, f.quantities, ARRAY[b.id]
            FROM batch AS b
            CROSS JOIN fitting AS f
            ORDER BY f.order_id
            ON CONFLICT (order_id) DO NOTHING
            RETURNING order_id
        ),
        moved AS MATERIALIZED (
            SELECT store_id, sku_id, sum(quantity) AS quantity
            FROM judged
            WHERE order_id IN (SELECT order_id FROM inserted)
            GROUP BY store_id, sku_id
        ),
        updated AS (
            UPDATE stock AS s
            SET reserved = s.reserved + m.quantity
            FROM moved AS m
            WHERE s.store_id = m.store_id AND s.sku_id = m.sku_id
        ),
        written AS (
            INSERT INTO stock_ledger (store_id, sku_id, batch, cause, on_hand_delta, reserved_delta, at)
            SELECT m.store_id, m.sku_id, b.id, 'reserve', 0, m.quantity, $9
            FROM moved AS m
            CROSS JOIN batch AS b
        )
        SELECT i.order_id, true, NULL::uuid, NULL::bigint, NULL::bigint, NULL::text, NULL::uuid, NULL::text,
            NULL::timestamptz, NULL::uuid[], NULL::integer[]
        FROM inserted AS i
        UNION ALL
        SELECT j.order_id, false, j.sku_id, (j.available - coalesce(m.quantity, 0))::bigint, j.price, j.currency,
            NULL, NULL, NULL, NULL, NULL
        FROM judged AS j
        LEFT JOIN moved AS m ON m.store_id = j.store_id AND m.sku_id = j.sku_id
        WHERE j.order_id NOT IN (SELECT order_id FROM inserted)
        UNION ALL
        SELECT k.order_id, true, NULL, NULL, NULL, NULL, k.store_id, k.state, k.expires_at, k.sku_ids, k.quantities
        FROM known AS k
        """
    let drafts: [ReservationDraft]
    let at: Timestamp

    func bind(to parameters: inout Parameters) {
        var numbers: [Int32] = []
        var orderIDs: [OrderID] = []
        var storeIDs: [StoreID] = []
        var expiries: [Timestamp] = []
        var skuIDs: [SKUID] = []
        var quantities: [Int32] = []
        var prices: [Int64?] = []
        var currencies: [String?] = []
        for (number, draft) in drafts.enumerated() {
            for line in draft.lines {
                numbers.append(Int32(number))
                orderIDs.append(draft.orderID)
                storeIDs.append(draft.storeID)
                expiries.append(draft.expiresAt)
                skuIDs.append(line.skuID)
                quantities.append(Int32(line.quantity))
                prices.append(line.unitPrice?.minorUnits)
                currencies.append(line.unitPrice?.currency.code)
            }
        }
        parameters.append(numbers)
        parameters.append(orderIDs)
        parameters.append(storeIDs)
        parameters.append(expiries)
        parameters.append(skuIDs)
        parameters.append(quantities)
        parameters.append(prices)
        parameters.append(currencies)
        parameters.append(at)
    }

    /// One line of the answer: an order that holds stock now, a line of a refused one, or a reservation there was.
    enum Line: Sendable {
        case held(OrderID)
        case refused(RefusedLine)
        case known(StoredReservation)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Line {
        let orderID: OrderID = try row.next()
        let isHeld: Bool = try row.next()
        let skuID: SKUID? = try row.next()
        let left: Int64? = try row.next()
        let price: Int64? = try row.next()
        let currency: String? = try row.next()
        let storeID: StoreID? = try row.next()
        let state: ReservationState? = try row.next()
        let expiresAt: Timestamp? = try row.next()
        let skuIDs: [SKUID]? = try row.next()
        let quantities: [Int32]? = try row.next()
        if let skuID {
            var present: Money?
            if let price, let currency = currency.flatMap(Currency.init) {
                present = Money(minorUnits: price, currency: currency)
            }
            return .refused(RefusedLine(orderID: orderID, skuID: skuID, left: left, price: present))
        }
        guard isHeld, let storeID, let state, let expiresAt, let skuIDs, let quantities else { return .held(orderID) }
        return .known(
            StoredReservation(
                orderID: orderID, storeID: storeID, state: state, expiresAt: expiresAt,
                lines: ReservationLine.joined(skuIDs, quantities)))
    }
}

/// The reservations of these orders, if any.
struct FindReservations: Statement {
    static let name: StaticString = "find_reservations"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT order_id, store_id, state, expires_at, sku_ids, quantities
        FROM reservations
        WHERE order_id = ANY ($1)
        """
    let orderIDs: [OrderID]

    func bind(to parameters: inout Parameters) { parameters.append(orderIDs) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredReservation {
        StoredReservation(
            orderID: try row.next(), storeID: try row.next(), state: try row.next(), expiresAt: try row.next(),
            lines: ReservationLine.joined(try row.next(), try row.next()))
    }
}

extension ReservationLine {
    /// From the two arrays of a reservation row.
    static func joined(_ skuIDs: [SKUID], _ quantities: [Int32]) -> [ReservationLine] {
        zip(skuIDs, quantities).map { ReservationLine(skuID: $0, quantity: Int($1)) }
    }
}
