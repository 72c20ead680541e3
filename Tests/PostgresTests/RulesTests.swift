import Testing
@testable import Postgres

/// Pure rules: migrations, the pool, the back-off, the ring buffer, names of hosts.
@Suite struct RulesTests {
    @Test func `migration file names have four digits and a name`() {
        #expect(Migration.parse(fileName: "0001_create_orders.sql")?.number == 1)
        #expect(Migration.parse(fileName: "0001_create_orders.sql")?.name == "create_orders")
        for wrong in ["1_a.sql", "0000_a.sql", "0001.sql", "0001_.sql", "0001_a.txt", "00001_a.sql", "abcd_a.sql"] {
            #expect(Migration.parse(fileName: wrong) == nil, "\(wrong)")
        }
    }

    @Test func `migrations are ordered by number, and the first line may take them out of a transaction`() {
        let files = [("0002_b.sql", "-- no-transaction\nSELECT 1"), ("0001_a.sql", "SELECT 1\n-- no-transaction")]
        let migrations = Migration.all(in: files.map { ($0.0, Array($0.1.utf8)) })
        #expect(migrations.map(\.name) == ["a", "b"])
        #expect(migrations.map(\.isOutsideTransaction) == [false, true])
    }

    @Test func `only migrations that were not applied are left, and an edited one is refused`() throws {
        let steps = [1, 2].map {
            MigrationPlan.Step(migration: Migration(number: $0, name: "m\($0)", sql: ""), checksum: "c\($0)")
        }
        let left = try MigrationPlan.steps(for: steps, applied: [.init(number: 1, checksum: "c1")])
        #expect(left.map(\.migration.number) == [2])
        #expect(throws: MigrationError.edited(number: 1, name: "m1")) {
            try MigrationPlan.steps(for: steps, applied: [.init(number: 1, checksum: "other")])
        }
    }

    @Test func `the pool lends each slot once, serves the longest waiting, and refuses beyond its limit`() {
        var pool = PoolStateMachine(slotCount: 1, waitersMax: 2)
        #expect(pool.lease(waiter: 1) == .lease(0))
        #expect(pool.lease(waiter: 2) == .wait)
        #expect(pool.lease(waiter: 3) == .wait)
        #expect(pool.lease(waiter: 4) == .refuse)
        let gaveUp = pool.abandon(2)
        #expect(gaveUp)
        #expect(pool.release(0) == 3)
        let wasServed = !pool.abandon(3)
        #expect(wasServed)
        #expect(pool.release(0) == nil)
        #expect(pool.leasedCount == 0)
    }

    @Test func `pauses grow to half a second and never beyond`() {
        var backoff = Backoff()
        var generator = SystemRandomNumberGenerator()
        let pauses = (0..<12).map { _ in backoff.next(using: &generator) }
        #expect(pauses[0] <= Backoff.first)
        #expect(pauses.allSatisfy { $0 <= Backoff.cap && $0 > .zero })
        #expect(pauses[11] >= Backoff.cap / 2)
    }

    @Test func `the ring buffer keeps order across growth and wrapping`() {
        var buffer = RingBuffer<Int>()
        var expected: [Int] = []
        for round in 0..<200 {
            buffer.append(round)
            expected.append(round)
            if round % 3 == 0 {
                buffer.prepend(-round)
                expected.insert(-round, at: 0)
            }
            if round % 2 == 0 { #expect(buffer.popFirst() == expected.removeFirst()) }
        }
        buffer.filter { $0 % 2 == 0 }
        var rest: [Int] = []
        while let element = buffer.popFirst() { rest.append(element) }
        #expect(rest == expected.filter { $0 % 2 == 0 })
    }

    @Test func `only names need the resolver`() {
        #expect(ConnectionTarget.isName("localhost"))
        #expect(ConnectionTarget.isName("db-1.internal"))
        for other in ["127.0.0.1", "::1", "/var/run/postgresql", "@socket", ""] {
            #expect(!ConnectionTarget.isName(other), "\(other)")
        }
    }

    @Test func `names are resolved beside addresses and sockets, host by host`() async throws {
        let url = "postgresql://localhost:5001,127.0.0.2:5002,no-such-host.invalid:5003/x?target_session_attrs=read-write"
        let keywords = try await ConnectionTarget(url: url, options: DatabaseOptions()).resolved()
        #expect(keywords["host"] == "localhost,127.0.0.2")
        #expect(keywords["hostaddr"] == "127.0.0.1,")
        #expect(keywords["port"] == "5001,5002")
    }

    @Test func `a wrong URL is refused without repeating its password`() {
        let error = #expect(throws: InvalidDatabaseURL.self) {
            try ConnectionTarget(url: "postgresql://u:secret@[bad", options: DatabaseOptions())
        }
        #expect(error.map { !"\($0)".contains("secret") } == true)
    }

    @Test func `channel names cannot carry SQL`() {
        #expect(NotificationListener.isValid("orders_ready"))
        for wrong in ["", "a b", "a;", "A", "a\"", String(repeating: "a", count: 64)] {
            #expect(!NotificationListener.isValid(wrong), "\(wrong)")
        }
    }
}
