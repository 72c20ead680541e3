/// Why a statement gave no result.
///
/// Descriptions carry no values of the database's rows or of parameters, so they may be logged.
// Indirect: one word to pass around where nothing failed.
public indirect enum PostgresError: Error, Hashable, Sendable {
    /// There is no connection, or it was lost before the statement could have had an effect. Try again later.
    case unavailable
    /// The connection was lost, or the deadline passed, while a write was under way: it may or may not have
    /// happened. Resolve it by the idempotency key.
    case outcomeUnknown(statement: String)
    /// The deadline passed; nothing was changed by this call.
    case timedOut(statement: String)
    /// The task was cancelled; nothing was changed by this call.
    case cancelled
    /// Every connection for transactions is leased and none came free before the deadline, or too many wait.
    case poolExhausted
    /// Too many statements wait for the shared connection: shed load.
    case queueFull
    /// The database was closed by this process.
    case closed
    /// ``Database/one(_:deadline:)`` found no row.
    case noRow(statement: String)
    /// A row does not fit the statement's `decode`: a mistake in the program.
    case decoding(statement: String, column: Int, problem: String)
    /// The statement has more parameters than a message can carry (65,535), or libpq refused it.
    case badRequest(statement: String, problem: String)
    /// The server refused the statement.
    case server(ServerError)
}

/// The server's answer to a statement that failed.
public struct ServerError: Hashable, Sendable {
    /// The five-character SQLSTATE.
    public var sqlState: SQLState
    /// The statement's name; empty for what the driver sends by itself.
    public var statement: String
    /// The constraint that was violated, if any.
    public var constraint: String?
    /// The table concerned, if any.
    public var table: String?
    /// The column concerned, if any.
    public var column: String?
    /// The server's primary message. It may quote values: never show or log it outside development.
    public var message: String

    init(
        sqlState: SQLState, statement: String = "", constraint: String? = nil, table: String? = nil,
        column: String? = nil, message: String = ""
    ) {
        self.sqlState = sqlState
        self.statement = statement
        self.constraint = constraint
        self.table = table
        self.column = column
        self.message = message
    }
}

extension PostgresError {
    /// The server's SQLSTATE, when it was the server that refused.
    public var sqlState: SQLState? {
        guard case .server(let error) = self else { return nil }
        return error.sqlState
    }

    /// Whether a unique constraint or index was violated; with a name, whether it was that one.
    public func isUniqueViolation(_ constraint: String? = nil) -> Bool {
        isViolation(.uniqueViolation, constraint)
    }

    /// Whether a check constraint was violated; with a name, whether it was that one.
    public func isCheckViolation(_ constraint: String? = nil) -> Bool {
        isViolation(.checkViolation, constraint)
    }

    /// Whether a foreign key was violated; with a name, whether it was that one.
    public func isForeignKeyViolation(_ constraint: String? = nil) -> Bool {
        isViolation(.foreignKeyViolation, constraint)
    }

    /// Whether an exclusion constraint was violated; with a name, whether it was that one.
    public func isExclusionViolation(_ constraint: String? = nil) -> Bool {
        isViolation(.exclusionViolation, constraint)
    }

    private func isViolation(_ state: SQLState, _ constraint: String?) -> Bool {
        guard case .server(let error) = self, error.sqlState == state else { return false }
        return constraint == nil || error.constraint == constraint
    }

    /// Whether the same call may succeed a little later (503 with Retry-After at the edge): no connection, no room,
    /// too slow, locked, or the server is short of something.
    public var isTransient: Bool {
        switch self {
        case .unavailable, .outcomeUnknown, .timedOut, .poolExhausted, .queueFull, .closed: true
        case .cancelled, .noRow, .decoding, .badRequest: false
        case .server(let error): error.sqlState.isTransient
        }
    }
}

extension PostgresError: CustomStringConvertible {
    /// What happened, without values.
    public var description: String {
        switch self {
        case .unavailable: "the database is not reachable"
        case .outcomeUnknown(let statement): "\(statement): it is not known whether the write happened"
        case .timedOut(let statement): "\(statement): the deadline passed"
        case .cancelled: "the task was cancelled"
        case .poolExhausted: "no connection for a transaction came free in time"
        case .queueFull: "too many statements wait for the database"
        case .closed: "the database was closed"
        case .noRow(let statement): "\(statement): no row"
        case .decoding(let statement, let column, let problem): "\(statement): column \(column) \(problem)"
        case .badRequest(let statement, let problem): "\(statement): \(problem)"
        case .server(let error):
            "\(error.statement): SQLSTATE \(error.sqlState)" + (error.constraint.map { ", constraint \($0)" } ?? "")
        }
    }
}
