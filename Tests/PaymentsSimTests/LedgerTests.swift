import HTTPClient
import HTTPCore
import JSON
import Models
import Postgres
import TestSupport
import Testing
@testable import PaymentsSim

/// The ledger's own rules, enforced by the database.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LedgerTests {
    @Test(arguments: [
        "UPDATE ledger_entries SET amount = amount + 1", "DELETE FROM ledger_entries", "TRUNCATE ledger_entries",
        "UPDATE ledger_postings SET reference = 'x'", "DELETE FROM ledger_postings",
        "INSERT INTO ledger_entries SELECT id, 'other', 'CNY', 1 FROM ledger_postings",
    ])
    func `postings are immutable and balanced`(script: String) async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paid("order-0001", total: 10_000)
            let before = try await rehearsal.balances()
            #expect(before["fees"] == 60)
            #expect(before["customers"] == -10_000)
            await #expect(throws: (any Error).self) { try await rehearsal.simulator.test.run(script) }
            #expect(try await rehearsal.balances() == before)
        }
    }

    @Test func `balances are told by account and time, and sum to zero at every one`() async throws {
        try await Rehearsal.with { rehearsal in
            let clock = rehearsal.simulator
            func balances(_ query: String) async throws -> [String: Int64] {
                let answer = try await clock.send(.get, "/_control/ledger" + query)
                #expect(answer.status == .ok)
                let value = try JSON.decode(JSONValue.self, from: answer.body)
                let rows = try #require(value["balances"]?.array)
                let pairs = rows.map { ($0["account"]?.string ?? "", $0["amount"]?.int ?? 0) }
                return Dictionary(uniqueKeysWithValues: pairs)
            }
            func now() async throws -> String {
                let answer = try await clock.send(.get, "/_control/clock")
                let seconds = try JSON.decode(JSONValue.self, from: answer.body)["now"]?.int ?? 0
                return Timestamp(microseconds: (seconds + 1) * 1_000_000).description
            }
            #expect(try await balances("").isEmpty)
            try await rehearsal.paid("order-0003", total: 10_000)
            let first = try await now()
            try await rehearsal.advance(3_600)
            #expect(try await rehearsal.refund("r-1", of: "order-0003", 4_000, total: 10_000).status == 200)
            let second = try await now()
            try await rehearsal.advance(3_600)
            _ = try await rehearsal.alipay("alipay.trade.create", rehearsal.alipayOrder("ledger1"))
            #expect(try await rehearsal.payAlipay("ledger1") == 204)
            let own = "merchant:\(RehearsalKeys.shared.mchid)"
            for (time, owed) in [(first, -10_000), (second, -6_000)] as [(String, Int64)] {
                let then = try await balances("?at=" + time)
                #expect(then["customers"] == owed)
                #expect(then[own] == -owed * 994 / 1_000)
                #expect(then.values.reduce(0, +) == 0)
            }
            #expect(try await balances("?account=customers") == ["customers": -7_000])
            #expect(try await balances("").values.reduce(0, +) == 0)
            #expect(try await clock.send(.get, "/_control/ledger?at=yesterday").status == .badRequest)
        }
    }

    @Test func `fees of parts sum to the fee of the whole`() async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paid("order-0002", total: 999)
            for (number, amount) in [(1, 333), (2, 1), (3, 332), (4, 333)] as [(Int, Int64)] {
                let answer = try await rehearsal.refund("part-\(number)", of: "order-0002", amount, total: 999)
                #expect(answer.status == 200)
                try await rehearsal.expectBalanced()
            }
            #expect(try await rehearsal.balances().values.allSatisfy { $0 == 0 })
        }
    }
}
