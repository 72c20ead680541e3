/// Which request is waiting, which is on the wire, and what each answer of the server means for it. No I/O.
///
/// A connection in pipeline mode answers strictly in order, so the machine keeps what was sent as a queue of *steps*
/// and matches every result with its head. Requests travel in **groups**, each ended by a Sync, and a group is one
/// implicit transaction: when a step fails, the server skips the rest of the group and undoes what it did.
///
/// - Reads share a group. A read is done at its own result; one that was skipped because a neighbour failed runs
///   again in a group of its own.
/// - A write has its own group and is done only when the group's Sync is answered, because a deferred constraint or
///   a serialization failure shows there, after the write's own result looked fine.
///
/// Example: reads A, B, C in one group, B fails. Results: rows, error, aborted, sync. Actions: deliver A, fail B,
/// nothing for C (it waits alone now), nothing.
///
/// - Source: PostgreSQL documentation, "Pipeline Mode"; checked on libpq 15.
struct PipelineStateMachine<Request> {
    /// Reads in one group: so few that one slow read delays few others.
    static var groupMax: Int { 32 }
    /// Requests on the wire; the rest wait here, where they can still be dropped for nothing.
    static var inFlightMax: Int { 256 }

    enum Mode: Equatable {
        case read
        case write
        /// A statement of an open transaction: undone when the connection is lost.
        case inTransaction
        /// The end of a transaction: its loss leaves the outcome unknown.
        case commit
    }

    struct Entry {
        let request: Request
        let mode: Mode
        /// Wants a group of its own.
        var isAlone = false
        /// Was on the wire of a connection that was lost.
        var wasResent = false
        /// Was prepared a second time.
        var wasPreparedAgain = false
    }

    enum Step {
        /// Preparation of the statement of the next run.
        case prepare(Request)
        /// BEGIN, before the first statement of a transaction.
        case begin
        case run(Entry)
        case sync
    }

    enum Outcome: Equatable {
        case succeeded
        /// `wantsNewPlan`: the prepared statement is gone or no longer fits the tables.
        case failed(wantsNewPlan: Bool)
        case aborted
        case sync
    }

    enum Action {
        case none
        /// Decode the result and resume the caller.
        case deliver(Request)
        /// Decode the result and keep it until the Sync.
        case keep(Request)
        /// Resume the caller with what was kept.
        case complete(Request)
        /// Resume the caller with the error at hand.
        case fail(Request)
        /// Keep the error at hand for the run that follows; its statement is not prepared.
        case keepError(Request?)
        /// Resume the caller with the error that was kept.
        case failWithKeptError(Request)
        /// The statement was prepared.
        case prepared(Request)
        /// The statement is not prepared on this connection; whoever wants it runs again.
        case forget(Request)
        /// The server's answer does not match what was sent: close the connection.
        case violation
    }

    enum Loss: Equatable {
        case unavailable
        case outcomeUnknown
    }

    private var alone = RingBuffer<Entry>()
    private var reads = RingBuffer<Entry>()
    private var others = RingBuffer<Entry>()
    private var steps = RingBuffer<Step>()
    /// The write whose own result was fine and whose Sync is awaited.
    private var kept: Entry?
    private var preambleFailed = false
    private(set) var inFlightCount = 0

    var waitingCount: Int { alone.count + reads.count + others.count }
    /// Whether any answer is awaited.
    var awaitsAnswers: Bool { !steps.isEmpty }

    // MARK: Sending

    mutating func enqueue(_ request: Request, _ mode: Mode) {
        let entry = Entry(request: request, mode: mode)
        if mode == .read { reads.append(entry) } else { others.append(entry) }
    }

    /// Takes the next group to send: one lone request, one write, or reads up to the limit. Empty when nothing waits
    /// or enough is on the wire.
    mutating func takeGroup(into group: inout [Entry]) {
        group.removeAll(keepingCapacity: true)
        guard inFlightCount < Self.inFlightMax else { return }
        if let entry = alone.popFirst() ?? others.popFirst() {
            group.append(entry)
            return
        }
        while group.count < Self.groupMax, let entry = reads.popFirst() { group.append(entry) }
    }

    mutating func didSendPrepare(for request: Request) { steps.append(.prepare(request)) }
    mutating func didSendBegin() { steps.append(.begin) }
    mutating func didSendSync() { steps.append(.sync) }
    mutating func didSendRun(_ entry: Entry) {
        steps.append(.run(entry))
        inFlightCount += 1
    }

    // MARK: Receiving

    mutating func received(_ outcome: Outcome) -> Action {
        guard let head = steps.popFirst() else { return .violation }
        switch (head, outcome) {
        case (.run(let entry), .succeeded), (.run(let entry), .failed), (.run(let entry), .aborted):
            inFlightCount -= 1
            return ran(entry, outcome)
        case (.sync, .sync):
            preambleFailed = false
            guard let entry = kept.take() else { return .none }
            return .complete(entry.request)
        case (.sync, .failed):
            // The implicit commit failed: what looked done was undone. The Sync itself is answered later.
            steps.prepend(.sync)
            guard let entry = kept.take() else { return .none }
            return .fail(entry.request)
        case (.prepare(let request), .succeeded):
            return .prepared(request)
        case (.prepare(let request), .failed):
            preambleFailed = true
            return .keepError(request)
        case (.prepare(let request), .aborted):
            return .forget(request)
        case (.begin, .succeeded), (.begin, .aborted):
            return .none
        case (.begin, .failed):
            preambleFailed = true
            return .keepError(nil)
        default:
            // Back, so that the caller of a request is still told when the connection is closed.
            steps.prepend(head)
            return .violation
        }
    }

    private mutating func ran(_ entry: Entry, _ outcome: Outcome) -> Action {
        switch outcome {
        case .succeeded:
            guard entry.mode != .read else { return .deliver(entry.request) }
            kept = entry
            return .keep(entry.request)
        case .failed(let wantsNewPlan):
            // Not inside a transaction, which is over now and runs again as a whole.
            let mayRunAgain = entry.mode == .read || entry.mode == .write
            guard wantsNewPlan else { return .fail(entry.request) }
            guard mayRunAgain, !entry.wasPreparedAgain else { return .fail(entry.request) }
            var again = entry
            again.isAlone = true
            again.wasPreparedAgain = true
            alone.append(again)
            return .forget(entry.request)
        case .aborted where preambleFailed:
            preambleFailed = false
            return .failWithKeptError(entry.request)
        case .aborted where entry.mode == .read && !entry.isAlone:
            var again = entry
            again.isAlone = true
            alone.append(again)
            return .none
        case .aborted, .sync:
            steps.prepend(.run(entry))
            inFlightCount += 1
            return .violation
        }
    }

    // MARK: Loss, cancellation, deadlines

    /// The connection is gone. Reads that were on the wire wait again, once; the others are returned with what their
    /// callers must be told. Requests not sent yet keep waiting.
    mutating func connectionLost(_ isLive: (Request) -> Bool) -> [(request: Request, loss: Loss)] {
        var lost: [(Request, Loss)] = []
        var again: [Entry] = []
        if let entry = kept.take() { lost.append((entry.request, Self.loss(of: entry))) }
        while let step = steps.popFirst() {
            guard case .run(var entry) = step else { continue }
            if entry.mode == .read && !entry.wasResent {
                entry.wasResent = true
                if isLive(entry.request) { again.append(entry) }
            } else {
                lost.append((entry.request, Self.loss(of: entry)))
            }
        }
        for entry in again.reversed() {
            if entry.isAlone { alone.prepend(entry) } else { reads.prepend(entry) }
        }
        preambleFailed = false
        inFlightCount = 0
        return lost
    }

    private static func loss(of entry: Entry) -> Loss {
        switch entry.mode {
        case .read, .inTransaction: .unavailable
        case .write, .commit: .outcomeUnknown
        }
    }

    /// Drops waiting requests for which `isDropped` says so; each is passed to it once.
    mutating func dropWaiting(_ isDropped: (Request) -> Bool) {
        alone.filter { !isDropped($0.request) }
        reads.filter { !isDropped($0.request) }
        others.filter { !isDropped($0.request) }
    }

    /// Calls `body` with every request on the wire whose caller has not been answered by the machine.
    func forEachInFlight(_ body: (Request, Mode) -> Void) {
        if let kept { body(kept.request, kept.mode) }
        steps.forEach { step in
            if case .run(let entry) = step { body(entry.request, entry.mode) }
        }
    }
}
