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
