import Models
import Postgres

/// Applies money that came: payment, order, queue number, story and events in one statement, or, when the order can
/// no longer take it, the late payment with its refund. The order's row is locked first, as everywhere.
///
/// An order is paid by the payment that completes its total; one that would exceed it is late. The payment that
/// completes an agreed deposit gives the order until the rest is due.
///
/// One row, whether it fitted the order; none when it was applied before.
struct ApplyPayment: Statement {
    static let name: StaticString = "apply_payment"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH target AS (
            SELECT payments.id, payments.order_id, payments.amount, payments.currency, orders.store_id,
                orders.time_zone, orders.balance_due_at, orders.paid + payments.amount AS sum,
                orders.total - orders.paid - payments.amount AS rest,
                orders.order_state = 'open' AND orders.payment_state = 'unpaid'
                    AND orders.paid + payments.amount <= orders.total AS fits,
                orders.order_state = 'open' AND orders.payment_state = 'unpaid'
                    AND orders.paid + payments.amount = orders.total AS completes,
                orders.paid < coalesce(orders.deposit, 0)
                    AND orders.paid + payments.amount >= orders.deposit
                    AND orders.paid + payments.amount < orders.total AS secures
            FROM orders
            JOIN payments ON payments.order_id = orders.id
            WHERE orders.id = $2 AND payments.id = $1 AND payments.state NOT IN ('paid', 'late')
            FOR UPDATE OF orders, payments
        ), queue AS (
            INSERT INTO queue_counters (store_id, day, last)
            SELECT store_id, ($5::timestamptz AT TIME ZONE time_zone)::date, 1
            FROM target
            WHERE completes
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
            SET paid = target.sum,
                payment_state = CASE WHEN target.completes THEN 'paid' ELSE 'unpaid' END,
                paid_at = CASE WHEN target.completes THEN $5::timestamptz END,
                unpaid_slot = CASE WHEN target.completes OR target.secures THEN NULL ELSE unpaid_slot END,
                expires_at = CASE WHEN target.secures THEN orders.balance_due_at ELSE expires_at END,
                first_expires_at = CASE WHEN target.secures THEN expires_at ELSE first_expires_at END,
                queue_number = (SELECT last FROM queue)
            FROM target
            WHERE orders.id = target.order_id AND target.fits
        ), refund AS (
            INSERT INTO refunds (id, order_id, payment_id, amount, currency, reason, state, created_at, check_at)
            SELECT $6, order_id, id, amount, currency, 'The payment came when the order did not need it any more.',
                'requested', $5, $5
            FROM target
            WHERE NOT fits
        ), told AS (
            INSERT INTO order_story (order_id, at, actor, actor_id, move, trace)
            SELECT order_id, $5, $11, $12,
                CASE
                    WHEN NOT fits THEN 'paid_late'
                    WHEN completes THEN 'paid'
                    WHEN secures THEN 'deposit_paid'
                    ELSE 'part_paid'
                END, $7
            FROM target
        ), event AS (
            INSERT INTO outbox (event_id, consumer, type, aggregate, occurred_at, traceparent, data)
            SELECT $8, consumer.name, CASE WHEN completes THEN 'order.paid' ELSE 'order.deposit_paid' END, $9, $5, $7,
                CASE
                    WHEN completes THEN $10::jsonb - 'balance_due' - 'balance_due_at'
                        || jsonb_build_object('queue_number', (SELECT last FROM queue))
                    ELSE jsonb_set($10::jsonb, '{states,payment}', '"unpaid"')
                        || jsonb_build_object(
                            'balance_due', jsonb_build_object('amount', rest, 'currency', currency))
                END
            FROM target
            CROSS JOIN (VALUES ('catalog'), ('notifications')) AS consumer (name)
            WHERE fits AND (completes OR secures)
        )
        SELECT fits FROM target
        """
    let id: PaymentID
    /// The gateway's number; nil: no gateway took part.
    let transactionID: String?
    let paidAt: Timestamp
    let orderID: OrderID
    let now: Timestamp
    let actor: Actor
    let traceparent: String?
    /// The event's payload, as for a completed sum; the statement changes what differs.
    let data: [UInt8]
    let eventID: EventID
    let refundID: RefundID

    func bind(to parameters: inout Parameters) {
        parameters.append(id.uuid)
        parameters.append(orderID.uuid)
        parameters.append(transactionID)
        parameters.append(paidAt)
        parameters.append(now)
        parameters.append(refundID.uuid)
        parameters.append(traceparent)
        parameters.append(eventID.uuid)
        parameters.append(orderID.description)
        parameters.append(JSONBytes(data))
        parameters.append(actor.kind)
        parameters.append(actor.accountID?.uuid)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.next() }
}
