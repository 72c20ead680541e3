import CLinux
import EventLoop
import Synchronization
import Testing

/// Reads and writes one end of a socket pair, as a connection would.
private actor Endpoint: LoopBound {
    nonisolated let loop: EventLoop
    private let source: IOSource

    init(fd: Int32, loop: EventLoop) throws {
        self.loop = loop
        source = try loop.assumeOnLoop { () throws(IOError) in try IOSource(fd: fd, loop: loop, mode: .edge) }
    }

    func readAll(expecting count: Int) async -> Int {
        var total = 0
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while total < count {
            let n = buffer.withUnsafeMutableBytes { clinux_recv(source.fd, $0.baseAddress, $0.count) }
            if n > 0 { total += n; continue }
            if n == 0 { break }
            source.markNotReadable()
            guard await source.waitReadable(until: Instant.now + .seconds(30)) == .ready else { break }
        }
        return total
    }

    func writeAll(_ count: Int) async -> Int {
        let bytes = [UInt8](repeating: 7, count: 64 * 1_024)
        var total = 0
        while total < count {
            let n = bytes.withUnsafeBytes { clinux_send(source.fd, $0.baseAddress, min($0.count, count - total)) }
            if n > 0 { total += n; continue }
            source.markNotWritable()
            guard await source.waitWritable(until: Instant.now + .seconds(30)) == .ready else { break }
        }
        return total
    }

    func waitForData(_ duration: Duration) async -> Readiness {
        source.markNotReadable()
        return await source.waitReadable(until: Instant.now + duration)
    }

    func interrupt() { source.interrupt() }
    func close() { source.close() }
}

extension EventLoop {
    /// For actor initialisers called from a task of this loop.
    fileprivate func assumeOnLoop<T>(_ body: () throws(IOError) -> T) throws(IOError) -> T {
        precondition(isCurrent)
        return try body()
    }
}

private func pair() -> (Int32, Int32) {
    var fds: [Int32] = [-1, -1]
    _ = clinux_socketpair(&fds)
    return (fds[0], fds[1])
}

private func onLoop<T: Sendable>(_ body: @escaping @Sendable (EventLoop) async throws -> T) async throws -> T {
    let loop = EventLoop.start(name: "io")
    defer { loop.stop() }
    return try await withCheckedThrowingContinuation { continuation in
        loop.spawn {
            do { continuation.resume(returning: try await body(loop)) } catch { continuation.resume(throwing: error) }
        }
    }
}

@Suite(.timeLimit(.minutes(2)))
struct IOSourceTests {
    @Test func `a megabyte crosses a socket pair whole, with waits on both sides`() async throws {
        let (read, wrote) = try await onLoop { loop in
            let (left, right) = pair()
            let reader = try Endpoint(fd: left, loop: loop), writer = try Endpoint(fd: right, loop: loop)
            async let sent = writer.writeAll(1_000_000)
            let received = await reader.readAll(expecting: 1_000_000)
            let total = await sent
            await reader.close()
            await writer.close()
            return (received, total)
        }
        #expect(read == 1_000_000 && wrote == 1_000_000)
    }

    @Test func `a wait ends at its deadline, also when an earlier wait set a later timer`() async throws {
        let readiness = try await onLoop { loop in
            let (left, right) = pair()
            let endpoint = try Endpoint(fd: left, loop: loop), peer = try Endpoint(fd: right, loop: loop)
            async let first = endpoint.waitForData(.seconds(50))
            await peer.loop.yieldOnce()
            await endpoint.interrupt()
            let interrupted = await first
            let timedOut = await endpoint.waitForData(.milliseconds(5))
            await endpoint.close()
            await peer.close()
            return [interrupted, timedOut]
        }
        #expect(readiness == [.interrupted, .timedOut])
    }

    @Test func `closing wakes the waiter`() async throws {
        let readiness = try await onLoop { loop in
            let (left, right) = pair()
            let endpoint = try Endpoint(fd: left, loop: loop), peer = try Endpoint(fd: right, loop: loop)
            async let waiting = endpoint.waitForData(.seconds(50))
            await loop.yieldOnce()
            await endpoint.close()
            let result = await waiting
            await peer.close()
            return result
        }
        #expect(readiness == .closed)
    }

    @Test func `descriptors reused while events for their old owner are pending never mix up`() async throws {
        let exchanged = try await onLoop { loop in
            var total = 0
            for _ in 0..<500 {
                let (left, right) = pair()
                let reader = try Endpoint(fd: left, loop: loop), writer = try Endpoint(fd: right, loop: loop)
                // Data is in flight when the descriptor closes; its number is taken again by the next pair at once.
                _ = await writer.writeAll(64)
                await reader.close()
                let (again, peer) = pair()
                let fresh = try Endpoint(fd: again, loop: loop), sender = try Endpoint(fd: peer, loop: loop)
                async let received = fresh.readAll(expecting: 10)
                _ = await sender.writeAll(10)
                total += await received
                await writer.close()
                await fresh.close()
                await sender.close()
            }
            return total
        }
        #expect(exchanged == 5_000)
    }

    @Test func `many loops with many pairs at once, with closes in the middle, end cleanly`() async throws {
        let group = EventLoopGroup(count: 2, name: "pairs")
        defer { group.stop() }
        let bytes = Atomic<Int>(0)
        await withTaskGroup(of: Void.self) { tasks in
            for index in 0..<64 {
                let loop = group.all[index % 2]
                let task = loop.spawn {
                    let (left, right) = pair()
                    guard let reader = try? Endpoint(fd: left, loop: loop),
                        let writer = try? Endpoint(fd: right, loop: loop)
                    else { return }
                    async let sent = writer.writeAll(200_000)
                    if index % 4 == 0 {
                        _ = await reader.readAll(expecting: 10_000)
                        await reader.close()
                        await writer.close()
                        _ = await sent
                    } else {
                        bytes.wrappingAdd(await reader.readAll(expecting: 200_000), ordering: .relaxed)
                        _ = await sent
                        await reader.close()
                        await writer.close()
                    }
                }
                tasks.addTask { await task.value }
            }
        }
        #expect(bytes.load(ordering: .relaxed) == 48 * 200_000)
    }
}

extension EventLoop {
    /// Lets everything queued so far run.
    fileprivate func yieldOnce() async {
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            execute { self.onTurnEnd { done.resume() } }
        }
    }
}
