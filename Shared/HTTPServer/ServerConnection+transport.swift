import CLinux
import EventLoop
import HTTPCore
import Models

/// How far the body of the present request has been read.
enum BodyState {
    case none
    case length(left: Int, began: Instant, received: Int, sendsContinue: Bool)
    case chunked(ChunkedDecoder, began: Instant, received: Int, sendsContinue: Bool)

    var isDone: Bool {
        switch self {
        case .none: true
        case .length(let left, _, _, _): left == 0
        case .chunked(let decoder, _, _, _): decoder.isDone
        }
    }
}

extension ServerConnection {
    enum Received {
        case bytes
        case end
        case timedOut
        case interrupted
    }

    /// How long a body may be slower than the limit says.
    private static let bodyRateGrace = Duration.seconds(5)

    /// Receives at least one byte, unless the deadline passes or the peer ends.
    func receive(until deadline: Instant) async -> Received {
        while true {
            if let received = receiveNow() { return received }
            switch await source.waitReadable(until: deadline) {
            case .ready: continue
            case .timedOut: return .timedOut
            case .interrupted: return .interrupted
            case .closed: return .end
            }
        }
    }

    /// Takes what the socket has; nil when it has nothing yet.
    func receiveNow() -> Received? {
        guard source.isReadable, source.isOpen else { return nil }
        var bytes: UnsafePointer<UInt8>?
        let count = clinux_recv_scratch(source.fd, &bytes)
        if count > 0, let bytes {
            input.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
            // A short read emptied the socket; unless the peer's end was reported already, which no new edge
            // would tell again.
            if count < 65_536, !source.sawHangup { source.markNotReadable() }
            return .bytes
        }
        guard count == -11 else { return .end }
        source.markNotReadable()
        return nil
    }

    enum Sent {
        case all
        case blocked
        case gone
    }

    /// Sends what the socket takes of `output`.
    func sendNow() -> Sent {
        while sent < output.count {
            let count = output.withUnsafeBytes { bytes in
                source.isOpen ? clinux_send(source.fd, bytes.baseAddress.map { $0 + sent }, bytes.count - sent) : -1
            }
            guard count >= 0 else { return count == -11 ? .blocked : .gone }
            sent += count
        }
        if sent > 0 { output.removeAll(keepingCapacity: true) }
        sent = 0
        return .all
    }

    /// Sends everything in `output`; false when the peer is gone or takes nothing for too long.
    func flush() async -> Bool {
        while true {
            switch sendNow() {
            case .all: return true
            case .gone: return false
            case .blocked:
                source.markNotWritable()
                let stall = Instant.now.adding(milliseconds: limits.writeStallMilliseconds)
                guard await source.waitWritable(until: stall) == .ready else { return false }
            }
        }
    }

    /// Drops consumed bytes from the input.
    func compact() {
        guard start > 0 else { return }
        if start == input.count {
            input.removeAll(keepingCapacity: true)
        } else {
            input.removeSubrange(..<start)
        }
        start = 0
    }

    // MARK: Bodies

    /// Prepares the body of a request; takes what has come with the head.
    func beginBody(_ head: RequestHead) throws(RequestRefusal) -> RequestBody {
        let now = loop.turnTime
        switch head.framing {
        case .none:
            body = .none
            return RequestBody([])
        case .length(let length):
            if input.count - start >= length {
                body = .none
                defer { start += length }
                return RequestBody(Array(input[start..<start + length]))
            }
            body = .length(left: length, began: now, received: 0, sendsContinue: head.expectsContinue)
            return RequestBody(from: self, declared: length)
        case .chunked:
            return try beginChunkedBody(now, head.expectsContinue)
        }
    }

    /// Decodes what came with the head at once: a body that is there whole needs no more of the connection, and one
    /// that is malformed is refused before anybody acts on the request.
    private func beginChunkedBody(_ now: Instant, _ awaitsContinue: Bool) throws(RequestRefusal) -> RequestBody {
        var decoder = ChunkedDecoder(limits: limits)
        var bytes: [UInt8] = []
        if start < input.count { start += try decode(&decoder, into: &bytes).get() }
        guard !decoder.isDone else {
            body = .none
            return RequestBody(bytes)
        }
        decodedAhead = bytes
        body = .chunked(decoder, began: now, received: bytes.count, sendsContinue: awaitsContinue && bytes.isEmpty)
        return RequestBody(from: self, declared: nil)
    }

    private func decode(_ decoder: inout ChunkedDecoder, into bytes: inout [UInt8]) -> Result<Int, RequestRefusal> {
        input.withUnsafeBufferPointer { buffer in
            do throws(RequestRefusal) {
                return .success(try decoder.decode(UnsafeBufferPointer(rebasing: buffer[start...]), into: &bytes))
            } catch {
                return .failure(error)
            }
        }
    }

    /// The next bytes of the body; nil at its end.
    func nextBodyBytes() async throws -> [UInt8]? {
        if !decodedAhead.isEmpty {
            defer { decodedAhead = [] }
            return decodedAhead
        }
        while true {
            if let bytes = try takeBodyBytes() { return bytes }
            if body.isDone { return nil }
            try await sendContinueIfAwaited()
            compact()
            try await receiveBodyBytes()
        }
    }

    /// What has come of the body already; nil when nothing has.
    private func takeBodyBytes() throws -> [UInt8]? {
        switch body {
        case .none: return nil
        case .length(let left, let began, let received, let awaits):
            let count = min(left, input.count - start)
            guard count > 0 else { return nil }
            let bytes = Array(input[start..<start + count])
            start += count
            body = .length(left: left - count, began: began, received: received + count, sendsContinue: awaits)
            return bytes
        case .chunked(var decoder, let began, let received, let awaits):
            var bytes: [UInt8] = []
            switch decode(&decoder, into: &bytes) {
            case .success(let count): start += count
            case .failure(let refusal): throw refused(refusal)
            }
            body = .chunked(decoder, began: began, received: received + bytes.count, sendsContinue: awaits)
            return bytes.isEmpty ? nil : bytes
        }
    }

    private func receiveBodyBytes() async throws {
        let (began, received) = bodyProgress
        let elapsed = loop.turnTime - began
        if elapsed > Self.bodyRateGrace, received < limits.bodyBytesPerSecondMin * Int(elapsed.components.seconds) {
            throw refused(RequestRefusal(.requestTimeout, "The body comes too slowly."))
        }
        let deadline = min(began + .milliseconds(limits.bodyMilliseconds), loop.turnTime + Self.bodyRateGrace)
        switch await receive(until: deadline) {
        case .bytes: return
        case .timedOut:
            guard Instant.now < began + .milliseconds(limits.bodyMilliseconds) else {
                throw refused(RequestRefusal(.requestTimeout, "The body did not come in time."))
            }
        case .interrupted: return
        case .end:
            mustClose = true
            throw PeerGone()
        }
    }

    private var bodyProgress: (began: Instant, received: Int) {
        switch body {
        case .none: (loop.turnTime, 0)
        case .length(_, let began, let received, _): (began, received)
        case .chunked(_, let began, let received, _): (began, received)
        }
    }

    /// RFC 9110 section 10.1.1: the interim answer goes out when somebody wants the body, and only if none came yet.
    private func sendContinueIfAwaited() async throws {
        switch body {
        case .length(let left, let began, let received, true):
            body = .length(left: left, began: began, received: received, sendsContinue: false)
        case .chunked(let decoder, let began, let received, true):
            body = .chunked(decoder, began: began, received: received, sendsContinue: false)
        default: return
        }
        ResponseEncoder.append("HTTP/1.1 100 Continue\r\n\r\n", to: &output)
        guard await flush() else { throw PeerGone() }
    }

    private func refused(_ refusal: RequestRefusal) -> ProblemError {
        mustClose = true
        return ProblemError(Problem(
            code: "bad_request", title: "\(refusal.status.reason)", status: refusal.status.code, detail: refusal.detail))
    }

    // MARK: Ending

    /// Sends what is left, ends our sending, and reads for a moment: closing with unread bytes would send a reset, which
    /// can destroy the answer before the peer has read it (RFC 9112 section 9.6).
    func close() async {
        guard await flush(), source.isOpen else { return }
        guard !source.sawHangup || !body.isDone else { return }
        _ = clinux_shutdown_write(source.fd)
        let deadline = Instant.now + .milliseconds(limits.lingerMilliseconds)
        var dropped = 0
        while dropped < limits.lingerBytesMax {
            input.removeAll(keepingCapacity: true)
            start = 0
            guard await receive(until: deadline) == .bytes else { return }
            dropped += input.count
        }
    }
}
