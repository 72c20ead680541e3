import Models
import Postgres
import ServiceKit

/// Forgets the lines of old bills. Days, sums and differences stay for good, and whoever needs a line has the payment
/// or the refund it was about.
enum PruneBillLines {
    /// 90 days: gateways give bills of the last three months (`PlanReconciliations` asks 88 days back), and what a bill
    /// is compared with may stand in that of a day next to it.
    static let daysKept = 90
    /// 5,000 rows: some tens of milliseconds a statement.
    static let batchMax = 5_000

    /// The job: one batch of one day a run.
    static func tick(_ kit: Toolkit) async throws -> JobProgress {
        let day = PruneBillDay(now: kit.now(), limit: batchMax)
        return try await kit.database.first(day) == nil ? .idle : .more
    }
}
