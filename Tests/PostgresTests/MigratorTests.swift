import EventLoop
import TestSupport
import Testing
@testable import Postgres

@Suite(.timeLimit(.minutes(1))) struct MigratorTests {
    private let indexed = Migration(
        number: 2, name: "index_items",
        sql: """
            -- no-transaction
            CREATE INDEX CONCURRENTLY IF NOT EXISTS items_name ON items (name)
            """)
    private let broken = Migration(
        number: 3, name: "break", sql: "CREATE TABLE left_over (n integer); SELECT 1 / 0;")

    private func soon() -> Instant { .now + .seconds(30) }

    @Test func `replicas that start together apply each migration once`() async throws {
        try await TestDatabase.with { test in
            let all = [Migration].items + [indexed]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask { try await test.database.migrate(all, deadline: soon()) }
                }
                try await group.waitForAll()
            }
            try await test.database.migrate(all, deadline: soon())
            try await test.database.execute(InsertItems.numbered(1...2))
        }
    }

    @Test func `an edited migration is refused by name`() async throws {
        try await TestDatabase.with { test in
            try await test.database.migrate(.items, deadline: soon())
            let edited = Migration(number: 1, name: "create_items", sql: "SELECT 1")
            await #expect(throws: MigrationError.edited(number: 1, name: "create_items")) {
                try await test.database.migrate([edited], deadline: soon())
            }
        }
    }

    @Test func `a failing migration leaves nothing behind and can be corrected`() async throws {
        try await TestDatabase.with { test in
            let error = await #expect(throws: MigrationError.self) {
                try await test.database.migrate([broken], deadline: soon())
            }
            guard case .failed(3, "break", let cause, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(cause.sqlState == SQLState("22012"))
            let corrected = Migration(number: 3, name: "break", sql: "CREATE TABLE left_over (n integer)")
            try await test.database.migrate([corrected], deadline: soon())
        }
    }

    @Test func `a migration that ends its own transaction is refused`() async throws {
        try await TestDatabase.with { test in
            let sly = Migration(number: 1, name: "sly", sql: "CREATE TABLE t (n integer); COMMIT;")
            await #expect(throws: MigrationError.self) {
                try await test.database.migrate([sly], deadline: soon())
            }
        }
    }

    @Test func `a database that never comes ends the wait at the deadline`() async throws {
        let nowhere = try Database.open(
            url: "postgresql://postgres@127.0.0.1:1/none", group: TestPostgres.group)
        await #expect(throws: MigrationError.self) {
            try await nowhere.migrate(.items, deadline: .now + .milliseconds(50))
        }
        await nowhere.close()
    }
}
