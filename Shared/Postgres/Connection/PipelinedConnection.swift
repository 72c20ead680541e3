internal import CLibPQ
internal import EventLoop
internal import Synchronization

/// One connection in pipeline mode, on one loop: it sends what a turn collected, matches the answers, resumes the
/// callers, and connects again by itself for as long as it is open.
///
/// The decisions are in ``PipelineStateMachine``; here are libpq, deadlines and the connection's life.
actor PipelinedConnection: LoopBound {
    enum State {
        case idle
        case connecting
        case ready
        /// Lent to a stream, which drives libpq by itself.
        case streaming
        case closed
    }

    /// The server ends every statement at `statement_timeout`; when not even that arrives so much later, the
    /// connection is dead without having said so.
    static let silenceMargin = Duration.seconds(5)
    /// A connection that lived shorter than this does not reset the back-off.
    static let stableLife = Duration.seconds(1)

    nonisolated let loop: EventLoop
    /// Whether statements can be sent right now.
    nonisolated let isReady = Atomic<Bool>(false)
    let options: DatabaseOptions
    let target: ConnectionTarget

    var state = State.idle
    var link: Link?
    var machine = PipelineStateMachine<PipelineRequest>()
    var transaction: OpenTransaction?
    var isClosing = false

    /// The names of prepared statements, as libpq takes them: ended by a zero byte.
    var prepared: [ObjectIdentifier: ContiguousArray<CChar>] = [:]
    var preparedCount = 0
    var parameters = Parameters()
    var group: [PipelineStateMachine<PipelineRequest>.Entry] = []
    var isFlushPlanned = false
    var keptError: PostgresError?
    /// When the server last answered, or the first unanswered request was sent.
    var lastProgress = Instant.now
    var drained: UnsafeContinuation<Void, Never>?
    var pace = AnswerPace()

    private var sweepTimer: (id: TimerID, at: Instant)?
    private var downSince = Instant.now
    private var connectedAt: Instant?
    private var backoff = Backoff()
    private(set) var reconnectCount = 0
    private(set) var statementCount = 0

    init(loop: EventLoop, target: ConnectionTarget, options: DatabaseOptions) {
        self.loop = loop
        self.target = target
        self.options = options
    }

    /// Requests waiting or on the wire.
    var load: Int { machine.waitingCount + machine.inFlightCount }

    /// How long a request submitted now would wait for its turn, in nanoseconds.
    var expectedWait: Int64 {
        guard state == .ready else { return 0 }
        return pace.expectedWait(behind: load, isAsked: machine.awaitsAnswers, at: loop.turnTime)
    }

    // MARK: Submitting

    /// Takes a request; it is sent at the end of this turn.
    func submit(_ request: PipelineRequest) {
        guard state != .closed, !isClosing else { return request.fail(.closed) }
        guard machine.waitingCount < options.queueMax else { return request.fail(.queueFull) }
        if state == .idle { start() }
        if state == .connecting {
            let limit = downSince + options.connectionWait
            guard limit > loop.turnTime else { return request.fail(.unavailable) }
            request.connectionLimit = limit
        }
        statementCount += 1
        machine.enqueue(request, request.mode)
        sweep(by: min(request.deadline, request.connectionLimit))
        planFlush()
    }

    /// The caller of request `id` was cancelled. A write on the wire goes on: its caller learns the outcome.
    func cancel(_ id: UInt64) {
        machine.dropWaiting { request in
            guard request.id == id else { return false }
            drop(request, .cancelled)
            return true
        }
        machine.forEachInFlight { request, mode in
            guard request.id == id, mode == .read || mode == .inTransaction else { return }
            request.fail(.cancelled)
            if mode == .inTransaction { interruptTransaction(.cancelled) }
        }
    }

    /// A request that was never sent: nothing of it happened, but its transaction cannot go on without it.
    func drop(_ request: PipelineRequest, _ error: PostgresError) {
        if request.mode == .inTransaction { transaction?.fail(error) }
        request.fail(error)
    }

    func planFlush() {
        guard !isFlushPlanned, state == .ready else { return }
        isFlushPlanned = true
        loop.onTurnEnd { self.assumeIsolated { $0.flush() } }
    }

    // MARK: Deadlines

    /// Makes sure that a sweep happens at `deadline` or earlier. Deadlines mostly grow, so one timer serves many.
    func sweep(by deadline: Instant) {
        if let sweepTimer {
            guard deadline < sweepTimer.at else { return }
            loop.cancel(sweepTimer.id)
        }
        let timer = loop.schedule(at: deadline) { self.assumeIsolated { $0.sweep() } }
        sweepTimer = (timer, deadline)
    }

    private func sweep() {
        sweepTimer = nil
        let now = loop.turnTime
        var next = Instant.distantFuture
        machine.dropWaiting { request in
            guard !request.isFinished else { return true }
            let limit = min(request.deadline, request.connectionLimit)
            guard limit <= now else {
                next = min(next, limit)
                return false
            }
            drop(request, request.deadline <= now ? .timedOut(statement: request.name) : .unavailable)
            return true
        }
        machine.forEachInFlight { request, mode in
            guard !request.isFinished else { return }
            guard request.deadline <= now else {
                next = min(next, request.deadline)
                return
            }
            expire(request, mode)
        }
        if state == .ready, machine.awaitsAnswers {
            let limit = lastProgress + options.statementTimeout + Self.silenceMargin
            guard limit > now else { return lost("the server has been silent for too long") }
            next = min(next, limit)
        }
        if next != .distantFuture { sweep(by: next) }
    }

    private func expire(_ request: PipelineRequest, _ mode: PipelineRequest.Mode) {
        switch mode {
        case .read: request.fail(.timedOut(statement: request.name))
        case .write, .commit: request.fail(.outcomeUnknown(statement: request.name))
        case .inTransaction:
            request.fail(.timedOut(statement: request.name))
            interruptTransaction(.timedOut(statement: request.name))
        }
    }

    // MARK: Life

    /// Connects, and keeps connecting until it works or the connection is closed.
    func start() {
        guard state == .idle else { return }
        state = .connecting
        downSince = Instant.now
        loop.spawn { await self.connect(after: nil) }
    }

    private func connect(after pause: Duration?) async {
        var pause = pause
        while state == .connecting {
            // The sleep ends early only when its task is cancelled, and nobody holds this task.
            if let pause { try? await loop.sleep(for: pause) }
            guard state == .connecting else { return }
            do {
                let link = try await Link.connect(to: target, on: loop, until: .now + options.connectTimeout)
                guard state == .connecting else { return }
                try adopt(link)
                return
            } catch {
                let reason = (error as? ConnectFailure)?.message ?? "\(error)"
                options.onEvent?(.connectFailed(reason: reason))
                pause = backoff.next()
            }
        }
    }

    private func adopt(_ link: Link) throws {
        guard PQenterPipelineMode(link.raw) == 1 else { throw ConnectFailure(message: link.message) }
        try watch(link)
        self.link = link
        state = .ready
        connectedAt = Instant.now
        lastProgress = Instant.now
        isReady.store(true, ordering: .relaxed)
        options.onEvent?(.connected)
        // What waited for the connection has its own deadline only from here on.
        machine.dropWaiting { request in
            request.connectionLimit = .distantFuture
            return false
        }
        planFlush()
    }

    func watch(_ link: Link) throws {
        try link.watch(
            on: loop, { self.assumeIsolated { $0.receive() } }, { self.assumeIsolated { $0.pushOutput() } })
    }

    /// The connection is gone or beyond use: tells the callers, forgets the session, connects again.
    func lost(_ reason: String) {
        guard state == .ready || state == .streaming else { return }
        isReady.store(false, ordering: .relaxed)
        link?.unwatch()
        link = nil
        prepared.removeAll()
        keptError = nil
        state = .connecting
        downSince = Instant.now
        reconnectCount += 1
        transaction?.fail(.unavailable)
        for (request, loss) in machine.connectionLost({ !$0.isFinished }) {
            request.fail(loss == .unavailable ? .unavailable : .outcomeUnknown(statement: request.name))
        }
        limitWaiting()
        options.onEvent?(.lost(reason: reason))
        if isClosing { return finishClosing() }
        let wasStable = connectedAt.map { Instant.now - $0 > Self.stableLife } ?? false
        if wasStable { backoff.reset() }
        let pause = wasStable ? nil : backoff.next()
        loop.spawn { await self.connect(after: pause) }
    }

    /// What waits now waits for the connection, and for that there is a shorter limit.
    private func limitWaiting() {
        let limit = downSince + options.connectionWait
        machine.dropWaiting { request in
            if request.mode == .inTransaction || request.mode == .commit {
                // Its transaction died with the connection.
                request.fail(.unavailable)
                return true
            }
            request.connectionLimit = limit
            return false
        }
        if machine.waitingCount > 0 { sweep(by: limit) }
    }

    /// Refuses new requests, waits for those under way until `deadline`, and closes.
    func close(by deadline: Instant) async {
        guard state != .closed, !isClosing else { return }
        isClosing = true
        if load > 0, state == .ready {
            let timer = loop.schedule(at: deadline) { self.assumeIsolated { $0.finishClosing() } }
            await withUnsafeContinuation { drained = $0 }
            loop.cancel(timer)
        }
        finishClosing()
    }

    func finishClosing() {
        guard state != .closed else { return }
        state = .closed
        isReady.store(false, ordering: .relaxed)
        link?.unwatch()
        link = nil
        for (request, loss) in machine.connectionLost({ _ in false }) {
            request.fail(loss == .unavailable ? .closed : .outcomeUnknown(statement: request.name))
        }
        machine.dropWaiting { request in
            request.fail(.closed)
            return true
        }
        if let sweepTimer { loop.cancel(sweepTimer.id) }
        drained.take()?.resume()
    }
}
