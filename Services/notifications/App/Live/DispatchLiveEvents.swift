import Postgres
import ServiceKit

/// Reads new live events once for all streams of the process. Runs when NOTIFY wakes it, and every few seconds, so a
/// lost wake-up delays events and loses none.
struct DispatchLiveEvents: Sendable {
    static let batchMax = 500
    static let every = Duration.seconds(5)

    let database: Database
    let hub: LiveHub

    func run() async throws -> JobProgress {
        let events = try await database.all(LiveEventsAfter(id: hub.position, limit: Self.batchMax))
        hub.deliver(events)
        return events.count == Self.batchMax ? .more : .idle
    }
}
