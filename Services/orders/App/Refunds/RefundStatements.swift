import Models
import Postgres

/// The refunds of an order, oldest first.
struct RefundsOfOrder: Statement {
    static let name: StaticString = "refunds_of_order"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT refunds.id, refunds.order_id, refunds.payment_id, refunds.amount, refunds.currency, refunds.reason,
            refunds.state, refunds.created_at, refunds.completed_at, payments.gateway
        FROM refunds
        JOIN payments ON payments.id = refunds.payment_id
        WHERE refunds.order_id = $1
        ORDER BY refunds.id
        LIMIT 200
        """
    let id: OrderID

    func bind(to parameters: inout Parameters) { parameters.append(id.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Refund {
        Refund(
            id: try row.next(), orderID: try row.next(), paymentID: try row.next(),
            amount: Money(minorUnits: try row.next(), currency: try row.currency()), reason: try row.next(),
            state: try row.next(), createdAt: try row.next(), completedAt: try row.next(), gateway: try row.next())
    }
}

/// What of an order's payments can still go back, newest first. The order's row is locked by the caller.
struct RefundableOfOrder: Statement {
    static let name: StaticString = "refundable_of_order"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT id, gateway, amount - refunded
        FROM payments
        WHERE order_id = $1 AND state = 'paid' AND amount > refunded
        ORDER BY id DESC
        """
    let id: OrderID

    func bind(to parameters: inout Parameters) { parameters.append(id.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> RefundPlan.Source {
        RefundPlan.Source(payment: try row.next(), gateway: try row.next(), left: try row.next())
    }
}

/// Stores refunds before a gateway hears of them; their amounts count as gone from then on. Fewer rows than parts: a
/// payment of the order has less left. What staff hand out is never due for sending.
struct InsertRefunds: Statement {
    static let name: StaticString = "insert_refunds"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH part AS (
            SELECT * FROM unnest($1::uuid[], $3::uuid[], $4::bigint[]) AS p (id, payment_id, amount)
        ), held AS (
            UPDATE payments
            SET refunded = payments.refunded + part.amount
            FROM part
            WHERE payments.id = part.payment_id AND payments.order_id = $2 AND payments.state = 'paid'
                AND payments.refunded + part.amount <= payments.amount
            RETURNING part.id, payments.order_id, part.payment_id, part.amount, payments.currency, payments.gateway
        ), told AS (
            INSERT INTO order_story (order_id, at, actor, actor_id, move, reason, trace)
            SELECT $2, $6, $7, $8, 'refund_requested', $5, $9
            WHERE EXISTS (SELECT FROM held)
        ), stored AS (
            INSERT INTO refunds (id, order_id, payment_id, amount, currency, reason, state, created_at, check_at)
            SELECT id, order_id, payment_id, amount, currency, $5, 'requested', $6,
                CASE WHEN gateway IN ('cash', 'terminal') THEN 'infinity' ELSE $6::timestamptz END
            FROM held
            RETURNING id, order_id, payment_id, amount, currency, reason, state, created_at, completed_at
        )
        SELECT stored.id, stored.order_id, stored.payment_id, stored.amount, stored.currency, stored.reason, stored.state,
            stored.created_at, stored.completed_at, held.gateway
        FROM stored
        JOIN held ON held.id = stored.id
        ORDER BY stored.id
        """
    let orderID: OrderID
    let parts: [RefundPlan.Part]
    let ids: [RefundID]
    let reason: String
    let now: Timestamp
    let actor: Actor
    let traceparent: String?

    func bind(to parameters: inout Parameters) {
        parameters.append(ids.map(\.uuid))
        parameters.append(orderID.uuid)
        parameters.append(parts.map(\.payment.uuid))
        parameters.append(parts.map(\.amount))
        parameters.append(reason)
        parameters.append(now)
        parameters.append(actor.kind)
        parameters.append(actor.accountID?.uuid)
        parameters.append(traceparent)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Refund {
        try RefundsOfOrder.decode(&row)
    }
}

/// Claims refunds to send or to ask about; the next time is twice as far away, up to ten minutes.
struct ClaimRefundsToSend: Statement {
    struct Row: Sendable {
        let order: RefundOrder
        let gateway: GatewayName
        /// False on the first try: then the gateway cannot know it.
        let wasTried: Bool
    }
    static let name: StaticString = "claim_refunds_to_send"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH due AS (
            SELECT refunds.id
            FROM refunds
            JOIN payments ON payments.id = refunds.payment_id
            WHERE refunds.state IN ('requested', 'processing') AND refunds.check_at <= $1
                AND payments.gateway NOT IN ('cash', 'terminal')
            ORDER BY refunds.check_at
            LIMIT $2
            FOR UPDATE OF refunds SKIP LOCKED
        )
        UPDATE refunds
        SET tries = tries + 1,
            check_at = $1 + least(600, 5 * (1 << least(tries, 7))) * interval '1 second'
        FROM due, payments
        WHERE refunds.id = due.id AND payments.id = refunds.payment_id
        RETURNING refunds.id, refunds.payment_id, refunds.amount, refunds.currency, payments.amount, payments.currency,
            coalesce(payments.transaction_id, ''), refunds.reason, payments.gateway, refunds.tries > 1
        """
    let now: Timestamp
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(now)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        let order = RefundOrder(
            id: try row.next(), paymentID: try row.next(),
            amount: Money(minorUnits: try row.next(), currency: try row.currency()),
            paid: Money(minorUnits: try row.next(), currency: try row.currency()),
            transactionID: try row.next(), reason: try row.next())
        return Row(order: order, gateway: try row.next(), wasTried: try row.next())
    }
}

/// The gateway has it and works on it.
struct MarkRefundProcessing: Statement {
    static let name: StaticString = "mark_refund_processing"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE refunds
        SET state = 'processing', gateway_refund_id = coalesce($2, gateway_refund_id)
        WHERE id = $1 AND state = 'requested'
        """
    let id: RefundID
    let gatewayRefundID: String?

    func bind(to parameters: inout Parameters) {
        parameters.append(id.uuid)
        parameters.append(gatewayRefundID)
    }
}

/// The order of a refund.
struct OrderOfRefund: Statement {
    static let name: StaticString = "order_of_refund"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT refunds.order_id, refunds.amount, refunds.currency, refunds.reason, refunds.state, payments.state = 'paid',
            payments.gateway
        FROM refunds
        JOIN payments ON payments.id = refunds.payment_id
        WHERE refunds.id = $1
        """
    struct Row: Sendable {
        let orderID: OrderID
        let amount: Money
        let reason: String
        let state: RefundState
        /// False for a late payment, whose order never had the money.
        let isOfOrder: Bool
        let gateway: GatewayName
    }
    let id: RefundID

    func bind(to parameters: inout Parameters) { parameters.append(id.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            orderID: try row.next(), amount: Money(minorUnits: try row.next(), currency: try row.currency()),
            reason: try row.next(), state: try row.next(), isOfOrder: try row.next(), gateway: try row.next())
    }
}

/// Ends a refund: its row, the order's sum and payment state, story and event. No row when it had ended before. The
/// order's row is locked by the caller.
struct EndRefund: Statement {
    static let name: StaticString = "end_refund"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH ended AS (
            UPDATE refunds
            SET state = $2, completed_at = $3, gateway_refund_id = coalesce($4, gateway_refund_id),
                handed_out_by = $12
            WHERE id = $1 AND state IN ('requested', 'processing')
            RETURNING order_id, amount
        ), moved AS (
            UPDATE orders
            SET refunded = refunded + ended.amount, payment_state = $5
            FROM ended
            WHERE orders.id = ended.order_id AND $6 AND $2 = 'succeeded'
        ), told AS (
            INSERT INTO order_story (order_id, at, actor, actor_id, move, trace)
            SELECT order_id, $3, $11, $12, CASE WHEN $2 = 'succeeded' THEN 'refunded' ELSE 'refund_failed' END, $7
            FROM ended
        ), event AS (
            INSERT INTO outbox (event_id, consumer, type, aggregate, occurred_at, traceparent, data)
            SELECT $8, 'notifications', 'order.refunded', $9, $3, $7, $10
            FROM ended
            WHERE $2 = 'succeeded'
        )
        SELECT order_id FROM ended
        """
    let id: RefundID
    let state: RefundState
    let at: Timestamp
    let gatewayRefundID: String?
    let paymentState: OrderPaymentState
    let isOfOrder: Bool
    let traceparent: String?
    let eventID: EventID
    let orderID: OrderID
    let data: [UInt8]
    let actor: Actor

    func bind(to parameters: inout Parameters) {
        parameters.append(id.uuid)
        parameters.append(state)
        parameters.append(at)
        parameters.append(gatewayRefundID)
        parameters.append(paymentState)
        parameters.append(isOfOrder)
        parameters.append(traceparent)
        parameters.append(eventID.uuid)
        parameters.append(orderID.description)
        parameters.append(JSONBytes(data))
        parameters.append(actor.kind)
        parameters.append(actor.accountID?.uuid)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> OrderID { try row.next() }
}
