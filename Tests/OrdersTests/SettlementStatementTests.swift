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

/// Statements: one a payee and day, from the journal; who sees them; that each is paid out once.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SettlementStatementTests {
    private let fen: @Sendable (Int64) -> Money = { Money(minorUnits: $0) }

    @Test func `a statement sums its day, and what is not positive is carried into the next`() async throws {
        try await Shop.open { shop in
            try await shop.allowCash()
            let sold = try shop.settled("2026-10-01T04:00:00Z", [("wechat", 10_000)])
            let atTheTill = try shop.settled("2026-10-01T05:00:00Z", [("cash", 20_000)])
            try await shop.orders.test.run(sold.script + atTheTill.script)
            let run = try await shop.run(day: "2026-10-01")
            #expect(run == SettlementRun(days: ["2026-10-01"], statements: 2))
            let first = try await shop.statements()[0]
            #expect(first.payeeID == shop.merchantID.description && first.orders == 2 && first.state == .open)
            #expect(
                [first.sales, first.refunds, first.commission, first.taken, first.carriedOver, first.net]
                    == [30_000, 0, 180, 20_000, 0, 9_820].map(fen))
            // All goes back on the second day: the merchant owes, and gets less for the third.
            let at = try #require(Timestamp("2026-10-02T04:00:00Z"))
            let third = try shop.settled("2026-10-03T04:00:00Z", [("alipay", 30_000)])
            try await shop.orders.test.run(
                sold.refundScript(.make(at: at), of: sold.parts[0], amount: 10_000, at: at) + third.script)
            #expect(try await shop.run(day: "2026-10-03").days == ["2026-10-02", "2026-10-03"])
            let all = try await shop.statements()
            #expect(all.map(\.day) == ["2026-10-03", "2026-10-02", "2026-10-01"])
            #expect(all.map(\.state) == [.open, .carried, .open])
            #expect(all.map(\.carriedOver) == [-9_940, 0, 0].map(fen))
            #expect(all.map(\.net) == [29_820 - 9_940, -9_940, 9_820].map(fen))
            #expect(all[0] == (try await shop.statement(all[0].id, shop.anOperator()).decoded()))
            // A closed day stays as it is, and nobody closes a day that is not over.
            #expect(try await shop.run(day: "2026-10-03") == SettlementRun(days: [], statements: 0))
            let today = NewSettlementRun(day: ShanghaiDay.of(shop.kit.now()))
            let answer = try await shop.orders.send(
                .post, OrdersAPI.settlementRuns.path(), json: today, token: shop.anOperator().token)
            #expect(answer.code == "day_not_over")
            let manager = try shop.staff(.manager)
            #expect(
                try await shop.orders.send(
                    .post, OrdersAPI.settlementRuns.path(), json: today, token: manager.token
                ).status == .forbidden)
        }
    }

    @Test func `a statement is paid out once, after it was confirmed`() async throws {
        try await Shop.open { shop in
            try await shop.orders.test.run(try shop.settled("2026-10-01T04:00:00Z", [("wechat", 10_000)]).script)
            _ = try await shop.run(day: "2026-10-01")
            let id = try await shop.statements()[0].id
            let payout = NewPayout(reference: "ICBC 2026-1002-17")
            #expect(try await shop.payOut(id, payout).code == "settlement_state")
            let confirm = OrdersAPI.settlementConfirm.path(id)
            let manager = try shop.staff(.manager)
            #expect(try await shop.orders.send(.post, confirm, token: manager.token).status == .forbidden)
            #expect(try await shop.orders.send(.post, confirm, token: shop.anOperator().token).status == .ok)
            #expect(try await shop.orders.send(.post, confirm, token: shop.anOperator().token).code == "settlement_state")
            let boss = try shop.anOperator()
            let answers = try await together(6) { try await shop.payOut(id, payout, by: boss, key: "p\($0)") }
            #expect(answers.filter { $0.status == .ok }.count == 1)
            #expect(answers.filter { $0.code == "settlement_state" }.count == 5)
            let paid: Settlement = try await shop.statement(id, manager).decoded()
            #expect(paid.state == .paidOut && paid.payout?.reference == payout.reference)
            let bad = try await shop.payOut(id, NewPayout(reference: "two\nlines"))
            #expect(bad.problem?.errors.first?.pointer == "/reference")
            await #expect(throws: (any Error).self) {
                try await shop.orders.test.run("UPDATE settlement_payouts SET amount = 1")
            }
        }
    }

    @Test func `merchants and leaders see their own statements, and nobody else's exist`() async throws {
        try await Shop.open { shop in
            let leader = try shop.customer()
            let now = shop.kit.now()
            // Terms begin now, so the orders of this test are placed later.
            let terms = NewSettlementTerms(platformRateBps: 100, leaderAccountID: leader.id, leaderRateBps: 1_000)
            let path = OrdersAPI.settlementTerms.path(shop.storeID)
            let manager = try shop.staff(.manager)
            #expect(try await shop.orders.send(.post, path, json: terms, token: manager.token).status == .forbidden)
            let agreed = try await shop.orders.send(.post, path, json: terms, token: shop.anOperator().token)
            #expect(agreed.status == .created)
            var early = terms
            early.validFrom = now.after(-3_600)
            #expect(
                try await shop.orders.send(.post, path, json: early, token: shop.anOperator().token).code
                    == "terms_in_the_past")
            var tooMuch = terms
            tooMuch.platformRateBps = 9_500
            #expect(
                try await shop.orders.send(.post, path, json: tooMuch, token: shop.anOperator().token).code
                    == "terms_divide_wrongly")
            let agreement: SettlementAgreement = try await shop.orders.send(.get, path, token: manager.token).decoded()
            let version: SettlementTerms = try agreed.decoded()
            #expect(agreement == SettlementAgreement(defaultPlatformRateBps: 60, versions: [version]))
            #expect(try await shop.orders.send(.get, path, token: try shop.staff().token).status == .forbidden)

            var mine = try shop.settled("2026-10-01T04:00:00Z", [("wechat", 10_001)])
            mine.placedAt = shop.kit.now().after(60)
            var others = try shop.settled("2026-10-01T04:00:00Z", [("wechat", 777)])
            (others.storeID, others.merchantID) = (.make(at: now), .make(at: now))
            try await shop.orders.test.run(mine.script + others.script)
            _ = try await shop.run(day: "2026-10-01")
            let all = try await shop.statements(kind: nil)
            #expect(all.count == 4)
            let merchants = all.filter { $0.payeeKind == .merchant }
            let own = try #require(merchants.first { $0.payeeID == shop.merchantID.description })
            let foreign = try #require(merchants.first { $0.payeeID != shop.merchantID.description })
            let led = try #require(all.first { $0.payeeKind == .leader })
            let platform = try #require(all.first { $0.payeeKind == .platform })
            #expect(own.net == fen(8_901) && led.net == fen(1_000) && platform.net == fen(100 + 5))

            let page: Page<Settlement> = try await shop.orders.send(
                .get, OrdersAPI.settlements.path() + "?store_id=\(shop.storeID)", token: manager.token).decoded()
            #expect(page.items == [own])
            let owned: Page<Settlement> = try await shop.orders.send(
                .get, OrdersAPI.settlements.path(), token: leader.token).decoded()
            #expect(owned.items == [led])
            for (person, visible) in [(manager, [own.id]), (leader, [led.id]), (try shop.customer(), []), (try shop.staff(), [])]
                as [(Person, [SettlementID])]
            {
                for statement in [own, foreign, led, platform] {
                    for pattern in [OrdersAPI.settlement, OrdersAPI.settlementLines, OrdersAPI.settlementTable] {
                        let answer = try await shop.orders.send(.get, pattern.path(statement.id), token: person.token)
                        #expect(answer.status == (visible.contains(statement.id) ? .ok : .notFound), "\(pattern)")
                    }
                }
            }
            let stranger = try await shop.orders.send(
                .get, OrdersAPI.settlements.path() + "?store_id=\(others.storeID)", token: manager.token)
            #expect(stranger.status == .notFound)
            let table = try await shop.orders.send(.get, OrdersAPI.settlementTable.path(own.id), token: manager.token)
            #expect(table.headers["content-type"] == "text/csv; charset=utf-8")
            #expect(
                table.text == """
                    order_number,order_id,cause,at,currency,amount,commission,taken,net\r
                    \(OrderNumber.text(mine.id)),\(mine.id),sale,\(mine.completedAt),CNY,100.01,11.00,0.00,89.01\r\n
                    """)
        }
    }

    @Test func `pages of statements and lines leave nothing out`() async throws {
        try await Shop.open { shop in
            let orders = try (0..<7).map { try shop.settled("2026-10-01T04:0\($0):00Z", [("card", 100 + Int64($0))]) }
            let next = try shop.settled("2026-10-02T04:00:00Z", [("card", 500)])
            try await shop.orders.test.run((orders + [next]).map(\.script).joined())
            _ = try await shop.run(day: "2026-10-02")
            let boss = try shop.anOperator()
            var statements: [Settlement] = []
            var cursor: String? = ""
            while let after = cursor {
                let page: Page<Settlement> = try await shop.orders.send(
                    .get, OrdersAPI.settlements.path() + "?limit=1\(after)", token: boss.token).decoded()
                statements += page.items
                cursor = page.nextCursor.map { "&cursor=" + $0 }
            }
            #expect(statements == (try await shop.statements(kind: nil)) && statements.count == 4)
            let first = try #require(statements.last { $0.payeeKind == .merchant })
            var lines: [SettlementLine] = []
            cursor = ""
            while let after = cursor {
                let page: Page<SettlementLine> = try await shop.orders.send(
                    .get, OrdersAPI.settlementLines.path(first.id) + "?limit=3\(after)", token: boss.token).decoded()
                lines += page.items
                cursor = page.nextCursor.map { "&cursor=" + $0 }
            }
            #expect(lines.map(\.orderID) == orders.map(\.id))
            #expect(lines.reduce(0) { $0 + $1.net.minorUnits } == first.net.minorUnits)
            for query in ["?cursor=x", "?state=none", "?payee_kind=1", "?limit=0"] {
                let answer = try await shop.orders.send(.get, OrdersAPI.settlements.path() + query, token: boss.token)
                #expect(answer.status == .badRequest, "\(query)")
            }
        }
    }

    @Test(arguments: 1...2) func `statements and payouts always balance the journal`(_ round: Int) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("SettlementStatementTests round \(round): seed \(seed)")
        try await Shop.open { shop in
            try await shop.allowCash()
            var random = SplitMix(seed)
            var orders: [SettledOrder] = []
            for day in 1...6 {
                var script = ""
                for _ in 0..<15 {
                    let hour = Int.random(in: 10...15, using: &random)
                    let order = try shop.settled(
                        "2026-10-0\(day)T\(hour):00:00Z",
                        [(["wechat", "cash"].randomElement(using: &random) ?? "", Int64.random(in: 1...9_999, using: &random))])
                    orders.append(order)
                    script += order.script
                }
                for _ in 0..<12 {
                    let index = orders.indices.randomElement(using: &random) ?? 0
                    let left = orders[index].parts[0].net
                    guard left > 0 else { continue }
                    let amount = Int64.random(in: 1...left, using: &random)
                    let at = try #require(Timestamp("2026-10-0\(day)T15:30:00Z"))
                    let id = RefundID.make(at: at)
                    script += orders[index].refundScript(id, of: orders[index].parts[0], amount: amount, at: at)
                    orders[index].parts[0].refunds.append((id, amount))
                }
                try await shop.orders.test.run(script)
                // Two at once close it once.
                let runs = try await together(2) { _ in try await shop.run(day: "2026-10-0\(day)") }
                #expect(runs.flatMap(\.days) == ["2026-10-0\(day)"], "seed \(seed)")
                let rows = try await shop.kit.database.all(UnbalancedPayees())
                #expect(rows == [], "seed \(seed)")
                if let due = try await shop.statements().first(where: { $0.state == .open }) {
                    _ = try await shop.orders.send(
                        .post, OrdersAPI.settlementConfirm.path(due.id), token: shop.anOperator().token)
                    #expect(try await shop.payOut(due.id, NewPayout(reference: "r")).status == .ok)
                }
            }
        }
    }
}

/// Payees whose journal is not what their statements say.
private struct UnbalancedPayees: Statement {
    static let name: StaticString = "test_unbalanced_payees"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT format('%s %s: %s booked, %s stated', payee_kind, payee_id, booked, stated)
        FROM (SELECT payee_kind, payee_id, sum(net) AS booked FROM settlement_entries GROUP BY 1, 2) AS b
        FULL JOIN (
            SELECT payee_kind, payee_id, sum(net) FILTER (WHERE state <> 'carried' OR next IS NULL) AS stated
            FROM (
                SELECT *, lead(id) OVER (PARTITION BY payee_kind, payee_id ORDER BY day) AS next FROM settlements
            ) AS s
            GROUP BY 1, 2
        ) AS s USING (payee_kind, payee_id)
        WHERE booked IS DISTINCT FROM coalesce(stated, 0)
        """

    func bind(to parameters: inout Parameters) {}
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

extension Shop {
    fileprivate func anOperator() throws -> Person {
        let id = AccountID.make(at: kit.now())
        return Person(id: id, token: try TestTokens.user(id, isOperator: true))
    }

    /// A completed order of this shop.
    fileprivate func settled(_ completedAt: String, _ parts: [(gateway: String, amount: Int64)]) throws -> SettledOrder {
        let at = try #require(Timestamp(completedAt))
        return SettledOrder(
            id: .make(at: at), storeID: storeID, merchantID: merchantID, placedAt: at.after(-60), completedAt: at,
            parts: parts.map { .init(id: .make(at: at), gateway: $0.gateway, amount: $0.amount) })
    }

    fileprivate func run(day: String) async throws -> SettlementRun {
        let answer = try await orders.send(
            .post, OrdersAPI.settlementRuns.path(), json: NewSettlementRun(day: day), token: anOperator().token)
        guard answer.status == .created else { throw UnexpectedAnswer(answer) }
        return try answer.decoded()
    }

    /// As an operator sees them, newest first.
    fileprivate func statements(kind: PayeeKind? = .merchant) async throws -> [Settlement] {
        let query = kind.map { "&payee_kind=" + $0.rawValue } ?? ""
        let page: Page<Settlement> = try await orders.send(
            .get, OrdersAPI.settlements.path() + "?limit=100" + query, token: anOperator().token).decoded()
        return page.items
    }

    fileprivate func statement(_ id: SettlementID, _ person: Person) async throws -> ClientResponse {
        try await orders.send(.get, OrdersAPI.settlement.path(id), token: person.token)
    }

    fileprivate func payOut(
        _ id: SettlementID, _ payout: NewPayout, by person: Person? = nil, key: String? = nil
    ) async throws -> ClientResponse {
        try await orders.send(
            .post, OrdersAPI.settlementPayout.path(id), json: payout, token: (person ?? anOperator()).token,
            headers: key.map { [("idempotency-key", $0)] } ?? [])
    }
}
