import CLinux
import EventLoop
import HTTPCore
import Models

/// One connection of a server: an actor on its loop, with one task that reads a request, runs its handler, writes the
/// answer, and begins again.
///
/// Requests are served one at a time: while a handler runs, the socket is not read, which is the back-pressure. Answers
/// to pipelined requests that are there already are sent together.
actor ServerConnection: LoopBound {
    nonisolated let loop: EventLoop
    let source: IOSource
    let limits: HTTPLimits
    let state: LoopState
    private let router: Router
    private let address: String
    private let onClose: @Sendable () -> Void
    private var task: Task<Void, Never>?
    private var parser: RequestParser

    // Bytes received; those before `start` are consumed.
    var input: [UInt8] = []
    var start = 0
    var output: [UInt8] = []
    var body = BodyState.none
    /// Decoded bytes of a chunked body that came with its head.
    var decodedAhead: [UInt8] = []
    /// The connection ends after the present answer.
    var mustClose = false
    private var isIdle = true
    private var isStreaming = false
    private var served = 0
    private var headBegan: Instant?

    /// Output that is sent even though more requests wait in the input.
    private static let outputBytesMax = 65_536
    /// Buffers beyond this are given back when a connection becomes idle.
    private static let keptBytesMax = 4_096

    private init(
        source: IOSource, address: String, state: LoopState, router: Router, limits: HTTPLimits,
        onClose: @escaping @Sendable () -> Void
    ) {
        loop = state.loop
        self.source = source
        self.address = address
        self.state = state
        self.router = router
        self.limits = limits
        self.onClose = onClose
        parser = RequestParser(limits: limits)
    }

    /// Takes over an accepted socket (on the state's loop).
    static func begin(
        fd: Int32, address: String, state: LoopState, router: Router, limits: HTTPLimits,
        onClose: @escaping @Sendable () -> Void
    ) {
        guard !state.isDraining, let source = try? IOSource(fd: fd, loop: state.loop, mode: .edge) else {
            _ = clinux_close(fd)
            return onClose()
        }
        let connection = ServerConnection(
            source: source, address: address, state: state, router: router, limits: limits, onClose: onClose)
        state.add(connection)
        let task = state.loop.spawn { await connection.serve() }
        connection.assumeIsolated { $0.task = task }
    }

    // MARK: Life

    private func serve() async {
        // Called when something comes while no one reads: during a handler, only the peer's end matters.
        source.onReadable = { [weak self] in self?.assumeIsolated { $0.peerMoved() } }
        await serveRequests()
        source.close()
        state.remove(self)
        task = nil
        onClose()
    }

    private func peerMoved() {
        // A peer that only ended its own sending (half-close) still wants its answer; one that reads a stream and ends
        // its sending has left.
        if source.sawError || (isStreaming && source.sawHangup) { task?.cancel() }
    }

    func closeIfIdle() {
        mustClose = true
        if isIdle { source.interrupt() }
    }

    func abort() {
        task?.cancel()
        source.close()
    }

    private func serveRequests() async {
        var inARow = 0
        while true {
            do {
                guard let head = try nextHead() else {
                    inARow = 0
                    guard await flush(), await receiveHeadBytes() else { return }
                    continue
                }
                isIdle = false
                headBegan = nil
                served += 1
                let isDone = await serve(head)
                isIdle = true
                if isDone { return await close() }
                inARow += 1
                if output.count > Self.outputBytesMax || inARow == limits.pipelineDepthMax {
                    guard await flush() else { return }
                    // A peer that sends requests by the hundred waits behind those that send one.
                    if inARow == limits.pipelineDepthMax { await Task.yield() }
                    inARow = 0
                }
            } catch {
                refuse(error)
                return await close()
            }
        }
    }

    private func nextHead() throws(RequestRefusal) -> RequestHead? {
        guard start < input.count else { return nil }
        let result: Result<RequestHead?, RequestRefusal> = input.withUnsafeBufferPointer { buffer in
            do throws(RequestRefusal) {
                return .success(try parser.next(UnsafeBufferPointer(rebasing: buffer[start...])))
            } catch {
                return .failure(error)
            }
        }
        guard let head = try result.get() else { return nil }
        start += head.byteCount
        return head
    }

    /// Waits for more of a head; false when the connection is over.
    private func receiveHeadBytes() async -> Bool {
        compact()
        if mustClose { return false }
        let deadline: Instant
        if input.isEmpty {
            if output.capacity > Self.keptBytesMax { output = [] }
            if input.capacity > Self.keptBytesMax { input = [] }
            deadline = loop.turnTime + .milliseconds(limits.idleMilliseconds)
        } else {
            let began = headBegan ?? loop.turnTime
            headBegan = began
            deadline = began + .milliseconds(limits.headMilliseconds)
        }
        let wasEmpty = input.isEmpty
        switch await receive(until: deadline) {
        case .bytes:
            if wasEmpty { headBegan = loop.turnTime }
            return true
        case .timedOut where !wasEmpty:
            refuse(RequestRefusal(.requestTimeout, "The request did not come in time."))
            await close()
            return false
        case .end where !wasEmpty && isIncompleteHead: return false
        case .end, .timedOut, .interrupted: return false
        }
    }

    private var isIncompleteHead: Bool { start < input.count }

    // MARK: One request

    /// Serves one request; true when the connection ends with it.
    private func serve(_ head: RequestHead) async -> Bool {
        if !head.keepsAlive || served >= limits.requestsPerConnectionMax || state.isDraining { mustClose = true }
        let requestBody: RequestBody
        decodedAhead = []
        do {
            requestBody = try beginBody(head)
        } catch {
            refuse(error)
            return true
        }
        let response = await respond(head, requestBody)
        // An answer before the body was read to its end: what is left is not worth waiting for, so say goodbye.
        if !body.isDone { mustClose = true }
        if state.isDraining { mustClose = true }
        let isComplete = await write(response, for: head)
        return mustClose || !isComplete || source.sawError || Task.isCancelled
    }

    private func respond(_ head: RequestHead, _ body: RequestBody) async -> Response {
        let match = router.match(head.method, head.path)
        var request = Request(
            method: head.method, path: head.path, query: QueryItems(head.rawQuery), headers: head.headers, body: body,
            authority: head.authority, peerAddress: address)
        guard case .route(let route, let parameters) = match else {
            if case .malformed = match { mustClose = true }
            let response = match.refusal(of: head)
            return router.unmatched.map { $0(request, response) } ?? response
        }
        request.parameters = parameters
        request.routePattern = route.pattern.text
        do {
            return try await route.handler(request)
        } catch {
            return .failure(error)
        }
    }

    // MARK: Writing

    /// Writes an answer; false when it could not be written to its end.
    private func write(_ response: Response, for head: RequestHead) async -> Bool {
        let status = response.status
        let sendsBody = head.method != .head && !status.forbidsBody
        let connection: StaticString? = mustClose ? "close" : head.minorVersion == 0 ? "keep-alive" : nil
        switch response.body {
        case .none, .bytes:
            var bytes: [UInt8] = []
            if case .bytes(let content) = response.body { bytes = content }
            ResponseEncoder.appendHead(
                status, response.headers, status.forbidsBody ? .none : .length(bytes.count), date: state.date,
                connection: connection, to: &output)
            if sendsBody { output.append(contentsOf: bytes) }
            return true
        case .stream(let produce):
            let isChunked = head.minorVersion == 1
            if !isChunked { mustClose = true }
            ResponseEncoder.appendHead(
                status, response.headers, isChunked ? .chunked : .untilClose, date: state.date,
                connection: mustClose ? "close" : nil, to: &output)
            guard sendsBody else { return true }
            return await stream(produce, isChunked: isChunked)
        }
    }

    private func stream(_ produce: @Sendable (BodyWriter) async throws -> Void, isChunked: Bool) async -> Bool {
        streamIsChunked = isChunked
        // A stream may live for hours: keep nothing it does not need.
        if start == input.count {
            input = []
            start = 0
        }
        guard await flush() else { return false }
        output = []
        isStreaming = true
        defer { isStreaming = false }
        if source.sawHangup { task?.cancel() }
        do {
            try await produce(BodyWriter(connection: self))
        } catch {
            // The head is on the wire: cutting the answer off is the only honest way to say that it failed.
            return false
        }
        if isChunked { ResponseEncoder.append("0\r\n\r\n", to: &output) }
        return true
    }

    private var streamIsChunked = false

    func writeBodyPart(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        if streamIsChunked {
            ResponseEncoder.appendChunk(bytes, to: &output)
        } else {
            output.append(contentsOf: bytes)
        }
        guard await flush() else {
            task?.cancel()
            throw PeerGone()
        }
        if output.capacity > Self.keptBytesMax { output = [] }
    }

    /// Answers what never became a request.
    private func refuse(_ refusal: RequestRefusal) {
        router.refused?(refusal, address)
        let problem = Problem(
            code: "bad_request", title: "\(refusal.status.reason)", status: refusal.status.code, detail: refusal.detail)
        let response = Response.problem(problem)
        guard case .bytes(let bytes) = response.body else { return }
        ResponseEncoder.appendHead(
            response.status, response.headers, .length(bytes.count), date: state.date, connection: "close", to: &output)
        output.append(contentsOf: bytes)
    }
}
