import EventLoop
import Postgres
import ServiceKit

/// Reads new live events once for all streams of the process. Runs when NOTIFY wakes it, and at every heartbeat, so a
/// lost wake-up delays events and loses none.
struct DispatchLiveEvents: Sendable {
    static let heartbeat = Duration.seconds(15)
    private static let batchMax = 1_000

    private struct Position {
        /// The newest event handed on; nil before the first look.
        var last: Int64?
        var beatAt = Instant.now
    }

    let database: Database
    let hub: LiveHub
    private let position = Locked(Position())

    init(database: Database, hub: LiveHub) {
        self.database = database
        self.hub = hub
    }

    func run() async throws -> JobProgress {
        guard let last = position.withLock(\.last) else {
            let last = try await database.one(LastLiveEvent())
            position.withLock { $0.last = last }
            return .idle
        }
        let events = try await database.all(LiveEventsAfter(id: last, limit: Self.batchMax))
        hub.deliver(events)
        let isDue = position.withLock { position in
            position.last = events.last?.id ?? last
            // A tenth early, so that jitter of the job does not skip a beat.
            guard Instant.now - position.beatAt >= Self.heartbeat * 9 / 10 else { return false }
            position.beatAt = .now
            return true
        }
        if isDue { hub.beat() }
        return events.count == Self.batchMax ? .more : .idle
    }
}
