import Models
import Postgres

/// Applies money that came: payment, order, queue number, story and events in one statement, or, when the order can
/// no longer take it, the late payment with its refund. The order's row is locked first, as everywhere.
///
/// One row, whether it fitted the order; none when it was applied before.
struct ApplyPayment: Statement {
    static let name: StaticString = "apply_payment"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH target AS (
            SELECT payments.id, payments.order_id, payments.amount, payments.currency, orders.store_id,
                orders.time_zone, orders.order_state = 'open' AND orders.payment_state = 'unpaid' AS fits
            FROM orders
            JOIN payments ON payments.order_id = orders.id
            WHERE orders.id = $2 AND payments.id = $1 AND payments.state NOT IN ('paid', 'late')
            FOR UPDATE OF orders, payments
        ), queue AS (
            INSERT INTO queue_counters (store_id, day, last)
            SELECT store_id, ($5 AT TIME ZONE time_zone)::date, 1
            FROM target
            WHERE fits
            ON CONFLICT (store_id, day) DO UPDATE SET last = queue_counters.last + 1
            RETURNING last
        ), settled AS (
            UPDATE payments
            SET state = CASE WHEN target.fits THEN 'paid' ELSE 'late' END,
                transaction_id = $3,
                paid_at = $4,
                refunded = CASE WHEN target.fits THEN 0 ELSE payments.amount END
            FROM target
            WHERE payments.id = target.id
        ), paid AS (
            UPDATE orders
            SET payment_state = 'paid', paid_at = $5, unpaid_slot = NULL, queue_number = (SELECT last FROM queue)
            FROM target
            WHERE orders.id = target.order_id AND target.fits
        ), refund AS (
            INSERT INTO refunds (id, order_id, payment_id, amount, currency, reason, state, created_at, check_at)
            SELECT $6, order_id, id, amount, currency, 'The payment came after the order had ended.', 'requested', $5, $5
            FROM target
            WHERE NOT fits
        ), told AS (
            INSERT INTO order_story (order_id, at, actor, move, trace)
            SELECT order_id, $5, 'gateway', CASE WHEN fits THEN 'paid' ELSE 'paid_late' END, $7
            FROM target
        ), event AS (
            INSERT INTO outbox (event_id, consumer, type, aggregate, occurred_at, traceparent, data)
            SELECT $8, consumer.name, 'order.paid', $9, $5, $7,
                $10 || jsonb_build_object('queue_number', (SELECT last FROM queue))
            FROM target
            CROSS JOIN (VALUES ('catalog'), ('notifications')) AS consumer (name)
            WHERE fits
        )
        SELECT fits FROM target
        """
    let facts: PaidFacts
    let orderID: OrderID
    let now: Timestamp
    let traceparent: String?
    let data: [UInt8]
    let eventID: EventID
    let refundID: RefundID

    func bind(to parameters: inout Parameters) {
        parameters.append(facts.id.uuid)
        parameters.append(orderID.uuid)
        parameters.append(facts.transactionID)
        parameters.append(facts.paidAt)
        parameters.append(now)
        parameters.append(refundID.uuid)
        parameters.append(traceparent)
        parameters.append(eventID.uuid)
        parameters.append(orderID.description)
        parameters.append(JSONBytes(data))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.next() }
}
