import EventLoop
import TestSupport
import Testing
@testable import Postgres

@Suite(.timeLimit(.minutes(1))) struct ListenTests {
    @Test func `payloads arrive, and an empty one after each reconnection`() async throws {
        try await TestDatabase.with { test in
            var events = test.database.listen("orders").makeAsyncIterator()
            let began = await events.next()
            #expect(began == "")
            try await test.database.execute(Notify(channel: "orders", payload: "one"))
            let first = await events.next()
            #expect(first == "one")
            _ = try await test.database.one(KillOthers())
            let again = await events.next()
            #expect(again == "")
            try await eventually("it is ready") { test.database.isReady }
            try await test.database.execute(Notify(channel: "orders", payload: "two"))
            let second = await events.next()
            #expect(second == "two")
        }
    }

    @Test func `subscribers of one channel all hear, others do not, and closing ends them`() async throws {
        try await TestDatabase.with { test in
            var left = test.database.listen("a").makeAsyncIterator()
            var right = test.database.listen("a").makeAsyncIterator()
            var other = test.database.listen("b").makeAsyncIterator()
            var starts: [String?] = []
            starts.append(await left.next())
            starts.append(await right.next())
            starts.append(await other.next())
            #expect(starts == ["", "", ""])
            try await test.database.execute(Notify(channel: "a", payload: "x"))
            try await test.database.execute(Notify(channel: "b", payload: "y"))
            let heard = [await left.next(), await right.next(), await other.next()]
            #expect(heard == ["x", "x", "y"])
            await test.database.close()
            let end = await left.next()
            #expect(end == nil)
        }
    }
}
