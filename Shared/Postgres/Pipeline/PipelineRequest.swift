internal import CLibPQ
internal import EventLoop

/// One statement on its way through a pipelined connection. Confined to the connection's loop; its caller is resumed
/// exactly once, and what arrives after that is dropped (the entry stays in the pipeline so that results match).
class PipelineRequest {
    typealias Mode = PipelineStateMachine<PipelineRequest>.Mode

    let id: UInt64
    let mode: Mode
    var deadline: Instant
    /// Told when the deadline passes before the request was sent, because there was no connection.
    var isShortened = false
    fileprivate(set) var isFinished = false

    init(id: UInt64, mode: Mode, deadline: Instant) {
        self.id = id
        self.mode = mode
        self.deadline = deadline
    }

    /// The statement's name in errors.
    var name: String { "" }
    /// Names the prepared statement; nil for commands, which are sent as text.
    var key: ObjectIdentifier? { nil }
    var sql: StaticString { "" }
    func bind(to parameters: inout Parameters) {}
    /// Decodes a result and keeps what came of it.
    func keep(_ result: borrowing PostgresResult) {}
    /// Resumes the caller with what was kept.
    func complete() {}
    /// Resumes the caller with an error.
    func fail(_ error: PostgresError) {}
}

/// A statement whose caller wants rows.
final class RowsRequest<S: Statement>: PipelineRequest {
    private let statement: S
    private let continuation: UnsafeContinuation<Result<[S.Row], PostgresError>, Never>
    private var outcome: Result<[S.Row], PostgresError> = .success([])

    init(
        _ statement: S, id: UInt64, mode: Mode, deadline: Instant,
        _ continuation: UnsafeContinuation<Result<[S.Row], PostgresError>, Never>
    ) {
        self.statement = statement
        self.continuation = continuation
        super.init(id: id, mode: mode, deadline: deadline)
    }

    override var name: String { "\(S.name)" }
    override var key: ObjectIdentifier? { ObjectIdentifier(S.self) }
    override var sql: StaticString { S.sql }
    override func bind(to parameters: inout Parameters) { statement.bind(to: &parameters) }

    override func keep(_ result: borrowing PostgresResult) {
        do throws(PostgresError) {
            outcome = .success(try result.rows(of: S.self))
        } catch {
            outcome = .failure(error)
        }
    }

    override func complete() {
        guard !isFinished else { return }
        isFinished = true
        continuation.resume(returning: outcome)
    }

    override func fail(_ error: PostgresError) {
        guard !isFinished else { return }
        isFinished = true
        continuation.resume(returning: .failure(error))
    }
}

/// A statement whose caller wants the number of affected rows.
final class CountRequest<S: Statement>: PipelineRequest {
    private let statement: S
    private let continuation: UnsafeContinuation<Result<Int, PostgresError>, Never>
    private var count = 0

    init(
        _ statement: S, id: UInt64, mode: Mode, deadline: Instant,
        _ continuation: UnsafeContinuation<Result<Int, PostgresError>, Never>
    ) {
        self.statement = statement
        self.continuation = continuation
        super.init(id: id, mode: mode, deadline: deadline)
    }

    override var name: String { "\(S.name)" }
    override var key: ObjectIdentifier? { ObjectIdentifier(S.self) }
    override var sql: StaticString { S.sql }
    override func bind(to parameters: inout Parameters) { statement.bind(to: &parameters) }
    override func keep(_ result: borrowing PostgresResult) { count = result.affectedRows }

    override func complete() {
        guard !isFinished else { return }
        isFinished = true
        continuation.resume(returning: .success(count))
    }

    override func fail(_ error: PostgresError) {
        guard !isFinished else { return }
        isFinished = true
        continuation.resume(returning: .failure(error))
    }
}

/// COMMIT or ROLLBACK.
final class CommandRequest: PipelineRequest {
    private let text: StaticString
    private let continuation: UnsafeContinuation<Result<Void, PostgresError>, Never>

    init(
        _ text: StaticString, id: UInt64, mode: Mode, deadline: Instant,
        _ continuation: UnsafeContinuation<Result<Void, PostgresError>, Never>
    ) {
        self.text = text
        self.continuation = continuation
        super.init(id: id, mode: mode, deadline: deadline)
    }

    override var name: String { "\(text)" }
    override var sql: StaticString { text }

    override func complete() {
        guard !isFinished else { return }
        isFinished = true
        continuation.resume(returning: .success(()))
    }

    override func fail(_ error: PostgresError) {
        guard !isFinished else { return }
        isFinished = true
        continuation.resume(returning: .failure(error))
    }
}
