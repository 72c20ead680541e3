import EventLoop
import Models
import Postgres
import ServiceKit

/// The gateway's own time: the machine's, plus what a rehearsal moved it by. Never used for signatures.
final class BusinessClock: Sendable {
    private let database: Database
    private let clock: WallClock
    private let offsetSeconds = Locked<Int64>(0)

    init(database: Database, clock: WallClock) {
        self.database = database
        self.clock = clock
    }

    func now() -> Timestamp {
        clock.now() + .seconds(offsetSeconds.withLock { $0 })
    }

    func load() async throws {
        let offset = try await database.one(ReadClockOffset())
        offsetSeconds.withLock { $0 = offset }
    }

    func advance(seconds: Int64) async throws {
        let offset = try await database.one(AdvanceClock(seconds: seconds))
        offsetSeconds.withLock { $0 = offset }
    }
}

struct ReadClockOffset: Statement {
    static let name: StaticString = "read_clock_offset"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT offset_seconds FROM business_clock"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.next() }
}

/// Moves the clock, and wakes who waits for a time to come.
struct AdvanceClock: Statement {
    let seconds: Int64
    static let name: StaticString = "advance_clock"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH moved AS (
            UPDATE business_clock
            SET offset_seconds = offset_seconds + $1
            RETURNING offset_seconds
        )
        SELECT offset_seconds, pg_notify('payments_notifications', '')::text FROM moved
        """
    func bind(to parameters: inout Parameters) { parameters.append(seconds) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 {
        let offset: Int64 = try row.next()
        let _: String = try row.next()
        return offset
    }
}
