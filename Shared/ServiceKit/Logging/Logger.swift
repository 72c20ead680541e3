import CLinux
import EventLoop
import Glibc
import Models

/// Structured log of one service: one JSON object a line with the fixed members `ts`, `level`, `service`, `msg`.
///
/// Lines written on an event loop collect in a buffer that leaves with one `write` at the end of the loop's turn (or
/// at 16 KiB); off a loop they leave at once. Levels below the configured one cost a comparison.
public struct Logger: Sendable {
    /// A member of a line.
    public typealias Field = (StaticString, LogValue)

    /// The least urgent level that is written.
    public let level: LogLevel
    private let service: String
    private let sink: LogSink

    /// - Parameter descriptor: where lines go; standard error unless a test says otherwise.
    public init(service: String, level: LogLevel = .info, descriptor: Int32 = 2) {
        self.service = service
        self.level = level
        sink = LogSink { bytes in
            var written = 0
            while written < bytes.count {
                let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                // A closed or full log must never stop a sale: what cannot be written is dropped.
                if count <= 0 { if errno == EINTR { continue } else { return } }
                written += count
            }
        }
    }

    /// A logger whose lines are given to `receive`, whole lines only (tests).
    public init(service: String, level: LogLevel, receive: @escaping @Sendable ([UInt8]) -> Void) {
        self.service = service
        self.level = level
        sink = LogSink(receive)
    }

    public func debug(_ message: StaticString, _ fields: Field...) { log(.debug, message, fields) }
    public func info(_ message: StaticString, _ fields: Field...) { log(.info, message, fields) }
    public func warning(_ message: StaticString, _ fields: Field...) { log(.warning, message, fields) }
    public func error(_ message: StaticString, _ fields: Field...) { log(.error, message, fields) }

    /// Writes a line. `message` is static, so that a search finds every line of one kind and no input gets into it.
    public func log(_ level: LogLevel, _ message: StaticString, _ fields: [Field]) {
        guard level >= self.level else { return }
        sink.append { line in
            line.field("level", .string(level.rawValue))
            line.field("service", .string(service))
            line.key("msg")
            line.string(message.description)
            for (name, value) in fields { line.field(name, value) }
        }
    }

    /// Writes a line whose members were encoded beforehand, as `,"level":…`, and what `rest` adds.
    func log(prepared members: [UInt8], _ rest: (inout LogLine) -> Void) {
        sink.append { line in
            line.bytes.append(contentsOf: members)
            rest(&line)
        }
    }

    /// The fixed members of a line and `fields`, for ``log(prepared:_:)``.
    func prepare(_ level: LogLevel, _ message: StaticString, _ fields: [Field]) -> [UInt8] {
        var line = LogLine(continues: true)
        line.field("level", .string(level.rawValue))
        line.field("service", .string(service))
        line.key("msg")
        line.string(message.description)
        for (name, value) in fields { line.field(name, value) }
        return line.bytes
    }

    /// Hands everything buffered to the operating system. Called at shutdown.
    public func flush() { sink.flush() }
}

/// The buffer behind a logger and its copies.
private final class LogSink: Sendable {
    private struct State {
        var line = LogLine()
        var flushIsScheduled = false
        /// The second that `start` is of: a clock text costs as much as the rest of a line.
        var second: Int64 = .min
        /// `{"ts":"2026-11-23T06:40:22.`
        var start: [UInt8] = []
    }
    /// 16 KiB: enough to save most writes in a busy turn, little enough to stay in the cache.
    private static let bufferLimitBytes = 16_384

    private let state = Locked(State())
    private let output: @Sendable ([UInt8]) -> Void

    init(_ output: @escaping @Sendable ([UInt8]) -> Void) { self.output = output }

    func append(_ fill: (inout LogLine) -> Void) {
        let now = clinux_realtime_ns() / 1_000
        let loop = EventLoop.current
        let (isFull, mustSchedule) = state.withLock { state -> (Bool, Bool) in
            if now / 1_000_000 != state.second {
                state.second = now / 1_000_000
                // 2026-11-23T06:40:22Z without its last letter.
                let text = Timestamp(microseconds: state.second * 1_000_000).description.utf8.dropLast()
                state.start = Array("{\"ts\":\"".utf8) + Array(text) + Array(".".utf8)
            }
            state.line.begin(state.start, microseconds: Int(now % 1_000_000))
            fill(&state.line)
            state.line.end()
            let isFull = state.line.bytes.count >= Self.bufferLimitBytes
            let mustSchedule = loop != nil && !isFull && !state.flushIsScheduled
            if mustSchedule { state.flushIsScheduled = true }
            return (isFull, mustSchedule)
        }
        if isFull || loop == nil {
            flush()
        } else if mustSchedule {
            loop?.onTurnEnd { self.flush() }
        }
    }

    func flush() {
        var bytes = state.withLock { state -> [UInt8] in
            state.flushIsScheduled = false
            var taken: [UInt8] = []
            swap(&taken, &state.line.bytes)
            return taken
        }
        guard !bytes.isEmpty else { return }
        output(bytes)
        bytes.removeAll(keepingCapacity: true)
        // Used again, unless lines came meanwhile.
        state.withLock { state in
            if state.line.bytes.capacity == 0 { swap(&bytes, &state.line.bytes) }
        }
    }
}
