public import EventLoop
internal import Glibc
public import Postgres
internal import Synchronization

/// A database of one test, made from a template in some 30 ms however many migrations there are.
///
/// ```swift
/// try await TestDatabase.with(migrations: CatalogService.migrations) { test in
///     try await test.database.execute(InsertStore(…))
/// }
/// ```
/// Names are unique across test processes that share a server. A database whose test threw is kept when
/// `LINLI_KEEP_TEST_DATABASES` is set, and its name printed.
public struct TestDatabase: Sendable {
    /// The database's name.
    public let name: String
    /// Its URL, for processes under test.
    public let url: String
    /// The database, opened on ``TestPostgres/group`` unless said otherwise.
    public let database: Database

    private static let counter = Atomic<Int>(0)
    /// How long making or dropping a database may take on a busy machine.
    private static let limit = Duration.seconds(60)

    /// Makes a database with `migrations` applied (in their order) and opens it.
    ///
    /// - Parameter options: of the database that is opened; short limits make tests of trouble quick.
    public static func make(
        migrations: [Migration] = [], group: EventLoopGroup = TestPostgres.group,
        options: DatabaseOptions = DatabaseOptions()
    ) async throws -> TestDatabase {
        let server = try await TestPostgres.url()
        let name = uniqueName("linli_test")
        let session = try AdminSession(url: server, loop: TestPostgres.group.all[0])
        let template = migrations.isEmpty ? "template1" : "linli_template_\(fingerprint(migrations))"
        let create = "CREATE DATABASE \(name) TEMPLATE \(template)"
        do {
            try await session.run([create], until: .now + limit)
        } catch let error as PostgresError where error.sqlState == SQLState("3D000") {
            try await makeTemplate(template, migrations, server, session)
            try await session.run([create], until: .now + limit)
        }
        let url = TestPostgres.url(server, database: name)
        return TestDatabase(
            name: name, url: url, database: try Database.open(url: url, group: group, options: options))
    }

    /// Makes a database, runs `body`, and drops it.
    public static func with(
        migrations: [Migration] = [], options: DatabaseOptions = DatabaseOptions(),
        _ body: (TestDatabase) async throws -> Void
    ) async throws {
        let test = try await make(migrations: migrations, options: options)
        do {
            try await body(test)
            try await test.drop()
        } catch {
            if getenv("LINLI_KEEP_TEST_DATABASES") != nil {
                print("kept database \(test.name) of a failed test")
            } else {
                // The test's own error matters more than a failing clean-up.
                try? await test.drop()
            }
            throw error
        }
    }

    /// Runs SQL text on this database as superuser, on a connection of its own: schemas and data of tests.
    public func run(_ script: String) async throws {
        let session = try AdminSession(url: url, loop: TestPostgres.group.all[0])
        try await session.run([script], until: .now + Self.limit)
    }

    /// Closes and drops the database.
    public func drop() async throws {
        await database.close(by: .now + .seconds(1))
        let session = try AdminSession(url: try await TestPostgres.url(), loop: TestPostgres.group.all[0])
        try await session.run(["DROP DATABASE IF EXISTS \(name) WITH (FORCE)"], until: .now + Self.limit)
    }

    /// Builds the template under another name and renames it at the end, so that processes which build the same one
    /// at once cannot see it half done; whoever comes second throws its copy away.
    private static func makeTemplate(
        _ template: String, _ migrations: [Migration], _ server: String, _ session: AdminSession
    ) async throws {
        let draft = uniqueName("linli_draft")
        try await session.run(["CREATE DATABASE \(draft)"], until: .now + limit)
        let url = TestPostgres.url(server, database: draft)
        try await Database.migrate(migrations, url: url, on: TestPostgres.group.all[0], until: .now + limit)
        do {
            try await session.run(["ALTER DATABASE \(draft) RENAME TO \(template)"], until: .now + limit)
        } catch let error as PostgresError where [SQLState("42P04"), SQLState("23505")].contains(error.sqlState) {
            try await session.run(["DROP DATABASE \(draft)"], until: .now + limit)
        }
    }

    private static func uniqueName(_ prefix: String) -> String {
        // Process numbers come again on a server that outlives test runs; the clock does not.
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
        return "\(prefix)_\(getpid())_\(Instant.now.nanoseconds / 1_000)_\(number)"
    }

    /// FNV-1a over numbers, names and texts: enough to tell sets of migrations apart.
    private static func fingerprint(_ migrations: [Migration]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for migration in migrations {
            for byte in "\(migration.number) \(migration.name)\n\(migration.sql)\n".utf8 {
                hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
            }
        }
        return String(hash, radix: 16)
    }
}
