import EventLoop
import Models
import Postgres
import ServiceKit

/// Tells merchants what happened, again and again until they acknowledge or the schedule ends (protocol facts, section
/// 3.12). What is due stands in the database, so a crash delays a try and loses none.
struct Notifier: Sendable {
    let kit: Toolkit
    let clock: BusinessClock
    let faults: Faults
    /// Factor on the gaps.
    let retryScale: Double
    /// By the name of the gateway.
    let senders: [String: any NotificationSender]

    private static let batch: Int64 = 64
    /// Gaps between tries, in seconds: WeChat Pay's 15 retries and Alipay's 7 take a little more than a day, UnionPay's
    /// are few.
    private static let weChatGaps: [Double] = [
        15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600,
    ]
    private static let alipayGaps: [Double] = [240, 600, 600, 3_600, 7_200, 21_600, 54_000]
    private static let unionPayGaps: [Double] = [60, 120, 240, 300]

    func deliverDue() async throws -> JobProgress {
        let due = try await kit.database.all(ClaimNotifications(
            at: clock.now(), limit: Self.batch, weChatGaps: milliseconds(Self.weChatGaps),
            alipayGaps: milliseconds(Self.alipayGaps), unionPayGaps: milliseconds(Self.unionPayGaps)))
        await withTaskGroup(of: Void.self) { tasks in
            for notification in due { tasks.addTask { await deliver(notification) } }
        }
        return due.count == Self.batch ? .more : .idle
    }

    private func milliseconds(_ seconds: [Double]) -> [Int64] { seconds.map { Int64($0 * retryScale * 1_000) } }

    private func deliver(_ notification: PendingNotification) async {
        do {
            let subject = "notification \(notification.eventType) \(notification.resource)"
            if faults.strike(.loseNotification, subject) != nil { return }
            let later = faults.strike(.delayNotification, subject)?.seconds
                // Those that come meanwhile overtake it.
                ?? faults.strike(.reorderNotifications, subject).map { min($0.seconds, 2) }
            if let later {
                let at = clock.now() + .milliseconds(Int64(later * 1_000))
                try await kit.database.execute(PostponeNotification(id: notification.id, until: at))
                return
            }
            let copies = faults.strike(.duplicateNotification, subject) == nil ? 1 : 2
            for _ in 0..<copies {
                let isHeard = try await senders[notification.gateway]?.send(notification, subject) ?? false
                if isHeard { try await kit.database.execute(MarkDelivered(id: notification.id, at: kit.now())) }
            }
        } catch {
            kit.logger.info("a merchant was not reached", ("attempt", .count(Int(notification.attempts))))
        }
    }
}

struct PendingNotification: Sendable {
    var id: UUID128
    var mchid: String
    var url: String
    var eventType: String
    var originalType: String
    var summary: String
    var resource: String
    var createdAt: Timestamp
    var attempts: Int32
    var gateway: String
    var signingSerial: String
}

/// Takes what is due and sets the time of the next try before this one is made: a crash in between costs a gap.
struct ClaimNotifications: Statement {
    /// On the business clock.
    let at: Timestamp
    let limit: Int64
    /// In milliseconds.
    let weChatGaps, alipayGaps, unionPayGaps: [Int64]

    static let name: StaticString = "claim_notifications"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH due AS (
            SELECT id
            FROM notifications
            WHERE next_at <= $3
            ORDER BY next_at
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        UPDATE notifications AS n
        SET attempts = n.attempts + 1, next_at = $3 + interval '1 millisecond' * CASE n.gateway
            WHEN 'wechat' THEN ($2::bigint[])[n.attempts + 1]
            WHEN 'alipay' THEN ($4::bigint[])[n.attempts + 1]
            ELSE ($5::bigint[])[n.attempts + 1] END
        FROM due
        WHERE n.id = due.id
        RETURNING n.id, n.mchid, n.url, n.event_type, n.original_type, n.summary, n.resource, n.created_at, n.attempts,
            n.gateway, n.signing_serial
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(limit)
        parameters.append(weChatGaps)
        parameters.append(at)
        parameters.append(alipayGaps)
        parameters.append(unionPayGaps)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> PendingNotification {
        PendingNotification(
            id: try row.next(), mchid: try row.next(), url: try row.next(), eventType: try row.next(),
            originalType: try row.next(), summary: try row.next(), resource: try row.next(), createdAt: try row.next(),
            attempts: try row.next(), gateway: try row.next(), signingSerial: try row.next())
    }
}

struct MarkDelivered: Statement {
    let id: UUID128
    let at: Timestamp

    static let name: StaticString = "mark_notification_delivered"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE notifications
        SET delivered_at = $2, next_at = NULL
        WHERE id = $1 AND delivered_at IS NULL
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(id)
        parameters.append(at)
    }
}

/// Puts a try off without counting it.
struct PostponeNotification: Statement {
    let id: UUID128
    let until: Timestamp

    static let name: StaticString = "postpone_notification"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE notifications
        SET attempts = attempts - 1, next_at = $2
        WHERE id = $1
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(id)
        parameters.append(until)
    }
}
