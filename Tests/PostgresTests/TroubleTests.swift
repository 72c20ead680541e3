import EventLoop
import TestSupport
import Testing
@testable import Postgres

/// What goes wrong in production: lost connections, slow statements, full pools, cancelled callers.
@Suite(.timeLimit(.minutes(2))) struct TroubleTests {
    /// Waits until a backend of the test's database is inside `pg_sleep`, as seen from a second connection.
    private func waitForSleeper(_ observer: Database, count: Int = 1) async throws {
        try await eventually("a statement sleeps") {
            try await observer.all(Backends()).count(where: { $0.waitEvent == "PgSleep" }) >= count
        }
    }

    private func observer(of test: TestDatabase) throws -> Database {
        var options = DatabaseOptions()
        options.readConnections = 1
        options.writeConnections = 1
        return try Database.open(url: test.url, group: TestPostgres.group, options: options)
    }

    @Test func `a killed connection answers reads again, leaves writes unknown and undoes transactions`() async throws {
        try await TestDatabase.with(migrations: .items) { test in
            let database = test.database
            let observer = try observer(of: test)
            // Long enough to be seen asleep together with the others on a busy machine.
            async let read = database.one(SleepRead(seconds: 3))
            async let write = error(of: { () async throws(PostgresError) in
                try await database.execute(SleepWrite(seconds: 30))
            })
            async let transaction = transactionError(database)
            try await waitForSleeper(observer, count: 3)
            _ = try await observer.one(KillOthers())
            let unknown = await write
            #expect(unknown == .outcomeUnknown(statement: "sleep_write"))
            let undone = await transaction
            #expect(undone == .unavailable)
            try await database.execute(InsertItems.numbered(1...1))
            let answer = try await read
            #expect(answer == "")
            await observer.close()
        }
    }

    private func transactionError(_ database: Database) async -> PostgresError? {
        do {
            try await database.transaction { tx in try await tx.execute(SleepWrite(seconds: 30)) }
            return nil
        } catch {
            return error as? PostgresError
        }
    }

    @Test(arguments: [PostgresCluster.StopMode.fast, .immediate])
    func `a restarted server is found again within a second`(_ mode: PostgresCluster.StopMode) async throws {
        let cluster = try await PostgresCluster.start(on: TestPostgres.group.all[0])
        var options = DatabaseOptions()
        options.connectionWait = .milliseconds(200)
        let database = try Database.open(url: cluster.url, group: TestPostgres.group, options: options)
        let before = try await database.one(Divide(divisor: 4))
        #expect(before == 25)
        try cluster.stop(mode)
        let error = await #expect(throws: PostgresError.self) { try await database.one(Divide(divisor: 4)) }
        #expect(error == .unavailable)
        try await eventually("it is not ready") { !database.isReady }
        try cluster.startAgain()
        let probe = try AdminSession(url: cluster.url, loop: TestPostgres.group.all[0])
        try await eventually("the server answers") {
            do {
                try await probe.run([], until: .now + .seconds(5))
                return true
            } catch {
                return false
            }
        }
        let back = Instant.now
        try await eventually("it is ready") { database.isReady }
        #expect(Instant.now - back < .seconds(1))
        let after = try await database.one(Divide(divisor: 5))
        #expect(after == 20)
        let statistics = await database.statistics()
        #expect(statistics.lostConnections > 0)
        await database.close()
    }

    @Test func `a database that is not there yet is waited for, and calls fail quickly meanwhile`() async throws {
        let cluster = try await PostgresCluster.start(on: TestPostgres.group.all[0])
        try cluster.stop(.fast)
        var options = DatabaseOptions()
        options.connectionWait = .milliseconds(100)
        let database = try Database.open(url: cluster.url, group: TestPostgres.group, options: options)
        #expect(!database.isReady)
        let error = await #expect(throws: PostgresError.self) { try await database.one(Divide(divisor: 4)) }
        #expect(error == .unavailable)
        async let migrated: Void = database.migrate(.items, deadline: .now + .seconds(30))
        try cluster.startAgain()
        try await migrated
        try await eventually("it is ready") { database.isReady }
        let count = try await database.one(CountItems())
        #expect(count == 0)
        await database.close()
    }

    @Test func `what waited for the connection has its whole deadline once it is sent`() async throws {
        var options = DatabaseOptions()
        options.connectionWait = .seconds(3)
        try await TestDatabase.with(options: options) { test in
            let answer = try await test.database.one(SleepRead(seconds: 3.2))
            #expect(answer == "")
        }
    }

    @Test func `a statement that takes too long is ended by the server, and the connection serves on`() async throws {
        var options = DatabaseOptions()
        options.statementTimeout = .milliseconds(100)
        try await TestDatabase.with(migrations: .items, options: options) { test in
            let error = await #expect(throws: PostgresError.self) {
                try await test.database.one(SleepRead(seconds: 30))
            }
            #expect(error?.sqlState == .queryCanceled)
            #expect(error?.isTransient == true)
            let next = try await test.database.one(Divide(divisor: 4))
            #expect(next == 25)
        }
    }

    @Test func `a deadline answers the caller, and later answers still find their callers`() async throws {
        try await TestDatabase.with(migrations: .items) { test in
            let late = await error(of: { () async throws(PostgresError) in
                try await test.database.one(SleepRead(seconds: 0.3), deadline: .now + .milliseconds(50))
            })
            #expect(late == .timedOut(statement: "sleep_read"))
            let quotient = try await test.database.one(Divide(divisor: 5))
            #expect(quotient == 20)
            try await eventually("it is ready") { test.database.isReady }
            let write = await error(of: { () async throws(PostgresError) in
                try await test.database.execute(SleepWrite(seconds: 3), deadline: .now + .milliseconds(500))
            })
            #expect(write == .outcomeUnknown(statement: "sleep_write"))
        }
    }

    @Test func `a transaction whose deadline passes is stopped on the server too`() async throws {
        var options = DatabaseOptions()
        options.transactionConnections = 1
        try await TestDatabase.with(migrations: .items, options: options) { test in
            let observer = try observer(of: test)
            let error = await #expect(throws: PostgresError.self) {
                try await test.database.transaction(deadline: .now + .milliseconds(300)) { tx in
                    try await tx.execute(SleepWrite(seconds: 30))
                }
            }
            #expect(error == .timedOut(statement: "sleep_write"))
            try await eventually("nobody sleeps") {
                try await observer.all(Backends()).allSatisfy { $0.waitEvent != "PgSleep" }
            }
            let value = try await test.database.transaction { tx in try await tx.one(Divide(divisor: 2)) }
            #expect(value == 50)
            await observer.close()
        }
    }

    @Test func `a cancelled caller is answered at once, wherever its statement is`() async throws {
        try await TestDatabase.with(migrations: .items) { test in
            let database = test.database
            let observer = try observer(of: test)
            let began = Instant.now
            let shared = Task(executorPreference: TestPostgres.group.all[0]) {
                await error(of: { () async throws(PostgresError) in try await database.one(SleepRead(seconds: 4)) })
            }
            let own = Task { await transactionError(database) }
            try await waitForSleeper(observer, count: 2)
            shared.cancel()
            own.cancel()
            let first = await shared.value
            let second = await own.value
            #expect(first == .cancelled)
            #expect(second == .cancelled)
            #expect(Instant.now - began < .seconds(4))
            let before = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await error(of: { () async throws(PostgresError) in try await database.one(CountItems()) })
            }
            let third = await before.value
            #expect(third == .cancelled)
            await observer.close()
        }
    }

    @Test func `a full pool makes callers wait for a bounded time only`() async throws {
        var options = DatabaseOptions()
        options.transactionConnections = 1
        options.leaseWait = .milliseconds(100)
        options.leaseWaitersMax = 1
        try await TestDatabase.with(migrations: .items, options: options) { test in
            let database = test.database
            let barrier = Barrier(parties: 2)
            let gate = Barrier(parties: 2)
            async let holder: Void = database.transaction { tx in
                _ = try await tx.one(CountItems())
                await barrier.arrive()
                await gate.arrive()
            }
            await barrier.arrive()
            let refused = await withTaskGroup(of: PostgresError?.self) { group in
                for _ in 0..<3 { group.addTask { await emptyTransactionError(database) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(refused == [.poolExhausted, .poolExhausted, .poolExhausted])
            await gate.arrive()
            try await holder
            let after = await emptyTransactionError(database)
            #expect(after == nil)
        }
    }

    private func emptyTransactionError(_ database: Database) async -> PostgresError? {
        do {
            _ = try await database.transaction { tx in try await tx.one(CountItems()) }
            return nil
        } catch {
            return error as? PostgresError
        }
    }

    @Test func `beyond the queue's limit statements fail at once and the others succeed`() async throws {
        var options = DatabaseOptions()
        options.queueMax = 50
        try await TestDatabase.with(migrations: .items, options: options) { test in
            let database = test.database
            let results = await Task(executorPreference: TestPostgres.group.all[0]) {
                await withTaskGroup(of: PostgresError?.self) { group in
                    for _ in 0..<400 {
                        group.addTask {
                            await error(of: { () async throws(PostgresError) in try await database.one(CountItems()) })
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
            }.value
            #expect(results.contains(.queueFull))
            #expect(results.contains(nil))
            #expect(results.allSatisfy { $0 == nil || $0 == .queueFull })
        }
    }

    @Test func `loops do not share connections, and callers of any thread are served`() async throws {
        let group = EventLoopGroup(count: 2)
        let test = try await TestDatabase.make(migrations: .items, group: group)
        let database = test.database
        var pids: Set<Int32> = []
        for loop in group.all {
            let pid = try await Task(executorPreference: loop) { try await database.one(BackendPID()) }.value
            pids.insert(pid)
        }
        #expect(pids.count == 2)
        let count = try await database.one(CountItems())
        #expect(count == 0)
        try await test.drop()
        let closed = await error(of: { () async throws(PostgresError) in try await database.one(CountItems()) })
        #expect(closed == .closed)
        let transaction = await emptyTransactionError(database)
        #expect(transaction == .closed)
        group.stop()
    }
}

/// Waits until `condition` holds, for at most 20 s. Each look is a round trip or a turn of the loop, so nothing spins
/// hot and nothing waits longer than needed.
func eventually(_ what: Comment, _ condition: () async throws -> Bool) async throws {
    let deadline = Instant.now + .seconds(20)
    while !(try await condition()) {
        guard Instant.now < deadline else {
            Issue.record(what)
            return
        }
        try await TestPostgres.group.all[0].sleep(for: .milliseconds(1))
    }
}
