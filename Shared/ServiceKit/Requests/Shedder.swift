import EventLoop
import HTTPCore
import HTTPServer
import Models
import Synchronization

/// Refuses what the service could only answer late, in two ways: while what was accepted waits too long (``rule``, which
/// the server applies before any work), and above a number of requests at once, which bounds the memory they hold.
final class Shedder: Sendable {
    /// Between two lines in the log.
    private static let logInterval = Duration.seconds(1).wholeNanoseconds

    /// Tells the caller to come back in a second.
    let answer = Response.problem(KitProblems.overloaded.problem("Try again soon.", retryAfterSeconds: 1))
    private let limit: Int
    private let waitMax: Duration?
    private let furtherWait: @Sendable () -> Int64
    private let logger: Logger
    private let running = Atomic<Int>(0)
    private let nextLine = Atomic<Int64>(0)
    private let shed: Counter

    /// - Parameters:
    ///   - limit: requests at once.
    ///   - waitMax: how long accepted work may wait; nil: only the number counts.
    ///   - furtherWait: the wait in the database, in nanoseconds.
    init(
        limit: Int, waitMax: Duration? = nil, metrics: Metrics, logger: Logger,
        furtherWait: @escaping @Sendable () -> Int64 = { 0 }
    ) {
        self.limit = limit
        self.waitMax = waitMax
        self.furtherWait = furtherWait
        self.logger = logger
        shed = metrics.counter("http_requests_shed_total", help: "Requests refused because the service was too busy.")
    }

    /// What the server goes by.
    var rule: LoadShedding? {
        waitMax.map { LoadShedding(waitMax: $0, answer: answer, furtherWait: furtherWait) { self.note() } }
    }

    /// Takes a place, or says that there is none.
    func enter() -> Bool {
        if running.wrappingAdd(1, ordering: .relaxed).newValue <= limit { return true }
        running.wrappingSubtract(1, ordering: .relaxed)
        note()
        return false
    }

    func leave() { running.wrappingSubtract(1, ordering: .relaxed) }

    /// How many run now.
    var count: Int { running.load(ordering: .relaxed) }

    /// Counts every refusal; logs one a second, since a line for each would cost more than the refusal.
    private func note() {
        shed.increment()
        let now = Instant.now.nanoseconds, due = nextLine.load(ordering: .relaxed)
        guard now >= due else { return }
        let next = now + Self.logInterval
        guard nextLine.compareExchange(expected: due, desired: next, ordering: .relaxed).exchanged else { return }
        logger.warning("too busy: refusing requests", ("running", .count(count)))
    }
}
