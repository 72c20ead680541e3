import CLinux

/// A moment on the machine's monotonic clock: for deadlines and durations, never for wall time.
///
/// - Units: nanoseconds since an arbitrary start (CLOCK_MONOTONIC), so it never jumps when the wall clock is set.
public struct Instant: Hashable, Comparable, Sendable {
    /// Nanoseconds since the clock's start.
    public let nanoseconds: Int64

    /// A moment at `nanoseconds` of the monotonic clock.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The present moment.
    public static var now: Instant { Instant(nanoseconds: clinux_monotonic_ns()) }

    /// A moment no program reaches (about 292 years after the clock's start).
    public static let distantFuture = Instant(nanoseconds: .max)

    /// Orders by time.
    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The moment `duration` later; saturates at ``distantFuture``.
    public static func + (instant: Instant, duration: Duration) -> Instant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        return overflow ? .distantFuture : Instant(nanoseconds: sum)
    }

    /// The moment so many milliseconds later; saturates at ``distantFuture``. For every request: a `Duration` is 128
    /// bits wide, and taking it apart costs more than the rest of a deadline.
    public func adding(milliseconds: Int64) -> Instant {
        adding(nanoseconds: milliseconds.multipliedReportingOverflow(by: 1_000_000).partialValue)
    }

    /// The moment so many nanoseconds later; saturates at ``distantFuture``.
    public func adding(nanoseconds added: Int64) -> Instant {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(added)
        return overflow ? .distantFuture : Instant(nanoseconds: sum)
    }

    /// The time from `right` to `left`; negative when `left` is earlier.
    public static func - (left: Instant, right: Instant) -> Duration {
        .nanoseconds(left.nanoseconds.subtractingReportingOverflow(right.nanoseconds).partialValue)
    }
}

extension Duration {
    /// The duration in nanoseconds; saturates instead of overflowing.
    public var wholeNanoseconds: Int64 {
        let parts = components
        let (scaled, overflow) = parts.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return parts.seconds < 0 ? .min : .max }
        let (sum, carry) = scaled.addingReportingOverflow(parts.attoseconds / 1_000_000_000)
        return carry ? (parts.seconds < 0 ? .min : .max) : sum
    }

    /// The duration in whole milliseconds, rounded down.
    public var wholeMilliseconds: Int64 { wholeNanoseconds / 1_000_000 }
}
