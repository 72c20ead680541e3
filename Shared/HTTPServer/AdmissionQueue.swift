import EventLoop

/// Who is served, who is refused, and who waits to be refused, on one loop. Touched only on the loop's thread.
final class AdmissionQueue {
    /// Between two looks at those who wait.
    private static let releaseInterval = Duration.milliseconds(2)
    /// Served after all at one look: what they cost shows only at the next.
    private static let servedAtOnceMax = 16

    private let loop: EventLoop
    private let shedding: LoadShedding
    private var gate: AdmissionGate
    private var budget = RefusalBudget()
    /// Resumed with true to be served, with false to be refused; those before `first` have been.
    private var waiting: [LoopContinuation<Bool>] = []
    private var first = 0
    private var isEnding = false

    init(loop: EventLoop, shedding: LoadShedding) {
        self.loop = loop
        self.shedding = shedding
        gate = AdmissionGate(waitMax: shedding.waitMax)
    }

    func admits() -> Bool {
        let now = Instant.now
        guard gate.admits(wait: loop.turnAge(at: now) + shedding.furtherWait(), at: now) else { return false }
        budget.served()
        return true
    }

    /// Waits until the refusal may be answered; nil when there is room again before.
    func refusal() async -> Response? {
        if isEnding || (first == waiting.count && budget.take(at: .now)) { return refused() }
        let isolation = #isolation
        let isServed = await withUnsafeContinuation { continuation in
            if first == waiting.count { planRelease() }
            waiting.append(LoopContinuation(continuation, on: loop, isolation: isolation))
        }
        return isServed ? nil : refused()
    }

    private func refused() -> Response {
        shedding.onRefusal()
        return shedding.answer
    }

    private func planRelease() {
        loop.schedule(at: .now + Self.releaseInterval) { self.release() }
    }

    private func release() {
        var served = 0
        while first < waiting.count {
            if served < Self.servedAtOnceMax, admits() {
                // The newest: what is served is served soon, and who has waited long is told to come back.
                served += 1
                waiting.removeLast().resume(returning: true)
            } else if budget.take(at: .now) {
                waiting[first].resume(returning: false)
                first += 1
            } else {
                break
            }
        }
        if first == waiting.count || first > 1_024 {
            waiting.removeSubrange(..<first)
            first = 0
        }
        if !waiting.isEmpty { planRelease() }
    }

    /// The server ends: nobody waits any longer.
    func refuseAll() {
        isEnding = true
        let left = waiting[first...]
        waiting = []
        first = 0
        for continuation in left { continuation.resume(returning: false) }
    }
}
