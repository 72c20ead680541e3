import EventLoop
import ServiceKit

/// The open streams of this process, by channel. Shared by all loops; its lock is held for list work only.
final class LiveHub: Sendable {
    private struct State {
        var streams: [String: [ObjectIdentifier: LiveSubscriber]] = [:]
        var isClosed = false
    }
    private let state = Locked(State())
    private let open: Gauge
    private let dropped: Counter

    init(metrics: Metrics) {
        open = metrics.gauge("live_streams_open", help: "Event streams open in this process.")
        dropped = metrics.counter("live_streams_dropped_total", help: "Streams ended because they read too slowly.")
    }

    /// A stream of `channel`; already ended when the service is shutting down.
    func subscribe(to channel: LiveChannel) -> LiveSubscriber {
        let subscriber = LiveSubscriber()
        let isOpen = state.withLock { state in
            guard !state.isClosed else { return false }
            state.streams[channel.text, default: [:]][ObjectIdentifier(subscriber)] = subscriber
            return true
        }
        if isOpen { open.add(1) } else { subscriber.end() }
        return subscriber
    }

    func unsubscribe(_ subscriber: LiveSubscriber, from channel: LiveChannel) {
        subscriber.end()
        let wasThere = state.withLock { state in
            let removed = state.streams[channel.text]?.removeValue(forKey: ObjectIdentifier(subscriber))
            if state.streams[channel.text]?.isEmpty == true { state.streams[channel.text] = nil }
            return removed != nil
        }
        if wasThere { open.add(-1) }
    }

    /// Hands events to the streams that hear them.
    func deliver(_ events: [LiveEvent]) {
        for event in events {
            let streams = state.withLock { state in state.streams[event.channel].map { Array($0.values) } ?? [] }
            for stream in streams where !stream.offer(event.id, event.frame) { dropped.increment() }
        }
    }

    /// A comment to every stream, so that proxies and people see that it lives.
    func beat() {
        let streams = state.withLock { state in state.streams.values.flatMap(\.values) }
        for stream in streams { _ = stream.offer(0, LiveSubscriber.heartbeat) }
    }

    /// Ends all streams, for good: the service is shutting down, and people come back to another replica.
    func close() {
        let streams = state.withLock { state in
            state.isClosed = true
            return state.streams.values.flatMap(\.values)
        }
        for stream in streams { stream.end() }
    }
}

/// One open stream: frames wait here until the connection has taken the ones before.
final class LiveSubscriber: Sendable {
    /// More than this waiting means that the reader does not read; it comes back with its Last-Event-ID.
    private static let waitingMax = 256
    /// WHATWG HTML, section 9.2.6: a comment line about every 15 seconds.
    static let heartbeat = Array(": beat\n\n".utf8)

    struct Frame: Sendable {
        /// 0 for comments.
        let id: Int64
        let bytes: [UInt8]
    }

    private struct State {
        var waiting: [Frame] = []
        var waiter: CheckedContinuation<[Frame]?, Never>?
        var isEnded = false
    }
    private let state = Locked(State())

    /// False when the stream was ended for reading too slowly.
    func offer(_ id: Int64, _ bytes: [UInt8]) -> Bool {
        let frame = Frame(id: id, bytes: bytes)
        var isTooSlow = false
        let waiter = state.withLock { state -> CheckedContinuation<[Frame]?, Never>? in
            guard !state.isEnded else { return nil }
            if let waiter = state.waiter {
                state.waiter = nil
                return waiter
            }
            isTooSlow = state.waiting.count >= Self.waitingMax
            if isTooSlow {
                state.isEnded = true
                state.waiting = []
            } else {
                state.waiting.append(frame)
            }
            return nil
        }
        waiter?.resume(returning: [frame])
        return !isTooSlow
    }

    /// The frames that wait, or the next ones; nil when the stream is over.
    func next() async -> [Frame]? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> [Frame]?? in
                    if !state.waiting.isEmpty {
                        defer { state.waiting = [] }
                        return .some(state.waiting)
                    }
                    if state.isEnded { return .some(nil) }
                    state.waiter = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            end()
        }
    }

    /// Ends the stream after what is already on its way.
    func end() {
        let waiter = state.withLock { state in
            state.isEnded = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: nil)
    }
}
