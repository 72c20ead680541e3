import EventLoop

/// Whether a job's run left work behind.
public enum JobProgress: Sendable {
    /// There may be more: run again at once.
    case more
    /// Nothing more for now: wait for the interval or a wake-up.
    case idle
}

/// Background work of a service: bounded batches, again and again.
///
/// Any number of replicas may run it, so its SQL claims rows (`FOR UPDATE SKIP LOCKED`) and each run is idempotent.
/// In one process a job never overlaps itself. A run that throws is logged once and tried again with back-off.
/// Shutdown waits for the run under way, so keep runs short (seconds).
public struct Job: Sendable {
    /// Verb and object, `ExpireUnpaidOrders`: names it in logs and metrics.
    public let name: String
    /// The longest wait between runs (with a tenth of jitter, so that replicas spread).
    public let every: Duration
    /// A NOTIFY channel that wakes it before its time.
    public let wakeOn: String?
    let run: @Sendable (Toolkit) async throws -> JobProgress

    /// A job that says whether it has more to do.
    public init(
        name: String, every: Duration, wakeOn: String? = nil,
        run: @escaping @Sendable (Toolkit) async throws -> JobProgress
    ) {
        self.name = name
        self.every = every
        self.wakeOn = wakeOn
        self.run = run
    }
}

/// Lets a task wait for a wake-up or a moment, whichever comes first; a wake-up while nobody waits is kept.
final class WakeSignal: Sendable {
    private struct State {
        var isSet = false
        var waiter: CheckedContinuation<Void, Never>?
        /// Distinguishes the timer of this wait from one of an earlier wait.
        var turn = 0
    }
    private let state = Locked(State())

    /// Wakes the waiter, or the next one.
    func set() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            defer { state.waiter = nil }
            if state.waiter == nil { state.isSet = true }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Waits on `loop` (which must be the caller's) until ``set()`` or `deadline`.
    func wait(until deadline: Instant, on loop: EventLoop) async {
        var timer: TimerID?
        await withCheckedContinuation { continuation in
            let (isSet, turn) = state.withLock { state -> (Bool, Int) in
                if state.isSet {
                    state.isSet = false
                    return (true, state.turn)
                }
                state.turn += 1
                state.waiter = continuation
                return (false, state.turn)
            }
            guard !isSet else { return continuation.resume() }
            timer = loop.schedule(at: deadline) { self.timeOut(turn: turn) }
        }
        // Woken often, a job would otherwise leave a heap of timers behind.
        if let timer { loop.cancel(timer) }
    }

    private func timeOut(turn: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.turn == turn else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
