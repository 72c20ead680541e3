import Glibc

/// A value behind a POSIX mutex.
///
/// The standard library's `Mutex` is as good, but on Linux it waits on a futex that ThreadSanitizer cannot see, which
/// then reports every access as a race. The event loop is tested under that sanitizer, so it uses a lock it knows.
// @unchecked: `value` is read and written only while `mutex` is held.
public final class Locked<Value>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var value: Value

    /// Puts `value` behind a lock.
    public init(_ value: sending Value) {
        self.value = value
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` with the value, alone. It must not block or call back into the same lock.
    @inline(__always)
    public func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
