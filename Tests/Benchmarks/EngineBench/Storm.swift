import CLinux
import Glibc
import JSON

/// Reads offered at a given rate, whether the service keeps up or not: `engine-bench storm --port P --paths A,B
/// --connections C --seconds S --rate R`. With rate 0 each connection sends its next request when it has its answer.
///
/// An open loop: request n is due at a fixed time and takes a free connection; when none is free it is turned away, as a
/// proxy would. Afterwards one ordinary request is sent until it is served: how long the service takes to be itself
/// again. Bare sockets, one thread that never sleeps while requests are due: give it a core of its own.
final class Storm {
    private final class Connection {
        var fd: Int32
        var answer: [UInt8] = []
        var due: UInt64 = 0
        init(fd: Int32) { self.fd = fd }
    }

    private static let firstPatienceNanoseconds: UInt64 = 10_000_000_000

    private let port: UInt16
    private let requests: [[UInt8]]
    private let epoll = clinux_epoll_create()
    private var connections: [Connection] = []
    private var idle: [Int] = []
    private var opened: UInt32 = 0
    private var sent = 0
    private var turnedAway = 0
    private var accepted: [UInt64] = []
    private var refused: [UInt64] = []
    private var others = 0

    private init(port: UInt16, paths: [String]) {
        self.port = port
        requests = paths.map { Array("GET \($0) HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\n\r\n".utf8) }
    }

    static func run(port: UInt16, paths: [String], connections: Int, rate: Double, seconds: Double) throws {
        let storm = Storm(port: port, paths: paths)
        for index in 0..<connections {
            let connection = Connection(fd: try storm.open(index))
            storm.connections.append(connection)
            storm.idle.append(index)
        }
        let (due, elapsed) = try rate > 0 ? storm.offer(rate, seconds) : storm.keepBusy(seconds)
        let ended = RequestLoad.now()
        let recovery = try storm.timeToServe(since: ended)
        print(storm.report(due: due, seconds: elapsed, recovery: recovery))
    }

    // MARK: Load

    /// Requests due at a fixed rate. Returns how many were due and how long it took.
    private func offer(_ rate: Double, _ seconds: Double) throws -> (due: Int, seconds: Double) {
        let interval = 1e9 / rate, total = Int(rate * seconds)
        let began = RequestLoad.now(), end = began + UInt64(seconds * 1e9)
        var now = began
        while now < end {
            let due = min(total, Int(Double(now - began) / interval))
            while sent + turnedAway < due {
                guard let index = idle.popLast() else {
                    turnedAway = due - sent
                    break
                }
                try send(on: index, due: now)
            }
            try receive(waiting: 0)
            now = RequestLoad.now()
        }
        return (total, Double(now - began) / 1e9)
    }

    /// One request after the other on every connection.
    private func keepBusy(_ seconds: Double) throws -> (due: Int, seconds: Double) {
        let began = RequestLoad.now(), end = began + UInt64(seconds * 1e9)
        var now = began
        while now < end {
            while let index = idle.popLast() { try send(on: index, due: RequestLoad.now()) }
            // Never sleeping, as in the open loop: what else runs on the machine is then kept off this core in both.
            try receive(waiting: 0)
            now = RequestLoad.now()
        }
        return (sent, Double(now - began) / 1e9)
    }

    private func send(on index: Int, due: UInt64) throws {
        let request = requests[sent % requests.count]
        connections[index].due = due
        sent += 1
        guard clinux_send(connections[index].fd, request, request.count) == request.count else {
            throw RequestLoad.Failure.connectionLost
        }
    }

    private func receive(waiting milliseconds: Int32) throws {
        try withUnsafeTemporaryAllocation(of: clinux_event.self, capacity: 256) { events in
            let count = clinux_epoll_wait(epoll, events.baseAddress, 256, milliseconds)
            guard count > 0 else { return }
            for event in events[..<Int(count)] { try read(Int(event.token)) }
        }
    }

    private func read(_ index: Int) throws {
        let connection = connections[index]
        var bytes: UnsafePointer<UInt8>?
        let count = clinux_recv_scratch(connection.fd, &bytes)
        if count == -Int(EAGAIN) { return }
        guard count > 0, let bytes else { throw RequestLoad.Failure.connectionLost }
        connection.answer.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
        guard let answer = try RequestLoad.complete(connection.answer) else { return }
        connection.answer.removeAll(keepingCapacity: true)
        let latency = RequestLoad.now() - connection.due
        switch answer.status {
        case 200: accepted.append(latency)
        case 503: refused.append(latency)
        default: others += 1
        }
        if answer.isLast {
            close(connection.fd)
            connection.fd = try open(index)
        }
        idle.append(index)
    }

    private func open(_ index: Int) throws -> Int32 {
        opened += 1
        let fd = try RequestLoad.connect(port, from: opened % 16)
        guard clinux_epoll_set(epoll, fd, true, UInt32(CLINUX_IN), UInt64(index)) == 0 else {
            throw RequestLoad.Failure.cannotConnect
        }
        return fd
    }

    // MARK: Afterwards

    /// From the end of the load until an ordinary request on a new connection is served, in nanoseconds. What is still
    /// under way is left to the service; nobody reads it any more.
    private func timeToServe(since ended: UInt64) throws -> UInt64 {
        let request = requests[0]
        while RequestLoad.now() - ended < Self.firstPatienceNanoseconds {
            let fd = try RequestLoad.connect(port, from: 17)
            defer { close(fd) }
            guard clinux_send(fd, request, request.count) == request.count else { continue }
            var answer: [UInt8] = []
            var whole: (status: Int, isLast: Bool)?
            while whole == nil {
                var bytes: UnsafePointer<UInt8>?
                let count = clinux_recv_scratch(fd, &bytes)
                guard count > 0, let bytes else { break }
                answer.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
                whole = try RequestLoad.complete(answer)
            }
            if whole?.status == 200 { return RequestLoad.now() - ended }
        }
        throw RequestLoad.Failure.connectionLost
    }

    private func report(due: Int, seconds: Double, recovery: UInt64) -> String {
        accepted.sort()
        refused.sort()
        var json = JSONWriter()
        json.beginObject()
        json.field("due", due)
        json.field("sent", sent)
        json.field("turned_away", turnedAway)
        json.field("seconds", seconds)
        json.field("accepted", accepted.count)
        json.field("refused", refused.count)
        json.field("others", others)
        json.field("accepted_p50_ms", Self.milliseconds(accepted, 0.5))
        json.field("accepted_p99_ms", Self.milliseconds(accepted, 0.99))
        json.field("refused_p50_ms", Self.milliseconds(refused, 0.5))
        json.field("refused_p99_ms", Self.milliseconds(refused, 0.99))
        json.field("recovery_ms", Double(recovery) / 1e6)
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private static func milliseconds(_ sorted: [UInt64], _ share: Double) -> Double {
        guard !sorted.isEmpty else { return 0 }
        return Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]) / 1e6
    }
}
