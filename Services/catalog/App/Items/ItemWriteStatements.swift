import Models
import Postgres

/// Makes an item with its SKUs, their first stock and its ledger lines, in one statement. No row when the store does
/// not exist or has an item of this code already.
struct InsertItem: Statement {
    static let name: StaticString = "insert_item"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH store AS (
            SELECT t.id
            FROM stores AS t
            WHERE t.id = $1 AND NOT EXISTS (SELECT FROM items AS i WHERE i.store_id = $1 AND i.code = $7)
        ),
        category AS (
            INSERT INTO categories (id, store_id, name_zh, name_en, created_at)
            SELECT $2, store.id, $3, $4, $5
            FROM store
            ON CONFLICT (store_id, name_zh) DO UPDATE SET name_zh = excluded.name_zh
            RETURNING id
        ),
        item AS (
            INSERT INTO items (id, store_id, category_id, code, name_zh, name_en, description_zh, description_en,
                picture, created_at)
            SELECT $6, $1, category.id, $7, $8, $9, $10, $11, $12, $5
            FROM category
            ON CONFLICT (store_id, code) DO NOTHING
            RETURNING id
        ),
        variants AS MATERIALIZED (
            SELECT v.number::integer, v.id, v.code, v.name_zh, v.name_en, v.price, v.currency, v.on_hand, v.buffer
            FROM item
            CROSS JOIN unnest($13::uuid[], $14::text[], $15::text[], $16::text[], $17::bigint[], $18::text[],
                $19::bigint[], $20::bigint[])
                WITH ORDINALITY AS v (id, code, name_zh, name_en, price, currency, on_hand, buffer, number)
        ),
        new_skus AS (
            INSERT INTO skus (id, store_id, item_id, number, code, name_zh, name_en, price, currency, created_at,
                updated_at)
            SELECT v.id, $1, $6, v.number, v.code, v.name_zh, v.name_en, v.price, v.currency, $5, $5
            FROM variants AS v
        ),
        new_stock AS (
            INSERT INTO stock (store_id, sku_id, on_hand, reserved, online_buffer)
            SELECT $1, v.id, v.on_hand, 0, v.buffer
            FROM variants AS v
        ),
        batch AS MATERIALIZED (SELECT nextval('stock_batches') AS id),
        written AS (
            INSERT INTO stock_ledger (store_id, sku_id, batch, cause, on_hand_delta, reserved_delta, actor, at)
            SELECT $1, v.id, b.id, 'opening', v.on_hand, 0, $21, $5
            FROM variants AS v
            CROSS JOIN batch AS b
            WHERE v.on_hand > 0
        )
        SELECT item.id, category.id
        FROM item
        CROSS JOIN category
        """
    let item: NewItem
    let itemID: ItemID
    let categoryID: CategoryID
    let code: String
    let skus: [(id: SKUID, code: String)]
    let actor: String
    let at: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(item.storeID)
        parameters.append(categoryID)
        parameters.append(item.category.zh)
        parameters.append(item.category.en)
        parameters.append(at)
        parameters.append(itemID)
        parameters.append(code)
        parameters.append(item.name.zh)
        parameters.append(item.name.en)
        parameters.append(item.description.zh)
        parameters.append(item.description.en)
        parameters.append(item.picture)
        parameters.append(skus.map(\.id))
        parameters.append(skus.map(\.code))
        parameters.append(item.skus.map { ($0.name ?? item.name).zh })
        parameters.append(item.skus.map { ($0.name ?? item.name).en })
        parameters.append(item.skus.map(\.price.minorUnits))
        parameters.append(item.skus.map(\.price.currency.code))
        parameters.append(item.skus.map { Int64($0.stock) })
        parameters.append(item.skus.map { Int64($0.onlineBuffer) })
        parameters.append(actor)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> (ItemID, CategoryID) {
        (try row.next(), try row.next())
    }
}

/// The store a SKU belongs to, its item and its currency.
struct FindSKU: Statement {
    static let name: StaticString = "find_sku"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT store_id, item_id, currency FROM skus WHERE id = $1"
    let id: SKUID

    func bind(to parameters: inout Parameters) { parameters.append(id) }
    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (storeID: StoreID, itemID: ItemID, currency: String) {
        (try row.next(), try row.next(), try row.next())
    }
}

/// Changes what is given of a SKU.
struct UpdateSKU: Statement {
    static let name: StaticString = "update_sku"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH changed AS (
            UPDATE skus
            SET price = coalesce($2, price), name_zh = coalesce($3, name_zh), name_en = coalesce($4, name_en),
                updated_at = $6
            WHERE id = $1
            RETURNING id, store_id
        )
        UPDATE stock AS s
        SET online_buffer = coalesce($5, s.online_buffer)
        FROM changed AS c
        WHERE s.store_id = c.store_id AND s.sku_id = c.id
        """
    let id: SKUID
    let change: SKUChange
    let at: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(id)
        parameters.append(change.price?.minorUnits)
        parameters.append(change.name?.zh)
        parameters.append(change.name?.en)
        parameters.append(change.onlineBuffer.map { Int64($0) })
        parameters.append(at)
    }
}
