import JSON
import Models
import Postgres
import ServiceKit

extension Payment {
    /// Reads the columns that every statement about payments lists, in this order:
    ///
    /// id, order_id, gateway, channel, state, amount, currency, cashier_url, cashier_form, code_url,
    /// prepay_id, transaction_id, created_at, paid_at, tendered, reference
    init(_ row: inout RowReader) throws(PostgresError) {
        self.init(
            id: try row.next(), orderID: try row.next(), gateway: try row.next(), channel: try row.next(),
            state: try row.next(), amount: Money(minorUnits: try row.next(), currency: try row.currency()),
            cashierURL: try row.next(), cashierForm: Self.form(try row.next()), codeURL: try row.next(),
            prepayID: try row.next(), transactionID: try row.next(), createdAt: try row.next(), paidAt: try row.next())
        let handed: Int64? = try row.next()
        tendered = handed.map { amount.with($0) }
        change = handed.map { amount.with($0 - amount.minorUnits) }
        reference = try row.next()
        // A link nobody can pay with any more is no link.
        if state != .open { self = withoutLinks }
    }

    private static func form(_ text: String?) -> [String: String]? {
        text.flatMap { try? JSON.decode([String: String].self, from: Array($0.utf8), mode: .lenient) }
    }

    /// The same without the ways to pay it.
    var withoutLinks: Payment {
        var copy = self
        copy.cashierURL = nil
        copy.cashierForm = nil
        copy.codeURL = nil
        copy.prepayID = nil
        return copy
    }
}

/// The payments of an order, oldest first.
struct PaymentsOfOrder: Statement {
    static let name: StaticString = "payments_of_order"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT id, order_id, gateway, channel, state, amount, currency, cashier_url, cashier_form,
            code_url, prepay_id, transaction_id, created_at, paid_at, tendered, reference
        FROM payments
        WHERE order_id = $1
        ORDER BY id
        LIMIT 100
        """
    let id: OrderID

    func bind(to parameters: inout Parameters) { parameters.append(id.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Payment { try Payment(&row) }
}

/// One payment.
struct PaymentByID: Statement {
    static let name: StaticString = "payment_by_id"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT id, order_id, gateway, channel, state, amount, currency, cashier_url, cashier_form,
            code_url, prepay_id, transaction_id, created_at, paid_at, tendered, reference
        FROM payments
        WHERE id = $1
        """
    let id: PaymentID

    func bind(to parameters: inout Parameters) { parameters.append(id.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Payment { try Payment(&row) }
}

/// Until when a payment can be paid, fixed when it was stored.
struct ExpiryOfPayment: Statement {
    static let name: StaticString = "expiry_of_payment"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT expires_at FROM payments WHERE id = $1"
    let id: PaymentID

    func bind(to parameters: inout Parameters) { parameters.append(id.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Timestamp { try row.next() }
}

/// Stores a payment of a payable order, before the gateway is asked. No row: the order is not payable, needs less than
/// that, or has an open payment. A page can be paid for two hours at most, however long the order waits.
struct InsertPayment: Statement {
    static let name: StaticString = "insert_payment"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO payments (id, order_id, gateway, channel, state, amount, currency, created_at, expires_at, check_at)
        SELECT $1, id, $3, $4, 'created', $6::bigint, currency, $5,
            least(expires_at, $5::timestamptz + interval '2 hours'), $5::timestamptz + interval '10 seconds'
        FROM orders
        WHERE id = $2 AND order_state = 'open' AND payment_state = 'unpaid' AND paid + $6::bigint <= total
            AND expires_at > $5
        ON CONFLICT (order_id) WHERE state IN ('created', 'open') DO NOTHING
        RETURNING id, order_id, gateway, channel, state, amount, currency, cashier_url, cashier_form,
            code_url, prepay_id, transaction_id, created_at, paid_at, tendered, reference
        """
    let id: PaymentID
    let orderID: OrderID
    let gateway: GatewayName
    let channel: PaymentChannel
    let amount: Money
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(id.uuid)
        parameters.append(orderID.uuid)
        parameters.append(gateway)
        parameters.append(channel)
        parameters.append(now)
        parameters.append(amount.minorUnits)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Payment { try Payment(&row) }
}

/// Stores how a payment can be paid; no row when it is not waiting for that any more.
struct SavePreparedPayment: Statement {
    static let name: StaticString = "save_prepared_payment"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE payments
        SET state = 'open', cashier_url = $2, code_url = $3, prepay_id = $4, cashier_form = $5
        WHERE id = $1 AND state = 'created'
        RETURNING id, order_id, gateway, channel, state, amount, currency, cashier_url, cashier_form,
            code_url, prepay_id, transaction_id, created_at, paid_at, tendered, reference
        """
    let id: PaymentID
    let answer: PreparedPayment

    func bind(to parameters: inout Parameters) {
        parameters.append(id.uuid)
        parameters.append(answer.cashierURL)
        parameters.append(answer.codeURL)
        parameters.append(answer.prepayID)
        parameters.append(answer.cashierForm.map { String(decoding: JSON.encode($0), as: UTF8.self) })
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Payment { try Payment(&row) }
}

/// Nobody can pay it any more.
struct ClosePayment: Statement {
    static let name: StaticString = "close_payment"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE payments SET state = 'closed' WHERE id = $1 AND state IN ('created', 'open')
        """
    let id: PaymentID

    func bind(to parameters: inout Parameters) { parameters.append(id.uuid) }
}

/// Asks the gateway about an order's open payments at the next run of `ResolvePayments`.
struct CheckPaymentsNow: Statement {
    static let name: StaticString = "check_payments_now"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE payments SET check_at = $2 WHERE order_id = $1 AND state IN ('created', 'open')
        """
    let orderID: OrderID
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(orderID.uuid)
        parameters.append(now)
    }
}

/// Claims payments that it is time to ask about; the next time is twice as far away, up to two minutes.
///
/// A page of Alipay or a card page that was opened cannot always be closed: those are watched until the order's time
/// to pay is over, so that money that came all the same is found and goes back.
struct ClaimPaymentsToCheck: Statement {
    struct Row: Sendable {
        let id: PaymentID
        let gateway: GatewayName
        /// Whether its order still waits for it: it is unpaid, and not so much was paid otherwise that this is too much.
        let isAwaited: Bool
    }
    static let name: StaticString = "claim_payments_to_check"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH due AS (
            SELECT id
            FROM payments
            WHERE (state IN ('created', 'open') OR (state = 'closed' AND gateway <> 'wechat')) AND check_at <= $1
            ORDER BY check_at
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        UPDATE payments
        SET checks = checks + 1,
            check_at = CASE
                WHEN payments.state = 'closed' AND payments.expires_at + interval '2 minutes' < $1 THEN 'infinity'
                ELSE $1 + least(120, 10 * (1 << least(checks, 4))) * interval '1 second'
            END
        FROM due, orders
        WHERE payments.id = due.id AND orders.id = payments.order_id
        RETURNING payments.id, payments.gateway, payments.state <> 'closed'
            AND orders.order_state = 'open' AND orders.payment_state = 'unpaid'
            AND payments.amount <= orders.total - orders.paid AND payments.expires_at > $1
        """
    let now: Timestamp
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(now)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(id: try row.next(), gateway: try row.next(), isAwaited: try row.next())
    }
}

/// Stores the answer to a request whose effect is stored already. No row: another run of it answered before.
struct StoreAnswer: Statement {
    static let name: StaticString = "store_answer"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO idempotency_keys (caller, key, fingerprint, status, headers, body)
        VALUES ($1, $2, $3, $4::bigint, $5, $6)
        ON CONFLICT (caller, key) DO NOTHING
        """
    let ticket: IdempotencyTicket
    let status: Int64
    let headers: String
    let body: [UInt8]

    func bind(to parameters: inout Parameters) {
        parameters.append(ticket.caller)
        parameters.append(ticket.key)
        parameters.append(ticket.fingerprint)
        parameters.append(status)
        parameters.append(headers)
        parameters.append(body)
    }
}
