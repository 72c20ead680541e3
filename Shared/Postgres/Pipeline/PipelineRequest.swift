internal import CLibPQ
internal import EventLoop

/// What names a statement to a connection, taken from its type.
@usableFromInline
struct StatementInfo: Sendable {
    /// Names the prepared statement in each connection's cache.
    let key: ObjectIdentifier
    let name: StaticString
    let sql: StaticString
    let mode: StatementMode

    @usableFromInline
    init(key: ObjectIdentifier, name: StaticString, sql: StaticString, mode: StatementMode) {
        self.key = key
        self.name = name
        self.sql = sql
        self.mode = mode
    }
}

/// What a caller is resumed with: libpq's result, to be decoded and freed by the caller, or an error.
///
/// Decoding happens in the caller's task, where the compiler knows the statement's type; the pipeline itself has no
/// generic code, which would cost a microsecond a statement in run-time type lookups.
@usableFromInline
enum Reply: Sendable {
    /// The address of a `PGresult` that the receiver owns.
    case result(UInt)
    case failure(PostgresError)
}

/// One statement on its way through a pipelined connection. Confined to the connection's loop; its caller is resumed
/// exactly once, and what arrives after that is dropped (the entry stays in the pipeline so that results match).
final class PipelineRequest {
    typealias Mode = PipelineStateMachine<PipelineRequest>.Mode

    let id: UInt64
    let mode: Mode
    /// Nil for commands (COMMIT …), which are sent as text.
    let key: ObjectIdentifier?
    let sql: StaticString
    let deadline: Instant
    /// How long it may wait for a connection; no limit once there is one.
    var connectionLimit = Instant.distantFuture
    private(set) var isFinished = false

    private let statement: (any Statement)?
    private let label: StaticString
    private let continuation: LoopContinuation<Reply>
    private var kept: UInt = 0

    init(
        _ info: StatementInfo, _ statement: any Statement, id: UInt64, mode: Mode, deadline: Instant,
        _ continuation: LoopContinuation<Reply>
    ) {
        self.id = id
        self.mode = mode
        self.deadline = deadline
        self.statement = statement
        self.continuation = continuation
        key = info.key
        sql = info.sql
        label = info.name
    }

    init(command: StaticString, mode: Mode, deadline: Instant, _ continuation: LoopContinuation<Reply>) {
        id = RequestID.next()
        self.mode = mode
        self.deadline = deadline
        self.continuation = continuation
        statement = nil
        key = nil
        sql = command
        label = command
    }

    deinit {
        assert(isFinished, "a request was dropped without an answer to its caller")
    }

    /// The statement's name in errors.
    var name: String { "\(label)" }

    func bind(to parameters: inout Parameters) { statement?.bind(to: &parameters) }

    /// Keeps a result for ``complete()``.
    func keep(_ result: consuming PostgresResult) {
        guard !isFinished else { return }
        kept = result.take()
    }

    /// Resumes the caller with what was kept.
    func complete() {
        guard !isFinished else { return }
        isFinished = true
        continuation.resume(returning: .result(kept))
    }

    /// Resumes the caller with an error.
    func fail(_ error: PostgresError) {
        guard !isFinished else { return }
        isFinished = true
        if kept != 0 { _ = PostgresResult(address: kept) }
        continuation.resume(returning: .failure(error))
    }
}
