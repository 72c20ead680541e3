internal import EventLoop

/// How fast a connection's server answers while it has something to do, and so how long a queue will take. No I/O.
struct AnswerPace {
    /// A queue shorter than this is none: whatever its statements take, refusing others would make it no shorter.
    static let queueMin = 8
    /// One answer counts this part of the average; some answers that come together count as many.
    private static let memory: Int64 = 32
    private static let countedMax: Int64 = 16
    /// The part by which the average shrinks each time the server has nothing left.
    private static let shrinking: Int64 = 8

    /// Nanoseconds from one answer to the next while the server had more to do, averaged over the last few dozen.
    private(set) var interval: Int64 = 0
    /// When the server last answered, or was last given something to do after a rest.
    private var since = Instant(nanoseconds: 0)

    /// Requests are sent to a server that had none.
    mutating func began(at now: Instant) { since = now }

    /// So many requests were answered since the last time, and so many are still with the server.
    ///
    /// When none is left, the server has been waiting for us: then it is faster than it seems, and the average shrinks
    /// until requests wait for the server again.
    mutating func answered(_ count: Int, left: Int, at now: Instant) {
        guard count > 0 else { return }
        let sample = (now.nanoseconds - since.nanoseconds) / Int64(count)
        since = now
        guard left > 0 else { return interval -= interval / Self.shrinking }
        interval += (sample - interval) * min(Int64(count), Self.countedMax) / Self.memory
    }

    /// The wait behind `load` requests: what they take at the average pace, or how long the server has been silent, if
    /// that is longer. A server that was sent nothing (`isAsked` is false, while the load waits for the end of this turn)
    /// is not silent, it rests.
    func expectedWait(behind load: Int, isAsked: Bool, at now: Instant) -> Int64 {
        guard load >= Self.queueMin else { return 0 }
        return max(interval * Int64(load), isAsked ? now.nanoseconds - since.nanoseconds : 0)
    }
}
