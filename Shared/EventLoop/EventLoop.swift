import CLinux
import Glibc
import Synchronization

/// One thread that waits on epoll and runs Swift tasks, timers and I/O callbacks.
///
/// A **turn** is: run what was queued, dispatch what epoll reported, run the tasks that this woke, then the turn-end
/// hooks, and sleep only when nothing is left. What arrives together in one turn can thus be collected and sent as
/// one batch (a Sync group of the database, a set-based statement, one `send`) without any fixed wait.
///
/// - Threading: methods marked *loop only* must be called on the loop's thread; they assert it. The others may be
///   called from anywhere.
// @unchecked: fields in "Loop-confined" are touched by the loop's thread alone (asserted); the rest is guarded by
// `inbox` or atomic.
public final class EventLoop: TaskExecutor, @unchecked Sendable {
    struct Entry {
        var job: UnownedJob
        var isIsolated: Bool
    }

    private struct Inbox {
        var jobs: [Entry] = []
        var calls: [@Sendable () -> Void] = []
        var isStopping = false
        var isEmpty: Bool { jobs.isEmpty && calls.isEmpty }
    }

    /// Events taken from the kernel at once.
    private static let eventBatchMax = 1_024
    /// Rounds of tasks and hooks in one turn before I/O is looked at again, so that tasks which keep waking each
    /// other cannot starve the sockets.
    private static let roundsPerTurnMax = 32
    /// Timers fired before tasks get to run.
    private static let timersPerTurnMax = 256

    /// The name of the loop and of its thread.
    public let name: String

    // Shared with other threads.
    private let inbox = Locked(Inbox())
    private let isAsleep = Atomic<Bool>(false)
    private let wakeFD: Int32
    private let epollFD: Int32

    // Loop-confined.
    private var local: [Entry] = []
    /// The jobs being run; kept for its memory.
    private var batch: [Entry] = []
    private var timers = TimerHeap()
    private var sources: [IOSource?] = Array(repeating: nil, count: 256)
    private var nextGeneration: UInt32 = 1
    private var turnEndOnce: [() -> Void] = []
    private var turnHooks: [(id: UInt64, hook: () -> Void)] = []
    private var nextHookID: UInt64 = 0
    private var now = Instant.now
    private var watchdog = TurnWatchdog()
    private var isResumingIsolated = false

    // Set once in init, before the thread starts.
    private var serial: LoopExecutor?

    private init(name: String) {
        self.name = name
        wakeFD = clinux_eventfd()
        epollFD = clinux_epoll_create()
        precondition(wakeFD >= 0 && epollFD >= 0, "no descriptors left for an event loop")
        let result = clinux_epoll_set(epollFD, wakeFD, true, CLINUX_IN, UInt64(UInt32(bitPattern: wakeFD)))
        precondition(result == 0, "an event loop could not watch its wake descriptor")
        serial = LoopExecutor(loop: self)
    }

    /// Makes a loop and starts its thread.
    public static func start(name: String = "loop") -> EventLoop {
        let loop = EventLoop(name: name)
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(loop).toOpaque()
        let result = pthread_create(&thread, nil, { argument in
            guard let argument else { return nil }
            Unmanaged<EventLoop>.fromOpaque(argument).takeRetainedValue().run()
            return nil
        }, argument)
        precondition(result == 0, "no thread for an event loop")
        pthread_detach(thread)
        return loop
    }

    /// The loop whose thread is calling, if any.
    public static var current: EventLoop? {
        guard let slot = clinux_thread_slot() else { return nil }
        return Unmanaged<EventLoop>.fromOpaque(slot).takeUnretainedValue()
    }

    /// Whether the caller is on this loop's thread.
    public var isCurrent: Bool {
        clinux_thread_slot() == UnsafeMutableRawPointer(Unmanaged.passUnretained(self).toOpaque())
    }

    /// The serial identity that loop-bound actors name as their executor.
    public var executor: LoopExecutor {
        guard let serial else { preconditionFailure("an event loop is used before its init ended") }
        return serial
    }

    // MARK: From any thread

    /// Queues a job of a task that prefers this loop.
    public func enqueue(_ job: consuming ExecutorJob) {
        push(Entry(job: UnownedJob(job), isIsolated: isCurrent && isResumingIsolated))
    }

    /// Starts a task on this loop. The caller owns it: keep the handle and cancel it, or let it end by itself.
    @discardableResult
    public func spawn(_ operation: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task(executorPreference: self, operation: operation)
    }

    /// Runs `work` on the loop's thread, in this turn when called on it, else in its next one.
    public func execute(_ work: @escaping @Sendable () -> Void) {
        inbox.withLock { $0.calls.append(work) }
        wakeIfAsleep()
    }

    /// Ends the loop once what is queued has run. Tasks still waiting on it never resume: end them first.
    public func stop() {
        inbox.withLock { $0.isStopping = true }
        wakeIfAsleep()
    }

    /// What `resume` queues runs as a job of an actor of this loop (loop only).
    func resumingIsolated(_ resume: () -> Void) {
        isResumingIsolated = true
        resume()
        isResumingIsolated = false
    }

    func push(_ entry: Entry) {
        if isCurrent {
            local.append(entry)
            return
        }
        inbox.withLock { $0.jobs.append(entry) }
        wakeIfAsleep()
    }

    private func wakeIfAsleep() {
        guard !isCurrent else { return }
        // One signal a sleep: only the thread that flips the flag writes, so a burst costs one system call.
        if isAsleep.exchange(false, ordering: .sequentiallyConsistent) { clinux_eventfd_signal(wakeFD) }
    }

    // MARK: Loop only

    /// The time at the start of this turn (loop only): one clock read a turn instead of one a use.
    public var turnTime: Instant {
        assert(isCurrent)
        return now
    }

    /// How long this turn has run, in nanoseconds (loop only): what is begun now has waited so long since the loop
    /// learned of it.
    ///
    /// - Parameter present: the time, when the caller has looked at the clock already.
    public func turnAge(at present: Instant = .now) -> Int64 {
        assert(isCurrent)
        return max(0, present.nanoseconds - now.nanoseconds)
    }

    /// Calls back at `deadline`, on this loop (loop only).
    @discardableResult
    public func schedule(at deadline: Instant, _ callback: @escaping () -> Void) -> TimerID {
        assertOnLoop()
        return timers.add(deadline, callback)
    }

    /// Forgets a scheduled callback; harmless when it has run (loop only).
    public func cancel(_ timer: TimerID) {
        assertOnLoop()
        timers.cancel(timer)
    }

    /// Runs `hook` once, when the tasks of this turn have run and before the loop sleeps (loop only).
    public func onTurnEnd(_ hook: @escaping () -> Void) {
        assertOnLoop()
        turnEndOnce.append(hook)
    }

    /// Runs `hook` at the end of every turn, until removed (loop only). It must be cheap when there is nothing to do.
    public func addTurnHook(_ hook: @escaping () -> Void) -> UInt64 {
        assertOnLoop()
        nextHookID += 1
        turnHooks.append((nextHookID, hook))
        return nextHookID
    }

    /// Removes a hook of ``addTurnHook(_:)`` (loop only).
    public func removeTurnHook(_ id: UInt64) {
        assertOnLoop()
        turnHooks.removeAll { $0.id == id }
    }

    /// Suspends the calling task until `deadline`; throws `CancellationError` when it is cancelled before.
    public func sleep(until deadline: Instant) async throws(CancellationError) {
        let sleeper = Sleeper(loop: self)
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                sleeper.start(deadline, continuation)
            }
        } onCancel: {
            sleeper.wake()
        }
        if Task.isCancelled { throw CancellationError() }
    }

    /// Suspends the calling task for `duration`.
    public func sleep(for duration: Duration) async throws(CancellationError) {
        try await sleep(until: Instant.now + duration)
    }

    /// Says what the running task is at, for the watchdog of debug builds (loop only). Nothing in release builds.
    @inline(__always)
    public func note(_ text: @autoclosure () -> String) {
        #if DEBUG
            watchdog.noted(text())
        #endif
    }

    func assertOnLoop() {
        assert(isCurrent, "called off the event loop's thread")
    }

    // MARK: Sources

    /// Watches the source's descriptor and returns its registration, which guards against the kernel's events for an
    /// earlier owner of the same descriptor number.
    func register(_ source: IOSource, interest: UInt32) throws(IOError) -> UInt32 {
        assertOnLoop()
        let index = Int(source.fd)
        while index >= sources.count { sources.append(contentsOf: repeatElement(nil, count: sources.count)) }
        nextGeneration &+= 1
        let result = clinux_epoll_set(epollFD, source.fd, true, interest, token(source.fd, nextGeneration))
        guard result == 0 else { throw IOError(code: -result) }
        sources[index] = source
        return nextGeneration
    }

    func update(_ source: IOSource, interest: UInt32) {
        assertOnLoop()
        let result = clinux_epoll_set(
            epollFD, source.fd, false, interest, token(source.fd, source.generation))
        assert(result == 0, "changing the interest of a watched descriptor cannot fail")
    }

    func unregister(_ source: IOSource) {
        assertOnLoop()
        _ = clinux_epoll_remove(epollFD, source.fd)
        sources[Int(source.fd)] = nil
    }

    private func token(_ fd: Int32, _ generation: UInt32) -> UInt64 {
        UInt64(generation) << 32 | UInt64(UInt32(bitPattern: fd))
    }

    // MARK: The loop itself

    private func run() {
        clinux_set_thread_slot(Unmanaged.passUnretained(self).toOpaque())
        name.withCString { clinux_name_thread($0) }
        withUnsafeTemporaryAllocation(of: clinux_event.self, capacity: Self.eventBatchMax) { events in
            while turn(events) {}
        }
        clinux_set_thread_slot(nil)
        _ = clinux_close(epollFD)
        _ = clinux_close(wakeFD)
    }

    /// One turn; false when the loop is to end.
    private func turn(_ events: UnsafeMutableBufferPointer<clinux_event>) -> Bool {
        runQueued()
        watchdog.turnEnded(self)
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        let (pending, stopping) = inbox.withLock { (!$0.isEmpty, $0.isStopping) }
        let hasWork = pending || !local.isEmpty || !turnEndOnce.isEmpty
        if stopping && !hasWork {
            isAsleep.store(false, ordering: .sequentiallyConsistent)
            return false
        }
        let timeout = hasWork ? 0 : sleepMilliseconds()
        let count = clinux_epoll_wait(epollFD, events.baseAddress, Int32(events.count), timeout)
        isAsleep.store(false, ordering: .sequentiallyConsistent)
        now = Instant.now
        watchdog.turnBegan()
        if count > 0 { dispatch(UnsafeBufferPointer(rebasing: events[..<Int(count)])) }
        fireTimers()
        return true
    }

    private func sleepMilliseconds() -> Int32 {
        guard let deadline = timers.earliest() else { return -1 }
        let remaining = deadline.nanoseconds - Instant.now.nanoseconds
        guard remaining > 0 else { return 0 }
        // Rounded up: waking a moment early would spin until the deadline.
        return Int32(clamping: (remaining + 999_999) / 1_000_000)
    }

    private func runQueued() {
        for _ in 0..<Self.roundsPerTurnMax {
            takeInbox()
            while !local.isEmpty {
                swap(&batch, &local)
                runBatch()
                batch.removeAll(keepingCapacity: true)
            }
            guard !turnEndOnce.isEmpty else { break }
            let hooks = turnEndOnce
            turnEndOnce.removeAll(keepingCapacity: true)
            for hook in hooks {
                hook()
                watchdog.partEnded("a hook at the end of a turn")
            }
        }
        for entry in turnHooks { entry.hook() }
        watchdog.partEnded("the hooks of every turn")
    }

    private func takeInbox() {
        var calls: [@Sendable () -> Void] = []
        inbox.withLock { inbox in
            if !inbox.jobs.isEmpty {
                local.append(contentsOf: inbox.jobs)
                inbox.jobs.removeAll(keepingCapacity: true)
            }
            if !inbox.calls.isEmpty { swap(&calls, &inbox.calls) }
        }
        for call in calls {
            call()
            watchdog.partEnded("a call from elsewhere")
        }
    }

    private func runBatch() {
        let serial = executor.asUnownedSerialExecutor()
        let task = asUnownedTaskExecutor()
        // By index: what the jobs queue goes to `local`, and nothing else changes this array.
        for index in batch.indices {
            let entry = batch[index]
            if entry.isIsolated {
                entry.job.runSynchronously(isolatedTo: serial, taskExecutor: task)
            } else {
                entry.job.runSynchronously(on: task)
            }
            watchdog.partEnded("a task")
        }
    }

    private func dispatch(_ events: UnsafeBufferPointer<clinux_event>) {
        for event in events {
            let fd = Int(event.token & 0xFFFF_FFFF)
            if fd == Int(wakeFD) {
                clinux_eventfd_drain(wakeFD)
                continue
            }
            // An event of a registration that ended earlier in this batch, even if the number is in use again.
            guard let source = sources[fd], source.generation == UInt32(event.token >> 32) else { continue }
            source.handle(event.events)
            watchdog.partEnded("a callback of a descriptor")
        }
    }

    private func fireTimers() {
        for _ in 0..<Self.timersPerTurnMax {
            guard let callback = timers.popDue(now) else { return }
            callback()
            watchdog.partEnded("a timer")
        }
    }
}
