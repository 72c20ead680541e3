internal import EventLoop

/// How fast a connection's server answers while it has something to do, and so how long a queue will take. No I/O.
struct AnswerPace {
    /// A queue shorter than this is none: whatever its statements take, refusing others would make it no shorter.
    static let queueMin = 8
    /// One answer counts this part of the average; some answers that come together count as many.
    private static let memory: Int64 = 32
    private static let countedMax: Int64 = 16

    /// Nanoseconds from one answer to the next while requests waited, averaged over the last few dozen.
    private(set) var interval: Int64 = 0
    private var since = Instant(nanoseconds: 0)

    /// A request came while nothing was under way.
    mutating func began(at now: Instant) { since = now }

    /// So many requests were answered since the last time.
    mutating func answered(_ count: Int, at now: Instant) {
        guard count > 0 else { return }
        let sample = (now.nanoseconds - since.nanoseconds) / Int64(count)
        since = now
        interval += (sample - interval) * min(Int64(count), Self.countedMax) / Self.memory
    }

    /// The wait behind `load` requests: what they take at the average pace, or how long the server has been silent, if
    /// that is longer.
    func expectedWait(behind load: Int, at now: Instant) -> Int64 {
        guard load >= Self.queueMin else { return 0 }
        return max(interval * Int64(load), now.nanoseconds - since.nanoseconds)
    }
}
