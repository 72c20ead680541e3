/// Taken while migrating, so that replicas that start together apply each migration once.
struct TryMigrationLock: Statement {
    /// Any constant that nothing else in the database locks ("linlimig" in ASCII).
    static let key: Int64 = 0x6C69_6E6C_696D_6967

    static let name: StaticString = "try_migration_lock"
    static let mode = StatementMode.write
    static let sql: StaticString = "SELECT pg_try_advisory_lock($1)"

    func bind(to parameters: inout Parameters) { parameters.append(Self.key) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.next() }
}

struct CreateMigrationsTable: Statement {
    static let name: StaticString = "create_schema_migrations"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            version integer PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now(),
            duration_ms bigint NOT NULL
        )
        """
}

/// The checksums of migration texts, computed by the server so that no copy of SHA-256 is needed here.
struct MigrationChecksums: Statement {
    let texts: [[UInt8]]

    static let name: StaticString = "migration_checksums"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT encode(sha256(file.content), 'hex')
        FROM unnest($1) WITH ORDINALITY AS file (content, position)
        ORDER BY file.position
        """

    func bind(to parameters: inout Parameters) { parameters.append(texts) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

struct AppliedMigrations: Statement {
    static let name: StaticString = "applied_migrations"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT version, checksum
        FROM schema_migrations
        ORDER BY version
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> MigrationPlan.Applied {
        .init(number: try row.next(), checksum: try row.next())
    }
}

struct RecordMigration: Statement {
    let migration: Migration
    let checksum: String
    let durationMilliseconds: Int64

    static let name: StaticString = "record_migration"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO schema_migrations (version, name, checksum, duration_ms)
        VALUES ($1, $2, $3, $4)
        """

    func bind(to parameters: inout Parameters) {
        parameters.append(Int32(migration.number))
        parameters.append(migration.name)
        parameters.append(checksum)
        parameters.append(durationMilliseconds)
    }
}
