import Models
import Postgres

/// Compares the stored bill of a day with payments and refunds, both ways, and writes down what differs, what does not
/// any more, and the sums. Run again it changes nothing.
///
/// What is in the bill is looked for here whatever its day here: news may come after midnight. What was paid or given
/// back here on that day must be in the bill of some day; a later bill that has it ends the difference, and the day it
/// was missing from is compared again, while the lines it is compared with are here.
struct CompareBill: Statement {
    static let name: StaticString = "compare_bill"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH billed AS (
            SELECT entry, coalesce(payment_id::text, refund_id::text, number) AS subject, min(number) AS number,
                payment_id, refund_id, count(*) AS lines, sum(amount)::bigint AS amount, bool_and(is_done) AS is_done
            FROM bill_lines
            WHERE gateway = $1 AND day = $2::text::date
            GROUP BY entry, 2, payment_id, refund_id
        ), pairs AS (
            SELECT 'payment' AS entry, billed.subject, billed.number, payments.id AS payment_id, NULL::uuid AS refund_id,
                payments.order_id, CASE WHEN payments.state IN ('paid', 'late') THEN payments.amount END AS ours,
                billed.amount AS theirs, billed.lines
            FROM billed
            LEFT JOIN payments ON payments.id = billed.payment_id AND payments.gateway = $1
            WHERE billed.entry = 'payment'
            UNION ALL
            SELECT 'refund', billed.subject, billed.number, own.payment_id, own.id, own.order_id,
                CASE WHEN own.state = 'succeeded' OR (own.state IN ('requested', 'processing') AND NOT billed.is_done)
                    THEN own.amount END,
                billed.amount, billed.lines
            FROM billed
            LEFT JOIN (
                SELECT refunds.*
                FROM refunds
                JOIN payments ON payments.id = refunds.payment_id AND payments.gateway = $1
            ) AS own ON own.id = billed.refund_id
            WHERE billed.entry = 'refund'
            UNION ALL
            SELECT 'payment', id::text, coalesce(transaction_id, ''), id, NULL, order_id, amount, NULL, 0
            FROM payments
            WHERE gateway = $1 AND state IN ('paid', 'late') AND paid_at >= $3 AND paid_at < $4
                AND NOT EXISTS (
                    SELECT FROM bill_lines WHERE bill_lines.gateway = $1 AND bill_lines.payment_id = payments.id)
            UNION ALL
            SELECT 'refund', refunds.id::text, coalesce(gateway_refund_id, ''), payments.id, refunds.id,
                refunds.order_id, refunds.amount, NULL, 0
            FROM refunds
            JOIN payments ON payments.id = refunds.payment_id AND payments.gateway = $1
            WHERE refunds.state = 'succeeded' AND completed_at >= $3 AND completed_at < $4
                AND NOT EXISTS (
                    SELECT FROM bill_lines WHERE bill_lines.gateway = $1 AND bill_lines.refund_id = refunds.id)
        ), found AS (
            SELECT pairs.*, CASE WHEN theirs IS NULL THEN 'missing_at_gateway' WHEN ours IS NULL THEN 'missing_here'
                ELSE 'amount_differs' END AS kind
            FROM pairs
            WHERE ours IS DISTINCT FROM theirs
        ), written AS (
            INSERT INTO reconciliation_differences (
                gateway, entry, subject, day, kind, number, payment_id, refund_id, order_id, ours, theirs, state,
                found_at)
            SELECT $1, entry, subject, $2::text::date, kind, number, payment_id, refund_id, order_id, ours, theirs,
                'open', $5
            FROM found
            ON CONFLICT (gateway, entry, subject) DO UPDATE
            SET day = EXCLUDED.day, kind = EXCLUDED.kind, number = EXCLUDED.number, ours = EXCLUDED.ours,
                theirs = EXCLUDED.theirs, state = 'open', ended_at = NULL, note = NULL,
                found_at = EXCLUDED.found_at
            WHERE (reconciliation_differences.kind, reconciliation_differences.ours, reconciliation_differences.theirs,
                    reconciliation_differences.state)
                IS DISTINCT FROM (EXCLUDED.kind, EXCLUDED.ours, EXCLUDED.theirs, 'open')
        ), gone AS (
            UPDATE reconciliation_differences AS old
            SET state = 'resolved', ended_at = $5
            WHERE old.gateway = $1 AND old.state = 'open'
                AND (old.day = $2::text::date OR EXISTS (
                    SELECT FROM billed WHERE billed.entry = old.entry AND billed.subject = old.subject))
                AND NOT EXISTS (SELECT FROM found WHERE found.entry = old.entry AND found.subject = old.subject)
            RETURNING old.day
        ), again AS (
            UPDATE reconciliations
            SET state = 'fetched', check_at = $5, tries = 0
            WHERE gateway = $1 AND state = 'compared' AND day <> $2::text::date AND day IN (SELECT day FROM gone)
                AND NOT EXISTS (
                    SELECT FROM reconciliations AS near
                    WHERE near.gateway = $1 AND near.day BETWEEN reconciliations.day - 2 AND reconciliations.day
                        AND near.pruned_at IS NOT NULL)
        ), sums AS (
            SELECT
                coalesce(sum(lines) FILTER (WHERE entry = 'payment'), 0) AS billed_payments,
                coalesce(sum(theirs) FILTER (WHERE entry = 'payment'), 0) AS billed_paid,
                coalesce(sum(lines) FILTER (WHERE entry = 'refund'), 0) AS billed_refunds,
                coalesce(sum(theirs) FILTER (WHERE entry = 'refund'), 0) AS billed_refunded,
                count(ours) FILTER (WHERE entry = 'payment') AS booked_payments,
                coalesce(sum(ours) FILTER (WHERE entry = 'payment'), 0) AS booked_paid,
                count(ours) FILTER (WHERE entry = 'refund') AS booked_refunds,
                coalesce(sum(ours) FILTER (WHERE entry = 'refund'), 0) AS booked_refunded
            FROM pairs
        )
        UPDATE reconciliations
        SET state = CASE WHEN $6 OR NOT EXISTS (SELECT FROM found) THEN 'compared' ELSE 'fetched' END,
            compared_at = $5, trouble = NULL,
            billed_payments = sums.billed_payments, billed_paid = sums.billed_paid,
            billed_refunds = sums.billed_refunds, billed_refunded = sums.billed_refunded,
            booked_payments = sums.booked_payments, booked_paid = sums.booked_paid,
            booked_refunds = sums.booked_refunds, booked_refunded = sums.booked_refunded
        FROM sums
        WHERE gateway = $1 AND day = $2::text::date AND state <> 'waiting'
        RETURNING (SELECT count(*) FROM found)
        """
    let gateway: GatewayName
    let day: BillDay
    /// What of the day must be in a bill by now.
    let from: Timestamp
    let to: Timestamp
    let now: Timestamp
    /// False: what differs is to be healed yet, and then compared again.
    let isLast: Bool

    func bind(to parameters: inout Parameters) {
        parameters.append(gateway)
        parameters.append(day.text)
        parameters.append(from)
        parameters.append(to)
        parameters.append(now)
        parameters.append(isLast)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}

/// Differences of a day that may be news we missed: in the bill, and here not over yet, with the same amount.
struct HealableDifferences: Statement {
    struct Row: Sendable {
        let entry: BillEntry
        let subject: String
        let paymentID: PaymentID
        /// nil for a payment.
        let refundID: RefundID?
    }
    static let name: StaticString = "healable_differences"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT d.entry, d.subject, d.payment_id, d.refund_id
        FROM reconciliation_differences AS d
        JOIN payments ON payments.id = d.payment_id
        LEFT JOIN refunds ON refunds.id = d.refund_id
        WHERE d.gateway = $1 AND d.day = $2::text::date AND d.state = 'open' AND d.kind = 'missing_here'
            AND CASE WHEN d.entry = 'payment'
                THEN payments.state IN ('created', 'open', 'closed') AND payments.amount = d.theirs
                ELSE refunds.state IN ('requested', 'processing') AND refunds.amount = d.theirs END
        ORDER BY d.entry, d.subject
        """
    let gateway: GatewayName
    let day: BillDay

    func bind(to parameters: inout Parameters) {
        parameters.append(gateway)
        parameters.append(day.text)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(entry: try row.next(), subject: try row.next(), paymentID: try row.next(), refundID: try row.next())
    }
}

/// A difference was healed.
struct MarkHealed: Statement {
    static let name: StaticString = "mark_difference_healed"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE reconciliation_differences
        SET state = 'healed', ended_at = $4, note = $5
        WHERE gateway = $1 AND entry = $2 AND subject = $3 AND state = 'open'
        """
    let gateway: GatewayName
    let entry: BillEntry
    let subject: String
    let now: Timestamp
    let note: String

    func bind(to parameters: inout Parameters) {
        parameters.append(gateway)
        parameters.append(entry)
        parameters.append(subject)
        parameters.append(now)
        parameters.append(note)
    }
}
