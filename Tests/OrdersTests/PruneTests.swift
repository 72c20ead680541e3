import EventLoop
import HTTPClient
import HTTPCore
import JSON
import Models
import Postgres
import ServiceKit
import TestSupport
import Testing

@testable import Orders

/// Forgetting the lines of old bills, and nothing else of them.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PruneTests {
    /// Days of WeChat Pay with lines, so many days ago in Shanghai.
    private func days(_ shop: Shop, _ ages: [Int], lines: Int = 3, state: String = "compared") async throws {
        for age in ages {
            try await shop.orders.test.run(
                """
                INSERT INTO reconciliations (gateway, day, state, check_at, billed_payments)
                SELECT 'wechat', (now() AT TIME ZONE 'Asia/Shanghai')::date - \(age), '\(state)', 'infinity', \(lines);
                INSERT INTO bill_lines (gateway, day, place, entry, number, gateway_number, amount, at, is_done)
                SELECT 'wechat', (now() AT TIME ZONE 'Asia/Shanghai')::date - \(age), place, 'payment', 'n' || place,
                    'g', 100, now(), true
                FROM generate_series(1, \(lines)) AS place;
                """)
        }
    }

    private func keptDays(_ shop: Shop) async throws -> [KeptDay.Row] { try await shop.kit.database.all(KeptDay()) }

    private func prune(_ shop: Shop, limit: Int = PruneBillLines.batchMax) async throws -> [Int] {
        var batches: [Int] = []
        while let deleted = try await shop.kit.database.first(PruneBillDay(now: shop.kit.now(), limit: limit)) {
            batches.append(deleted)
        }
        return batches
    }

    @Test func `lines older than 90 days go in batches; days, sums and differences stay`() async throws {
        try await Shop.open { shop in
            try await days(shop, [400, 91, 90, 1], lines: 12)
            try await shop.orders.test.run(
                """
                INSERT INTO reconciliation_differences (
                    gateway, entry, subject, day, kind, number, theirs, state, found_at)
                SELECT gateway, 'payment', 'n1', day, 'missing_here', 'n1', 100, 'open', now()
                FROM reconciliations WHERE day < now() - interval '200 days'
                """)
            #expect(try await prune(shop, limit: 5).allSatisfy { $0 <= 5 })
            let kept = try await keptDays(shop)
            #expect(kept.map(\.age) == [400, 91, 90, 1])
            #expect(kept.map(\.lines) == [0, 0, 12, 12])
            #expect(kept.map(\.isPruned) == [true, true, false, false])
            let token = try TestTokens.user(.make(at: shop.kit.now()), isOperator: true)
            let page: Page<Reconciliation> = try await shop.orders.send(
                .get, OrdersAPI.reconciliations.path(), token: token
            ).decoded()
            #expect(page.items.map(\.billed.payments) == [12, 12, 12, 12])
            #expect(page.items.map(\.openDifferences) == [0, 0, 0, 1])
            let differences: Page<ReconciliationDifference> = try await shop.orders.send(
                .get, OrdersAPI.reconciliationDifferences.path("wechat", try #require(page.items.last?.day)),
                token: token
            ).decoded()
            #expect(differences.items.map(\.number) == ["n1"])
            // Run again there is nothing to do.
            #expect(try await prune(shop).isEmpty)
            #expect(try await PruneBillLines.tick(shop.kit) == .idle)
        }
    }

    @Test func `a day that is not compared keeps its lines and those around it`() async throws {
        try await Shop.open { shop in
            try await days(shop, [110], state: "fetched")
            try await days(shop, [113, 112, 111, 109, 108, 107])
            _ = try await prune(shop)
            #expect(try await keptDays(shop).filter { $0.lines == 0 }.map(\.age) == [113, 107])
        }
    }

    @Test func `a pruned day is not compared again, whoever asks`() async throws {
        try await Shop.open { shop in
            let paid = try await shop.paidOrder(try shop.customer())
            try await days(shop, [120])
            _ = try await prune(shop)
            // A difference of that day which today's bill ends.
            try await shop.orders.test.run(
                """
                INSERT INTO reconciliation_differences (
                    gateway, entry, subject, day, kind, number, payment_id, ours, state, found_at)
                SELECT 'wechat', 'payment', payments.id::text, day, 'missing_at_gateway', '', payments.id, amount,
                    'open', now()
                FROM reconciliations, payments
                """)
            let token = try TestTokens.user(.make(at: shop.kit.now()), isOperator: true)
            func ask(_ day: String) async throws -> ClientResponse {
                try await shop.orders.send(
                    .post, OrdersAPI.reconciliations.path(), json: NewReconciliation(gateway: .wechat, day: day),
                    token: token)
            }
            let page: Page<Reconciliation> = try await shop.orders.send(
                .get, OrdersAPI.reconciliations.path(), token: token
            ).decoded()
            let old = try #require(page.items.last)
            let refused = try await ask(old.day)
            #expect(refused.status.code == 422)
            #expect(refused.code == "bill_pruned")
            #expect(refused.problem?.errors.map(\.pointer) == ["/day"])
            #expect(try await ask(FakeBills.day).status == .accepted)
            let job = shop.parts.reconcileBills
            func read(_ day: String) async throws -> Reconciliation {
                try await shop.orders.send(.get, OrdersAPI.reconciliation.path("wechat", day), token: token).decoded()
            }
            #expect(
                try await shop.until({ _ = try await job.tick(shop.kit) }) {
                    try await read(FakeBills.day).state == .compared
                })
            #expect(try await read(FakeBills.day).billed.paid == paid.payment.amount)
            let after = try await read(old.day)
            #expect((after.state, after.openDifferences) == (.compared, 0))
        }
    }

    @Test func `a day of which the gateway has no bill any more is not believed to be empty`() async throws {
        try await Shop.open { shop in
            try await days(shop, [89, 91], lines: 0, state: "waiting")
            let job = shop.parts.reconcileBills
            #expect(
                try await shop.until({
                    try await shop.orders.test.run(
                        "UPDATE reconciliations SET check_at = 'epoch' WHERE trouble IS NULL")
                    _ = try await job.tick(shop.kit)
                }) { try await keptDays(shop).allSatisfy { $0.state == "compared" || $0.trouble != nil } })
            let kept = try await keptDays(shop)
            #expect(kept.map(\.state) == ["waiting", "compared"])
            #expect(kept.map(\.trouble) == ["no_bill_any_more", nil])
        }
    }
}

/// The days with their lines, oldest first.
struct KeptDay: Statement {
    struct Row: Sendable {
        let age: Int
        let state: String
        let trouble: String?
        let lines: Int
        let isPruned: Bool
    }
    static let name: StaticString = "test_kept_days"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT ((now() AT TIME ZONE 'Asia/Shanghai')::date - day)::bigint, state, trouble,
            (SELECT count(*) FROM bill_lines WHERE bill_lines.gateway = r.gateway AND bill_lines.day = r.day),
            pruned_at IS NOT NULL
        FROM reconciliations AS r
        WHERE day < (now() AT TIME ZONE 'Asia/Shanghai')::date
        ORDER BY day
        """

    func bind(to parameters: inout Parameters) {}
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            age: try row.next(), state: try row.next(), trouble: try row.next(), lines: try row.next(),
            isPruned: try row.next())
    }
}
