import Models
import Postgres

extension Reconciliation {
    /// Reads the columns that the statements here list.
    fileprivate init(_ row: inout RowReader) throws(PostgresError) {
        func sums() throws(PostgresError) -> ReconciliationSums {
            ReconciliationSums(
                payments: try row.next(), paid: Money(minorUnits: try row.next()), refunds: try row.next(),
                refunded: Money(minorUnits: try row.next()))
        }
        self.init(
            gateway: try row.next(), day: try row.next(), state: try row.next(), trouble: try row.next(),
            billed: try sums(), booked: try sums(), openDifferences: try row.next(), healedDifferences: try row.next(),
            comparedAt: try row.next())
    }
}

/// The days of all gateways, newest first, after a place in that order.
struct Reconciliations: Statement {
    static let name: StaticString = "reconciliations"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT r.gateway, r.day::text, r.state, r.trouble, r.billed_payments, r.billed_paid, r.billed_refunds,
            r.billed_refunded, r.booked_payments, r.booked_paid, r.booked_refunds, r.booked_refunded,
            (SELECT count(*) FROM reconciliation_differences AS d
                WHERE d.gateway = r.gateway AND d.day = r.day AND d.state = 'open'),
            (SELECT count(*) FROM reconciliation_differences AS d
                WHERE d.gateway = r.gateway AND d.day = r.day AND d.state = 'healed'),
            r.compared_at
        FROM reconciliations AS r
        WHERE $1::text IS NULL OR r.day < $1::text::date OR (r.day = $1::text::date AND r.gateway > $2)
        ORDER BY r.day DESC, r.gateway
        LIMIT $3
        """
    let after: (day: BillDay, gateway: GatewayName)?
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(after?.day.text)
        parameters.append(after?.gateway.rawValue ?? "")
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Reconciliation { try Reconciliation(&row) }
}

/// One day of a gateway.
struct ReconciliationOfDay: Statement {
    static let name: StaticString = "reconciliation_of_day"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT r.gateway, r.day::text, r.state, r.trouble, r.billed_payments, r.billed_paid, r.billed_refunds,
            r.billed_refunded, r.booked_payments, r.booked_paid, r.booked_refunds, r.booked_refunded,
            (SELECT count(*) FROM reconciliation_differences AS d
                WHERE d.gateway = r.gateway AND d.day = r.day AND d.state = 'open'),
            (SELECT count(*) FROM reconciliation_differences AS d
                WHERE d.gateway = r.gateway AND d.day = r.day AND d.state = 'healed'),
            r.compared_at
        FROM reconciliations AS r
        WHERE r.gateway = $1 AND r.day = $2::text::date
        """
    let gateway: GatewayName
    let day: BillDay

    func bind(to parameters: inout Parameters) {
        parameters.append(gateway)
        parameters.append(day.text)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Reconciliation { try Reconciliation(&row) }
}

/// The differences of a day, after a place in their order.
struct DifferencesOfDay: Statement {
    struct Row: Sendable {
        let subject: String
        let difference: ReconciliationDifference
    }
    static let name: StaticString = "differences_of_day"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT subject, entry, kind, state, number, order_id, payment_id, refund_id, ours, theirs, note, found_at,
            ended_at
        FROM reconciliation_differences
        WHERE gateway = $1 AND day = $2::text::date AND (entry, subject) > ($3, $4)
        ORDER BY entry, subject
        LIMIT $5
        """
    let gateway: GatewayName
    let day: BillDay
    let after: (entry: String, subject: String)
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(gateway)
        parameters.append(day.text)
        parameters.append(after.entry)
        parameters.append(after.subject)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        func money() throws(PostgresError) -> Money? {
            let fen: Int64? = try row.next()
            return fen.map { Money(minorUnits: $0) }
        }
        return Row(
            subject: try row.next(),
            difference: ReconciliationDifference(
                entry: try row.next(), kind: try row.next(), state: try row.next(), number: try row.next(),
                orderID: try row.next(), paymentID: try row.next(), refundID: try row.next(), ours: try money(),
                theirs: try money(), note: try row.next(), foundAt: try row.next(), endedAt: try row.next()))
    }
}
