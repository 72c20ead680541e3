import EventLoop
import Postgres

/// Runs the jobs of one process, each in a task of its own, until told to stop.
final class JobRunner: Sendable {
    /// After a failure a job waits its interval, at least this long, doubling up to `failureWaitMax`.
    private static let failureWaitMin = Duration.milliseconds(200)
    private static let failureWaitMax = Duration.seconds(30)

    private struct State {
        var isStopping = false
        var wakes: [WakeSignal] = []
        var running = 0
        var allEnded: [CheckedContinuation<Void, Never>] = []
        var listeners: [Task<Void, Never>] = []
    }
    private let kit: Toolkit
    private let state = Locked(State())

    init(kit: Toolkit) { self.kit = kit }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Starts all of `jobs`.
    func start(_ jobs: [Job]) {
        var byChannel: [String: [WakeSignal]] = [:]
        for job in jobs {
            let wake = WakeSignal()
            state.withLock { state in
                state.wakes.append(wake)
                state.running += 1
            }
            if let channel = job.wakeOn { byChannel[channel, default: []].append(wake) }
            let loop = kit.loops.nextInTurn()
            loop.spawn { await self.run(job, wake: wake, on: loop) }
        }
        for (channel, signals) in byChannel {
            let listener = kit.loops.nextInTurn().spawn { await self.listen(channel, signals) }
            state.withLock { $0.listeners.append(listener) }
        }
    }

    /// Asks every job to end after its present run, and waits for that.
    func stop() async {
        let (wakes, listeners) = state.withLock { state in
            state.isStopping = true
            return (state.wakes, state.listeners)
        }
        for listener in listeners { listener.cancel() }
        for wake in wakes { wake.set() }
        await withCheckedContinuation { continuation in
            let areEnded = state.withLock { state -> Bool in
                guard state.running > 0 else { return true }
                state.allEnded.append(continuation)
                return false
            }
            if areEnded { continuation.resume() }
        }
    }

    private func listen(_ channel: String, _ signals: [WakeSignal]) async {
        for await _ in kit.database.listen(channel) {
            for signal in signals { signal.set() }
        }
    }

    private func run(_ job: Job, wake: WakeSignal, on loop: EventLoop) async {
        let labels = [("job", job.name)]
        let duration = kit.metrics.histogram("job_run_seconds", help: "Duration of job runs.", labels: labels)
        let failures = kit.metrics.counter("job_failures_total", help: "Job runs that threw.", labels: labels)
        var failedRuns = 0
        while !isStopping {
            let started = Instant.now
            var wait = job.every
            do {
                let progress = try await job.run(kit)
                failedRuns = 0
                if case .more = progress { wait = .zero }
            } catch {
                failures.increment()
                // A database that is away is told once by the readiness metric; the rest is told each time.
                if failedRuns == 0 || !Self.isTransient(error) {
                    kit.logger.warning(
                        "job failed", ("job", .string(job.name)), ("error.type", .errorType(error)))
                }
                wait = min(Self.failureWaitMax, max(job.every, Self.failureWaitMin * (1 << min(failedRuns, 8))))
                failedRuns += 1
            }
            duration.record(Double((Instant.now - started).wholeNanoseconds) / 1e9)
            if isStopping { break }
            if wait > .zero { await wake.wait(until: .now + Self.jittered(wait), on: loop) }
        }
        let ended = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.running -= 1
            guard state.running == 0 else { return [] }
            defer { state.allEnded = [] }
            return state.allEnded
        }
        for continuation in ended { continuation.resume() }
    }

    private static func isTransient(_ error: any Error) -> Bool {
        (error as? PostgresError)?.isTransient ?? false
    }

    private static func jittered(_ wait: Duration) -> Duration {
        .nanoseconds(Int64(Double(wait.wholeNanoseconds) * Double.random(in: 0.9...1.1)))
    }
}
