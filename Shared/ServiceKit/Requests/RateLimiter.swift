public import EventLoop

/// Limits how often something happens per key (an address, an account), in this process.
///
/// The generic cell rate algorithm: one instant a key, a smooth rate, and `limit` at once at most. State is in memory,
/// so n replicas allow up to n times the limit; a limit that must be exact belongs in a table.
public final class RateLimiter: Sendable {
    private let intervalNanoseconds: Int64
    private let burstNanoseconds: Int64
    private let keysMax: Int
    /// The theoretical arrival time a key: when its allowance will be full again.
    private let arrivals = Locked<[String: Int64]>([:])

    /// - Parameters:
    ///   - limit: how many times in `period`, and how many at once.
    ///   - keysMax: 100,000 keys are about 10 MB; above it, keys that are at rest are forgotten.
    public init(limit: Int, per period: Duration, keysMax: Int = 100_000) {
        precondition(limit > 0 && keysMax > 0, "a rate limit needs a positive limit")
        intervalNanoseconds = max(1, period.wholeNanoseconds / Int64(limit))
        burstNanoseconds = intervalNanoseconds * Int64(limit)
        self.keysMax = keysMax
    }

    /// Takes one permit for `key`, or says how long to wait for the next.
    public func take(_ key: String, at now: Instant = .now) -> RateLimitDecision {
        arrivals.withLock { arrivals in
            let present = now.nanoseconds
            let next = max(arrivals[key] ?? present, present) + intervalNanoseconds
            guard next - present <= burstNanoseconds else {
                return .refused(retryAfter: .nanoseconds(next - present - burstNanoseconds))
            }
            if arrivals.count >= keysMax, arrivals[key] == nil {
                arrivals = arrivals.filter { $0.value > present }
                // Every key is active: an attack with many keys. Refuse newcomers rather than forget the known.
                if arrivals.count >= keysMax { return .refused(retryAfter: .nanoseconds(intervalNanoseconds)) }
            }
            arrivals[key] = next
            return .allowed
        }
    }

    /// Takes one permit.
    ///
    /// - Throws: `ProblemError` 429 `too_many_requests` with `Retry-After`.
    public func require(_ key: String, at now: Instant = .now) throws {
        if case .refused(let wait) = take(key, at: now) {
            throw KitProblems.tooManyRequests(retryAfterSeconds: Int(wait.wholeMilliseconds / 1_000) + 1)
        }
    }
}

/// What a ``RateLimiter`` said.
public enum RateLimitDecision: Sendable, Equatable {
    case allowed
    /// Over the limit; the next permit is free after `retryAfter`.
    case refused(retryAfter: Duration)
}
