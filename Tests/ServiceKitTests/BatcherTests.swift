import EventLoop
import Synchronization
import Testing

@testable import ServiceKit

@Suite struct BatcherTests {
    private struct Odd: Error {}

    /// Lets a test hold a batch in flight until it says so.
    private final class Gate: Sendable {
        private let state = Mutex<(isOpen: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))
        func pass() async {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLock { state -> Bool in
                    if !state.isOpen { state.waiters.append(continuation) }
                    return state.isOpen
                }
                if isOpen { continuation.resume() }
            }
        }
        func open() {
            let waiters = state.withLock { state in
                state.isOpen = true
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.resume() }
        }
    }

    private func onLoop<T: Sendable>(_ body: @escaping @Sendable (EventLoop) async -> T) async -> T {
        let loop = EventLoop.start(name: "batcher")
        let result = Mutex<T?>(nil)
        await loop.spawn {
            let value = await body(loop)
            result.withLock { $0 = value }
        }.value
        loop.stop()
        return result.withLock { $0 }!
    }

    @Test func `what arrives in one turn goes together and each caller gets its own answer`() async {
        let sizes = Mutex<[Int]>([])
        let batcher = Batcher<Int, Int> { inputs in
            sizes.withLock { $0.append(inputs.count) }
            return inputs.map { $0 % 2 == 1 ? .failure(Odd()) : .success($0 * 10) }
        }
        let answers = await onLoop { loop in
            let results = Mutex<[Int: Int]>([:])
            let tasks = (0..<20).map { number in
                loop.spawn {
                    let answer = (try? await batcher.submit(number)) ?? -1
                    results.withLock { $0[number] = answer }
                }
            }
            for task in tasks { await task.value }
            return results.withLock { $0 }
        }
        #expect(sizes.withLock { $0 } == [20])
        for number in 0..<20 { #expect(answers[number] == (number % 2 == 1 ? -1 : number * 10)) }
    }

    @Test func `what arrives while a batch is in flight waits for the next one, up to the limit`() async {
        let sizes = Mutex<[Int]>([])
        let gate = Gate()
        let batcher = Batcher<Int, Int>(limit: 8) { inputs in
            let isFirst = sizes.withLock { sizes -> Bool in
                sizes.append(inputs.count)
                return sizes.count == 1
            }
            if isFirst { await gate.pass() }
            return inputs.map { .success($0) }
        }
        await onLoop { loop in
            let first = loop.spawn { _ = try? await batcher.submit(0) }
            while sizes.withLock({ $0.isEmpty }) { try? await loop.sleep(for: .milliseconds(1)) }
            let rest = (1...12).map { number in loop.spawn { _ = try? await batcher.submit(number) } }
            while batcher.waitingCount < 12 { try? await loop.sleep(for: .milliseconds(1)) }
            gate.open()
            await first.value
            for task in rest { await task.value }
        }
        #expect(sizes.withLock { $0 } == [1, 8, 4])
    }

    @Test func `an input whose deadline has passed is not worked on`() async {
        let worked = Mutex(0)
        let batcher = Batcher<Int, Int> { inputs in
            worked.withLock { $0 += inputs.count }
            return inputs.map { .success($0) }
        }
        let isLate = await onLoop { _ in
            do {
                _ = try await batcher.submit(1, deadline: Instant(nanoseconds: 1))
                return false
            } catch BatcherError.deadlinePassed { return true } catch { return false }
        }
        #expect(isLate)
        #expect(worked.withLock { $0 } == 0)
    }

    @Test func `an error of the whole batch goes to every caller`() async {
        let batcher = Batcher<Int, Int> { _ in throw Odd() }
        let failures = await onLoop { loop in
            let count = Mutex(0)
            let tasks = (0..<3).map { number in
                loop.spawn {
                    do { _ = try await batcher.submit(number) } catch is Odd { count.withLock { $0 += 1 } } catch {}
                }
            }
            for task in tasks { await task.value }
            return count.withLock { $0 }
        }
        #expect(failures == 3)
    }
}
