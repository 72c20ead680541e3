import Models
import Postgres

/// What a statement is made of, in the order it was booked in.
struct LinesOfSettlement: Statement {
    static let name: StaticString = "lines_of_settlement"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT e.id, e.order_id, e.cause, e.at, e.currency, e.amount, e.commission, e.taken, e.net
        FROM settlements AS s
        JOIN settlement_entries AS e ON e.day = s.day AND e.payee_kind = s.payee_kind AND e.payee_id = s.payee_id
            AND e.currency = s.currency
        WHERE s.id = $1 AND e.id > $2
        ORDER BY e.id
        LIMIT $3
        """
    let id: SettlementID
    let after: Int64
    /// nil: all of them.
    let limit: Int?

    func bind(to parameters: inout Parameters) {
        parameters.append(id.uuid)
        parameters.append(after)
        parameters.append(limit.map { Int64($0) })
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> (position: Int64, line: SettlementLine) {
        let position: Int64 = try row.next()
        let order: OrderID = try row.next()
        let cause: SettlementCause = try row.next()
        let at: Timestamp = try row.next()
        let currency = try row.currency()
        var sums: [Money] = []
        for _ in 0..<4 { sums.append(Money(minorUnits: try row.next(), currency: currency)) }
        return (
            position,
            SettlementLine(
                orderID: order, orderNumber: OrderNumber.text(order), cause: cause, at: at, amount: sums[0],
                commission: sums[1], taken: sums[2], net: sums[3])
        )
    }
}
