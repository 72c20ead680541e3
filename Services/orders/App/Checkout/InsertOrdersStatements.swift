import JSON
import Models
import Postgres

/// Writes a batch of orders with their lines and events, in one statement. Each order succeeds or fails for itself.
///
/// An order takes the first free slot among its customer's unpaid orders; the unique index over slots makes the cap
/// exact, however many placings of one customer run at once.
struct InsertOrders: Statement {
    struct Row: Sendable {
        let id: OrderID
        let isPlaced: Bool
        /// False: its customer has as many unpaid orders as allowed.
        let hasSlot: Bool
    }
    static let name: StaticString = "insert_orders"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH draft AS (
            SELECT *
            FROM unnest(
                $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::timestamptz[], $8::timestamptz[],
                $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::text[], $14::text[], $15::text[], $16::text[],
                $17::text[], $18::uuid[], $19::text[], $20::text[])
                AS d (id, customer_id, store_id, merchant_id, request_key, request_digest, placed_at, expires_at,
                    subtotal, discount_total, total, item_count, currency, store_name_zh, store_name_en, time_zone,
                    trace, event_id, aggregate, event)
        ), ranked AS (
            SELECT draft.*, row_number() OVER (PARTITION BY customer_id ORDER BY id) AS place
            FROM draft
        ), slotted AS (
            SELECT ranked.*, free.slot
            FROM ranked
            LEFT JOIN LATERAL (
                SELECT slot
                FROM generate_series(1, $21::bigint) AS slot
                WHERE slot <> ALL (ARRAY(
                    SELECT unpaid_slot::bigint FROM orders
                    WHERE orders.customer_id = ranked.customer_id AND unpaid_slot > 0))
                ORDER BY slot
                OFFSET ranked.place - 1
                LIMIT 1
            ) AS free ON true
        ), placed AS (
            INSERT INTO orders (
                id, customer_id, store_id, merchant_id, request_key, request_digest, placed_at, expires_at, subtotal,
                discount_total, total, item_count, unpaid_slot, currency, store_name_zh, store_name_en, time_zone, trace)
            SELECT id, customer_id, store_id, merchant_id, request_key, request_digest, placed_at, expires_at, subtotal,
                discount_total, total, item_count, slot::smallint, currency, store_name_zh, store_name_en, time_zone, trace
            FROM slotted
            WHERE $21 = 0 OR slot IS NOT NULL
            ORDER BY id
            ON CONFLICT DO NOTHING
            RETURNING id
        ), lines AS (
            INSERT INTO order_lines (
                order_id, number, store_id, sku_id, item_id, quantity, unit_price, discount, line_total,
                item_name_zh, item_name_en, sku_name_zh, sku_name_en, note)
            SELECT order_id, number, store_id, sku_id, item_id, quantity, unit_price, discount, line_total,
                item_name_zh, item_name_en, sku_name_zh, sku_name_en, note
            FROM unnest(
                $22::uuid[], $23::bigint[], $24::uuid[], $25::uuid[], $26::uuid[], $27::bigint[], $28::bigint[], $29::bigint[],
                $30::bigint[], $31::text[], $32::text[], $33::text[], $34::text[], $35::text[])
                AS line (order_id, number, store_id, sku_id, item_id, quantity, unit_price, discount, line_total,
                    item_name_zh, item_name_en, sku_name_zh, sku_name_en, note)
            WHERE order_id IN (SELECT id FROM placed)
        ), event AS (
            INSERT INTO outbox (event_id, consumer, type, aggregate, occurred_at, traceparent, data)
            SELECT event_id, 'notifications', 'order.placed', aggregate, placed_at, trace, event::jsonb
            FROM draft
            WHERE id IN (SELECT id FROM placed)
        )
        SELECT slotted.id, placed.id IS NOT NULL, $21 = 0 OR slotted.slot IS NOT NULL
        FROM slotted
        LEFT JOIN placed ON placed.id = slotted.id
        """
    let drafts: [OrderDraft]
    /// 0: no cap.
    let unpaidMax: Int

    func bind(to parameters: inout Parameters) {
        let orders = drafts.map(\.order)
        parameters.append(orders.map(\.id.uuid))
        parameters.append(orders.map(\.customerID.uuid))
        parameters.append(orders.map(\.storeID.uuid))
        parameters.append(orders.map(\.merchantID.uuid))
        parameters.append(drafts.map(\.key.key))
        parameters.append(drafts.map(\.key.digest))
        parameters.append(orders.map(\.placedAt))
        parameters.append(orders.map(\.expiresAt))
        parameters.append(orders.map(\.subtotal.minorUnits))
        parameters.append(orders.map(\.discountTotal.minorUnits))
        parameters.append(orders.map(\.total.minorUnits))
        parameters.append(orders.map { Int64($0.itemCount) })
        parameters.append(orders.map(\.total.currency.code))
        parameters.append(orders.map(\.storeName.zh))
        parameters.append(orders.map(\.storeName.en))
        parameters.append(orders.map(\.timeZone))
        parameters.append(orders.map(\.traceparent))
        parameters.append(drafts.map(\.eventID.uuid))
        parameters.append(orders.map(\.id.description))
        parameters.append(orders.map { String(decoding: JSON.encode($0.eventData), as: UTF8.self) })
        parameters.append(Int64(unpaidMax))
        bindLines(orders, to: &parameters)
    }

    private func bindLines(_ orders: [PlacedOrder], to parameters: inout Parameters) {
        var numbers: [Int64] = []
        var ids: [UUID128] = []
        var stores: [UUID128] = []
        var lines: [QuoteLine] = []
        for order in orders {
            for (index, line) in order.lines.enumerated() {
                ids.append(order.id.uuid)
                numbers.append(Int64(index + 1))
                stores.append(order.storeID.uuid)
                lines.append(line)
            }
        }
        parameters.append(ids)
        parameters.append(numbers)
        parameters.append(stores)
        parameters.append(lines.map(\.skuID.uuid))
        parameters.append(lines.map(\.itemID.uuid))
        parameters.append(lines.map { Int64($0.quantity) })
        parameters.append(lines.map(\.unitPrice.minorUnits))
        parameters.append(lines.map { Int64($0.quantity) * $0.unitPrice.minorUnits - $0.lineTotal.minorUnits })
        parameters.append(lines.map(\.lineTotal.minorUnits))
        parameters.append(lines.map(\.itemName.zh))
        parameters.append(lines.map(\.itemName.en))
        parameters.append(lines.map(\.skuName.zh))
        parameters.append(lines.map(\.skuName.en))
        parameters.append(lines.map(\.note))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(id: try row.next(), isPlaced: try row.next(), hasSlot: try row.next())
    }
}
