internal import CLibPQ
public import EventLoop

/// Why the schema could not be brought up to date.
public enum MigrationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No connection, or another process held the migration lock, until the deadline.
    case unavailable(reason: String)
    /// A migration that was applied has another text now. Old files are never edited: add a new one.
    case edited(number: Int, name: String)
    /// A migration failed; nothing of it remains (unless it runs outside a transaction).
    case failed(number: Int, name: String, error: PostgresError, message: String)

    /// A sentence for the person who starts the service.
    public var description: String {
        switch self {
        case .unavailable(let reason): "the schema could not be migrated in time: \(reason)"
        case .edited(let number, let name):
            "migration \(number) (\(name)) was edited after it was applied; restore it and add a new one"
        case .failed(let number, let name, let error, let message):
            "migration \(number) (\(name)) failed: \(error); \(message)"
        }
    }
}

extension Database {
    /// Brings the schema up to date: applies each migration that the database has not seen, in the order given.
    ///
    /// Waits for the database to come up, and for other processes that migrate at the same time, until `deadline`
    /// (for ever when nil). Migrations already applied must be unchanged; ones that this program does not know are
    /// left alone, so that the previous version keeps running beside the next.
    ///
    /// - Throws: `MigrationError`.
    public func migrate(_ migrations: [Migration], deadline: Instant? = nil) async throws(MigrationError) {
        let migrator = Migrator(loop: core.local.loop, target: core.target)
        try await migrator.run(migrations, until: deadline ?? .distantFuture)
    }
}

extension Database {
    /// Migrates a database that is not opened, for templates of tests and tools.
    package static func migrate(
        _ migrations: [Migration], url: String, on loop: EventLoop, until deadline: Instant
    ) async throws {
        let target = try ConnectionTarget(url: url, options: DatabaseOptions())
        try await Migrator(loop: loop, target: target).run(migrations, until: deadline)
    }
}

/// What is left to do, given what was done. No I/O.
enum MigrationPlan {
    struct Applied: Hashable, Sendable {
        var number: Int
        var checksum: String
    }

    struct Step: Hashable {
        var migration: Migration
        var checksum: String
    }

    static func steps(
        for migrations: [Step], applied: [Applied]
    ) throws(MigrationError) -> [Step] {
        let known = Dictionary(applied.map { ($0.number, $0.checksum) }) { first, _ in first }
        var pending: [Step] = []
        for step in migrations {
            guard let checksum = known[step.migration.number] else {
                pending.append(step)
                continue
            }
            guard checksum == step.checksum else {
                throw .edited(number: step.migration.number, name: step.migration.name)
            }
        }
        return pending
    }
}

/// Applies migrations on a connection of its own, in the simple protocol (a file holds several statements).
actor Migrator: LoopBound {
    /// How long a migration waits for a lock: longer would queue the service's traffic behind it.
    static let lockTimeoutMilliseconds = 10_000
    /// Between looks at a lock that another process holds. A blocking lock would hold a snapshot, for which a
    /// concurrent index build of the lock's holder would wait in turn.
    static let lockPause = Duration.milliseconds(50)

    nonisolated let loop: EventLoop
    private let target: ConnectionTarget

    init(loop: EventLoop, target: ConnectionTarget) {
        self.loop = loop
        self.target = target.setting("statement_timeout", "0")
            .setting("lock_timeout", "\(Self.lockTimeoutMilliseconds)")
            .setting("client_min_messages", "warning")
    }

    private enum Attempt {
        case done
        case failed(MigrationError)
        /// The connection failed or was lost; what was committed is in the table.
        case tryAgain(reason: String)
    }

    func run(_ migrations: [Migration], until deadline: Instant) async throws(MigrationError) {
        var backoff = Backoff()
        while true {
            switch await attempt(migrations, until: deadline) {
            case .done: return
            case .failed(let error): throw error
            case .tryAgain(let reason):
                let pause = backoff.next()
                guard Instant.now + pause < deadline, !Task.isCancelled else { throw .unavailable(reason: reason) }
                try? await loop.sleep(for: pause)  // a cancellation is seen at the next attempt
            }
        }
    }

    private func attempt(_ migrations: [Migration], until deadline: Instant) async -> Attempt {
        let link: Link
        do {
            link = try await Link.connect(to: target, on: loop, until: min(deadline, Instant.now + .seconds(5)))
        } catch {
            return .tryAgain(reason: error.message)
        }
        do {
            return try await migrate(link, migrations, until: deadline).map { .failed($0) } ?? .done
        } catch {
            return link.isBroken ? .tryAgain(reason: link.message) : .failed(.unavailable(reason: "\(error)"))
        }
    }

    /// Applies what is missing. Returns why it stopped, or nil.
    private func migrate(
        _ link: Link, _ migrations: [Migration], until deadline: Instant
    ) async throws(PostgresError) -> MigrationError? {
        while try await link.rows(TryMigrationLock(), on: loop, until: deadline) != [true] {
            guard Instant.now < deadline, !Task.isCancelled else {
                return .unavailable(reason: "another process is migrating")
            }
            try? await loop.sleep(for: Self.lockPause)  // a cancellation is seen above
        }
        _ = try await link.rows(CreateMigrationsTable(), on: loop, until: deadline)
        let texts = MigrationChecksums(texts: migrations.map { Array($0.sql.utf8) })
        let checksums = try await link.rows(texts, on: loop, until: deadline)
        let applied = try await link.rows(AppliedMigrations(), on: loop, until: deadline)
        let all = zip(migrations, checksums).map { MigrationPlan.Step(migration: $0, checksum: $1) }
        let pending: [MigrationPlan.Step]
        do {
            pending = try MigrationPlan.steps(for: all, applied: applied)
        } catch {
            return error
        }
        for step in pending {
            do throws(PostgresError) {
                try await apply(step, link, until: deadline)
            } catch {
                if link.isBroken { throw error }
                return .failed(
                    number: step.migration.number, name: step.migration.name, error: error, message: link.message)
            }
        }
        return nil
    }

    /// The text and its bookkeeping row in one transaction; or, outside of one, the text and then its row.
    private func apply(
        _ step: MigrationPlan.Step, _ link: Link, until deadline: Instant
    ) async throws(PostgresError) {
        let began = Instant.now
        let isOutside = step.migration.isOutsideTransaction
        if !isOutside { try await link.execute("BEGIN", on: loop, until: deadline) }
        try await link.execute(step.migration.sql, on: loop, until: deadline)
        guard isOutside || PQtransactionStatus(link.raw) == PQTRANS_INTRANS else {
            throw .badRequest(statement: step.migration.name, problem: "ends its own transaction")
        }
        let record = RecordMigration(
            migration: step.migration, checksum: step.checksum,
            durationMilliseconds: (Instant.now - began).wholeMilliseconds)
        _ = try await link.rows(record, on: loop, until: deadline)
        if !isOutside { try await link.execute("COMMIT", on: loop, until: deadline) }
    }
}
