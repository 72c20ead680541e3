import Dispatch
import Synchronization

/// The pool's queue is full: the machine cannot keep up, so the caller should answer "busy" rather than wait.
public enum BlockingPoolError: Error, Sendable {
    case full(limit: Int)
}

/// A few threads for work that blocks or burns processor time: RSA, name resolution, files.
///
/// Such work must never run on an event loop, where it would hold up every connection. The queue has a limit, so
/// that overload shows as an error instead of growing memory.
public final class BlockingPool: Sendable {
    /// The process's pool: 4 threads, 1,024 waiting pieces of work.
    public static let shared = BlockingPool(threads: 4, queueLimit: 1_024)

    private let queues: [DispatchQueue]
    private let queueLimit: Int
    private let waiting = Atomic<Int>(0)
    private let turn = Atomic<Int>(0)

    /// A pool of `threads` threads that refuses work beyond `queueLimit` pieces.
    public init(threads: Int, queueLimit: Int) {
        queues = (0..<threads).map { DispatchQueue(label: "linli.blocking-\($0)") }
        self.queueLimit = queueLimit
    }

    /// Runs `work` on a pool thread and returns its result.
    ///
    /// - Throws: `BlockingPoolError.full`, or what `work` throws.
    public func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        guard waiting.wrappingAdd(1, ordering: .relaxed).newValue <= queueLimit else {
            waiting.wrappingSubtract(1, ordering: .relaxed)
            throw BlockingPoolError.full(limit: queueLimit)
        }
        let queue = queues[turn.wrappingAdd(1, ordering: .relaxed).oldValue % queues.count]
        return try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(with: Result { try work() })
                self.waiting.wrappingSubtract(1, ordering: .relaxed)
            }
        }
    }
}
