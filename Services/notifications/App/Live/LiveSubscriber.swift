import EventLoop

/// One open stream: events wait here until the connection has taken the ones before.
final class LiveSubscriber: Sendable {
    /// More than this waiting means that the reader does not read; it comes back with its Last-Event-ID. Two batches of
    /// the dispatcher, so that a burst for one channel does not look like a slow reader. Events are shared, so one that
    /// waits costs this list its place only.
    static let waitingMax = DispatchLiveEvents.batchMax * 2

    /// What the connection is to send next.
    enum Next: Sendable {
        case events([LiveEvent])
        /// Nothing happened for a while: say that the stream lives.
        case heartbeat
        /// The stream is over.
        case end
    }

    /// Events after this one are offered.
    let position: Int64
    /// Which of the hub's rounds of heartbeats it hears.
    let beatGroup: Int

    private struct State {
        var waiting: [LiveEvent] = []
        var waiter: CheckedContinuation<Next, Never>?
        var isEnded = false
    }
    private let state = Locked(State())

    init(position: Int64, beatGroup: Int) {
        self.position = position
        self.beatGroup = beatGroup
    }

    /// False when the stream was ended just now for reading too slowly.
    func offer(_ event: LiveEvent) -> Bool {
        var isTooSlow = false
        let waiter = state.withLock { state -> CheckedContinuation<Next, Never>? in
            guard !state.isEnded else { return nil }
            if let waiter = state.waiter {
                state.waiter = nil
                return waiter
            }
            if state.waiting.count < Self.waitingMax {
                state.waiting.append(event)
            } else {
                isTooSlow = true
                state.isEnded = true
                state.waiting = []
            }
            return nil
        }
        waiter?.resume(returning: .events([event]))
        return !isTooSlow
    }

    /// Sends a heartbeat if the stream has nothing else to do.
    func beat() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: .heartbeat)
    }

    /// What waits, or what comes next; `.end` also when the calling task is cancelled.
    func next() async -> Next {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Next? in
                    if !state.waiting.isEmpty {
                        defer { state.waiting = [] }
                        return .events(state.waiting)
                    }
                    if state.isEnded { return .end }
                    state.waiter = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            end()
        }
    }

    /// Ends the stream after what is already on its way.
    func end() {
        let waiter = state.withLock { state in
            state.isEnded = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: .end)
    }
}
