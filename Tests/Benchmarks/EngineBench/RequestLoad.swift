import Glibc

/// Sends given requests over a number of connections, one in flight on each, and notes every answer's status and time.
///
/// Bare sockets and one thread: what the load costs is not counted as the service's. Each request is sent once.
struct RequestLoad {
    struct Result {
        /// Answers by status.
        var statuses: [Int: Int] = [:]
        /// Of every answer, in nanoseconds, sorted.
        var latencies: [UInt64] = []
        /// From the first request to the last answer.
        var seconds = 0.0

        /// The latency that `share` of the answers keep, in milliseconds.
        func milliseconds(_ share: Double) -> Double {
            guard !latencies.isEmpty else { return 0 }
            return Double(latencies[min(latencies.count - 1, Int(Double(latencies.count) * share))]) / 1e6
        }
    }
    enum Failure: Error {
        case cannotConnect, connectionLost, brokenAnswer
    }

    private final class Connection {
        var fd: Int32
        var answer: [UInt8] = []
        var began: UInt64 = 0

        init(fd: Int32) { self.fd = fd }
    }

    private let requests: [[UInt8]]
    private let port: UInt16
    private var connections: [Connection] = []
    private var watched: [pollfd] = []
    private var next = 0
    private var opened = 0
    private var result = Result()

    static func run(_ requests: [[UInt8]], port: UInt16, connections: Int) throws -> Result {
        var load = RequestLoad(requests: requests, port: port)
        return try load.run(connections)
    }

    private init(requests: [[UInt8]], port: UInt16) {
        self.requests = requests
        self.port = port
    }

    private mutating func run(_ count: Int) throws -> Result {
        defer { for connection in connections { close(connection.fd) } }
        for _ in 0..<min(count, requests.count) {
            let connection = Connection(fd: try open())
            connections.append(connection)
            watched.append(pollfd(fd: connection.fd, events: Int16(POLLIN), revents: 0))
        }
        let began = Self.now()
        for connection in connections { try begin(connection) }
        while result.latencies.count < requests.count {
            let ready = poll(&watched, nfds_t(watched.count), 60_000)
            guard ready > 0 || errno == EINTR else { throw Failure.connectionLost }
            for index in watched.indices where watched[index].revents != 0 {
                try read(connections[index])
                watched[index].fd = connections[index].fd
            }
        }
        result.seconds = Double(Self.now() - began) / 1e9
        result.latencies.sort()
        return result
    }

    private mutating func open() throws -> Int32 {
        opened += 1
        return try Self.connect(port, from: UInt32(opened % 16))
    }

    /// Takes the next request; requests are far smaller than a socket's buffer, so one write takes all of it.
    private mutating func begin(_ connection: Connection) throws {
        guard next < requests.count else { return }
        let request = requests[next]
        next += 1
        connection.answer.removeAll(keepingCapacity: true)
        connection.began = Self.now()
        let sent = send(connection.fd, request, request.count, Int32(MSG_NOSIGNAL))
        guard sent == request.count else { throw Failure.connectionLost }
    }

    private mutating func read(_ connection: Connection) throws {
        let got = withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 8) { buffer -> Int in
            let count = recv(connection.fd, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { connection.answer.append(contentsOf: buffer[0..<count]) }
            return count
        }
        guard got > 0 else {
            if got < 0, errno == EAGAIN { return }
            throw Failure.connectionLost
        }
        guard let answer = try Self.complete(connection.answer) else { return }
        result.latencies.append(Self.now() - connection.began)
        result.statuses[answer.status, default: 0] += 1
        guard answer.isLast else { return try begin(connection) }
        close(connection.fd)
        connection.fd = try open()
        try begin(connection)
    }

    /// An answer that is here whole, and whether the service closes after it; nil when some of it is missing.
    static func complete(_ answer: [UInt8]) throws -> (status: Int, isLast: Bool)? {
        guard let end = place(of: "\r\n\r\n", in: answer, to: answer.count) else { return nil }
        guard answer.count > 12, let mark = place(of: "content-length: ", in: answer, to: end) else {
            throw Failure.brokenAnswer
        }
        let length = number(answer[(mark + 16)...])
        guard answer.count >= end + 4 + length else { return nil }
        return (number(answer[9..<12]), place(of: "connection: close", in: answer, to: end) != nil)
    }

    private static func place(of text: StaticString, in bytes: [UInt8], to end: Int) -> Int? {
        text.withUTF8Buffer { text in
            bytes.withUnsafeBufferPointer { bytes -> Int? in
                var start = 0
                while start + text.count <= end {
                    var matching = 0
                    while matching < text.count, bytes[start + matching] == text[matching] { matching += 1 }
                    if matching == text.count { return start }
                    start += 1
                }
                return nil
            }
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int {
        var value = 0
        for digit in digits {
            guard (48...57).contains(digit) else { break }
            value = value * 10 + Int(digit - 48)
        }
        return value
    }

    /// Connects from one of the loopback's addresses: a service gives each address only so many connections.
    static func connect(_ port: UInt16, from host: UInt32) throws -> Int32 {
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard with(0x7F00_0002 + host, 0, { bind(fd, $0, $1) }) == 0,
            with(0x7F00_0001, port, { Glibc.connect(fd, $0, $1) }) == 0
        else { throw Failure.cannotConnect }
        var on: Int32 = 1
        setsockopt(fd, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        return fd
    }

    private static func with(
        _ host: UInt32, _ port: UInt16, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = host.bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, size) }
        }
    }

    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
