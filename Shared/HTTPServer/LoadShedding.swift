import EventLoop

/// When a server answers 503 instead of working, and with what.
///
/// Work that waits too long is refused before anything is done for it: as soon as its head is read. What is measured is
/// the wait itself, not the number of requests, so the same setting suits a fast route and a slow one. A wait above
/// ``waitMax`` is tolerated for a moment (``patience``, up to ``burstFactor`` times as long): a burst that is worked off
/// at once is no overload. Routes that were added with `isSheddable: false` are never refused.
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
