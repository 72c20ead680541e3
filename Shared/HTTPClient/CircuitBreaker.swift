import EventLoop

/// Keeps callers from waiting for a host that does not answer: after some failures in a row nothing is sent for a
/// moment, then one request may try, and its outcome decides.
struct CircuitBreaker {
    private enum State {
        case closed(failures: Int)
        case open(until: Instant)
        case trying
    }

    private let failuresToOpen: Int
    private let openFor: Duration
    private var state = State.closed(failures: 0)

    init(failuresToOpen: Int, openFor: Duration) {
        self.failuresToOpen = failuresToOpen
        self.openFor = openFor
    }

    /// Whether a request may be sent now.
    mutating func admits(at now: Instant) -> Bool {
        switch state {
        case .closed: return true
        case .trying: return false
        case .open(let until):
            guard now >= until else { return false }
            state = .trying
            return true
        }
    }

    mutating func succeeded() {
        state = .closed(failures: 0)
    }

    /// The request never reached the host: the next one may try.
    mutating func undecided() {
        if case .trying = state { state = .closed(failures: failuresToOpen - 1) }
    }

    mutating func failed(at now: Instant) {
        switch state {
        case .closed(let failures) where failures + 1 < failuresToOpen: state = .closed(failures: failures + 1)
        case .closed, .trying: state = .open(until: now + openFor)
        case .open: break
        }
    }
}
