import EventLoop
import TestSupport
import Testing
@testable import Postgres

@Suite(.timeLimit(.minutes(1))) struct AnswerPaceTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    @Test func `the wait behind a queue is its length at the average pace`() {
        var pace = AnswerPace()
        pace.began(at: start)
        for step in 1...200 { pace.answered(2, left: 10, at: start + .milliseconds(step)) }
        let wait = pace.expectedWait(behind: 100, isAsked: true, at: start + .milliseconds(200))
        #expect((45_000_000...55_000_000).contains(wait), "two a millisecond: a hundred take fifty")
    }

    @Test func `a few statements are no queue, however slow they are`() {
        var pace = AnswerPace()
        pace.began(at: start)
        pace.answered(1, left: 1, at: start + .seconds(3))
        #expect(pace.expectedWait(behind: AnswerPace.queueMin - 1, isAsked: true, at: start + .seconds(60)) == 0)
    }

    @Test func `silence counts as waiting, and time without requests does not`() {
        var pace = AnswerPace()
        pace.began(at: start)
        pace.answered(1, left: 1, at: start + .milliseconds(1))
        #expect(pace.expectedWait(behind: 10, isAsked: true, at: start + .milliseconds(2_001)) == 2_000_000_000)
        let later = start + .seconds(100)
        #expect(pace.expectedWait(behind: 10, isAsked: false, at: later) < 10_000_000, "not sent yet")
        pace.began(at: later)
        #expect(pace.expectedWait(behind: 10, isAsked: true, at: later) < 10_000_000)
    }

    @Test func `a server that has nothing left is not the one that is late`() {
        var pace = AnswerPace()
        pace.began(at: start)
        pace.answered(10, left: 5, at: start + .seconds(1))
        let before = pace.expectedWait(behind: 20, isAsked: true, at: start + .seconds(1))
        for step in 2...60 { pace.answered(10, left: 0, at: start + .seconds(step)) }
        #expect(before > 500_000_000 && pace.expectedWait(behind: 20, isAsked: true, at: start + .seconds(60)) < before / 100)
    }

    @Test func `statements behind one that does not end expect to wait, and none when it is over`() async throws {
        try await TestDatabase.with(migrations: .items) { test in
            let group = EventLoopGroup(count: 1, name: "pace")
            defer { group.stop() }
            let loop = group.all[0]
            let database = try Database.open(url: test.url, group: group)
            let waits = try await onLoop(loop) {
                _ = try await database.one(SleepRead(seconds: 0))
                let idle = database.expectedWait
                async let slow = database.one(SleepRead(seconds: 0.3))
                let behind = (0..<20).map { _ in loop.spawn { _ = try? await database.one(SleepRead(seconds: 0)) } }
                var longest: Int64 = 0
                while longest < 50_000_000 {
                    try await loop.sleep(for: .milliseconds(1))
                    longest = max(longest, database.expectedWait)
                    if database.expectedWait == 0, longest > 0 { break }
                }
                _ = try await slow
                for task in behind { await task.value }
                return [idle, longest, database.expectedWait]
            }
            #expect(waits[0] == 0 && waits[1] >= 50_000_000 && waits[2] == 0)
            #expect(database.expectedWait == 0, "asked off the loop")
            await database.close()
        }
    }

    @Test func `many statements at once after a rest wait for nothing`() async throws {
        try await TestDatabase.with(migrations: .items) { test in
            let group = EventLoopGroup(count: 1, name: "pace")
            defer { group.stop() }
            let loop = group.all[0]
            let database = try Database.open(url: test.url, group: group)
            let waits = try await onLoop(loop) {
                _ = try await database.one(SleepRead(seconds: 0))
                try await loop.sleep(for: .milliseconds(200))
                // More than fill the connections' shares, all in one turn: nothing is sent before it ends.
                return await withTaskGroup(of: Int64.self) { group in
                    for _ in 0..<200 {
                        group.addTask {
                            let wait = database.expectedWait
                            _ = try? await database.one(SleepRead(seconds: 0))
                            return wait
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
            }
            #expect(waits.allSatisfy { $0 < 100_000_000 }, "longest: \(waits.max() ?? 0) ns")
            await database.close()
        }
    }

    private func onLoop<T: Sendable>(
        _ loop: EventLoop, _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            loop.spawn {
                do { continuation.resume(returning: try await body()) } catch { continuation.resume(throwing: error) }
            }
        }
    }
}
