import CLinux
import EventLoop
import Synchronization
import Testing

/// A counter on a loop, with the thread checked at every step.
private actor Counter: LoopBound {
    nonisolated let loop: EventLoop
    private(set) var value = 0

    init(loop: EventLoop) {
        self.loop = loop
    }

    func increment() {
        precondition(loop.isCurrent)
        value += 1
    }

    func incrementTwice(through other: Counter) async {
        precondition(loop.isCurrent)
        value += 1
        await other.increment()
        precondition(loop.isCurrent, "the task came back on another thread")
        value += 1
    }
}

/// Runs `body` on a new loop and stops the loop afterwards.
private func onLoop<T: Sendable>(_ body: @escaping @Sendable (EventLoop) async -> T) async -> T {
    let loop = EventLoop.start(name: "test")
    defer { loop.stop() }
    return await withCheckedContinuation { continuation in
        loop.spawn { continuation.resume(returning: await body(loop)) }
    }
}

@Suite(.timeLimit(.minutes(2)))
struct EventLoopTests {
    @Test func `a spawned task runs on the loop's thread and knows it`() async {
        let isRight = await onLoop { loop in loop.isCurrent && EventLoop.current === loop }
        #expect(isRight)
        #expect(EventLoop.current == nil)
    }

    @Test func `timers fire in order of their deadlines, and a cancelled one does not`() async {
        let order = await onLoop { loop in
            let fired = Locked<[Int]>([])
            let start = Instant.now
            await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
                loop.execute {
                    loop.schedule(at: start + .milliseconds(12)) { fired.withLock { $0.append(3) }; done.resume() }
                    loop.schedule(at: start + .milliseconds(2)) { fired.withLock { $0.append(1) } }
                    let cancelled = loop.schedule(at: start + .milliseconds(4)) { fired.withLock { $0.append(9) } }
                    loop.schedule(at: start + .milliseconds(6)) { fired.withLock { $0.append(2) } }
                    loop.cancel(cancelled)
                }
            }
            return fired.withLock { $0 }
        }
        #expect(order == [1, 2, 3])
    }

    @Test func `ten thousand timers, most cancelled, all the others fire`() async {
        let fired = await onLoop { loop in
            let count = Atomic<Int>(0)
            await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
                loop.execute {
                    let start = Instant.now
                    for index in 0..<10_000 {
                        let timer = loop.schedule(at: start + .microseconds(index % 700)) {
                            count.wrappingAdd(1, ordering: .relaxed)
                        }
                        if index % 10 != 0 { loop.cancel(timer) }
                    }
                    loop.schedule(at: start + .milliseconds(5)) { done.resume() }
                }
            }
            return count.load(ordering: .relaxed)
        }
        #expect(fired == 1_000)
    }

    @Test func `a cancelled sleep ends at once and throws`() async {
        let outcome = await onLoop { loop in
            let started = Instant.now
            let isCancelled = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
                let task = loop.spawn {
                    do throws(CancellationError) {
                        try await loop.sleep(for: .seconds(60))
                        continuation.resume(returning: false)
                    } catch {
                        continuation.resume(returning: true)
                    }
                }
                loop.execute { task.cancel() }
            }
            return isCancelled && Instant.now - started < .seconds(30)
        }
        #expect(outcome)
    }

    @Test func `turn-end hooks run once, after the tasks of the turn`() async {
        let log = await onLoop { loop in
            let log = Locked<[String]>([])
            await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
                loop.execute {
                    loop.onTurnEnd { log.withLock { $0.append("hook") }; done.resume() }
                    loop.spawn { log.withLock { $0.append("task 1") } }
                    loop.spawn { log.withLock { $0.append("task 2") } }
                }
            }
            return log.withLock { $0 }
        }
        #expect(log == ["task 1", "task 2", "hook"])
    }

    @Test func `actors of one loop call each other without leaving it`() async {
        let values = await onLoop { loop in
            let left = Counter(loop: loop), right = Counter(loop: loop)
            for _ in 0..<1_000 { await left.incrementTwice(through: right) }
            return [await left.value, await right.value]
        }
        #expect(values == [2_000, 1_000])
    }

    @Test func `calls across loops from many tasks lose nothing`() async {
        let group = EventLoopGroup(count: 3, name: "cross")
        defer { group.stop() }
        let counters = group.all.map { Counter(loop: $0) }
        await withTaskGroup(of: Void.self) { tasks in
            for index in 0..<48 {
                let task = group.all[index % 3].spawn {
                    for round in 0..<200 {
                        await counters[round % 3].incrementTwice(through: counters[(round + 1) % 3])
                    }
                }
                tasks.addTask { await task.value }
            }
        }
        var sum = 0
        for counter in counters { sum += await counter.value }
        #expect(sum == 48 * 200 * 3)
    }

    @Test func `sleepers cancelled from another thread while their timers fire are each resumed once`() async {
        let group = EventLoopGroup(count: 2, name: "cancel")
        defer { group.stop() }
        let ended = Atomic<Int>(0)
        await withTaskGroup(of: Void.self) { tasks in
            for index in 0..<400 {
                let loop = group.all[index % 2]
                let sleeper = loop.spawn {
                    try? await loop.sleep(for: .microseconds(index % 50 * 20))
                    ended.wrappingAdd(1, ordering: .relaxed)
                }
                group.all[(index + 1) % 2].execute { sleeper.cancel() }
                tasks.addTask { await sleeper.value }
            }
        }
        #expect(ended.load(ordering: .relaxed) == 400)
    }

    @Test func `a loop that is stopped with work in flight first does what was queued, tasks and calls`() async {
        for _ in 0..<50 {
            let loop = EventLoop.start(name: "stop")
            let done = Atomic<Int>(0)
            for _ in 0..<100 { loop.execute { done.wrappingAdd(1, ordering: .relaxed) } }
            let tasks = (0..<20).map { _ in loop.spawn { done.wrappingAdd(1, ordering: .relaxed) } }
            loop.stop()
            for task in tasks { await task.value }
            #expect(done.load(ordering: .relaxed) == 120)
        }
    }

    @Test func `blocking work runs off the loop, and a full pool says so`() async throws {
        let pool = BlockingPool(threads: 1, queueLimit: 1)
        let value = try await pool.run { EventLoop.current == nil ? 42 : 0 }
        #expect(value == 42)
        let tooSmall = BlockingPool(threads: 1, queueLimit: 0)
        await #expect(throws: BlockingPoolError.self) { try await tooSmall.run { 1 } }
    }
}
