import Models
import Postgres

/// One order.
struct OrderByID: Statement {
    static let name: StaticString = "order_by_id"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT id, customer_id, store_id, merchant_id, store_name_zh, store_name_en, time_zone, currency, subtotal,
            discount_total, total, placed_at, expires_at, trace, payment_state, order_state, fulfilment_state, refunded,
            item_count::bigint, paid_at, queue_number::bigint, pickup_attempt::bigint, paid, deposit, balance_due_at
        FROM orders
        WHERE id = $1
        """
    let id: OrderID

    func bind(to parameters: inout Parameters) { parameters.append(id.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> OrderRecord { try OrderRecord(&row) }
}

/// One order, locked until the transaction ends: the first lock of every transaction that changes one.
struct LockOrder: Statement {
    static let name: StaticString = "lock_order"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        SELECT id, customer_id, store_id, merchant_id, store_name_zh, store_name_en, time_zone, currency, subtotal,
            discount_total, total, placed_at, expires_at, trace, payment_state, order_state, fulfilment_state, refunded,
            item_count::bigint, paid_at, queue_number::bigint, pickup_attempt::bigint, paid, deposit, balance_due_at
        FROM orders
        WHERE id = $1
        FOR UPDATE
        """
    let id: OrderID

    func bind(to parameters: inout Parameters) { parameters.append(id.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> OrderRecord { try OrderRecord(&row) }
}

/// The lines of an order, as placed.
struct LinesOfOrder: Statement {
    static let name: StaticString = "lines_of_order"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT line.sku_id, line.item_id, line.item_name_zh, line.item_name_en, line.sku_name_zh, line.sku_name_en,
            line.quantity::bigint, line.unit_price, line.line_total, line.note, orders.currency
        FROM order_lines AS line
        JOIN orders ON orders.id = line.order_id
        WHERE line.order_id = $1
        ORDER BY line.number
        """
    let id: OrderID

    func bind(to parameters: inout Parameters) { parameters.append(id.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> QuoteLine {
        let skuID: SKUID = try row.next()
        let itemID: ItemID = try row.next()
        let itemName = LocalizedText(zh: try row.next(), en: try row.next())
        let skuName = LocalizedText(zh: try row.next(), en: try row.next())
        let quantity: Int = try row.next()
        let unitPrice: Int64 = try row.next()
        let lineTotal: Int64 = try row.next()
        let note: String? = try row.next()
        let currency = try row.currency()
        return QuoteLine(
            skuID: skuID, itemID: itemID, itemName: itemName, skuName: skuName, quantity: quantity,
            unitPrice: Money(minorUnits: unitPrice, currency: currency),
            lineTotal: Money(minorUnits: lineTotal, currency: currency), note: note)
    }
}

/// What happened to an order after it was placed, oldest first.
struct StoryOfOrder: Statement {
    static let name: StaticString = "story_of_order"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT at, actor, move, reason, trace
        FROM order_story
        WHERE order_id = $1
        ORDER BY id
        LIMIT 500
        """
    let id: OrderID

    func bind(to parameters: inout Parameters) { parameters.append(id.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> StoryEntry {
        StoryEntry(
            at: try row.next(), actor: try row.next(), move: try row.next(), reason: try row.next(),
            trace: TraceText.traceID(of: try row.next()))
    }
}

/// A customer's orders, newest first, before a position.
struct OrdersOfCustomer: Statement {
    static let name: StaticString = "orders_of_customer"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT orders.id, orders.store_id, store_name_zh, store_name_en, payment_state, order_state, fulfilment_state,
            total, currency, item_count::bigint, line.item_name_zh, line.item_name_en, placed_at, expires_at,
            queue_number::bigint
        FROM orders
        JOIN order_lines AS line ON line.order_id = orders.id AND line.number = 1
        WHERE customer_id = $1 AND orders.id < $2
        ORDER BY orders.id DESC
        LIMIT $3
        """
    let customerID: AccountID
    let before: UUID128
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(customerID.uuid)
        parameters.append(before)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> OrderSummary {
        let id: OrderID = try row.next()
        let storeID: StoreID = try row.next()
        let storeName = LocalizedText(zh: try row.next(), en: try row.next())
        let states = OrderStates(payment: try row.next(), order: try row.next(), fulfilment: try row.next())
        let total = Money(minorUnits: try row.next(), currency: try row.currency())
        return OrderSummary(
            id: id, number: OrderNumber.text(id), storeID: storeID, storeName: storeName, states: states, total: total,
            itemCount: try row.next(), firstItemName: LocalizedText(zh: try row.next(), en: try row.next()),
            placedAt: try row.next(), expiresAt: try row.next(), queueNumber: try row.next())
    }
}
