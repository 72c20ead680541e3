import EventLoop
import ServiceKit

/// The open streams of this process, by channel. Shared by all loops; its lock is held for list work only.
///
/// An open stream costs its connection, a place in this list and a suspended wait: no task, no timer of its own.
final class LiveHub: Sendable {
    /// Heartbeats go round in so many groups, so that ten thousand streams are not written to in one turn of the loop.
    static let beatGroups = 15

    private struct State {
        var streams: [String: [ObjectIdentifier: LiveSubscriber]] = [:]
        /// The newest event that was handed out.
        var position: Int64
        var nextGroup = 0
        var beatingGroup = 0
        var isClosed = false
    }
    private let state: Locked<State>
    private let open: Gauge
    private let dropped: Counter

    /// - Parameter position: the newest event there is; later ones are handed out.
    init(position: Int64, metrics: Metrics) {
        state = Locked(State(position: position))
        open = metrics.gauge("live_streams_open", help: "Event streams open in this process.")
        dropped = metrics.counter("live_streams_dropped_total", help: "Streams ended because they read too slowly.")
    }

    /// The newest event that was handed out.
    var position: Int64 { state.withLock(\.position) }

    /// A stream of `channel`, which gets every event after its position; already ended when the service is shutting
    /// down.
    func subscribe(to channel: LiveChannel) -> LiveSubscriber {
        let (subscriber, isOpen) = state.withLock { state in
            let subscriber = LiveSubscriber(position: state.position, beatGroup: state.nextGroup)
            guard !state.isClosed else { return (subscriber, false) }
            state.nextGroup = (state.nextGroup + 1) % Self.beatGroups
            state.streams[channel.text, default: [:]][ObjectIdentifier(subscriber)] = subscriber
            return (subscriber, true)
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

    /// Hands events, in their order, to the streams that hear them.
    func deliver(_ events: [LiveEvent]) {
        guard let newest = events.last else { return }
        // Streams and position change together: a stream that subscribes now has either heard of an event or its
        // position is before it.
        let heard = state.withLock { state in
            state.position = newest.id
            return events.flatMap { event in
                (state.streams[event.channel] ?? [:]).values.map { (event: event, stream: $0) }
            }
        }
        for (event, stream) in heard where !stream.offer(event) { dropped.increment() }
    }

    /// A comment to the next group of streams, so that proxies and people see that they live.
    func beat() {
        let streams = state.withLock { state in
            defer { state.beatingGroup = (state.beatingGroup + 1) % Self.beatGroups }
            return state.streams.values.flatMap { streams in
                streams.values.filter { $0.beatGroup == state.beatingGroup }
            }
        }
        for stream in streams { stream.beat() }
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
