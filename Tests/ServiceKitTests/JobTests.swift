import EventLoop
import HTTPClient
import HTTPServer
import Models
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(1))) struct JobTests {
    private struct Trouble: Error {}

    private func toolkit(_ test: TestDatabase) -> Toolkit {
        let logger = Logger(service: "orders", level: .error) { _ in }
        let keys = SigningKeys(
            database: test.database, encryptionKey: Redacted([UInt8](repeating: 7, count: 32)), logger: logger)
        return Toolkit(
            service: "orders", environment: .development, database: test.database,
            http: HTTPClient(group: TestPostgres.group), logger: logger, metrics: Metrics(),
            tokens: Tokens(service: "orders", keys: keys, issuers: [:], clock: .system),
            idempotency: Idempotency(database: test.database, chaos: .off), outbox: Outbox(),
            inbox: Inbox(database: test.database, logger: logger), clock: .system, loops: TestPostgres.group,
            chaos: .off, neighbourURLs: [:])
    }

    /// Waits until `condition` holds; the suite's time limit ends a wait in vain.
    private func until(_ condition: () -> Bool) async throws {
        while !condition() { try await TestPostgres.group.next().sleep(for: .milliseconds(1)) }
    }

    @Test func `runs again at once while there is more, then waits`() async throws {
        try await TestDatabase.with { test in
            let runs = Mutex(0)
            let runner = JobRunner(kit: toolkit(test))
            runner.start([
                Job(name: "Count", every: .seconds(3_600)) { _ in
                    runs.withLock { runs -> JobProgress in
                        runs += 1
                        return runs < 5 ? .more : .idle
                    }
                }
            ])
            try await until { runs.withLock { $0 } == 5 }
            await runner.stop()
            #expect(runs.withLock { $0 } == 5)
        }
    }

    @Test func `a notification wakes a job, also one that arrives during a run`() async throws {
        try await TestDatabase.with { test in
            let runs = Mutex(0)
            let runner = JobRunner(kit: toolkit(test))
            runner.start([
                Job(name: "Woken", every: .seconds(3_600), wakeOn: "bell") { _ in
                    runs.withLock { $0 += 1 }
                    return .idle
                }
            ])
            try await until { runs.withLock { $0 } >= 2 }  // the first, and "listening has begun"
            let before = runs.withLock { $0 }
            try await test.run("NOTIFY bell, 'x'")
            try await until { runs.withLock { $0 } > before }
            await runner.stop()
        }
    }

    @Test func `never overlaps itself, however often it is woken`() async throws {
        try await TestDatabase.with { test in
            let running = Mutex((now: 0, most: 0, runs: 0))
            let runner = JobRunner(kit: toolkit(test))
            runner.start([
                Job(name: "Slow", every: .milliseconds(1), wakeOn: "bell") { kit in
                    running.withLock { state in
                        state.now += 1
                        state.most = max(state.most, state.now)
                        state.runs += 1
                    }
                    try await kit.loops.next().sleep(for: .milliseconds(2))
                    running.withLock { $0.now -= 1 }
                    return .more
                }
            ])
            for _ in 0..<10 { try await test.run("NOTIFY bell, 'x'") }
            try await until { running.withLock { $0.runs } > 10 }
            await runner.stop()
            #expect(running.withLock { $0.most } == 1)
        }
    }

    @Test func `a run that throws is counted and the job goes on`() async throws {
        try await TestDatabase.with { test in
            let runs = Mutex(0)
            let kit = toolkit(test)
            let runner = JobRunner(kit: kit)
            runner.start([
                Job(name: "Shaky", every: .milliseconds(1)) { _ in
                    let run = runs.withLock { runs -> Int in
                        runs += 1
                        return runs
                    }
                    if run < 3 { throw Trouble() }
                    return .idle
                }
            ])
            try await until { runs.withLock { $0 } >= 3 }
            await runner.stop()
            #expect(kit.metrics.counter("job_failures_total", help: "", labels: [("job", "Shaky")]).value == 2)
        }
    }

    @Test func `stopping waits for the run under way`() async throws {
        try await TestDatabase.with { test in
            let state = Mutex((started: false, ended: false))
            let runner = JobRunner(kit: toolkit(test))
            runner.start([
                Job(name: "Long", every: .seconds(3_600)) { kit in
                    state.withLock { $0.started = true }
                    try await kit.loops.next().sleep(for: .milliseconds(50))
                    state.withLock { $0.ended = true }
                    return .more
                }
            ])
            try await until { state.withLock { $0.started } }
            await runner.stop()
            #expect(state.withLock { $0.ended })
        }
    }
}
