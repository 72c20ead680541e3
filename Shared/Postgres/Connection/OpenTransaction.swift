internal import CLibPQ
internal import EventLoop

/// How much of other transactions a transaction may see.
///
/// - Source: PostgreSQL documentation, "Transaction Isolation".
public enum IsolationLevel: Sendable {
    /// Each statement sees what was committed before it began (PostgreSQL's default).
    case readCommitted
    /// Every statement sees the state at the first one; concurrent updates of the same row fail and are retried.
    case repeatableRead
    /// As if transactions ran one after the other; conflicts fail and are retried.
    case serializable

    var begin: StaticString {
        switch self {
        case .readCommitted: "BEGIN ISOLATION LEVEL READ COMMITTED"
        case .repeatableRead: "BEGIN ISOLATION LEVEL REPEATABLE READ"
        case .serializable: "BEGIN ISOLATION LEVEL SERIALIZABLE"
        }
    }
}

/// The transaction that a connection is lent to.
struct OpenTransaction {
    /// Names this transaction, so that a use after its end is noticed.
    let token: UInt64
    let isolation: IsolationLevel
    /// BEGIN travels with the first statement.
    var hasBegun = false
    /// Why it cannot be committed any more: the first error of any of its statements.
    var failure: PostgresError?
    /// Asks the server to stop a statement whose caller was already told otherwise.
    var interruption: Task<Void, Never>?

    /// Keeps the first failure.
    mutating func fail(_ error: PostgresError) {
        if failure == nil { failure = error }
    }
}

extension PipelinedConnection {
    /// How long the clean-up after a failed transaction may take before the connection is given up.
    static let rollbackTimeout = Duration.seconds(2)

    func openTransaction(_ token: UInt64, _ isolation: IsolationLevel) {
        transaction = OpenTransaction(token: token, isolation: isolation)
        if state == .idle { start() }
    }

    /// BEGIN, when the transaction has not begun.
    func takeBegin() -> StaticString? {
        guard let open = transaction, !open.hasBegun else { return nil }
        transaction?.hasBegun = true
        return open.isolation.begin
    }

    /// Takes a request of transaction `token`; after a failure PostgreSQL would refuse it, so it is not even sent.
    func submit(_ request: PipelineRequest, in token: UInt64) {
        guard let open = transaction, open.token == token else {
            return request.fail(.badRequest(statement: request.name, problem: "is used after its transaction ended"))
        }
        if let failure = open.failure { return request.fail(failure) }
        submit(request)
    }

    /// A running statement was abandoned by its caller: the server is asked to stop it.
    func interruptTransaction(_ error: PostgresError) {
        guard transaction != nil else { return }
        transaction?.fail(error)
        guard transaction?.interruption == nil, let link, let handle = CancelHandle(link) else { return }
        transaction?.interruption = loop.spawn { await handle.cancel() }
    }

    /// COMMIT, unless a statement failed: then that failure, and nothing is committed.
    func commit(_ token: UInt64, deadline: Instant) async throws(PostgresError) {
        guard let open = transaction, open.token == token else { throw .closed }
        if let failure = open.failure { throw failure }
        guard open.hasBegun else { return }
        try await run(command: "COMMIT", .commit, by: deadline)
    }

    /// Ends what is left of transaction `token` and makes the connection fit for the next one. Returns the first
    /// failure of its statements.
    func endTransaction(_ token: UInt64, committed: Bool) async -> PostgresError? {
        guard let open = transaction, open.token == token else { return nil }
        let failure = open.failure
        // A cancellation that is still on its way could hit the next transaction.
        await open.interruption?.value
        if !committed, open.hasBegun, state == .ready {
            do {
                try await run(command: "ROLLBACK", .write, by: .now + Self.rollbackTimeout)
            } catch {
                if state == .ready { lost("a transaction could not be rolled back") }
            }
        }
        transaction = nil
        return failure
    }
}
