import Postgres

/// Design, invariant of stock: the numbers are the sums of the ledger.
struct StockIsItsLedger: SKUInvariant {
    static let name: StaticString = "stock_is_its_ledger"
    static let sql: StaticString = """
        SELECT sku_id, format('stock says %s on hand, %s reserved; its ledger %s and %s', coalesce(s.on_hand, 0),
            coalesce(s.reserved, 0), coalesce(l.on_hand, 0), coalesce(l.reserved, 0))
        FROM stock AS s
        FULL JOIN (
            SELECT store_id, sku_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved
            FROM stock_ledger
            GROUP BY store_id, sku_id
        ) AS l USING (store_id, sku_id)
        WHERE coalesce(s.on_hand, 0) <> coalesce(l.on_hand, 0) OR coalesce(s.reserved, 0) <> coalesce(l.reserved, 0)
        ORDER BY 1
        """
}

/// What is reserved is what reservations hold.
struct ReservedIsHeld: SKUInvariant {
    static let name: StaticString = "reserved_is_held"
    static let sql: StaticString = """
        SELECT sku_id,
            format('stock says %s reserved; reservations hold %s', coalesce(s.reserved, 0), coalesce(h.quantity, 0))
        FROM stock AS s
        FULL JOIN (
            SELECT r.store_id, line.sku_id, sum(line.quantity) AS quantity
            FROM reservations AS r
            CROSS JOIN LATERAL unnest(r.sku_ids, r.quantities) AS line (sku_id, quantity)
            WHERE r.state = 'held'
            GROUP BY r.store_id, line.sku_id
        ) AS h USING (store_id, sku_id)
        WHERE coalesce(s.reserved, 0) <> coalesce(h.quantity, 0)
        ORDER BY 1
        """
}

/// Nothing is sold that is not there.
struct StockIsNeverNegative: SKUInvariant {
    static let name: StaticString = "stock_is_never_negative"
    static let sql: StaticString = """
        SELECT sku_id, format('%s on hand, %s reserved', on_hand, reserved)
        FROM stock
        WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand
        ORDER BY 1
        """
}

/// A reservation ends when its time is over: orders, or else the catalog itself, sees to it.
struct NoReservationIsForgotten: OrderInvariant {
    static let name: StaticString = "no_reservation_is_forgotten"
    static let sql: StaticString = """
        SELECT order_id, format('held stock until %s and still does', expires_at)
        FROM reservations
        WHERE state = 'held' AND expires_at < now() - interval '10 minutes'
        ORDER BY 1
        """
}
