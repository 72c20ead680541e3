import Models
import Postgres

/// Stores a payment that staff took. It is born closed, for nobody can pay it at a gateway, and settled by
/// `ApplyPayment` in the same transaction.
struct InsertCounterPayment: Statement {
    static let name: StaticString = "insert_counter_payment"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO payments (
            id, order_id, gateway, channel, state, amount, currency, created_at, expires_at, check_at, store_id, staff_id,
            tendered, reference)
        VALUES ($1, $2, $3, 'counter', 'closed', $4::bigint, $5, $6, $6, 'infinity', $7, $8, $9::bigint, $10)
        """
    let id: PaymentID
    let orderID: OrderID
    let gateway: GatewayName
    let amount: Money
    let storeID: StoreID
    let staffID: AccountID
    let tendered: Money?
    let reference: String?
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(id.uuid)
        parameters.append(orderID.uuid)
        parameters.append(gateway)
        parameters.append(amount.minorUnits)
        parameters.append(amount.currency.code)
        parameters.append(now)
        parameters.append(storeID.uuid)
        parameters.append(staffID.uuid)
        parameters.append(tendered?.minorUnits)
        parameters.append(reference)
    }
}

/// The orders of a store that wait for money. They are few and leave soon, so the index of when they end serves.
struct UnpaidOfStore: Statement {
    static let name: StaticString = "unpaid_of_store"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT orders.id, orders.store_id, store_name_zh, store_name_en, payment_state, order_state, fulfilment_state,
            total, currency, item_count::bigint, line.item_name_zh, line.item_name_en, placed_at, expires_at,
            queue_number::bigint, CASE WHEN paid < coalesce(deposit, 0) THEN deposit ELSE total END - paid
        FROM orders
        JOIN order_lines AS line ON line.order_id = orders.id AND line.number = 1
        WHERE orders.store_id = $1 AND order_state = 'open' AND payment_state = 'unpaid' AND expires_at > $2
        ORDER BY expires_at
        LIMIT 200
        """
    let storeID: StoreID
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(storeID.uuid)
        parameters.append(now)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> OrderSummary {
        var order = try OrdersOfCustomer.decode(&row)
        order.amountDue = order.total.with(try row.next())
        return order
    }
}

/// Refunds that wait for the staff of a store to hand them out.
struct WaitingRefundsOfStore: Statement {
    static let name: StaticString = "waiting_refunds_of_store"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT refunds.id, refunds.order_id, refunds.payment_id, refunds.amount, refunds.currency, refunds.reason,
            refunds.state, refunds.created_at, refunds.completed_at, payments.gateway
        FROM refunds
        JOIN payments ON payments.id = refunds.payment_id
        WHERE payments.store_id = $1 AND refunds.state = 'requested'
        ORDER BY refunds.id
        LIMIT 200
        """
    let storeID: StoreID

    func bind(to parameters: inout Parameters) { parameters.append(storeID.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Refund { try RefundsOfOrder.decode(&row) }
}

/// Stores an agreed deposit, with its story. The order's row is locked by the caller.
struct StoreDeposit: Statement {
    static let name: StaticString = "store_deposit"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH agreed AS (
            UPDATE orders
            SET deposit = $2::bigint, balance_due_at = $3
            WHERE id = $1 AND order_state = 'open' AND payment_state = 'unpaid' AND paid = 0
            RETURNING id
        )
        INSERT INTO order_story (order_id, at, actor, actor_id, move, trace)
        SELECT id, $4, $5, $6, 'deposit_agreed', $7
        FROM agreed
        """
    let orderID: OrderID
    let amount: Int64
    let balanceDueAt: Timestamp
    let now: Timestamp
    let actor: Actor
    let traceparent: String?

    func bind(to parameters: inout Parameters) {
        parameters.append(orderID.uuid)
        parameters.append(amount)
        parameters.append(balanceDueAt)
        parameters.append(now)
        parameters.append(actor.kind)
        parameters.append(actor.accountID?.uuid)
        parameters.append(traceparent)
    }
}
