import Models
import Postgres

/// Unpaid orders whose time is over, locked.
struct LockDueOrders: Statement {
    static let name: StaticString = "lock_due_orders"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        SELECT id, customer_id, store_id, merchant_id, store_name_zh, store_name_en, time_zone, currency, subtotal,
            discount_total, total, placed_at, expires_at, trace, payment_state, order_state, fulfilment_state, refunded,
            item_count::bigint, paid_at, queue_number::bigint, pickup_attempt::bigint, paid, deposit, balance_due_at
        FROM orders
        WHERE order_state = 'open' AND payment_state = 'unpaid' AND expires_at <= $1
        ORDER BY expires_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
        """
    let now: Timestamp
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(now)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> OrderRecord { try OrderRecord(&row) }
}
