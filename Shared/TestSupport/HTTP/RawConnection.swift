import CLinux
import Glibc

/// The socket could not be made or used.
public struct RawConnectionError: Error, Sendable {
    /// What was tried, and the errno value.
    public let call: String
    public let code: Int32
}

/// How a peer's bytes ended.
public enum RawEnd: Hashable, Sendable {
    /// In order: the peer closed its side.
    case closed
    /// With a reset.
    case reset
    /// Not at all, within the patience of the test.
    case silent
}

/// A plain TCP connection for tests that must send what no client would: its calls block, and give up after a patience
/// that only a broken test ever meets.
public final class RawConnection {
    /// How long a call waits before it gives up, in seconds.
    private static let patienceSeconds = 30
    private var descriptor: Int32
    private var received: [UInt8] = []

    /// Connects to a port of this machine.
    ///
    /// - Parameter receiveBufferBytes: the kernel's buffer for what the peer sends; small for slow readers.
    public init(port: Int, receiveBufferBytes: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw RawConnectionError(call: "socket", code: errno) }
        if var size = receiveBufferBytes {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let code = errno
            _ = Glibc.close(descriptor)
            throw RawConnectionError(call: "connect", code: code)
        }
        prepare()
    }

    /// Takes over a connected socket.
    init(accepted descriptor: Int32) {
        self.descriptor = descriptor
        prepare()
    }

    private func prepare() {
        var patience = timeval(tv_sec: Self.patienceSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close() }

    // MARK: Sending

    /// Sends all of it; false when the peer is gone or takes no more.
    @discardableResult
    public func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { clinux_send(descriptor, $0.baseAddress.map { $0 + sent }, $0.count - sent) }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Sends all of it; false when the peer is gone or takes no more.
    @discardableResult
    public func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Ends our sending; the peer may still answer.
    public func finishSending() { _ = clinux_shutdown_write(descriptor) }

    /// Closes with a reset.
    public func reset() {
        _ = clinux_set_reset_on_close(descriptor)
        close()
    }

    /// Closes in order.
    public func close() {
        guard descriptor >= 0 else { return }
        _ = Glibc.close(descriptor)
        descriptor = -1
    }

    // MARK: Receiving

    /// Everything until the end, and what kind of end it was.
    public func readToEnd() -> (bytes: [UInt8], end: RawEnd) {
        while true {
            if let end = receive() { return (received, end) }
        }
    }

    /// Waits for bytes; nil when some came.
    private func receive() -> RawEnd? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = clinux_recv(descriptor, &buffer, buffer.count)
        if count > 0 {
            received.append(contentsOf: buffer[..<count])
            return nil
        }
        if count == 0 { return .closed }
        return count == -Int(EAGAIN) ? .silent : .reset
    }

    /// The next `count` bytes; nil when they do not come.
    public func read(_ count: Int) -> [UInt8]? {
        while received.count < count {
            guard receive() == nil else { return nil }
        }
        defer { received.removeFirst(count) }
        return Array(received[..<count])
    }

    /// The bytes up to and with `end`; nil when it does not come.
    public func read(through end: String) -> String? {
        let end = Array(end.utf8)
        var from = 0
        while true {
            while from + end.count <= received.count {
                if received[from..<from + end.count].elementsEqual(end) {
                    return read(from + end.count).map { String(decoding: $0, as: UTF8.self) }
                }
                from += 1
            }
            guard receive() == nil else { return nil }
        }
    }

    /// The next answer; nil when none comes whole.
    ///
    /// - Parameter toHead: the request was HEAD: no body follows.
    public func readAnswer(toHead: Bool = false) -> RawAnswer? {
        guard let head = read(through: "\r\n\r\n"), var answer = RawAnswer(head: head) else { return nil }
        if toHead || answer.status < 200 || answer.status == 204 || answer.status == 304 { return answer }
        if answer["transfer-encoding"] == "chunked" {
            while true {
                guard let line = read(through: "\r\n"), let size = Int(line.dropLast(1), radix: 16),
                    let part = read(size + 2)
                else { return nil }
                if size == 0 { return answer }
                answer.body += part.dropLast(2)
            }
        }
        if let length = answer["content-length"].flatMap({ Int($0) }) {
            guard let body = read(length) else { return nil }
            answer.body = body
        } else {
            answer.body = readToEnd().bytes
        }
        return answer
    }
}

/// An answer as it came.
public struct RawAnswer: Sendable {
    /// The status code.
    public let status: Int
    /// The lines of the head, without the status line.
    public let fields: [String]
    /// The body, without its transfer coding.
    public var body: [UInt8] = []

    init?(head: String) {
        let lines = head.split(separator: "\r\n").map(String.init)
        guard let first = lines.first, first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3)) else {
            return nil
        }
        self.status = status
        fields = Array(lines.dropFirst())
    }

    /// The value of a field, by its lower-case name.
    public subscript(_ name: String) -> String? {
        fields.first { $0.lowercased().hasPrefix(name + ":") }.map { line in
            String(line.dropFirst(name.utf8.count + 1).drop { $0 == " " })
        }
    }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }
}

/// A listening socket whose connections a test serves by hand: a server that lies.
public final class RawListener: Sendable {
    /// Where it listens.
    public let port: Int
    private let descriptor: Int32

    /// Listens on a free port.
    public init(backlog: Int32 = 128) throws {
        descriptor = clinux_listen("127.0.0.1", 0, backlog, false)
        guard descriptor >= 0 else { throw RawConnectionError(call: "listen", code: -descriptor) }
        port = Int(clinux_bound_port(descriptor))
        // Accepting blocks: the test waits for its client here.
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK)
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Waits for the next connection.
    public func accept() throws -> RawConnection {
        let client = acceptPrivately(descriptor)
        guard client >= 0 else { throw RawConnectionError(call: "accept", code: errno) }
        return RawConnection(accepted: client)
    }
}
