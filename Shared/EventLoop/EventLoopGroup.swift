import Synchronization

/// A fixed set of loops that share the work of one process.
public final class EventLoopGroup: Sendable {
    /// The loops, in order.
    public let all: [EventLoop]
    private let turn = Atomic<Int>(0)

    /// Starts `count` loops (at least one).
    public init(count: Int, name: String = "loop") {
        all = (0..<max(1, count)).map { EventLoop.start(name: "\(name)-\($0)") }
    }

    /// The calling loop when it belongs to the group, else the next one in turn.
    public func next() -> EventLoop {
        if let current = EventLoop.current, all.contains(where: { $0 === current }) { return current }
        return all[turn.wrappingAdd(1, ordering: .relaxed).oldValue % all.count]
    }

    /// The next loop in turn, whoever calls: for dealing out connections.
    public func nextInTurn() -> EventLoop {
        all[turn.wrappingAdd(1, ordering: .relaxed).oldValue % all.count]
    }

    /// Ends every loop once what is queued there has run.
    public func stop() {
        for loop in all { loop.stop() }
    }
}
