/// One sleeping task: woken by its timer or by cancellation, whichever comes first, exactly once.
final class Sleeper: Sendable {
    private enum State {
        case idle
        case sleeping(CheckedContinuation<Void, Never>, TimerID?)
        case woken
    }

    private let loop: EventLoop
    private let state = Locked(State.idle)

    init(loop: EventLoop) {
        self.loop = loop
    }

    func start(_ deadline: Instant, _ continuation: CheckedContinuation<Void, Never>) {
        let mustSleep = state.withLock { state in
            guard case .idle = state else { return false }
            state = .sleeping(continuation, nil)
            return true
        }
        guard mustSleep else { return continuation.resume() }
        if loop.isCurrent { arm(deadline) } else { loop.execute { self.arm(deadline) } }
    }

    private func arm(_ deadline: Instant) {
        let timer = loop.schedule(at: deadline) { self.wake() }
        let isStale = state.withLock { state in
            guard case .sleeping(let continuation, _) = state else { return true }
            state = .sleeping(continuation, timer)
            return false
        }
        if isStale { loop.cancel(timer) }
    }

    func wake() {
        let previous = state.withLock { state in
            let previous = state
            state = .woken
            return previous
        }
        guard case .sleeping(let continuation, let timer) = previous else { return }
        if let timer {
            if loop.isCurrent { loop.cancel(timer) } else { loop.execute { [loop] in loop.cancel(timer) } }
        }
        continuation.resume()
    }
}
