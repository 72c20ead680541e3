public import EventLoop

/// The statements of one open transaction. Valid inside the closure of ``Database/transaction(isolation:deadline:_:)``.
///
/// After a statement failed, PostgreSQL has undone the transaction: every later statement and the commit give the
/// first failure again, even when the closure caught it.
public struct Transaction: Sendable {
    let connection: PipelinedConnection
    let token: UInt64
    let deadline: Instant

    /// All rows of a statement.
    @inlinable
    public func all<S: Statement>(_ statement: S) async throws(PostgresError) -> [S.Row] {
        let reply = await call(S.info, statement)
        return try PostgresResult(reply).rows(of: S.self)
    }

    /// The first row, or nil.
    @inlinable
    public func first<S: Statement>(_ statement: S) async throws(PostgresError) -> S.Row? {
        let reply = await call(S.info, statement)
        return try PostgresResult(reply).firstRow(of: S.self)
    }

    /// The first row.
    ///
    /// - Throws: `.noRow` when there is none; the transaction can go on after that.
    @inlinable
    public func one<S: Statement>(_ statement: S) async throws(PostgresError) -> S.Row {
        let reply = await call(S.info, statement)
        guard let row = try PostgresResult(reply).firstRow(of: S.self) else { throw .noRow(statement: "\(S.name)") }
        return row
    }

    /// Runs a statement and returns how many rows it affected.
    @discardableResult
    @inlinable
    public func execute<S: Statement>(_ statement: S) async throws(PostgresError) -> Int {
        let reply = await call(S.info, statement)
        return try PostgresResult(reply).affectedRows
    }

    @usableFromInline
    func call(_ info: StatementInfo, _ statement: any Statement) async -> Reply {
        await connection.call(info, statement, by: deadline, in: token)
    }
}

extension Database {
    /// Runs `body` in a transaction on a connection of its own, and commits when it returns.
    ///
    /// `body` is run again, from its start, when the server reports a serialization failure or a deadlock (nothing of
    /// the attempt happened), up to `transactionRetriesMax` times; so it must have no effect but its statements. It
    /// must not call another service, and not use this `Database` inside (only the transaction it is given): a
    /// statement on a shared connection could wait for a lock that this transaction holds.
    ///
    /// - Parameter deadline: for everything together, waiting for a connection included; 10 s when nil.
    /// - Throws: what `body` throws, after undoing everything; `.poolExhausted` when no connection came free;
    ///   `.outcomeUnknown` when the connection broke during the commit.
    @discardableResult
    public func transaction<T>(
        isolation: IsolationLevel = .readCommitted, deadline: Instant? = nil,
        _ body: (Transaction) async throws -> T
    ) async throws -> T {
        let local = core.local
        let deadline = deadline ?? Instant.now + core.options.defaultDeadline
        var attempt = 0
        while true {
            let slot = try await local.lease(by: deadline)
            let (outcome, failure) = await attemptTransaction(on: local.slots[slot], isolation, deadline, body)
            await local.release(slot)
            guard case .failure(let error) = outcome, attempt < core.options.transactionRetriesMax else {
                return try outcome.get()
            }
            guard Self.mayRunAgain(failure ?? (error as? PostgresError)) else { throw error }
            attempt += 1
            try await pause(before: attempt, on: local.loop, until: deadline, orThrow: error)
        }
    }

    /// One attempt: its outcome, and the first failure of its statements (which `body` may have translated).
    private func attemptTransaction<T>(
        on connection: PipelinedConnection, _ isolation: IsolationLevel, _ deadline: Instant,
        _ body: (Transaction) async throws -> T
    ) async -> (Result<T, any Error>, PostgresError?) {
        let token = RequestID.next()
        await connection.openTransaction(token, isolation)
        var isCommitted = false
        let outcome: Result<T, any Error>
        do {
            let value = try await body(Transaction(connection: connection, token: token, deadline: deadline))
            try await connection.commit(token, deadline: deadline)
            isCommitted = true
            outcome = .success(value)
        } catch {
            outcome = .failure(error)
        }
        return (outcome, await connection.endTransaction(token, committed: isCommitted))
    }

    /// A random pause that doubles with each attempt: 1-2 ms, 2-4 ms … so that the rivals do not meet again.
    private func pause(
        before attempt: Int, on loop: EventLoop, until deadline: Instant, orThrow error: any Error
    ) async throws {
        let base = Duration.milliseconds(1 << min(attempt - 1, 6))
        let wake = Instant.now + base * Double.random(in: 1...2)
        guard wake < deadline else { throw error }
        try await loop.sleep(until: wake)
    }

    /// Serialization failures and deadlocks, and plans that vanished under a prepared statement.
    private static func mayRunAgain(_ error: PostgresError?) -> Bool {
        guard let state = error?.sqlState else { return false }
        return state.isRetryableTransaction || state == .invalidStatementName || state == .featureNotSupported
    }
}
