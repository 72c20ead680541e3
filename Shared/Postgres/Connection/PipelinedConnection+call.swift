internal import EventLoop

/// The way in from a caller's task. On the connection's own loop it is a plain call: no queue, no hop.
extension PipelinedConnection {
    typealias Outcome<T> = Result<T, PostgresError>

    nonisolated func rows<S: Statement>(
        _ statement: S, _ mode: PipelineRequest.Mode, by deadline: Instant?, in token: UInt64? = nil
    ) async -> Outcome<[S.Row]> {
        guard !Task.isCancelled else { return .failure(.cancelled) }
        let id = RequestID.next()
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if loop.isCurrent {
                    assumeIsolated { $0.rows(statement, id, mode, deadline, token, continuation) }
                } else {
                    loop.execute {
                        self.assumeIsolated { $0.rows(statement, id, mode, deadline, token, continuation) }
                    }
                }
            }
        } onCancel: {
            loop.execute { self.assumeIsolated { $0.cancel(id) } }
        }
    }

    nonisolated func count<S: Statement>(
        _ statement: S, _ mode: PipelineRequest.Mode, by deadline: Instant?, in token: UInt64? = nil
    ) async -> Outcome<Int> {
        guard !Task.isCancelled else { return .failure(.cancelled) }
        let id = RequestID.next()
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if loop.isCurrent {
                    assumeIsolated { $0.count(statement, id, mode, deadline, token, continuation) }
                } else {
                    loop.execute {
                        self.assumeIsolated { $0.count(statement, id, mode, deadline, token, continuation) }
                    }
                }
            }
        } onCancel: {
            loop.execute { self.assumeIsolated { $0.cancel(id) } }
        }
    }

    private func rows<S: Statement>(
        _ statement: S, _ id: UInt64, _ mode: PipelineRequest.Mode, _ deadline: Instant?, _ token: UInt64?,
        _ continuation: UnsafeContinuation<Outcome<[S.Row]>, Never>
    ) {
        let request = RowsRequest(statement, id: id, mode: mode, deadline: limit(deadline), continuation)
        if let token { submit(request, in: token) } else { submit(request) }
    }

    private func count<S: Statement>(
        _ statement: S, _ id: UInt64, _ mode: PipelineRequest.Mode, _ deadline: Instant?, _ token: UInt64?,
        _ continuation: UnsafeContinuation<Outcome<Int>, Never>
    ) {
        let request = CountRequest(statement, id: id, mode: mode, deadline: limit(deadline), continuation)
        if let token { submit(request, in: token) } else { submit(request) }
    }

    private func limit(_ deadline: Instant?) -> Instant {
        deadline ?? loop.turnTime + options.defaultDeadline
    }
}
