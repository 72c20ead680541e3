internal import Synchronization

/// Numbers for requests, waiters and transactions, unique in the process, so that a cancellation finds its target.
enum RequestID {
    private static let last = Atomic<UInt64>(0)

    static func next() -> UInt64 {
        last.wrappingAdd(1, ordering: .relaxed).newValue
    }
}
