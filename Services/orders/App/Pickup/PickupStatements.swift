import Models
import Postgres

/// For how many seconds a member of staff may try no code in a store; no row: may try.
struct PickupLock: Statement {
    static let name: StaticString = "pickup_lock"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT greatest(1, ceil(extract(epoch FROM window_start - $3) + $4::bigint))::bigint
        FROM pickup_tries
        WHERE store_id = $1 AND account_id = $2 AND wrong >= $5::bigint
            AND window_start + $4::bigint * interval '1 second' > $3
        """
    let storeID: StoreID
    let accountID: AccountID
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(storeID.uuid)
        parameters.append(accountID.uuid)
        parameters.append(now)
        parameters.append(Int64(CollectOrder.windowSeconds))
        parameters.append(Int64(CollectOrder.wrongMax))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}

/// The wrong tries of a member of staff in a store, locked; a window that is over begins anew.
struct LockPickupTries: Statement {
    struct Row: Sendable {
        let wrong: Int
        /// Until the window is over.
        let secondsLeft: Int
    }
    static let name: StaticString = "lock_pickup_tries"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO pickup_tries AS tries (store_id, account_id, window_start, wrong)
        VALUES ($1, $2, $3, 0)
        ON CONFLICT (store_id, account_id) DO UPDATE
        SET wrong = CASE
                WHEN tries.window_start + $4::bigint * interval '1 second' <= $3 THEN 0 ELSE tries.wrong END,
            window_start = CASE
                WHEN tries.wrong = 0 OR tries.window_start + $4::bigint * interval '1 second' <= $3
                THEN $3 ELSE tries.window_start END
        RETURNING wrong::bigint, ceil(extract(epoch FROM window_start - $3) + $4)::bigint
        """
    let storeID: StoreID
    let accountID: AccountID
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(storeID.uuid)
        parameters.append(accountID.uuid)
        parameters.append(now)
        parameters.append(Int64(CollectOrder.windowSeconds))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(wrong: try row.next(), secondsLeft: try row.next())
    }
}

/// Counts a wrong code, in the transaction that locked the row.
struct CountWrongPickupCode: Statement {
    static let name: StaticString = "count_wrong_pickup_code"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE pickup_tries SET wrong = wrong + 1 WHERE store_id = $1 AND account_id = $2
        """
    let storeID: StoreID
    let accountID: AccountID

    func bind(to parameters: inout Parameters) {
        parameters.append(storeID.uuid)
        parameters.append(accountID.uuid)
    }
}

/// The order that waits in a store under a code's hash, locked.
struct LockOrderByPickupHash: Statement {
    static let name: StaticString = "lock_order_by_pickup_hash"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        SELECT id, customer_id, store_id, merchant_id, store_name_zh, store_name_en, time_zone, currency, subtotal,
            discount_total, total, placed_at, expires_at, trace, payment_state, order_state, fulfilment_state, refunded,
            item_count::bigint, paid_at, queue_number::bigint, pickup_attempt::bigint, paid, deposit, balance_due_at
        FROM orders
        WHERE store_id = $1 AND pickup_hash = $2 AND fulfilment_state = 'ready' AND order_state = 'open'
        FOR UPDATE
        """
    let storeID: StoreID
    let hash: [UInt8]

    func bind(to parameters: inout Parameters) {
        parameters.append(storeID.uuid)
        parameters.append(hash)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> OrderRecord { try OrderRecord(&row) }
}
