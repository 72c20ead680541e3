import CLinux
import EventLoop
import HTTPCore

/// One connection to a host, on one loop: one request at a time.
actor ClientConnection: LoopBound {
    nonisolated let loop: EventLoop
    private let source: IOSource
    private var input: [UInt8] = []
    private var start = 0
    private var framing = ResponseFraming.none
    private var chunks: ChunkedDecoder?
    private var left = 0
    private var mayReuse = true
    private var isBusy = false
    /// Requests it has served: the first one on a fresh connection failing means something else than a later one.
    private(set) var served = 0
    /// Interim answers before the real one.
    private static let interimMax = 16
    /// When it was put aside.
    private(set) var idleSince = Instant(nanoseconds: 0)

    private init(loop: EventLoop, source: IOSource) {
        self.loop = loop
        self.source = source
    }

    /// Connects to an address literal (on `loop`).
    static func open(
        _ address: String, _ port: UInt16, loop: EventLoop, until deadline: Instant
    ) async throws(HTTPClientError) -> ClientConnection {
        let fd = clinux_connect_start(address, port)
        guard fd >= 0 else { throw .refused(code: -fd) }
        let opened: IOSource
        do throws(IOError) {
            opened = try IOSource(fd: fd, loop: loop, mode: .edge)
        } catch {
            _ = clinux_close(fd)
            throw .refused(code: error.code)
        }
        let connection = ClientConnection(loop: loop, source: opened)
        try await connection.awaitConnected(deadline)
        return connection
    }

    private func awaitConnected(_ deadline: Instant) async throws(HTTPClientError) {
        source.markNotWritable()
        let readiness = await source.waitWritable(until: deadline)
        let code = clinux_connect_result(source.fd)
        guard readiness == .ready, code == 0 else {
            source.close()
            throw readiness == .timedOut ? .refused(code: 110) : .refused(code: code)
        }
        source.markNotReadable()
    }

    /// Whether the server has not closed it or sent something nobody asked for.
    ///
    /// Bytes behind an answer belong to nothing we asked for: whoever sent them would have them taken for the next one.
    var isUsable: Bool {
        source.isOpen && !source.isReadable && !source.sawHangup && mayReuse && !isBusy && start == input.count
    }

    func putAside() { idleSince = loop.turnTime }

    func close() { source.close() }

    // MARK: One exchange

    /// Sends a request and reads the head of the answer.
    ///
    /// - Throws: `.connectionLost` also when an unused connection turns out to be closed; the pool knows what to do.
    func exchange(_ bytes: [UInt8], isHead: Bool, until deadline: Instant) async throws(HTTPClientError) -> ResponseHead {
        isBusy = true
        defer { served += 1 }
        input.removeAll(keepingCapacity: true)
        start = 0
        try await send(bytes, until: deadline)
        var parser = ResponseParser()
        var interim = 0
        while true {
            let head = try parse(&parser, isHead)
            guard let head else {
                compact()
                try await receive(until: deadline)
                continue
            }
            start += head.byteCount
            guard head.status.code < 200 else {
                begin(head)
                return head
            }
            // Interim answers (1xx) announce the real one; a change of protocol was never asked for.
            interim += 1
            guard head.status.code != 101, interim <= Self.interimMax else {
                throw fail(.malformedResponse("an answer that never comes"))
            }
        }
    }

    private func parse(_ parser: inout ResponseParser, _ isHead: Bool) throws(HTTPClientError) -> ResponseHead? {
        let result: Result<ResponseHead?, MalformedResponse> = input.withUnsafeBufferPointer { buffer in
            do throws(MalformedResponse) {
                return .success(try parser.next(UnsafeBufferPointer(rebasing: buffer[start...]), isHead: isHead))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let head): return head
        case .failure(let error): throw fail(.malformedResponse(error.detail))
        }
    }

    private func begin(_ head: ResponseHead) {
        framing = head.framing
        mayReuse = head.keepsAlive
        switch head.framing {
        case .none:
            isBusy = false
        case .length(let count): left = count
        case .chunked: chunks = ChunkedDecoder(limits: HTTPLimits())
        case .untilClose: break
        }
    }

    /// The next bytes of the body; nil at its end.
    func nextBodyBytes(until deadline: Instant) async throws(HTTPClientError) -> [UInt8]? {
        while true {
            if let bytes = try takeBodyBytes() { return bytes }
            guard isBusy else { return nil }
            compact()
            do throws(HTTPClientError) {
                try await receive(until: deadline)
            } catch {
                guard framing == .untilClose, error == .connectionLost else { throw error }
                isBusy = false
                return nil
            }
        }
    }

    private func takeBodyBytes() throws(HTTPClientError) -> [UInt8]? {
        var bytes: [UInt8] = []
        switch framing {
        case .none: return nil
        case .length:
            let count = min(left, input.count - start)
            bytes = Array(input[start..<start + count])
            start += count
            left -= count
            if left == 0 { isBusy = false }
        case .untilClose:
            bytes = Array(input[start...])
            start = input.count
        case .chunked:
            guard var decoder = chunks else { return nil }
            let taken: Result<Int, RequestRefusal> = input.withUnsafeBufferPointer { buffer in
                do throws(RequestRefusal) {
                    return .success(try decoder.decode(UnsafeBufferPointer(rebasing: buffer[start...]), into: &bytes))
                } catch {
                    return .failure(error)
                }
            }
            guard case .success(let count) = taken else { throw fail(.malformedResponse("a malformed chunk")) }
            start += count
            chunks = decoder
            if decoder.isDone { isBusy = false }
        }
        return bytes.isEmpty ? nil : bytes
    }

    // MARK: Transport

    private func compact() {
        guard start > 0 else { return }
        if start == input.count { input.removeAll(keepingCapacity: true) } else { input.removeSubrange(..<start) }
        start = 0
    }

    private func fail(_ error: HTTPClientError) -> HTTPClientError {
        mayReuse = false
        source.close()
        return error
    }

    private func send(_ bytes: [UInt8], until deadline: Instant) async throws(HTTPClientError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                source.isOpen
                    ? clinux_send(source.fd, buffer.baseAddress.map { $0 + sent }, buffer.count - sent) : -1
            }
            if count >= 0 {
                sent += count
                continue
            }
            guard count == -11 else {
                // The server may have refused before it read everything; its answer is worth reading.
                if source.isOpen, source.isReadable || source.sawHangup { return }
                throw fail(.connectionLost)
            }
            source.markNotWritable()
            switch await source.waitWritable(until: deadline) {
            case .ready: continue
            case .timedOut: throw fail(.timedOut)
            case .interrupted, .closed: throw fail(.connectionLost)
            }
        }
    }

    private func receive(until deadline: Instant) async throws(HTTPClientError) {
        while true {
            if source.isReadable, source.isOpen {
                var bytes: UnsafePointer<UInt8>?
                let count = clinux_recv_scratch(source.fd, &bytes)
                if count > 0, let bytes {
                    input.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
                    if count < 65_536, !source.sawHangup { source.markNotReadable() }
                    return
                }
                guard count == -11 else { throw fail(.connectionLost) }
                source.markNotReadable()
            }
            switch await source.waitReadable(until: deadline) {
            case .ready: continue
            case .timedOut: throw fail(.timedOut)
            case .interrupted, .closed: throw fail(.connectionLost)
            }
        }
    }
}
