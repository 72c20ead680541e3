/// Growing, capped, randomised pauses between attempts to connect.
///
/// The cap keeps the way back short: with at most half a second between attempts, a service is connected within a
/// second of the database's return. The randomness keeps replicas from knocking in step.
struct Backoff {
    static let first = Duration.milliseconds(20)
    static let cap = Duration.milliseconds(500)

    private var attempt = 0

    /// The next pause: a random point in the upper half of `first * 2^n`, at most the cap.
    mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let full = min(Self.first * (1 << min(attempt, 10)), Self.cap)
        attempt += 1
        return full / 2 + (full / 2) * Double.random(in: 0...1, using: &generator)
    }

    mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return next(using: &generator)
    }

    mutating func reset() { attempt = 0 }
}
