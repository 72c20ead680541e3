import Models
import Postgres

/// Plans every day of the gateways that has a bill by now and was not looked at since it had: from a gateway's first
/// payment on, and no further back than bills are kept.
struct PlanReconciliations: Statement {
    static let name: StaticString = "plan_reconciliations"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO reconciliations (gateway, day, state, check_at)
        SELECT gateway.name, day::date, 'waiting', $2
        FROM unnest($1::text[]) AS gateway (name)
        CROSS JOIN LATERAL (
            SELECT (min(paid_at) AT TIME ZONE 'Asia/Shanghai')::date AS first
            FROM payments
            WHERE payments.gateway = gateway.name AND state IN ('paid', 'late')
        ) AS own
        CROSS JOIN (
            SELECT ($2::timestamptz AT TIME ZONE 'Asia/Shanghai' - interval '34 hours')::date AS last
        ) AS billed
        CROSS JOIN generate_series(
            greatest(own.first, billed.last - 88)::timestamp, billed.last::timestamp, interval '1 day') AS day
        WHERE own.first IS NOT NULL
        ON CONFLICT (gateway, day) DO UPDATE
        SET state = 'waiting', check_at = EXCLUDED.check_at, tries = 0
        WHERE reconciliations.state = 'compared' AND reconciliations.pruned_at IS NULL
            AND reconciliations.fetched_at
                < (reconciliations.day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' + interval '10 hours'
        """
    let gateways: [GatewayName]
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(gateways.map(\.rawValue))
        parameters.append(now)
    }
}

/// Has a day fetched and compared, again when it was before. No row is written when its lines were pruned: the gateway
/// has no bill of it any more, and without one everything would be missing there.
struct WantReconciliation: Statement {
    static let name: StaticString = "want_reconciliation"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH told AS (
            SELECT pg_notify('reconciliations', '')
        )
        INSERT INTO reconciliations (gateway, day, state, check_at)
        SELECT $1, $2::text::date, 'waiting', $3 FROM told
        ON CONFLICT (gateway, day) DO UPDATE
        SET state = 'waiting', check_at = EXCLUDED.check_at, tries = 0, trouble = NULL
        WHERE reconciliations.pruned_at IS NULL
        """
    let gateway: GatewayName
    let day: BillDay
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(gateway)
        parameters.append(day.text)
        parameters.append(now)
    }
}

/// Claims the oldest day that is due; the next try is twice as far away, from a minute up to an hour.
struct ClaimReconciliation: Statement {
    struct Row: Sendable {
        let gateway: GatewayName
        let day: String
        let isFetched: Bool
    }
    static let name: StaticString = "claim_reconciliation"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE reconciliations
        SET tries = tries + 1, check_at = $1 + least(3600, 60 * (1 << least(tries, 6))) * interval '1 second'
        WHERE (gateway, day) = (
            SELECT gateway, day
            FROM reconciliations
            WHERE state <> 'compared' AND check_at <= $1
            ORDER BY day, gateway
            LIMIT 1
            FOR UPDATE SKIP LOCKED)
        RETURNING gateway, day::text, state = 'fetched'
        """
    let now: Timestamp

    func bind(to parameters: inout Parameters) { parameters.append(now) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(gateway: try row.next(), day: try row.next(), isFetched: try row.next())
    }
}

/// Why a try brought nothing.
struct NoteTrouble: Statement {
    static let name: StaticString = "note_reconciliation_trouble"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE reconciliations SET trouble = $3 WHERE gateway = $1 AND day = $2::text::date
        """
    let gateway: GatewayName
    let day: BillDay
    let trouble: String

    func bind(to parameters: inout Parameters) {
        parameters.append(gateway)
        parameters.append(day.text)
        parameters.append(trouble)
    }
}

/// Forgets the lines of a day before it is stored anew.
struct DeleteBill: Statement {
    static let name: StaticString = "delete_bill"
    static let mode = StatementMode.write
    static let sql: StaticString = "DELETE FROM bill_lines WHERE gateway = $1 AND day = $2::text::date"
    let gateway: GatewayName
    let day: BillDay

    func bind(to parameters: inout Parameters) {
        parameters.append(gateway)
        parameters.append(day.text)
    }
}

/// Stores lines of a bill.
struct InsertBillLines: Statement {
    static let name: StaticString = "insert_bill_lines"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO bill_lines (
            gateway, day, place, entry, number, payment_id, refund_id, gateway_number, amount, at, is_done)
        SELECT $1, $2::text::date, $3::bigint + row_number() OVER (ORDER BY line.ordinality), entry, number,
            CASE WHEN is_known AND entry = 'payment' THEN id END, CASE WHEN is_known AND entry = 'refund' THEN id END,
            gateway_number, amount, at, is_done
        FROM unnest(
            $4::text[], $5::text[], $6::boolean[], $7::uuid[], $8::text[], $9::bigint[], $10::timestamptz[], $11::boolean[])
            WITH ORDINALITY AS line (entry, number, is_known, id, gateway_number, amount, at, is_done)
        """
    let gateway: GatewayName
    let day: BillDay
    /// The place of the line before the first.
    let after: Int
    let lines: [BillLine]

    func bind(to parameters: inout Parameters) {
        let ids = lines.map { $0.paymentID?.uuid ?? $0.refundID?.uuid }
        parameters.append(gateway)
        parameters.append(day.text)
        parameters.append(Int64(after))
        parameters.append(lines.map(\.entry.rawValue))
        parameters.append(lines.map(\.number))
        parameters.append(ids.map { $0 != nil })
        parameters.append(ids.map { $0 ?? UUID128(high: 0, low: 0) })
        parameters.append(lines.map(\.gatewayNumber))
        parameters.append(lines.map(\.amount.minorUnits))
        parameters.append(lines.map(\.at))
        parameters.append(lines.map(\.isDone))
    }
}

/// The bill of a day is stored whole.
struct MarkFetched: Statement {
    static let name: StaticString = "mark_bill_fetched"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE reconciliations
        SET state = 'fetched', fetched_at = $3, trouble = NULL
        WHERE gateway = $1 AND day = $2::text::date
        """
    let gateway: GatewayName
    let day: BillDay
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(gateway)
        parameters.append(day.text)
        parameters.append(now)
    }
}
