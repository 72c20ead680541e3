internal import CLibPQ
package import EventLoop

/// Plain request and answer, outside pipeline mode: for migrations, LISTEN, streams and administration.
extension Link {
    /// Runs SQL text that may hold several statements; without `BEGIN` they are one implicit transaction.
    func execute(_ sql: String, on loop: EventLoop, until deadline: Instant?) async throws(PostgresError) {
        guard PQsendQuery(raw, sql) == 1 else { throw .unavailable }
        try await finish("script", on: loop, until: deadline) { _ in }
    }

    /// Runs one statement and returns its rows.
    func rows<S: Statement>(
        _ statement: S, on loop: EventLoop, until deadline: Instant?
    ) async throws(PostgresError) -> [S.Row] {
        try send(statement)
        var rows: Result<[S.Row], PostgresError> = .success([])
        try await finish("\(S.name)", on: loop, until: deadline) { result in
            do throws(PostgresError) {
                rows = .success(try result.rows(of: S.self))
            } catch {
                rows = .failure(error)
            }
        }
        return try rows.get()
    }

    /// Queues a statement without preparing it.
    func send<S: Statement>(_ statement: S) throws(PostgresError) {
        var parameters = Parameters()
        statement.bind(to: &parameters)
        let isSent = parameters.types.withUnsafeBufferPointer { types in
            parameters.withLibPQArrays { count, values, lengths, formats in
                PQsendQueryParams(raw, S.sql.cString, count, types.baseAddress, values, lengths, formats, 1) == 1
            }
        }
        guard isSent else {
            throw isBroken ? .unavailable : .badRequest(statement: "\(S.name)", problem: message)
        }
    }

    /// Sends what is queued and takes results until the command is over. The first error is thrown at the end.
    private func finish(
        _ name: String, on loop: EventLoop, until deadline: Instant?, _ take: (borrowing PostgresResult) -> Void
    ) async throws(PostgresError) {
        try await flushAll(name, on: loop, until: deadline)
        var failure: PostgresError?
        while true {
            try await awaitResult(name, on: loop, until: deadline)
            guard let raw = PQgetResult(raw) else { break }
            let result = PostgresResult(raw)
            switch PQresultStatus(result.raw) {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: take(result)
            default: failure = failure ?? .server(ServerError(result: result.raw, statement: name))
            }
        }
        if isBroken { throw .unavailable }
        if let failure { throw failure }
    }

    /// Hands everything to the kernel.
    func flushAll(_ name: String, on loop: EventLoop, until deadline: Instant?) async throws(PostgresError) {
        while true {
            let status = PQflush(raw)
            if status == 0 { return }
            guard status == 1 else { throw .unavailable }
            let readiness = await wait(forWriting: true, on: loop, until: deadline)
            guard readiness != .timedOut else { throw .timedOut(statement: name) }
            guard readiness == .ready else { throw .unavailable }
            // The server may be stuck until we read what it wrote.
            guard PQconsumeInput(raw) == 1 else { throw .unavailable }
        }
    }

    /// Waits until a result can be taken without blocking.
    func awaitResult(_ name: String, on loop: EventLoop, until deadline: Instant?) async throws(PostgresError) {
        while PQisBusy(raw) == 1 {
            let readiness = await wait(forWriting: false, on: loop, until: deadline)
            guard readiness != .timedOut else { throw .timedOut(statement: name) }
            guard readiness == .ready else { throw .unavailable }
            guard PQconsumeInput(raw) == 1 else { throw .unavailable }
        }
    }
}

/// One-off work on a server: `CREATE DATABASE` for tests, checks by tools.
package actor AdminSession: LoopBound {
    package nonisolated let loop: EventLoop
    private let target: ConnectionTarget

    package init(url: String, loop: EventLoop) throws(InvalidDatabaseURL) {
        self.loop = loop
        var options = DatabaseOptions()
        options.statementTimeout = .zero
        options.lockTimeout = .zero
        target = try ConnectionTarget(url: url, options: options)
    }

    /// Connects, runs each text (which may hold several statements), and disconnects.
    package func run(_ scripts: [String], until deadline: Instant) async throws {
        let link = try await Link.connect(to: target, on: loop, until: deadline)
        for script in scripts { try await link.execute(script, on: loop, until: deadline) }
    }
}
