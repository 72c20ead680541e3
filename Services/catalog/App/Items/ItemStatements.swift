import Models
import Postgres

/// One SKU with its item: a row of the statements below, which list an item once a SKU, SKUs in menu order.
struct ItemRow: Sendable {
    let item: Item
    let sku: SKU

    init(_ row: inout RowReader) throws(PostgresError) {
        item = Item(
            id: try row.next(), storeID: try row.next(), code: try row.next(String.self),
            category: ItemCategory(id: try row.next(), name: LocalizedText(zh: try row.next(), en: try row.next())),
            name: LocalizedText(zh: try row.next(), en: try row.next()),
            description: LocalizedText(zh: try row.next(), en: try row.next()), picture: try row.next(), skus: [])
        sku = SKU(
            id: try row.next(), name: LocalizedText(zh: try row.next(), en: try row.next()),
            price: try Money(row: &row), available: try row.next())
    }

    /// Puts the SKUs of each item together; rows of an item follow one another.
    static func items(_ rows: [ItemRow]) -> [Item] {
        var items: [Item] = []
        for row in rows {
            if let last = items.indices.last, items[last].id == row.item.id {
                items[last].skus.append(row.sku)
            } else {
                var item = row.item
                item.skus.append(row.sku)
                items.append(item)
            }
        }
        return items
    }
}

extension Money {
    /// From the columns price (minor units) and currency.
    init(row: inout RowReader) throws(PostgresError) {
        let minorUnits: Int64 = try row.next()
        let code: String = try row.next()
        self.init(minorUnits: minorUnits, currency: Currency(code) ?? .cny)
    }
}

/// A page of a store's menu with everything that a page of the shop shows, in one statement.
struct MenuPage: Statement {
    static let name: StaticString = "menu_page"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT i.id, i.store_id, i.code, i.category_id, c.name_zh, c.name_en, i.name_zh, i.name_en, i.description_zh,
            i.description_en, i.picture, k.id, k.name_zh, k.name_en, k.price, k.currency,
            greatest(0, s.on_hand - s.reserved - s.online_buffer)
        FROM (
            SELECT id, store_id, code, category_id, name_zh, name_en, description_zh, description_en, picture
            FROM items
            WHERE store_id = $1
                AND id > $2
                AND ($3::uuid IS NULL OR category_id = $3)
                AND ($4 = '' OR strpos(search_text, lower($4)) > 0)
            ORDER BY id
            LIMIT $5
        ) AS i
        JOIN categories AS c ON c.id = i.category_id
        JOIN skus AS k ON k.item_id = i.id
        JOIN stock AS s ON s.store_id = k.store_id AND s.sku_id = k.id
        ORDER BY i.id, k.number
        """
    let storeID: StoreID
    let after: UUID128
    let categoryID: CategoryID?
    /// Text that the item's names or description contain; empty for all.
    let text: String
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(storeID)
        parameters.append(after)
        parameters.append(categoryID)
        parameters.append(text)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> ItemRow { try ItemRow(&row) }
}

/// One item by its identity.
struct FindItem: Statement {
    static let name: StaticString = "find_item"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT i.id, i.store_id, i.code, i.category_id, c.name_zh, c.name_en, i.name_zh, i.name_en, i.description_zh,
            i.description_en, i.picture, k.id, k.name_zh, k.name_en, k.price, k.currency,
            greatest(0, s.on_hand - s.reserved - s.online_buffer)
        FROM items AS i
        JOIN categories AS c ON c.id = i.category_id
        JOIN skus AS k ON k.item_id = i.id
        JOIN stock AS s ON s.store_id = k.store_id AND s.sku_id = k.id
        WHERE i.id = $1
        ORDER BY k.number
        """
    let id: ItemID

    func bind(to parameters: inout Parameters) { parameters.append(id) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> ItemRow { try ItemRow(&row) }
}

/// One item by the store's own code.
struct FindItemByCode: Statement {
    static let name: StaticString = "find_item_by_code"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT i.id, i.store_id, i.code, i.category_id, c.name_zh, c.name_en, i.name_zh, i.name_en, i.description_zh,
            i.description_en, i.picture, k.id, k.name_zh, k.name_en, k.price, k.currency,
            greatest(0, s.on_hand - s.reserved - s.online_buffer)
        FROM items AS i
        JOIN categories AS c ON c.id = i.category_id
        JOIN skus AS k ON k.item_id = i.id
        JOIN stock AS s ON s.store_id = k.store_id AND s.sku_id = k.id
        WHERE i.store_id = $1 AND i.code = $2
        ORDER BY k.number
        """
    let storeID: StoreID
    let code: String

    func bind(to parameters: inout Parameters) {
        parameters.append(storeID)
        parameters.append(code)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> ItemRow { try ItemRow(&row) }
}

/// The present prices and availability of SKUs of one store; one row with nulls when the store has none of them, no
/// row when there is no such store.
struct PricesNow: Statement {
    static let name: StaticString = "prices_now"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT t.id, t.merchant_id, t.kind, t.name_zh, t.name_en, t.time_zone,
            t.open_minutes @> minute_of_week($3, t.time_zone), t.accepting_orders, k.id, k.item_id, i.name_zh,
            i.name_en, k.name_zh, k.name_en, k.price, k.currency,
            greatest(0, s.on_hand - s.reserved - s.online_buffer)
        FROM stores AS t
        LEFT JOIN (
            skus AS k
            JOIN items AS i ON i.id = k.item_id
            JOIN stock AS s ON s.store_id = k.store_id AND s.sku_id = k.id
        ) ON k.id = ANY ($2) AND k.store_id = t.id
        WHERE t.id = $1
        """
    let storeID: StoreID
    let skuIDs: [SKUID]
    let at: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(storeID)
        parameters.append(skuIDs)
        parameters.append(at)
    }
    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (store: PricedStore, sku: PricedSKU?) {
        let id: StoreID = try row.next()
        let merchantID: MerchantID = try row.next()
        let kind: StoreKind = try row.next()
        let name = LocalizedText(zh: try row.next(), en: try row.next())
        let store = PricedStore(
            id: id, merchantID: merchantID, kind: kind, name: name, timeZone: try row.next(),
            isOpenNow: try row.next(), isAcceptingOrders: try row.next())
        let skuID: SKUID? = try row.next()
        let itemID: ItemID? = try row.next()
        let itemNames: (String?, String?) = (try row.next(), try row.next())
        let skuNames: (String?, String?) = (try row.next(), try row.next())
        let price: Int64? = try row.next()
        let currency: String? = try row.next()
        let available: Int? = try row.next()
        guard let skuID, let itemID, let price, let currency, let available else { return (store, nil) }
        let sku = PricedSKU(
            skuID: skuID, itemID: itemID, itemName: LocalizedText(zh: itemNames.0 ?? "", en: itemNames.1 ?? ""),
            skuName: LocalizedText(zh: skuNames.0 ?? "", en: skuNames.1 ?? ""),
            price: Money(minorUnits: price, currency: Currency(currency) ?? .cny), available: available)
        return (store, sku)
    }
}
