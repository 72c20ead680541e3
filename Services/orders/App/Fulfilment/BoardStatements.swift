import Models
import Postgres

/// The paid orders of a store that are not finished, oldest first.
struct OrdersOnBoard: Statement {
    static let name: StaticString = "orders_on_board"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT id, queue_number::bigint, payment_state, order_state, fulfilment_state, total, currency, placed_at, paid_at
        FROM orders
        WHERE store_id = $1 AND order_state = 'open' AND payment_state <> 'unpaid'
        ORDER BY paid_at, id
        LIMIT $2
        """
    let storeID: StoreID
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(storeID.uuid)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> BoardOrder {
        let id: OrderID = try row.next()
        let queueNumber: Int? = try row.next()
        let states = OrderStates(payment: try row.next(), order: try row.next(), fulfilment: try row.next())
        let total = Money(minorUnits: try row.next(), currency: try row.currency())
        return BoardOrder(
            id: id, number: OrderNumber.text(id), queueNumber: queueNumber, states: states, lines: [], total: total,
            placedAt: try row.next(), paidAt: try row.next())
    }
}

/// The lines of several orders.
struct LinesOnBoard: Statement {
    static let name: StaticString = "lines_on_board"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT order_id, sku_id, item_name_zh, item_name_en, sku_name_zh, sku_name_en, quantity::bigint, note
        FROM order_lines
        WHERE order_id = ANY ($1::uuid[])
        ORDER BY order_id, number
        """
    let orderIDs: [OrderID]

    func bind(to parameters: inout Parameters) { parameters.append(orderIDs.map(\.uuid)) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> (order: OrderID, line: BoardLine) {
        let order: OrderID = try row.next()
        return (
            order,
            BoardLine(
                skuID: try row.next(), itemName: LocalizedText(zh: try row.next(), en: try row.next()),
                skuName: LocalizedText(zh: try row.next(), en: try row.next()), quantity: try row.next(),
                note: try row.next())
        )
    }
}
