import CLinux

/// A failed system call, by its errno.
public struct IOError: Error, Hashable, Sendable {
    /// The errno value (positive).
    public let code: Int32

    /// An error for errno `code`.
    public init(code: Int32) {
        self.code = code
    }
}

/// Why a wait on a descriptor ended.
public enum Readiness: Sendable {
    /// The operation may be tried.
    case ready
    /// The deadline of the wait passed.
    case timedOut
    /// ``IOSource/interrupt()`` was called: the owner wants the waiter to look around.
    case interrupted
    /// The source was closed.
    case closed
}

/// One descriptor watched by a loop. Confined to the loop's thread; it owns the descriptor.
///
/// *Edge* mode registers once for both directions and remembers readiness: the owner works until the kernel says
/// EAGAIN, calls ``markNotReadable()``, and waits. *Level* mode reports as long as the condition holds, and reports
/// writability only while asked to; libpq needs it, because it does not always read to the end.
public final class IOSource {
    /// How the kernel reports readiness.
    public enum Mode: Sendable {
        case edge
        case level
    }

    /// The watched descriptor.
    public let fd: Int32
    /// The loop that watches it.
    public let loop: EventLoop
    /// Whether reading may succeed (edge mode; true until the owner says otherwise).
    public private(set) var isReadable = true
    /// Whether writing may succeed (edge mode).
    public private(set) var isWritable = true
    /// The peer will send no more (half-close or reset seen by the kernel).
    public private(set) var sawHangup = false
    /// The connection is broken in both directions.
    public private(set) var sawError = false
    /// False once closed.
    public private(set) var isOpen = true
    /// Called when reading may succeed (also on hang-up), unless a task waits for it.
    public var onReadable: (() -> Void)?
    /// Called when writing may succeed, unless a task waits for it.
    public var onWritable: (() -> Void)?

    private(set) var generation: UInt32 = 0
    private let mode: Mode
    private var wantsWrite = false
    private let ownsDescriptor: Bool
    private var reader = Waiter()
    private var writer = Waiter()

    /// Starts watching `fd` (loop only).
    ///
    /// - Parameter ownsDescriptor: when false, ``close()`` ends the watch and leaves the descriptor open (libpq
    ///   closes its own).
    /// - Throws: `IOError` when the kernel refuses (a bad descriptor, no memory).
    public init(fd: Int32, loop: EventLoop, mode: Mode, ownsDescriptor: Bool = true) throws(IOError) {
        self.fd = fd
        self.loop = loop
        self.mode = mode
        self.ownsDescriptor = ownsDescriptor
        let interest = mode == .edge ? CLINUX_IN | CLINUX_OUT | CLINUX_RDHUP | CLINUX_ET : CLINUX_IN
        generation = try loop.register(self, interest: interest)
    }

    deinit {
        assert(!isOpen, "an IOSource was dropped without close()")
    }

    /// Says that the last read found nothing more (edge mode).
    public func markNotReadable() { isReadable = false }
    /// Says that the last write found no room (edge mode).
    public func markNotWritable() { isWritable = false }

    /// Asks for, or stops, reports of writability (level mode).
    public func setWantsWrite(_ wants: Bool) {
        guard mode == .level, isOpen, wants != wantsWrite else { return }
        wantsWrite = wants
        loop.update(self, interest: wants ? CLINUX_IN | CLINUX_OUT : CLINUX_IN)
    }

    /// Waits until reading may succeed. One task may wait at a time.
    public func waitReadable(until deadline: Instant? = nil) async -> Readiness {
        if !isOpen { return .closed }
        if isReadable && mode == .edge { return .ready }
        let isolation = #isolation
        return await withUnsafeContinuation {
            resumeWhenReadable(LoopContinuation($0, on: loop, isolation: isolation), until: deadline)
        }
    }

    /// ``waitReadable(until:)`` for an actor that waits at each request and has seen that there is nothing to read: each
    /// asynchronous function on the way costs two looks at the executor.
    public func resumeWhenReadable(_ continuation: LoopContinuation<Readiness>, until deadline: Instant?) {
        guard isOpen else { return continuation.resume(returning: .closed) }
        reader.begin(continuation, until: deadline, source: self, .reading)
    }

    /// Waits until writing may succeed. One task may wait at a time.
    public func waitWritable(until deadline: Instant? = nil) async -> Readiness {
        if !isOpen { return .closed }
        if isWritable && mode == .edge { return .ready }
        let isolation = #isolation
        return await withUnsafeContinuation {
            writer.begin(
                LoopContinuation($0, on: loop, isolation: isolation), until: deadline, source: self, .writing)
        }
    }

    /// Wakes both waiters with `.interrupted`.
    public func interrupt() {
        reader.end(.interrupted)
        writer.end(.interrupted)
    }

    /// Stops watching, closes the descriptor if owned, and wakes waiters with `.closed`. Harmless when repeated.
    public func close() {
        guard isOpen else { return }
        isOpen = false
        loop.unregister(self)
        if ownsDescriptor { _ = clinux_close(fd) }
        onReadable = nil
        onWritable = nil
        reader.drop(on: loop)
        writer.drop(on: loop)
    }

    func handle(_ events: UInt32) {
        if events & (CLINUX_RDHUP | CLINUX_HUP | CLINUX_ERR) != 0 { sawHangup = true }
        if events & (CLINUX_HUP | CLINUX_ERR) != 0 { sawError = true }
        if events & (CLINUX_IN | CLINUX_RDHUP | CLINUX_HUP | CLINUX_ERR) != 0 {
            isReadable = true
            if reader.isWaiting { reader.end(.ready) } else { onReadable?() }
        }
        guard isOpen else { return }
        if events & (CLINUX_OUT | CLINUX_HUP | CLINUX_ERR) != 0 {
            isWritable = true
            if writer.isWaiting { writer.end(.ready) } else { onWritable?() }
        }
    }

    /// The timer of a direction came up: either its wait is over, or the wait moved on and the timer follows it.
    fileprivate func timerFired(_ direction: Direction) {
        switch direction {
        case .reading: reader.timerFired(self, direction)
        case .writing: writer.timerFired(self, direction)
        }
    }
}

/// What a task waits to do.
enum Direction {
    case reading
    case writing
}

/// The task that waits for one direction of a source, with a timer that is re-armed lazily: a connection that waits
/// a thousand times with later and later deadlines sets one timer, which re-arms itself when it fires early.
struct Waiter {
    private var continuation: LoopContinuation<Readiness>?
    fileprivate var deadline: Instant?
    fileprivate var timer: (id: TimerID, at: Instant)?

    var isWaiting: Bool { continuation != nil }

    fileprivate mutating func begin(
        _ continuation: LoopContinuation<Readiness>, until deadline: Instant?, source: IOSource,
        _ direction: Direction
    ) {
        precondition(self.continuation == nil, "two tasks wait for the same direction of one descriptor")
        self.continuation = continuation
        self.deadline = deadline
        guard let deadline else { return }
        if let timer {
            guard deadline < timer.at else { return }
            source.loop.cancel(timer.id)
        }
        arm(source, direction, deadline)
    }

    private mutating func arm(_ source: IOSource, _ direction: Direction, _ deadline: Instant) {
        // Held until it fires or `close` cancels it. A weak reference would make every other one to the source slower.
        let id = source.loop.schedule(at: deadline) { source.timerFired(direction) }
        timer = (id, deadline)
    }

    fileprivate mutating func timerFired(_ source: IOSource, _ direction: Direction) {
        timer = nil
        guard source.isOpen, isWaiting, let deadline else { return }
        if deadline <= source.loop.turnTime {
            end(.timedOut)
        } else {
            arm(source, direction, deadline)
        }
    }

    fileprivate mutating func end(_ readiness: Readiness) {
        guard let continuation else { return }
        self.continuation = nil
        continuation.resume(returning: readiness)
    }

    fileprivate mutating func drop(on loop: EventLoop) {
        if let timer { loop.cancel(timer.id) }
        timer = nil
        end(.closed)
    }
}
