internal import CLibPQ
internal import EventLoop

/// LISTEN for the whole process, on a connection of its own that is made when someone first listens.
actor NotificationListener: LoopBound {
    /// Payloads kept for a subscriber that is busy; beyond, the oldest is dropped and an empty one says so.
    static let backlogMax = 1_024

    nonisolated let loop: EventLoop
    private let target: ConnectionTarget
    private let options: DatabaseOptions
    private var subscribers: [String: [UInt64: AsyncStream<String>.Continuation]] = [:]
    /// Channels that the present connection listens to.
    private var active: Set<String> = []
    private var link: Link?
    private var isRunning = false
    private var isIdle = false
    private var isClosed = false

    init(loop: EventLoop, target: ConnectionTarget, options: DatabaseOptions) {
        self.loop = loop
        self.target = target
        self.options = options
    }

    nonisolated func listen(_ channel: String) -> AsyncStream<String> {
        // The name becomes part of the command's text, because LISTEN takes no parameters.
        precondition(Self.isValid(channel), "a channel is 1-63 lower-case letters, digits and _")
        let id = RequestID.next()
        let (stream, continuation) = AsyncStream.makeStream(
            of: String.self, bufferingPolicy: .bufferingNewest(Self.backlogMax))
        continuation.onTermination = { _ in
            self.loop.execute { self.assumeIsolated { $0.unsubscribe(channel, id) } }
        }
        loop.execute { self.assumeIsolated { $0.subscribe(channel, id, continuation) } }
        return stream
    }

    static func isValid(_ channel: String) -> Bool {
        (1...63).contains(channel.utf8.count)
            && channel.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }

    private func subscribe(_ channel: String, _ id: UInt64, _ continuation: AsyncStream<String>.Continuation) {
        guard !isClosed else { return continuation.finish() }
        subscribers[channel, default: [:]][id] = continuation
        if active.contains(channel) { continuation.yield("") }
        wake()
    }

    private func unsubscribe(_ channel: String, _ id: UInt64) {
        subscribers[channel]?[id] = nil
        if subscribers[channel]?.isEmpty == true { subscribers[channel] = nil }
        wake()
    }

    private func wake() {
        if isIdle { link?.source?.interrupt() }
        guard !isRunning, !isClosed, !subscribers.isEmpty else { return }
        isRunning = true
        loop.spawn { await self.run() }
    }

    func close() {
        isClosed = true
        for channel in subscribers.values {
            for continuation in channel.values { continuation.finish() }
        }
        subscribers.removeAll()
        if isIdle { link?.source?.interrupt() }
    }

    /// Connects and serves until nobody listens any more.
    private func run() async {
        var backoff = Backoff()
        while !subscribers.isEmpty {
            do {
                let link = try await Link.connect(to: target, on: loop, until: .now + options.connectTimeout)
                self.link = link
                backoff.reset()
                try await serve(link)
            } catch {
                options.onEvent?(.lost(reason: "listening: \((error as? ConnectFailure)?.message ?? "\(error)")"))
                // Ends early only by cancellation, and nobody holds this task.
                try? await loop.sleep(for: backoff.next())
            }
            link = nil
            active.removeAll()
        }
        isRunning = false
        // Someone may have subscribed while the last connection was being closed.
        if !subscribers.isEmpty { wake() }
    }

    private func serve(_ link: Link) async throws(PostgresError) {
        while !subscribers.isEmpty {
            try await changeChannels(link)
            deliver(link)
            guard !subscribers.isEmpty, Set(subscribers.keys) == active else { continue }
            isIdle = true
            let readiness = await link.wait(forWriting: false, on: loop, until: nil)
            isIdle = false
            guard readiness == .ready || readiness == .interrupted else { throw .unavailable }
            guard PQconsumeInput(link.raw) == 1 else { throw .unavailable }
        }
    }

    private func changeChannels(_ link: Link) async throws(PostgresError) {
        let deadline = Instant.now + options.statementTimeout
        for channel in active where subscribers[channel] == nil {
            active.remove(channel)
            try await link.execute("UNLISTEN \(channel)", on: loop, until: deadline)
        }
        for channel in subscribers.keys where !active.contains(channel) {
            try await link.execute("LISTEN \(channel)", on: loop, until: deadline)
            active.insert(channel)
            yield("", to: channel)
        }
    }

    private func deliver(_ link: Link) {
        while let notification = PQnotifies(link.raw) {
            let channel = String(cString: notification.pointee.relname)
            let payload = String(cString: notification.pointee.extra)
            PQfreemem(notification)
            yield(payload, to: channel)
        }
    }

    private func yield(_ payload: String, to channel: String) {
        guard let continuations = subscribers[channel] else { return }
        for continuation in continuations.values {
            // The newest stay: the last one then says that some are missing.
            if case .dropped = continuation.yield(payload) { continuation.yield("") }
        }
    }
}
