internal import EventLoop
internal import Synchronization

/// The connections of one loop: shared ones for single statements, and a bounded pool for transactions.
actor LoopDatabase: LoopBound {
    nonisolated let loop: EventLoop
    nonisolated let reads: [PipelinedConnection]
    nonisolated let writes: [PipelinedConnection]
    nonisolated let slots: [PipelinedConnection]
    private let options: DatabaseOptions
    private var pool: PoolStateMachine
    private var waiters: [UInt64: Waiter] = [:]
    private var isClosed = false

    private struct Waiter {
        let continuation: UnsafeContinuation<Result<Int, PostgresError>, Never>
        let timer: TimerID
    }

    init(loop: EventLoop, target: ConnectionTarget, options: DatabaseOptions) {
        func connections(_ count: Int) -> [PipelinedConnection] {
            (0..<max(1, count)).map { _ in PipelinedConnection(loop: loop, target: target, options: options) }
        }
        self.loop = loop
        self.options = options
        reads = connections(options.readConnections)
        writes = connections(options.writeConnections)
        slots = connections(options.transactionConnections)
        pool = PoolStateMachine(slotCount: slots.count, waitersMax: options.leaseWaitersMax)
    }

    /// Connects the shared connections; those for transactions connect when first wanted.
    nonisolated func start() {
        loop.execute { [reads, writes] in
            for connection in reads + writes { connection.assumeIsolated { $0.start() } }
        }
    }

    nonisolated var isReady: Bool {
        (reads + writes).allSatisfy { $0.isReady.load(ordering: .relaxed) }
    }

    /// The shared connection for a statement: the least loaded, as far as the caller's thread may know.
    nonisolated func shared(for mode: StatementMode) -> PipelinedConnection {
        let candidates = mode == .read ? reads : writes
        guard candidates.count > 1, loop.isCurrent else { return candidates[0] }
        var best = candidates[0]
        var bestLoad = Int.max
        for candidate in candidates {
            let load = candidate.assumeIsolated { $0.load }
            if load < bestLoad { (best, bestLoad) = (candidate, load) }
        }
        return best
    }

    /// How long a single statement would wait for its turn on the better of the shared connections, reads or writes,
    /// whichever is later. On the loop only.
    nonisolated var expectedWait: Int64 {
        func wait(_ connections: [PipelinedConnection]) -> Int64 {
            var least = Int64.max
            for connection in connections { least = min(least, connection.assumeIsolated { $0.expectedWait }) }
            return least
        }
        return max(wait(reads), wait(writes))
    }

    /// Leases a connection for a transaction or a stream.
    func lease(by deadline: Instant) async throws(PostgresError) -> Int {
        guard !isClosed else { throw .closed }
        guard !Task.isCancelled else { throw .cancelled }
        let id = RequestID.next()
        switch pool.lease(waiter: id) {
        case .lease(let slot): return slot
        case .refuse: throw .poolExhausted
        case .wait: break
        }
        let limit = min(deadline, Instant.now + options.leaseWait)
        let outcome = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let timer = loop.schedule(at: limit) { self.assumeIsolated { $0.abandon(id, .poolExhausted) } }
                waiters[id] = Waiter(continuation: continuation, timer: timer)
            }
        } onCancel: {
            loop.execute { self.assumeIsolated { $0.abandon(id, .cancelled) } }
        }
        return try outcome.get()
    }

    func release(_ slot: Int) {
        guard let id = pool.release(slot) else { return }
        guard let waiter = waiters.removeValue(forKey: id) else { return }
        loop.cancel(waiter.timer)
        waiter.continuation.resume(returning: .success(slot))
    }

    private func abandon(_ id: UInt64, _ error: PostgresError) {
        guard pool.abandon(id), let waiter = waiters.removeValue(forKey: id) else { return }
        loop.cancel(waiter.timer)
        waiter.continuation.resume(returning: .failure(error))
    }

    /// Refuses new work, lets what runs finish until `deadline`, and closes every connection.
    func close(by deadline: Instant) async {
        guard !isClosed else { return }
        isClosed = true
        for id in pool.abandonAll() {
            guard let waiter = waiters.removeValue(forKey: id) else { continue }
            loop.cancel(waiter.timer)
            waiter.continuation.resume(returning: .failure(.closed))
        }
        for connection in reads + writes + slots { await connection.close(by: deadline) }
    }

    func statistics() async -> DatabaseStatistics {
        var total = DatabaseStatistics()
        total.leasedConnections = pool.leasedCount
        total.leaseWaiters = pool.waitingCount
        for connection in reads + writes + slots { await connection.addStatistics(to: &total) }
        return total
    }
}

/// How busy a database's connections are, summed over the loops.
public struct DatabaseStatistics: Hashable, Sendable {
    /// Connections that can take statements now.
    public var readyConnections = 0
    /// Statements on the wire.
    public var inFlightStatements = 0
    /// Statements waiting to be sent.
    public var waitingStatements = 0
    /// Connections leased to transactions and streams.
    public var leasedConnections = 0
    /// Callers waiting for a lease.
    public var leaseWaiters = 0
    /// Connections lost since the start.
    public var lostConnections = 0
    /// Statements taken since the start.
    public var statements = 0

    /// Nothing.
    public init() {}

    static func + (left: DatabaseStatistics, right: DatabaseStatistics) -> DatabaseStatistics {
        var sum = left
        sum.readyConnections += right.readyConnections
        sum.inFlightStatements += right.inFlightStatements
        sum.waitingStatements += right.waitingStatements
        sum.leasedConnections += right.leasedConnections
        sum.leaseWaiters += right.leaseWaiters
        sum.lostConnections += right.lostConnections
        sum.statements += right.statements
        return sum
    }
}

extension PipelinedConnection {
    func addStatistics(to total: inout DatabaseStatistics) {
        total.readyConnections += state == .ready ? 1 : 0
        total.inFlightStatements += machine.inFlightCount
        total.waitingStatements += machine.waitingCount
        total.lostConnections += reconnectCount
        total.statements += statementCount
    }
}
