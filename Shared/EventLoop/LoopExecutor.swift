/// The serial identity of an ``EventLoop``: the executor of actors that live on it.
///
/// A loop has two identities over one thread. Tasks prefer the loop itself (a `TaskExecutor`); loop-bound actors
/// name this object as their `SerialExecutor`. With one shared identity every `await` would re-enqueue itself one
/// to seven times; split, calls between a task and the actors of its own loop cost no queue trip.
public final class LoopExecutor: SerialExecutor {
    // The loop owns this object and outlives it, so a plain unowned reference is enough.
    unowned let loop: EventLoop

    init(loop: EventLoop) {
        self.loop = loop
    }

    /// Queues a job of a loop-bound actor.
    public func enqueue(_ job: consuming ExecutorJob) {
        loop.push(EventLoop.Entry(job: UnownedJob(job), isIsolated: true))
    }

    /// Traps when the caller is not on the loop's thread.
    public func checkIsolated() {
        precondition(loop.isCurrent, "called off the event loop's thread")
    }

    /// Whether the caller runs on the loop's thread.
    public func isIsolatingCurrentContext() -> Bool? {
        loop.isCurrent
    }
}

/// An actor that lives on one event loop: its methods run on the loop's thread, without a hop for callers there.
///
/// Declare `nonisolated let loop: EventLoop`; the executor follows from it.
public protocol LoopBound: Actor {
    /// The loop whose thread runs this actor.
    nonisolated var loop: EventLoop { get }
}

extension LoopBound {
    /// The loop's serial identity.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        loop.executor.asUnownedSerialExecutor()
    }
}
