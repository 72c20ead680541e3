import Models
import Postgres
import ServiceKit

/// Forgets what nobody asks for any more: old live events and text messages.
struct PruneOldRows: Sendable {
    private static let batchMax = 5_000
    private static let textMessagesKept = Duration.seconds(86_400)

    let kit: Toolkit
    let liveEventsKept: Duration

    func run() async throws -> JobProgress {
        let now = kit.now()
        _ = try await kit.database.execute(DeleteOldTextMessages(before: now - Self.textMessagesKept))
        let gone = try await kit.database.execute(
            DeleteOldLiveEvents(before: now - liveEventsKept, limit: Self.batchMax))
        return gone == Self.batchMax ? .more : .idle
    }
}
