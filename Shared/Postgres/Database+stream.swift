internal import CLibPQ
public import EventLoop

extension Database {
    /// Calls `body` for each row of a large result, in order, without ever holding more than a few hundred rows.
    ///
    /// The rows are read only as fast as `body` takes them. The read runs in a read-only transaction of its own on a
    /// connection from the pool, without `statement_timeout`; `deadline` (10 s when nil) bounds it instead.
    ///
    /// - Throws: ``PostgresError``, or what `body` throws, which ends the read.
    public func stream<S: Statement>(
        _ statement: S, deadline: Instant? = nil, _ body: (S.Row) async throws -> Void
    ) async throws {
        guard S.mode == .read else {
            throw PostgresError.badRequest(statement: "\(S.name)", problem: "is a write, and only reads are streamed")
        }
        let local = core.local
        let deadline = deadline ?? Instant.now + core.options.defaultDeadline
        let slot = try await local.lease(by: deadline)
        let connection = local.slots[slot]
        do {
            try await connection.beginStream(statement, until: deadline)
            while let rows = try await connection.nextRows(of: S.self, until: deadline) {
                for row in rows { try await body(row) }
                if Task.isCancelled { throw PostgresError.cancelled }
            }
            try await connection.endStream(until: deadline)
        } catch {
            await connection.abandonStream()
            await local.release(slot)
            throw error
        }
        await local.release(slot)
    }
}

extension PipelinedConnection {
    /// Rows decoded before the caller gets them: enough to be cheap, few enough to be small.
    static let streamBatchRows: Int = 256

    func beginStream<S: Statement>(_ statement: S, until deadline: Instant) async throws(PostgresError) {
        if state == .idle { start() }
        // An empty command finds out whether the connection works, and connects it if need be.
        try await run(command: "", .inTransaction, by: deadline)
        guard state == .ready, load == 0, let link, PQexitPipelineMode(link.raw) == 1 else { throw .unavailable }
        link.unwatch()
        state = .streaming
        try await link.execute("BEGIN READ ONLY; SET LOCAL statement_timeout = 0", on: loop, until: deadline)
        try link.send(statement)
        guard PQsetSingleRowMode(link.raw) == 1 else { throw .unavailable }
        try await link.flushAll("\(S.name)", on: loop, until: deadline)
    }

    /// The next rows, at least one; nil after the last.
    func nextRows<S: Statement>(of type: S.Type, until deadline: Instant) async throws(PostgresError) -> [S.Row]? {
        guard state == .streaming, let link else { throw .unavailable }
        var rows: [S.Row] = []
        while rows.count < Self.streamBatchRows {
            if PQisBusy(link.raw) == 1 {
                if !rows.isEmpty { break }
                try await link.awaitResult("\(S.name)", on: loop, until: deadline)
            }
            guard let raw = PQgetResult(link.raw) else { break }
            let result = PostgresResult(raw)
            switch PQresultStatus(result.raw) {
            case PGRES_SINGLE_TUPLE, PGRES_TUPLES_OK: rows += try result.rows(of: S.self)
            default: throw .server(ServerError(result: result.raw, statement: "\(S.name)"))
            }
        }
        return rows.isEmpty ? nil : rows
    }

    /// Every row was read: back to pipelining.
    func endStream(until deadline: Instant) async throws(PostgresError) {
        guard state == .streaming, let link else { throw .unavailable }
        try await link.execute("COMMIT", on: loop, until: deadline)
        guard PQenterPipelineMode(link.raw) == 1, (try? watch(link)) != nil else { throw .unavailable }
        state = .ready
        if isClosing { finishClosing() }
    }

    /// The stream ended early. What the server still sends is of no use, so the connection is given up.
    func abandonStream() async {
        guard state == .streaming, let link else { return }
        if let handle = CancelHandle(link) { await handle.cancel() }
        lost("a stream was abandoned")
    }
}
