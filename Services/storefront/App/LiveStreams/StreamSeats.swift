import EventLoop
import HTTPClient
import Models
import ServiceKit

/// How many streams each person has open at this replica: enough for the open pages of a few devices, and no more, so
/// that nobody takes all of them.
final class StreamSeats: Sendable {
    static let seatsMax = 64
    /// When the browser may ask again, in seconds.
    private static let waitSeconds = 10

    private let taken = Locked<[AccountID: Int]>([:])

    /// - Throws: `ProblemError` 429 when the person has too many.
    func take(_ account: AccountID, loops: EventLoopGroup) throws -> StreamSeat {
        let isFree = taken.withLock { taken in
            guard taken[account, default: 0] < Self.seatsMax else { return false }
            taken[account, default: 0] += 1
            return true
        }
        guard isFree else { throw KitProblems.tooManyRequests(retryAfterSeconds: Self.waitSeconds) }
        return StreamSeat(account: account, seats: self, loops: loops)
    }

    fileprivate func leave(_ account: AccountID) {
        taken.withLock { taken in
            guard let count = taken[account] else { return }
            taken[account] = count > 1 ? count - 1 : nil
        }
    }

    /// How many a person has.
    func count(_ account: AccountID) -> Int { taken.withLock { $0[account] ?? 0 } }
}

/// One open stream. Whoever lets go of it last gives the seat back and ends the stream of the neighbour, also when
/// the browser left before the first byte could be written.
final class StreamSeat: Sendable {
    private let account: AccountID
    private let seats: StreamSeats
    private let loops: EventLoopGroup
    private let source = Locked<ClientStream?>(nil)

    fileprivate init(account: AccountID, seats: StreamSeats, loops: EventLoopGroup) {
        self.account = account
        self.seats = seats
        self.loops = loops
    }

    func hold(_ stream: ClientStream) { source.withLock { $0 = stream } }

    /// Ends the neighbour's stream, once.
    func end() async {
        let stream = source.withLock { held in
            defer { held = nil }
            return held
        }
        await stream?.close()
    }

    deinit {
        seats.leave(account)
        if let stream = source.withLock({ $0 }) { loops.next().spawn { await stream.close() } }
    }
}
