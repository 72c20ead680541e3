internal import EventLoop

/// Limits and sizes of a ``Database``; every one has a default that suits a service of this repository.
public struct DatabaseOptions: Sendable {
    /// Shared connections a loop for reads. One server process answers them in order, so a slow read delays others.
    public var readConnections = 1
    /// Shared connections a loop for single-statement writes. Two, so that one works while the other's commit waits
    /// for the disk, and PostgreSQL can flush both at once.
    public var writeConnections = 2
    /// Connections a loop for ``Database/transaction(isolation:deadline:_:)`` and streams.
    public var transactionConnections = 4
    /// `statement_timeout` of every session: the longest any statement may run.
    public var statementTimeout = Duration.seconds(5)
    /// `lock_timeout` of every session: the longest any statement may wait for a lock.
    public var lockTimeout = Duration.seconds(2)
    /// `idle_in_transaction_session_timeout`: the longest a transaction may wait for its program.
    public var idleInTransactionTimeout = Duration.seconds(10)
    /// How long a statement may take in all, when the call names no deadline.
    public var defaultDeadline = Duration.seconds(10)
    /// How long a statement waits for a lost connection to come back before it fails with `.unavailable`.
    public var connectionWait = Duration.seconds(2)
    /// How long one attempt to connect may take.
    public var connectTimeout = Duration.seconds(5)
    /// How long `transaction` waits for a free connection before it fails with `.poolExhausted`.
    public var leaseWait = Duration.seconds(2)
    /// How many callers of a loop may wait for a transaction's connection.
    public var leaseWaitersMax = 256
    /// How many statements may wait on one shared connection; beyond, calls fail with `.queueFull` at once.
    public var queueMax = 1_024
    /// How often a transaction is run again after a serialization failure or a deadlock.
    public var transactionRetriesMax = 5
    /// Shown in `pg_stat_activity`.
    public var applicationName = "linli"
    /// Told about connections made and lost, for the log. Called on a loop: it must not block.
    public var onEvent: (@Sendable (DatabaseEvent) -> Void)?

    /// The defaults.
    public init() {}
}

/// What happened to a connection.
public enum DatabaseEvent: Hashable, Sendable {
    /// A connection is ready.
    case connected
    /// A connection was lost; the reason names no values. It is being made again.
    case lost(reason: String)
    /// An attempt to connect failed; the next follows within half a second.
    case connectFailed(reason: String)
}
