import Models
import Postgres

/// A customer's points; no row: never had any.
struct PointBalance: Statement {
    static let name: StaticString = "point_balance"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT balance FROM point_accounts WHERE customer_id = $1"
    let customerID: AccountID

    func bind(to parameters: inout Parameters) { parameters.append(customerID.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.next() }
}

/// A customer's points, locked until the transaction ends. Always after the order's row.
struct LockPointAccount: Statement {
    static let name: StaticString = "lock_point_account"
    static let mode = StatementMode.write
    static let sql: StaticString = "SELECT balance FROM point_accounts WHERE customer_id = $1 FOR UPDATE"
    let customerID: AccountID

    func bind(to parameters: inout Parameters) { parameters.append(customerID.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.next() }
}

/// Changes of a customer's points, newest first, before a position.
struct PointEntriesOfCustomer: Statement {
    static let name: StaticString = "point_entries_of_customer"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT id, at, cause, delta, order_id
        FROM point_entries
        WHERE customer_id = $1 AND id < $2
        ORDER BY id DESC
        LIMIT $3
        """
    let customerID: AccountID
    let before: Int64
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(customerID.uuid)
        parameters.append(before)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> (id: Int64, entry: PointEntry) {
        (
            try row.next(),
            PointEntry(at: try row.next(), cause: try row.next(), delta: try row.next(), orderID: try row.next())
        )
    }
}

/// Stores a payment by points, born closed as one at the counter is; `ApplyPayment` settles it.
struct InsertPointPayment: Statement {
    static let name: StaticString = "insert_point_payment"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO payments (
            id, order_id, gateway, channel, state, amount, currency, created_at, expires_at, check_at)
        VALUES ($1, $2, 'points', 'account', 'closed', $3::bigint, $4, $5, $5, 'infinity')
        """
    let id: PaymentID
    let orderID: OrderID
    let amount: Money
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(id.uuid)
        parameters.append(orderID.uuid)
        parameters.append(amount.minorUnits)
        parameters.append(amount.currency.code)
        parameters.append(now)
    }
}

/// Takes points for a payment; affects no row when there are not that many.
struct SpendPoints: Statement {
    static let name: StaticString = "spend_points"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH taken AS (
            UPDATE point_accounts
            SET balance = balance - $2::bigint
            WHERE customer_id = $1 AND balance >= $2::bigint
            RETURNING customer_id
        )
        INSERT INTO point_entries (customer_id, at, cause, delta, order_id, payment_id)
        SELECT customer_id, $5, 'spent', -$2::bigint, $3, $4
        FROM taken
        """
    let customerID: AccountID
    let points: Int64
    let orderID: OrderID
    let paymentID: PaymentID
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(customerID.uuid)
        parameters.append(points)
        parameters.append(orderID.uuid)
        parameters.append(paymentID.uuid)
        parameters.append(now)
    }
}

/// Gives the points of a completed order: one for each whole yuan of money that was paid for it and is not asked back.
struct EarnPoints: Statement {
    static let name: StaticString = "earn_points"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH earned AS (
            SELECT sum(amount - refunded)::bigint / 100 AS points
            FROM payments
            WHERE order_id = $1 AND state = 'paid' AND gateway <> 'points' AND currency = 'CNY'
            HAVING sum(amount - refunded) >= 100
        ), account AS (
            INSERT INTO point_accounts (customer_id, balance)
            SELECT $2, points
            FROM earned
            ON CONFLICT (customer_id) DO UPDATE SET balance = point_accounts.balance + excluded.balance
            RETURNING customer_id
        )
        INSERT INTO point_entries (customer_id, at, cause, delta, order_id)
        SELECT customer_id, $3, 'earned', points, $1
        FROM earned, account
        """
    let orderID: OrderID
    let customerID: AccountID
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(orderID.uuid)
        parameters.append(customerID.uuid)
        parameters.append(now)
    }
}

/// Changes points because of a refund: gives back what paid, or takes what was earned. An account that is taken from is
/// locked and has that many; one that is given back to has spent them.
struct ChangePointsByRefund: Statement {
    static let name: StaticString = "change_points_by_refund"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH account AS (
            UPDATE point_accounts SET balance = balance + $2::bigint WHERE customer_id = $1 RETURNING customer_id
        )
        INSERT INTO point_entries (customer_id, at, cause, delta, order_id, refund_id)
        SELECT customer_id, $5, $6, $2::bigint, $3, $4
        FROM account
        """
    let customerID: AccountID
    /// Above zero with `restored`, below with `clawedBack`: a constraint.
    let delta: Int64
    let orderID: OrderID
    let refundID: RefundID
    let now: Timestamp
    let cause: PointCause

    func bind(to parameters: inout Parameters) {
        parameters.append(customerID.uuid)
        parameters.append(delta)
        parameters.append(orderID.uuid)
        parameters.append(refundID.uuid)
        parameters.append(now)
        parameters.append(cause)
    }
}

/// How many of the points that an order earned are too many for the money that is left of it.
struct PointsOwed: Statement {
    static let name: StaticString = "points_owed"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT coalesce((
                SELECT sum(delta) FROM point_entries
                WHERE order_id = $1 AND cause IN ('earned', 'clawed_back')), 0)::bigint
            - coalesce((
                SELECT sum(amount - refunded) FROM payments
                WHERE order_id = $1 AND state = 'paid' AND gateway <> 'points'), 0)::bigint / 100
        """
    let orderID: OrderID

    func bind(to parameters: inout Parameters) { parameters.append(orderID.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.next() }
}
