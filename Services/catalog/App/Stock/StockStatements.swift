import Models
import Postgres

/// Changes stock on hand with its ledger lines; one row a SKU changed. The table's `CHECK` refuses a change that
/// would leave less on hand than is reserved, and with it the whole statement.
struct AdjustStock: Statement {
    static let name: StaticString = "adjust_stock"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH change AS MATERIALIZED (
            SELECT c.sku_id, c.delta, c.cause
            FROM unnest($2::uuid[], $3::bigint[], $4::text[]) AS c (sku_id, delta, cause)
        ),
        locked AS MATERIALIZED (
            SELECT s.store_id, s.sku_id
            FROM stock AS s
            WHERE s.store_id = $1 AND s.sku_id IN (SELECT sku_id FROM change)
            ORDER BY s.store_id, s.sku_id
            FOR UPDATE
        ),
        batch AS MATERIALIZED (SELECT nextval('stock_batches') AS id),
        updated AS (
            UPDATE stock AS s
            SET on_hand = s.on_hand + c.delta
            FROM change AS c
            JOIN locked AS l ON l.sku_id = c.sku_id
            WHERE s.store_id = l.store_id AND s.sku_id = l.sku_id
            RETURNING s.sku_id, s.on_hand, s.reserved
        ),
        written AS (
            INSERT INTO stock_ledger (store_id, sku_id, batch, cause, on_hand_delta, reserved_delta, actor, at)
            SELECT $1, u.sku_id, b.id, c.cause, c.delta, 0, $5, $6
            FROM updated AS u
            JOIN change AS c ON c.sku_id = u.sku_id
            CROSS JOIN batch AS b
        )
        SELECT b.id, u.sku_id, u.on_hand, u.reserved
        FROM updated AS u
        CROSS JOIN batch AS b
        ORDER BY u.sku_id
        """
    let adjustment: StockAdjustment
    let actor: String
    let at: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(adjustment.storeID)
        parameters.append(adjustment.lines.map(\.skuID))
        parameters.append(adjustment.lines.map { Int64($0.delta) })
        parameters.append(adjustment.lines.map(\.cause.rawValue))
        parameters.append(actor)
        parameters.append(at)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> (batch: Int64, level: AdjustedLevel) {
        (try row.next(), AdjustedLevel(skuID: try row.next(), onHand: try row.next(), reserved: try row.next()))
    }
}

/// A page of what a store has, by SKU.
struct StockLevels: Statement {
    static let name: StaticString = "stock_levels"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT s.sku_id, k.item_id, i.name_zh, i.name_en, k.name_zh, k.name_en, s.on_hand, s.reserved, s.online_buffer,
            greatest(0, s.on_hand - s.reserved - s.online_buffer)
        FROM (
            SELECT store_id, sku_id, on_hand, reserved, online_buffer
            FROM stock
            WHERE store_id = $1 AND sku_id > $2
            ORDER BY sku_id
            LIMIT $3
        ) AS s
        JOIN skus AS k ON k.id = s.sku_id
        JOIN items AS i ON i.id = k.item_id
        ORDER BY s.sku_id
        """
    let storeID: StoreID
    let after: UUID128
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(storeID)
        parameters.append(after)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> StockLevel {
        StockLevel(
            skuID: try row.next(), itemID: try row.next(),
            itemName: LocalizedText(zh: try row.next(), en: try row.next()),
            skuName: LocalizedText(zh: try row.next(), en: try row.next()), onHand: try row.next(),
            reserved: try row.next(), onlineBuffer: try row.next(), available: try row.next())
    }
}

/// A page of a store's ledger, newest first.
struct StockLedgerPage: Statement {
    static let name: StaticString = "stock_ledger_page"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT id, sku_id, cause, on_hand_delta, reserved_delta, batch, at
        FROM stock_ledger
        WHERE store_id = $1 AND id < $2 AND ($3::uuid IS NULL OR sku_id = $3)
        ORDER BY id DESC
        LIMIT $4
        """
    let storeID: StoreID
    let before: Int64
    let skuID: SKUID?
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(storeID)
        parameters.append(before)
        parameters.append(skuID)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> StockLedgerLine {
        StockLedgerLine(
            id: try row.next(), skuID: try row.next(), cause: try row.next(), onHandDelta: try row.next(),
            reservedDelta: try row.next(), batch: try row.next(), at: try row.next())
    }
}
