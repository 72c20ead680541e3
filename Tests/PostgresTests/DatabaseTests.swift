import EventLoop
import Models
import TestSupport
import Testing
@testable import Postgres

/// Statements, grouping and transactions on a real server.
@Suite(.timeLimit(.minutes(2))) struct DatabaseTests {
    private func onLoop<T: Sendable>(_ work: @escaping @Sendable () async throws -> T) async throws -> T {
        try await Task(executorPreference: TestPostgres.group.all[0]) { try await work() }.value
    }

    @Test func `rows come back typed, with nulls`() async throws {
        try await TestDatabase.with(migrations: .items) { test in
            let inserted = try await test.database.execute(InsertItems.numbered(1...3))
            #expect(inserted == 3)
            let item = try await test.database.one(ItemByID(id: 3))
            #expect(item == Item(id: 3, name: "item 3", price: 30, note: "odd"))
            let value1 = try await test.database.first(ItemByID(id: 2))?.note
            #expect(value1 == nil)
            let value2 = try await test.database.first(ItemByID(id: 9))
            #expect(value2 == nil)
            await #expect(throws: PostgresError.noRow(statement: "item_by_id")) {
                try await test.database.one(ItemByID(id: 9))
            }
        }
    }

    @Test func `every type means to the server what it means here`() async throws {
        try await TestDatabase.with { test in
            let id = OrderID(uuid: UUID128(high: 0x0123_4567_89AB_7DEF, low: 0x8000_0000_0000_0001))
            let moment = Timestamp(microseconds: 1_795_411_446_123_456)
            let echo = try await test.database.one(Echo(id: id, moment: moment))
            #expect(echo.id == id)
            #expect(echo.idText == "01234567-89ab-7def-8000-000000000001")
            #expect(echo.moment == moment)
            #expect(echo.momentText == "2026-11-23T05:24:06.123456Z")
            #expect(echo.ids == [id, nil])
            #expect(echo.json.text == #"{"a": [1, null]}"#)
            #expect(echo.flags == [true, false])
            #expect(echo.number == 0.1)
        }
    }

    @Test func `thousands of elements travel as arrays in one statement`() async throws {
        try await TestDatabase.with(migrations: .items) { test in
            let value3 = try await test.database.execute(InsertItems.numbered(1...20_000))
            #expect(value3 == 20_000)
            let value4 = try await test.database.one(CountItems())
            #expect(value4 == 20_000)
        }
    }

    @Test func `statements called together on the loop each get their own answer`() async throws {
        try await TestDatabase.with(migrations: .items) { test in
            try await test.database.execute(InsertItems.numbered(1...200))
            let database = test.database
            let names = try await onLoop {
                try await withThrowingTaskGroup(of: (Int64, String).self) { group in
                    for id in Int64(1)...200 {
                        group.addTask { (id, try await database.one(ItemByID(id: id)).name) }
                    }
                    return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
                }
            }
            #expect(names.count == 200)
            #expect(names.allSatisfy { $0.value == "item \($0.key)" })
        }
    }

    @Test func `a failing neighbour fails nobody else`() async throws {
        try await TestDatabase.with(migrations: .items) { test in
            let database = test.database
            let results = try await onLoop {
                await withTaskGroup(of: (Int64, Result<Int64, PostgresError>).self) { group in
                    for divisor in Int64(0)..<40 {
                        group.addTask {
                            do throws(PostgresError) {
                                return (divisor, .success(try await database.one(Divide(divisor: divisor % 10))))
                            } catch {
                                return (divisor, .failure(error))
                            }
                        }
                    }
                    return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
                }
            }
            for (number, result) in results {
                switch result {
                case .success(let quotient): #expect(quotient == 100 / (number % 10))
                case .failure(let error):
                    #expect(number % 10 == 0)
                    #expect(error.sqlState == SQLState("22012"))
                }
            }
            #expect(results.count == 40)
        }
    }

    @Test func `a statement that cannot be prepared names itself and harms no neighbour`() async throws {
        try await TestDatabase.with(migrations: .items) { test in
            let database = test.database
            try await onLoop {
                async let wrong = error(of: { () async throws(PostgresError) in try await database.first(Misspelt()) })
                async let wrongToo = error(of: { () async throws(PostgresError) in
                    try await database.first(Misspelt())
                })
                async let right = database.one(Divide(divisor: 4))
                let value5 = try await right
                #expect(value5 == 25)
                let errors = await [wrong, wrongToo]
                #expect(errors.allSatisfy { $0?.sqlState == SQLState("42P01") })
            }
        }
    }

    @Test func `a decode that does not fit the columns fails with a sentence`() async throws {
        try await TestDatabase.with(migrations: .items) { test in
            try await test.database.execute(InsertItems.numbered(1...1))
            await #expect(throws: PostgresError.self) { try await test.database.first(WrongType()) }
            let error = await #expect(throws: PostgresError.self) { try await test.database.first(TooFewColumns()) }
            #expect(error?.description.contains("left over") == true)
            let value6 = try await test.database.one(CountItems())
            #expect(value6 == 1)
        }
    }

    @Test func `a bad parameter fails its own statement only`() async throws {
        try await TestDatabase.with { test in
            let error = await #expect(throws: PostgresError.self) { try await test.database.first(NotJSON()) }
            #expect(error?.sqlState == .invalidTextRepresentation)
            let value7 = try await test.database.one(Divide(divisor: 1))
            #expect(value7 == 100)
        }
    }

    @Test func `violations name their constraint`() async throws {
        try await TestDatabase.with(migrations: .items) { test in
            try await test.database.execute(InsertItems.numbered(1...1))
            let again = await #expect(throws: PostgresError.self) {
                try await test.database.execute(InsertItems.numbered(1...1))
            }
            #expect(again?.isUniqueViolation("items_pkey") == true)
            let negative = await #expect(throws: PostgresError.self) {
                try await test.database.execute(AddToPrice(id: 1, amount: -1_000))
            }
            #expect(negative?.isCheckViolation("price_positive") == true)
        }
    }

    @Test func `a write that fails at its commit is reported as failed`() async throws {
        try await TestDatabase.with(migrations: .items) { test in
            let error = await #expect(throws: PostgresError.self) {
                try await test.database.one(InsertOrphan(parent: 77))
            }
            #expect(error?.isForeignKeyViolation("parts_item") == true)
            let value8 = try await test.database.one(CountParts())
            #expect(value8 == 0)
        }
    }

    @Test func `a transaction commits all or nothing`() async throws {
        struct Stop: Error {}
        try await TestDatabase.with(migrations: .items) { test in
            let count = try await test.database.transaction { tx in
                try await tx.execute(InsertItems.numbered(1...2))
                return try await tx.one(CountItems())
            }
            #expect(count == 2)
            await #expect(throws: Stop.self) {
                try await test.database.transaction { tx in
                    try await tx.execute(InsertItems.numbered(3...4))
                    throw Stop()
                }
            }
            let value9 = try await test.database.one(CountItems())
            #expect(value9 == 2)
        }
    }

    @Test func `a transaction whose closure swallows a failure is not committed`() async throws {
        try await TestDatabase.with(migrations: .items) { test in
            let error = await #expect(throws: PostgresError.self) {
                try await test.database.transaction { tx in
                    try await tx.execute(InsertItems.numbered(1...1))
                    _ = try? await tx.first(Divide(divisor: 0))
                }
            }
            #expect(error?.sqlState == SQLState("22012"))
            let value10 = try await test.database.one(CountItems())
            #expect(value10 == 0)
        }
    }

    @Test func `a failing commit fails the transaction`() async throws {
        try await TestDatabase.with(migrations: .items) { test in
            let error = await #expect(throws: PostgresError.self) {
                try await test.database.transaction { tx in try await tx.one(InsertOrphan(parent: 5)) }
            }
            #expect(error?.isForeignKeyViolation() == true)
        }
    }

    @Test func `serialization failures run the closure again until it fits`() async throws {
        try await TestDatabase.with(migrations: .items) { test in
            try await test.database.execute(InsertItems.numbered(1...1))
            let database = test.database
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        try await database.transaction(isolation: .serializable) { tx in
                            let item = try await tx.one(ItemByID(id: 1))
                            try await tx.execute(SetPrice(id: 1, price: item.price + 1))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let value11 = try await database.one(ItemByID(id: 1)).price
            #expect(value11 == 14)
        }
    }

    @Test func `a deadlock is resolved by running one of the two again`() async throws {
        var options = DatabaseOptions()
        options.lockTimeout = .seconds(5)
        try await TestDatabase.with(migrations: .items, options: options) { test in
            try await test.database.execute(InsertItems.numbered(1...2))
            let database = test.database
            let barrier = Barrier(parties: 2)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for order in [[1, 2], [2, 1]] as [[Int64]] {
                    group.addTask {
                        var isFirstAttempt = true
                        try await database.transaction { tx in
                            try await tx.execute(AddToPrice(id: order[0], amount: 1))
                            if isFirstAttempt { await barrier.arrive() }
                            isFirstAttempt = false
                            try await tx.execute(AddToPrice(id: order[1], amount: 1))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let value12 = try await database.one(ItemByID(id: 1)).price
            #expect(value12 == 12)
            let value13 = try await database.one(ItemByID(id: 2)).price
            #expect(value13 == 22)
        }
    }

    @Test func `a plan that no longer fits the table is prepared again`() async throws {
        try await TestDatabase.with(migrations: .items) { test in
            try await test.database.execute(InsertItems.numbered(1...1))
            let value14 = try await test.database.one(ItemNames())
            #expect(value14 == "item 1")
            try await test.run("ALTER TABLE items ALTER COLUMN name TYPE varchar(40)")
            let value15 = try await test.database.one(ItemNames())
            #expect(value15 == "item 1")
            let name = try await test.database.transaction { tx in try await tx.one(ItemNames()) }
            #expect(name == "item 1")
            try await test.run("ALTER TABLE items ALTER COLUMN name TYPE text")
            let again = try await test.database.transaction { tx in try await tx.one(ItemNames()) }
            #expect(again == "item 1")
        }
    }

    @Test func `limits are set when connecting`() async throws {
        var options = DatabaseOptions()
        options.statementTimeout = .milliseconds(1_500)
        try await TestDatabase.with(options: options) { test in
            let value16 = try await test.database.one(EverySetting())
            #expect(value16 == ["1500ms", "2s", "10s", "UTC"])
        }
    }

    @Test func `a large result is streamed in order, and the connection serves on`() async throws {
        try await TestDatabase.with { test in
            var expected: Int64 = 0
            try await test.database.stream(LongSeries(count: 50_000)) { row in
                expected += 1
                if row.number != expected || row.filler.utf8.count != 200 { Issue.record("row \(expected) is wrong") }
            }
            #expect(expected == 50_000)
            struct Enough: Error {}
            await #expect(throws: Enough.self) {
                try await test.database.stream(LongSeries(count: 10_000_000)) { row in
                    if row.number == 1_000 { throw Enough() }
                }
            }
            for _ in 0..<6 {
                let answer = try await test.database.transaction { tx in try await tx.one(Divide(divisor: 2)) }
                #expect(answer == 50)
            }
        }
    }
}

/// The error that `work` ends with, if any.
func error<T>(of work: () async throws(PostgresError) -> T) async -> PostgresError? {
    do {
        _ = try await work()
        return nil
    } catch {
        return error
    }
}

/// Lets tasks go on when all have arrived.
actor Barrier {
    private let parties: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(parties: Int) {
        self.parties = parties
    }

    func arrive() async {
        if waiting.count + 1 == parties {
            for continuation in waiting { continuation.resume() }
            waiting.removeAll()
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }
}
