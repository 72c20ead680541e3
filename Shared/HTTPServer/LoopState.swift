import CLinux
import EventLoop
import HTTPCore

/// What the connections of one loop share. Made for one loop and touched only on its thread.
// @unchecked: confined to the loop's thread, which every method asserts.
final class LoopState: @unchecked Sendable {
    let loop: EventLoop
    private var connections: [ObjectIdentifier: ServerConnection] = [:]
    private(set) var isDraining = false
    private var dateBytes: [UInt8] = []
    private var dateUntil = Instant(nanoseconds: 0)

    private let admission: AdmissionQueue?

    init(loop: EventLoop, shedding: LoadShedding?) {
        self.loop = loop
        admission = shedding.map { AdmissionQueue(loop: loop, shedding: $0) }
    }

    /// Whether a request may be served now; otherwise ask ``refusal()``.
    func admits() -> Bool { admission?.admits() ?? true }

    /// The answer to a request that was not admitted, when its turn has come; nil when it may be served after all.
    func refusal() async -> Response? { await admission?.refusal() }

    /// The value of `Date`, made once a second.
    var date: [UInt8] {
        assert(loop.isCurrent)
        let now = loop.turnTime
        if now >= dateUntil {
            let realtime = clinux_realtime_ns()
            dateBytes = Array(HTTPDate.text(secondsSinceEpoch: realtime / 1_000_000_000).utf8)
            dateUntil = now + .nanoseconds(1_000_000_000 - realtime % 1_000_000_000)
        }
        return dateBytes
    }

    func add(_ connection: ServerConnection) {
        assert(loop.isCurrent)
        connections[ObjectIdentifier(connection)] = connection
    }

    func remove(_ connection: ServerConnection) {
        assert(loop.isCurrent)
        connections[ObjectIdentifier(connection)] = nil
    }

    /// Closes idle connections and makes busy ones close after their answer.
    func drain() {
        assert(loop.isCurrent)
        isDraining = true
        admission?.refuseAll()
        for connection in connections.values { connection.assumeIsolated { $0.closeIfIdle() } }
    }

    /// Cuts what is left.
    func abort() {
        assert(loop.isCurrent)
        admission?.refuseAll()
        for connection in connections.values { connection.assumeIsolated { $0.abort() } }
    }
}
