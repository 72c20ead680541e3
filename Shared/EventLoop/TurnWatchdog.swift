import Glibc

/// A turn that kept a loop from its sockets for too long.
public struct LongTurn: Sendable {
    /// The loop's name.
    public let loop: String
    /// How long the turn took, in milliseconds.
    public let milliseconds: Int64
    /// What took longest in it: the last ``EventLoop/note(_:)`` of that part (a request's route), or its kind.
    public let part: String
    /// How long that part took, in milliseconds.
    public let partMilliseconds: Int64
}

/// Names turns that keep a loop from its sockets for too long. Compiled to nothing in release builds.
struct TurnWatchdog {
    /// A turn longer than this delays every connection of the loop noticeably.
    static let turnMax = Duration.milliseconds(10).wholeNanoseconds

    #if DEBUG
        static let receiver = Locked<(@Sendable (LongTurn) -> Void)?>(nil)
        private static let prints = getenv("LINLI_LOOP_WATCHDOG") != nil

        private var began = Instant.now
        private var partBegan = Instant.now
        private var note: String?
        private var longest: (part: String, nanoseconds: Int64) = ("", 0)

        mutating func turnBegan() {
            began = Instant.now
            partBegan = began
            longest = ("", 0)
        }

        mutating func noted(_ text: String) { note = text }

        /// One task, callback or hook has run.
        mutating func partEnded(_ kind: StaticString) {
            let now = Instant.now
            let taken = now.nanoseconds - partBegan.nanoseconds
            if taken > longest.nanoseconds { longest = (note ?? "\(kind)", taken) }
            partBegan = now
            note = nil
        }

        func turnEnded(_ loop: EventLoop) {
            let taken = Instant.now.nanoseconds - began.nanoseconds
            guard taken > Self.turnMax else { return }
            let turn = LongTurn(
                loop: loop.name, milliseconds: taken / 1_000_000, part: longest.part,
                partMilliseconds: longest.nanoseconds / 1_000_000)
            Self.receiver.withLock { $0 }?(turn)
            guard Self.prints else { return }
            let line = """
                event loop \(turn.loop): a turn took \(turn.milliseconds) ms without sleeping, \
                \(turn.partMilliseconds) of them in \(turn.part)\n
                """
            line.withCString { _ = write(STDERR_FILENO, $0, strlen($0)) }
        }
    #else
        @inline(__always) func turnBegan() {}
        @inline(__always) func partEnded(_ kind: StaticString) {}
        @inline(__always) func turnEnded(_ loop: EventLoop) {}
    #endif
}

extension EventLoop {
    /// In debug builds, tells `receiver` of every turn of any loop that took longer than 10 ms, on that loop's thread;
    /// nil: nobody. In release builds nothing is measured. `LINLI_LOOP_WATCHDOG=1` prints them as well.
    public static func onLongTurn(_ receiver: (@Sendable (LongTurn) -> Void)?) {
        #if DEBUG
            TurnWatchdog.receiver.withLock { $0 = receiver }
        #endif
    }
}
