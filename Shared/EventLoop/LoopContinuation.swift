/// A task that waits for something the loop will tell it.
///
/// The runtime resumes a continuation outside of any actor, whence the task goes back to the actor it waits in: a
/// second trip through the queue. This one remembers that it waits in an actor, and the loop then resumes it as that
/// actor's (an actor of another executor still goes its own way).
public struct LoopContinuation<Value: Sendable>: Sendable {
    private let continuation: UnsafeContinuation<Value, Never>
    private let loop: EventLoop
    private let isIsolated: Bool

    /// Takes the continuation of a task on `loop` that waits with this isolation (`#isolation`).
    public init(_ continuation: UnsafeContinuation<Value, Never>, on loop: EventLoop, isolation: (any Actor)?) {
        self.continuation = continuation
        self.loop = loop
        isIsolated = isolation != nil
    }

    /// Resumes the task; exactly once.
    public func resume(returning value: Value) {
        guard isIsolated, loop.isCurrent else { return continuation.resume(returning: value) }
        loop.resumingIsolated { continuation.resume(returning: value) }
    }
}
