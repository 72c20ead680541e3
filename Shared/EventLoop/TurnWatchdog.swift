import CLinux
import Glibc

/// Names turns that keep a loop from its sockets for too long. Compiled to nothing in release builds.
struct TurnWatchdog {
    /// A turn longer than this delays every connection of the loop noticeably.
    static let turnMax = Duration.milliseconds(10)

    #if DEBUG
        private var began = Instant.now

        mutating func turnBegan(_ loop: EventLoop) { began = Instant.now }

        func turnEnded(_ loop: EventLoop) {
            let taken = Instant.now - began
            guard taken > Self.turnMax, getenv("LINLI_LOOP_WATCHDOG") != nil else { return }
            let line = "event loop \(loop.name): a turn took \(taken.wholeMilliseconds) ms without sleeping\n"
            line.withCString { _ = write(STDERR_FILENO, $0, strlen($0)) }
        }
    #else
        @inline(__always) func turnBegan(_ loop: EventLoop) {}
        @inline(__always) func turnEnded(_ loop: EventLoop) {}
    #endif
}
