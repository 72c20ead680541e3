import Models
import Postgres

/// A cart's own row.
struct CartRow: Sendable {
    let id: CartID
    let storeID: StoreID
    let customerID: AccountID?
    let updatedAt: Timestamp

    init(_ row: inout RowReader) throws(PostgresError) {
        id = try row.next()
        storeID = try row.next()
        customerID = try row.next()
        updatedAt = try row.next()
    }
}

/// Makes a cart.
struct InsertCart: Statement {
    static let name: StaticString = "insert_cart"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO carts (id, store_id, customer_id, updated_at) VALUES ($1, $2, $3, $4)
        """
    let cart: Cart

    func bind(to parameters: inout Parameters) {
        parameters.append(cart.id.uuid)
        parameters.append(cart.storeID.uuid)
        parameters.append(cart.customerID?.uuid)
        parameters.append(cart.updatedAt)
    }
}

/// The cart, if the caller may use it. A customer who is signed in becomes the owner of a cart that has none.
struct UseCart: Statement {
    static let name: StaticString = "use_cart"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE carts
        SET customer_id = coalesce(customer_id, $2), updated_at = $3
        WHERE id = $1 AND (customer_id IS NULL OR customer_id = $2)
        RETURNING id, store_id, customer_id, updated_at
        """
    let id: CartID
    let customerID: AccountID?
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(id.uuid)
        parameters.append(customerID?.uuid)
        parameters.append(now)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> CartRow { try CartRow(&row) }
}

/// The lines of a cart, in the order of adding.
struct LinesOfCart: Statement {
    static let name: StaticString = "lines_of_cart"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT sku_id, quantity::bigint, note FROM cart_lines WHERE cart_id = $1 ORDER BY added_at, sku_id LIMIT 200
        """
    let id: CartID

    func bind(to parameters: inout Parameters) { parameters.append(id.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> CartLine {
        CartLine(skuID: try row.next(), quantity: try row.next(), note: try row.next())
    }
}

/// Sets a line of a cart. No row is affected when the cart is full. The cart's row is locked by the caller.
struct SetCartLine: Statement {
    static let name: StaticString = "set_cart_line"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO cart_lines (cart_id, sku_id, quantity, note, added_at)
        SELECT $1, $2, $3::bigint, $4, $5
        WHERE EXISTS (SELECT 1 FROM cart_lines WHERE cart_id = $1 AND sku_id = $2)
            OR (SELECT count(*) FROM cart_lines WHERE cart_id = $1) < $6
        ON CONFLICT (cart_id, sku_id) DO UPDATE SET quantity = excluded.quantity, note = excluded.note
        """
    let cartID: CartID
    let skuID: SKUID
    let input: CartLineInput
    let now: Timestamp
    let linesMax: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(cartID.uuid)
        parameters.append(skuID.uuid)
        parameters.append(Int64(input.quantity))
        parameters.append(input.note)
        parameters.append(now)
        parameters.append(Int64(linesMax))
    }
}

/// Takes a line out of a cart.
struct DeleteCartLine: Statement {
    static let name: StaticString = "delete_cart_line"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        DELETE FROM cart_lines WHERE cart_id = $1 AND sku_id = $2
        """
    let cartID: CartID
    let skuID: SKUID

    func bind(to parameters: inout Parameters) {
        parameters.append(cartID.uuid)
        parameters.append(skuID.uuid)
    }
}

/// Forgets carts nobody has touched since a moment.
struct DeleteOldCarts: Statement {
    static let name: StaticString = "delete_old_carts"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        DELETE FROM carts
        WHERE id IN (
            SELECT id FROM carts WHERE updated_at < $1 ORDER BY updated_at LIMIT $2 FOR UPDATE SKIP LOCKED)
        """
    let before: Timestamp
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(before)
        parameters.append(Int64(limit))
    }
}
