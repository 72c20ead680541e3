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
    /// Kept as the runtime asks for it: it does so at every call of an asynchronous function, and finding it through the
    /// loop costs four changes of reference counts. The loop, which this connection holds, owns it.
    nonisolated let unownedExecutor: UnownedSerialExecutor
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
    /// How much of the output has been sent.
    var sent = 0
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
        unownedExecutor = state.loop.executor.asUnownedSerialExecutor()
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
        // Unowned: the source forgets it when it closes, before the connection goes; a weak reference would make every
        // other one to the connection slower.
        source.onReadable = { [unowned self] in assumeIsolated { $0.peerMoved() } }
        guard let stream = await serveRequests() else { return end() }
        // A task keeps the memory of its deepest call. A stream may live for hours, so it gets a task of its own, which
        // never went through a handler: it costs a third of what it would here.
        task = loop.spawn { await self.serve(stream) }
    }

    private func serve(_ stream: OpenStream) async {
        guard await write(stream), mayGoOn else {
            await close()
            return end()
        }
        isIdle = true
        task = loop.spawn { await self.serve() }
    }

    private func end() {
        source.close()
        state.remove(self)
        task = nil
        onClose()
    }

    /// Whether another request may follow the answer that was given.
    private var mayGoOn: Bool { !mustClose && !source.sawError && !Task.isCancelled }

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

    /// The life of a connection. What every request passes is done here and in functions that do not suspend: calling
    /// an asynchronous one costs two looks at the executor, and there would be a dozen a request.
    ///
    /// - Returns: an answer whose head is written and whose body is a stream; nil when the connection is over.
    private func serveRequests() async -> OpenStream? {
        var inARow = 0
        while true {
            do throws(RequestRefusal) {
                guard let head = try nextHead() else {
                    inARow = 0
                    if sendNow() != .all { guard await flush() else { return nil } }
                    if mustClose { return nil }
                    let deadline = headDeadline()
                    var received = receiveNow()
                    while received == nil {
                        let readiness: Readiness = await withUnsafeContinuation {
                            source.resumeWhenReadable(
                                LoopContinuation($0, on: loop, isolation: self), until: deadline)
                        }
                        switch readiness {
                        case .ready: received = receiveNow()
                        case .timedOut: received = .timedOut
                        case .interrupted, .closed: received = .end
                        }
                    }
                    guard try noteHeadBytes(received) else { return nil }
                    continue
                }
                let response: Response
                switch try begin(head) {
                case .answer(let ready): response = ready
                case .call(let route, var request):
                    if route.isSheddable, !state.admits(), let refusal = await state.refusal() {
                        response = refusal
                        break
                    }
                    loop.note("\(route.method) \(route.pattern)")
                    do {
                        switch route.work {
                        case .immediate(let handler): response = try handler(&request)
                        case .waiting(let handler): response = try await handler(request)
                        }
                    } catch {
                        response = .failure(error)
                    }
                }
                // An answer before the body was read to its end: what is left is not worth waiting for, so say goodbye.
                if !body.isDone || state.isDraining { mustClose = true }
                let stream = appendHead(of: response, for: head)
                guard !source.sawError, !Task.isCancelled else { return await closed() }
                if let stream { return stream }
                guard !mustClose else { return await closed() }
                isIdle = true
                inARow += 1
                if output.count > Self.outputBytesMax || inARow == limits.pipelineDepthMax {
                    guard await flush() else { return nil }
                    // A peer that sends requests by the hundred waits behind those that send one.
                    if inARow == limits.pipelineDepthMax { await Task.yield() }
                    inARow = 0
                }
            } catch {
                refuse(error)
                return await closed()
            }
        }
    }

    private func closed() async -> OpenStream? {
        await close()
        return nil
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

    /// Makes room for more of a head, and says until when it may come.
    private func headDeadline() -> Instant {
        compact()
        guard input.isEmpty else {
            let began = headBegan ?? loop.turnTime
            headBegan = began
            return began.adding(milliseconds: limits.headMilliseconds)
        }
        headBegan = nil
        if output.capacity > Self.keptBytesMax { output = [] }
        if input.capacity > Self.keptBytesMax { input = [] }
        return loop.turnTime.adding(milliseconds: limits.idleMilliseconds)
    }

    /// Whether there is more of a head now; false when the connection is over.
    private func noteHeadBytes(_ received: Received?) throws(RequestRefusal) -> Bool {
        switch received {
        case .bytes:
            headBegan = headBegan ?? loop.turnTime
            return true
        case .timedOut where !input.isEmpty:
            throw RequestRefusal(.requestTimeout, "The request did not come in time.")
        case .end, .timedOut, .interrupted, nil: return false
        }
    }

    // MARK: One request

    /// What is to be done for a request.
    private enum Step {
        case call(Router.Route, Request)
        case answer(Response)
    }

    private func begin(_ head: RequestHead) throws(RequestRefusal) -> Step {
        isIdle = false
        headBegan = nil
        served += 1
        if !head.keepsAlive || served >= limits.requestsPerConnectionMax || state.isDraining { mustClose = true }
        if !decodedAhead.isEmpty { decodedAhead = [] }
        let body = try beginBody(head)
        let match = router.match(head.method, head.path)
        if case .route(let route, let parameters) = match {
            return .call(
                route,
                Request(
                    head: head, body: body, parameters: parameters, routePattern: route.pattern, peerAddress: address))
        }
        if case .malformed = match { mustClose = true }
        let response = match.refusal(of: head)
        guard let unmatched = router.unmatched else { return .answer(response) }
        let request = Request(
            head: head, body: body, parameters: PathParameters(), routePattern: "", peerAddress: address)
        return .answer(unmatched(request, response))
    }

    // MARK: Writing

    /// A body that is yet to be written, its head being written.
    private struct OpenStream {
        let produce: @Sendable (BodyWriter) async throws -> Void
        let isChunked: Bool
    }

    /// Writes the head of an answer, and its body when that is there; returns it when it is a stream.
    private func appendHead(of response: Response, for head: RequestHead) -> OpenStream? {
        let status = response.status
        let sendsBody = head.method != .head && !status.forbidsBody
        let isChunked = head.minorVersion == 1
        if case .stream = response.body, !isChunked { mustClose = true }
        let connection: StaticString? = mustClose ? "close" : isChunked ? nil : "keep-alive"
        switch response.body {
        case .none:
            ResponseEncoder.appendHead(
                status, response.headers, status.forbidsBody ? .none : .length(0), date: state.date,
                connection: connection, to: &output)
        case .bytes(let bytes):
            ResponseEncoder.appendHead(
                status, response.headers, status.forbidsBody ? .none : .length(bytes.count), date: state.date,
                connection: connection, to: &output)
            if sendsBody { output.append(contentsOf: bytes) }
        case .stream(let produce):
            ResponseEncoder.appendHead(
                status, response.headers, isChunked ? .chunked : .untilClose, date: state.date,
                connection: connection, to: &output)
            if sendsBody { return OpenStream(produce: produce, isChunked: isChunked) }
        }
        return nil
    }

    /// Writes the body of a streamed answer; false when it could not be written to its end.
    private func write(_ stream: OpenStream) async -> Bool {
        streamIsChunked = stream.isChunked
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
            try await stream.produce(BodyWriter(connection: self))
        } catch {
            // The head is on the wire: cutting the answer off is the only honest way to say that it failed.
            return false
        }
        if stream.isChunked { ResponseEncoder.append("0\r\n\r\n", to: &output) }
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
