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

/// The settlement journal: who is owed what of each completed order.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SettlementJournalTests {
    /// Terms by when they begin, seconds after the first.
    private struct Terms: Sendable {
        let validFrom: Timestamp
        let platform: Int64
        let leader: Int64
    }

    @Test(arguments: 1...3) func `whatever is paid and given back, every share is exact at any time`(_ round: Int) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("SettlementJournalTests round \(round): seed \(seed)")
        try await Shop.open { shop in
            var random = SplitMix(seed)
            try await shop.allowCash()
            let start = Timestamp(microseconds: 1_790_000_000_000_000)
            let terms = try await addTerms(shop, from: start, &random)
            var orders = makeOrders(200, shop, from: start, &random)
            try await shop.orders.test.run(orders.map(\.script).joined())
            // Refunds come in between the runs of two replicas and the service's own.
            for _ in 0..<4 {
                _ = try await together(3) { _ in try await shop.book() }
                try await expectExact(orders, terms, shop, seed)
                var script = ""
                for _ in 0..<80 { script += addRefund(to: &orders, &random) }
                try await shop.orders.test.run(script)
            }
            _ = try await together(3) { _ in try await shop.book() }
            try await expectExact(orders, terms, shop, seed)
        }
    }

    private func addTerms(_ shop: Shop, from start: Timestamp, _ random: inout SplitMix) async throws -> [Terms] {
        var terms: [Terms] = []
        for index in 1...3 {
            let platform = Int64.random(in: 0...3_000, using: &random)
            let new = Terms(
                validFrom: start.after(Int64(index) * 1_000), platform: platform,
                leader: Int64.random(in: 0...7_000, using: &random))
            try await shop.orders.test.run(
                """
                INSERT INTO settlement_terms
                VALUES ('\(hex(shop.storeID.uuid))', '\(new.validFrom)', \(platform),
                    '\(hex(shop.storeID.uuid))', \(new.leader), '\(hex(shop.storeID.uuid))', now())
                """)
            terms.append(new)
        }
        return terms
    }

    private func makeOrders(_ count: Int, _ shop: Shop, from start: Timestamp, _ random: inout SplitMix) -> [SettledOrder] {
        (0..<count).map { index in
            let placedAt = start.after(Int64.random(in: 0...4_000, using: &random))
            let parts = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                SettledOrder.Part(
                    id: .make(at: placedAt), gateway: ["wechat", "alipay", "card", "cash"].randomElement(using: &random) ?? "",
                    amount: Int64.random(in: 1...(index.isMultiple(of: 2) ? 20 : 100_000_000), using: &random))
            }
            return SettledOrder(
                id: .make(at: placedAt), storeID: shop.storeID, merchantID: shop.merchantID, placedAt: placedAt,
                completedAt: placedAt.after(Int64.random(in: 0...200_000, using: &random)), parts: parts)
        }
    }

    private func addRefund(to orders: inout [SettledOrder], _ random: inout SplitMix) -> String {
        let order = Int.random(in: orders.indices, using: &random)
        let part = Int.random(in: orders[order].parts.indices, using: &random)
        let left = orders[order].parts[part].net
        guard left > 0 else { return "" }
        let amount = Bool.random(using: &random) ? left : Int64.random(in: 1...left, using: &random)
        let at = orders[order].placedAt.after(Int64.random(in: 0...400_000, using: &random))
        let id = RefundID.make(at: at)
        let script = orders[order].refundScript(id, of: orders[order].parts[part], amount: amount, at: at)
        orders[order].parts[part].refunds.append((id, amount))
        return script
    }

    private func expectExact(_ orders: [SettledOrder], _ terms: [Terms], _ shop: Shop, _ seed: UInt64) async throws {
        let journal = try await shop.journal()
        #expect(journal.count == orders.reduce(0) { $0 + $1.parts.count }, "seed \(seed)")
        for order in orders {
            let rates = terms.last { $0.validFrom <= order.placedAt } ?? Terms(validFrom: order.placedAt, platform: 60, leader: 0)
            let weights = [10_000 - rates.platform - rates.leader, rates.platform, rates.leader]
            for part in order.parts {
                let shares = try Money(minorUnits: part.net).allocate(by: weights).map(\.minorUnits)
                let expected = JournalOfPayments.Sums(
                    amount: part.net, shares: shares, taken: part.gateway == "cash" ? part.net : 0,
                    postings: 1 + part.refunds.count)
                #expect(journal[part.id] == expected, "seed \(seed), order \(order.id)")
            }
        }
    }

    @Test func `an order is booked when it was collected, and taken back with its refunds`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let manager = try shop.staff(.manager)
            let open = try await shop.paidOrder(customer)
            let done = try await shop.paidOrder(customer)
            try await shop.makeReady(done.order.id, manager)
            let code = try #require(try await shop.read(customer, done.order.id).pickupCode)
            #expect(try await shop.collect(code, manager).status == .ok)
            try await shop.book()
            #expect(
                try await shop.journal() == [
                    done.payment.id: .init(amount: 5_780, shares: [5_745, 35, 0], taken: 0, postings: 1)
                ])
            for (amount, shares) in [(1_000, [4_751, 29, 0]), (4_780, [0, 0, 0])] as [(Int64, [Int64])] {
                let part = NewRefund(amount: Money(minorUnits: amount), reason: "x")
                let answer = try await shop.orders.send(
                    .post, OrdersAPI.orderRefunds.path(done.order.id), json: part, token: manager.token)
                #expect(answer.status == .created)
                #expect(
                    try await shop.refundUntil {
                        try await shop.read(customer, done.order.id).refunds.allSatisfy { $0.state == .succeeded }
                    })
                try await shop.book()
                #expect(try await shop.journal()[done.payment.id]?.shares == shares)
            }
            // One that is not completed is nobody's yet, also when its money goes back.
            #expect(try await shop.post(OrdersAPI.orderCancel, open.order.id, customer).status == .ok)
            #expect(
                try await shop.refundUntil {
                    try await shop.read(customer, open.order.id).refunds.allSatisfy { $0.state == .succeeded }
                })
            try await shop.book()
            #expect(try await shop.journal()[open.payment.id] == nil)
        }
    }

    @Test func `a day ends at midnight in Shanghai, and nothing is booked on a closed one`() async throws {
        try await Shop.open { shop in
            func order(completedAt text: String) throws -> SettledOrder {
                let at = try #require(Timestamp(text))
                return SettledOrder(
                    id: .make(at: at), storeID: shop.storeID, merchantID: shop.merchantID, placedAt: at.after(-60),
                    completedAt: at, parts: [.init(id: .make(at: at), gateway: "wechat", amount: 100)])
            }
            let before = try order(completedAt: "2026-10-07T15:59:59.999999Z")
            let after = try order(completedAt: "2026-10-07T16:00:00Z")
            try await shop.orders.test.run(before.script + after.script)
            try await shop.book()
            #expect(try await shop.kit.database.all(DaysOfPostings(orderID: before.id)) == ["2026-10-07"])
            #expect(try await shop.kit.database.all(DaysOfPostings(orderID: after.id)) == ["2026-10-08"])
            let late = try order(completedAt: "2026-10-07T15:00:00Z")
            try await shop.orders.test.run(
                "INSERT INTO settlement_days VALUES ('2026-10-07', now()), ('2026-10-08', now());" + late.script)
            try await shop.book()
            #expect(try await shop.kit.database.all(DaysOfPostings(orderID: late.id)) == ["2026-10-09"])
        }
    }
}
