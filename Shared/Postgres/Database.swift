public import EventLoop
internal import Synchronization

/// A PostgreSQL database, for every task of the process.
///
/// Single statements go over the calling loop's shared connections: what is called in one turn of the loop travels
/// together. ``transaction(isolation:deadline:_:)`` leases a connection for statements that need application code
/// between them. Connections are made in the background and made again when lost.
///
/// - Errors: ``PostgresError``. While the database is away, calls wait up to `connectionWait` and then fail with
///   `.unavailable`; a read that was under way when the connection broke runs again by itself, a write fails with
///   `.outcomeUnknown`.
public struct Database: Sendable {
    let core: DatabaseCore

    /// Opens the database and starts to connect; returns at once.
    ///
    /// - Parameter url: `postgresql://user:password@host:port/database?...`, or any libpq connection string, also
    ///   with several hosts and `target_session_attrs=read-write`.
    /// - Throws: `InvalidDatabaseURL`.
    public static func open(
        url: String, group: EventLoopGroup, options: DatabaseOptions = DatabaseOptions()
    ) throws(InvalidDatabaseURL) -> Database {
        let target = try ConnectionTarget(url: url, options: options)
        let core = DatabaseCore(target: target, group: group, options: options)
        for local in core.locals { local.start() }
        return Database(core: core)
    }

    /// Whether every shared connection can take statements now.
    public var isReady: Bool { core.locals.allSatisfy { $0.isReady } }

    /// How long a statement called now on this event loop would wait behind others, in nanoseconds: an estimate from how
    /// many wait and how fast the server answers them. 0 off the loops and while the database is away.
    public var expectedWait: Int64 {
        guard let current = EventLoop.current else { return 0 }
        for local in core.locals where local.loop === current { return local.expectedWait }
        return 0
    }

    /// All rows of a statement, in the server's order.
    @inlinable
    public func all<S: Statement>(
        _ statement: S, deadline: Instant? = nil
    ) async throws(PostgresError) -> [S.Row] {
        let reply = await call(S.info, statement, by: deadline)
        return try PostgresResult(reply).rows(of: S.self)
    }

    /// The first row, or nil.
    @inlinable
    public func first<S: Statement>(
        _ statement: S, deadline: Instant? = nil
    ) async throws(PostgresError) -> S.Row? {
        let reply = await call(S.info, statement, by: deadline)
        return try PostgresResult(reply).firstRow(of: S.self)
    }

    /// The first row.
    ///
    /// - Throws: `.noRow` when there is none.
    @inlinable
    public func one<S: Statement>(_ statement: S, deadline: Instant? = nil) async throws(PostgresError) -> S.Row {
        let reply = await call(S.info, statement, by: deadline)
        guard let row = try PostgresResult(reply).firstRow(of: S.self) else { throw .noRow(statement: "\(S.name)") }
        return row
    }

    /// Runs a statement and returns how many rows it affected.
    @discardableResult
    @inlinable
    public func execute<S: Statement>(_ statement: S, deadline: Instant? = nil) async throws(PostgresError) -> Int {
        let reply = await call(S.info, statement, by: deadline)
        return try PostgresResult(reply).affectedRows
    }

    @usableFromInline
    func call(_ info: StatementInfo, _ statement: any Statement, by deadline: Instant?) async -> Reply {
        await core.local.shared(for: info.mode).call(info, statement, by: deadline)
    }

    /// The payloads of `NOTIFY` on `channel`; send with `SELECT pg_notify(channel, payload)`.
    ///
    /// An **empty payload** arrives when listening begins, after every reconnection, and when more arrived than the
    /// subscriber took: anything may have happened before it, so look at the tables. The stream ends with
    /// ``close(by:)``, or when its task is cancelled.
    ///
    /// - Parameter channel: lower-case letters, digits and `_`, at most 63.
    public func listen(_ channel: String) -> AsyncStream<String> {
        core.listener.listen(channel)
    }

    /// How busy the connections are.
    public func statistics() async -> DatabaseStatistics {
        var total = DatabaseStatistics()
        for local in core.locals { total = total + (await local.statistics()) }
        return total
    }

    /// Refuses new work with `.closed`, lets what runs finish until `deadline` (5 s when nil), and disconnects.
    public func close(by deadline: Instant? = nil) async {
        let deadline = deadline ?? Instant.now + .seconds(5)
        await core.listener.close()
        for local in core.locals { await local.close(by: deadline) }
    }
}

/// What the copies of a ``Database`` share.
final class DatabaseCore: Sendable {
    let locals: [LoopDatabase]
    let listener: NotificationListener
    let options: DatabaseOptions
    let target: ConnectionTarget
    private let turn = Atomic<Int>(0)

    init(target: ConnectionTarget, group: EventLoopGroup, options: DatabaseOptions) {
        self.target = target
        self.options = options
        locals = group.all.map { LoopDatabase(loop: $0, target: target, options: options) }
        listener = NotificationListener(loop: group.all[0], target: target, options: options)
    }

    /// The calling loop's connections; another thread's calls are dealt out in turn.
    var local: LoopDatabase {
        if let current = EventLoop.current {
            for local in locals where local.loop === current { return local }
        }
        return locals[turn.wrappingAdd(1, ordering: .relaxed).oldValue % locals.count]
    }
}
