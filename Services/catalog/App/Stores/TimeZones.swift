import Models
import Postgres
import Synchronization

/// Which time zones the database knows: it is what computes local times. Names are asked for once a process.
final class TimeZones: Sendable {
    private let database: Database
    private let known = Mutex(Set<String>())

    init(database: Database) { self.database = database }

    /// Those of `names` that are time zones.
    func areKnown(_ names: Set<String>) async throws -> Set<String> {
        let missing = known.withLock { names.subtracting($0) }
        if !missing.isEmpty {
            let found = try await database.all(KnownTimeZones(names: Array(missing)))
            known.withLock { $0.formUnion(found) }
        }
        return known.withLock { names.intersection($0) }
    }
}
