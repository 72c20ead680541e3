internal import CLibPQ
internal import EventLoop
internal import Glibc

/// One libpq connection. Confined to the loop on which it was made; closed when the last reference goes.
final class Link {
    let raw: OpaquePointer
    /// Reports what the server sends while the connection is watched.
    private(set) var source: IOSource?

    private init(raw: OpaquePointer) {
        self.raw = raw
        // The default receiver prints to standard error; what matters of notices arrives as results.
        PQsetNoticeReceiver(raw, { _, _ in }, nil)
    }

    deinit {
        source?.close()
        PQfinish(raw)
    }

    var isBroken: Bool { PQstatus(raw) == CONNECTION_BAD }

    /// libpq's last message.
    var message: String {
        let text = String(cString: PQerrorMessage(raw))
        return String(text.split(whereSeparator: \.isNewline).joined(separator: "; ").prefix(300))
    }

    /// Starts callbacks for what the server sends (level-triggered: libpq does not always read to the end).
    func watch(on loop: EventLoop, _ onReadable: @escaping () -> Void, _ onWritable: @escaping () -> Void) throws {
        let source = try IOSource(fd: PQsocket(raw), loop: loop, mode: .level, ownsDescriptor: false)
        source.onReadable = onReadable
        source.onWritable = onWritable
        self.source = source
    }

    /// Ends the callbacks; the connection stays open.
    func unwatch() {
        source?.close()
        source = nil
    }

    /// Connects without blocking the loop. The socket may change between steps, so each wait watches it anew.
    static func connect(
        to target: ConnectionTarget, on loop: EventLoop, until deadline: Instant
    ) async throws(ConnectFailure) -> Link {
        let keywords: [String: String]
        do {
            keywords = try await target.resolved()
        } catch {
            throw (error as? ConnectFailure) ?? ConnectFailure(message: "name resolution: \(error)")
        }
        guard let raw = start(keywords) else { throw ConnectFailure(message: "libpq has no memory") }
        let link = Link(raw: raw)
        guard !link.isBroken else { throw ConnectFailure(message: link.message) }
        var status = PGRES_POLLING_WRITING
        while status != PGRES_POLLING_OK {
            guard status != PGRES_POLLING_FAILED else { throw ConnectFailure(message: link.message) }
            let readiness = await link.wait(forWriting: status == PGRES_POLLING_WRITING, on: loop, until: deadline)
            guard readiness == .ready else { throw ConnectFailure(message: "connecting took too long") }
            status = PQconnectPoll(raw)
        }
        PQsetnonblocking(raw, 1)
        return link
    }

    /// Waits for the socket once, outside of ``watch(on:_:_:)``.
    func wait(forWriting isWriting: Bool, on loop: EventLoop, until deadline: Instant?) async -> Readiness {
        guard let waiting = try? IOSource(fd: PQsocket(raw), loop: loop, mode: .level, ownsDescriptor: false) else {
            return .closed  // no descriptor: the connection is broken, which the caller finds out from libpq
        }
        source = waiting
        defer { unwatch() }
        guard isWriting else { return await waiting.waitReadable(until: deadline) }
        waiting.setWantsWrite(true)
        return await waiting.waitWritable(until: deadline)
    }

    private static func start(_ keywords: [String: String]) -> OpaquePointer? {
        let pairs = Array(keywords)
        var names: [UnsafePointer<CChar>?] = pairs.map { UnsafePointer(strdup($0.key)) }
        var values: [UnsafePointer<CChar>?] = pairs.map { UnsafePointer(strdup($0.value)) }
        defer {
            for pointer in names + values { free(UnsafeMutablePointer(mutating: pointer)) }
        }
        names.append(nil)
        values.append(nil)
        return PQconnectStartParams(names, values, 0)
    }
}

/// The means to cancel what a connection's server process is doing.
///
/// @unchecked: libpq documents PQcancel as thread-safe, and the object is immutable once made.
final class CancelHandle: @unchecked Sendable {
    private let raw: OpaquePointer

    /// Nil when the connection is closed.
    init?(_ link: Link) {
        guard let raw = PQgetCancel(link.raw) else { return nil }
        self.raw = raw
    }

    deinit {
        PQfreeCancel(raw)
    }

    /// Asks the server to cancel; it opens a connection of its own and blocks, so it runs on the blocking pool.
    func cancel() async {
        // A request that cannot be delivered changes nothing: statement_timeout ends the statement then.
        _ = try? await BlockingPool.shared.run { [self] in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
                _ = PQcancel(raw, buffer.baseAddress, Int32(buffer.count))
            }
        }
    }
}
