internal import EventLoop

/// The way in from a caller's task. On the connection's own loop it is a plain call: no queue, no hop.
extension PipelinedConnection {
    /// Runs a statement and returns its reply, in transaction `token` if given.
    ///
    /// It runs as its caller's: the closures of the standard library's functions would leave an actor that is not named
    /// to them, and come back to it through the queue.
    @inline(__always)
    func call(
        _ info: StatementInfo, _ statement: any Statement, by deadline: Instant?, in token: UInt64? = nil,
        isolation: isolated (any Actor)? = #isolation
    ) async -> Reply {
        guard !Task.isCancelled else { return .failure(.cancelled) }
        let id = RequestID.next()
        return await withTaskCancellationHandler {
            await withUnsafeContinuation {
                let continuation = LoopContinuation($0, on: loop, isolation: isolation)
                if loop.isCurrent {
                    assumeIsolated { $0.submit(info, statement, id, deadline, token, continuation) }
                } else {
                    loop.execute {
                        self.assumeIsolated { $0.submit(info, statement, id, deadline, token, continuation) }
                    }
                }
            }
        } onCancel: {
            loop.execute { self.assumeIsolated { $0.cancel(id) } }
        }
    }

    private func submit(
        _ info: StatementInfo, _ statement: any Statement, _ id: UInt64, _ deadline: Instant?, _ token: UInt64?,
        _ continuation: LoopContinuation<Reply>
    ) {
        let mode: PipelineRequest.Mode = token != nil ? .inTransaction : info.mode == .read ? .read : .write
        let request = PipelineRequest(
            info, statement, id: id, mode: mode, deadline: deadline ?? loop.turnTime + options.defaultDeadline,
            continuation)
        if let token { submit(request, in: token) } else { submit(request) }
    }

    /// Sends a command that has no parameters and no rows.
    func run(command: StaticString, _ mode: PipelineRequest.Mode, by deadline: Instant) async throws(PostgresError) {
        let reply: Reply = await withUnsafeContinuation {
            let continuation = LoopContinuation($0, on: loop, isolation: self)
            submit(PipelineRequest(command: command, mode: mode, deadline: deadline, continuation))
        }
        _ = try PostgresResult(reply)
    }
}
