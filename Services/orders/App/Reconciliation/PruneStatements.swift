import Models
import Postgres

/// Deletes lines of the oldest day whose time is over; the last of them marks the day.
///
/// A day that is not over yet, or is to be compared once more, keeps its lines and those of the days around it: a
/// payment of one day may stand in the bill of the next.
///
/// How many were deleted; no row: there is no such day.
struct PruneBillDay: Statement {
    static let name: StaticString = "prune_bill_day"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH oldest AS (
            SELECT gateway, day
            FROM reconciliations AS old
            WHERE pruned_at IS NULL AND state = 'compared'
                AND day < ($1::timestamptz AT TIME ZONE 'Asia/Shanghai')::date - $2::integer
                AND NOT EXISTS (
                    SELECT FROM reconciliations AS near
                    WHERE near.gateway = old.gateway AND near.day BETWEEN old.day - 2 AND old.day + 2
                        AND near.state <> 'compared')
            ORDER BY day, gateway
            LIMIT 1
            FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM bill_lines
            WHERE (gateway, day, place) IN (
                SELECT line.gateway, line.day, line.place
                FROM bill_lines AS line
                JOIN oldest ON oldest.gateway = line.gateway AND oldest.day = line.day
                ORDER BY line.place
                LIMIT $3)
            RETURNING place
        ), tally AS (
            SELECT count(*) AS deleted FROM gone
        ), marked AS (
            UPDATE reconciliations
            SET pruned_at = $1
            FROM oldest, tally
            WHERE reconciliations.gateway = oldest.gateway AND reconciliations.day = oldest.day AND tally.deleted < $3
        )
        SELECT tally.deleted FROM tally, oldest
        """
    let now: Timestamp
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(now)
        parameters.append(Int32(PruneBillLines.daysKept))
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}
