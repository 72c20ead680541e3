import EventLoop

/// When a server answers 503 instead of working, and with what.
///
/// Work that would wait too long is refused before anything is done for it: as soon as its head is read. What is measured
/// is the wait itself, not the number of requests, so the same setting suits a fast route and a slow one: the part of the
/// loop's turn that has passed, and the queue of what handlers use. A wait above ``waitMax`` is tolerated for a moment
/// (``patience``, up to ``burstFactor`` times as long): a burst that is worked off at once is no overload. Routes that
/// were added with `isSheddable: false` are never refused.
///
/// A refusal costs a good part of the cheapest answer, so a flood could keep a server busy with refusing alone. Therefore
/// there are at most ``refusalsPerSecond`` and one for each ``servedPerRefusal`` requests served; further ones wait for
/// their turn on their own connections, the oldest first, or are served after all when there is room again, the newest
/// first.
///
/// - Source: the two limits follow CoDel (RFC 8289) as servers use it, a long one for bursts and a short one for queues
///   that stay.
public struct LoadShedding: Sendable {
    /// How long accepted work may wait while more than the server can do keeps coming.
    public var waitMax: Duration
    /// How long waits above ``waitMax`` are tolerated.
    public static let patience = Duration.milliseconds(100)
    /// The longest wait of a burst, in ``waitMax``.
    public static let burstFactor: Int64 = 3
    /// Refusals answered in a second by one loop, whatever it serves beside: about a seventieth of its time.
    public static let refusalsPerSecond = 500
    /// Served requests that allow one refusal more.
    public static let servedPerRefusal = 16
    /// Refusals answered at once after a rest.
    public static let refusalsAtOnce = 250
    /// The wait that follows in what the handlers use (a database's queue), in nanoseconds. Asked for on the loop, for
    /// every request: it must be cheap.
    public var furtherWait: @Sendable () -> Int64
    /// The answer. It should say when to come back (Retry-After).
    public var answer: Response
    /// Told about every request refused.
    public var onRefusal: @Sendable () -> Void

    /// Makes a rule.
    public init(
        waitMax: Duration, answer: Response, furtherWait: @escaping @Sendable () -> Int64 = { 0 },
        onRefusal: @escaping @Sendable () -> Void = {}
    ) {
        self.waitMax = waitMax
        self.answer = answer
        self.furtherWait = furtherWait
        self.onRefusal = onRefusal
    }
}

/// How many refusals may be answered now: a bucket that time and served requests fill. No clock of its own, no I/O.
struct RefusalBudget {
    private static let interval = 1_000_000_000 / Int64(LoadShedding.refusalsPerSecond)
    private static let full = Int64(LoadShedding.refusalsAtOnce) * interval

    /// Until here everything is spent: the bucket as a moment, so that time fills it by itself.
    private var spentUntil: Int64 = 0

    /// A request is served.
    mutating func served() { spentUntil -= Self.interval / Int64(LoadShedding.servedPerRefusal) }

    /// Takes one, if there is one left.
    mutating func take(at now: Instant) -> Bool {
        spentUntil = max(spentUntil, now.nanoseconds - Self.full)
        guard spentUntil + Self.interval <= now.nanoseconds else { return false }
        spentUntil += Self.interval
        return true
    }
}

/// The decision for each request, over short windows: in how many of them in a row has there been a wait above the
/// limit? No clock of its own, no I/O.
struct AdmissionGate {
    private static let windowNanoseconds = LoadShedding.patience.wholeNanoseconds / 2
    private static let patientWindows = 2

    private let waitMax: Int64
    private let burstMax: Int64
    private var windowEnd: Int64 = 0
    private var isLate = false
    private var lateWindows = 0

    init(waitMax: Duration) {
        self.waitMax = waitMax.wholeNanoseconds
        burstMax = self.waitMax.multipliedReportingOverflow(by: LoadShedding.burstFactor).partialValue
    }

    /// Whether a request that has waited, and will wait, `wait` nanoseconds in all may come in.
    mutating func admits(wait: Int64, at now: Instant) -> Bool {
        if now.nanoseconds >= windowEnd { beginWindow(now.nanoseconds) }
        guard wait > waitMax else { return true }
        isLate = true
        return lateWindows < Self.patientWindows && wait <= burstMax
    }

    private mutating func beginWindow(_ now: Int64) {
        let wasQuiet = now - windowEnd >= Self.windowNanoseconds
        lateWindows = isLate && !wasQuiet ? lateWindows + 1 : 0
        isLate = false
        windowEnd = now + Self.windowNanoseconds
    }
}
