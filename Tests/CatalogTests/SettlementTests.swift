import Models
import Postgres
import Synchronization
import TestSupport
import Testing
@testable import Catalog

/// Committing, releasing and expiring on a real server: each exactly once, in any order.
@Suite(.timeLimit(.minutes(2))) struct SettlementTests {
    private typealias Move = SettleReservations.Move

    private func settle(_ shop: Shop, _ steps: [(OrderID, Move)]) async throws {
        let settle = SettleReservations(now: { Shop.now }) { _ in }
        let steps = steps.map { SettleReservations.Step(orderID: $0, move: $1, traceparent: nil) }
        try await shop.database.transaction { tx in try await settle.apply(steps, tx) }
    }

    private func expire(_ shop: Shop, after: Duration) async throws -> Int {
        let now = Shop.now + after
        return try await shop.database.one(
            ExpireReservations(expiredBefore: now - .seconds(300), at: now, limit: 500))
    }

    @Test func `a paid order's stock leaves the shelf, once`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: [5])
            let request = shop.request([(0, 2)])
            _ = try await shop.reserve([request])
            for _ in 0..<3 { try await settle(shop, [(request.orderID, .commit)]) }
            #expect(try await shop.level(0) == (3, 0))
            #expect(try await shop.state(request.orderID) == .committed)
            #expect(try await expire(shop, after: .seconds(10_000)) == 0)
            #expect(try await shop.reserve([request]).map(\.outcome) == [.reserved])
            #expect(try await test.database.one(StockFaults()) == 0)
            #expect(try await test.database.all(OutboxTypes()).isEmpty)
        }
    }

    @Test func `a cancelled order gives back what it held, once`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: [5])
            let request = shop.request([(0, 2)])
            _ = try await shop.reserve([request])
            for _ in 0..<3 { try await settle(shop, [(request.orderID, .release)]) }
            #expect(try await shop.level(0) == (5, 0))
            #expect(try await shop.state(request.orderID) == .released)
            #expect(try await shop.reserve([request]).map(\.outcome) == [.conflict])
            #expect(try await test.database.one(StockFaults()) == 0)
        }
    }

    @Test func `a paid order that is cancelled returns its goods, also within one delivery`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: [5])
            let first = shop.request([(0, 2)])
            let second = shop.request([(0, 1)])
            _ = try await shop.reserve([first, second])
            try await settle(
                shop, [(first.orderID, .commit), (second.orderID, .release), (first.orderID, .release)])
            #expect(try await shop.level(0) == (5, 0))
            #expect(try await shop.state(first.orderID) == .returned)
            #expect(try await shop.state(second.orderID) == .released)
            #expect(try await test.database.one(StockFaults()) == 0)
        }
    }

    @Test func `a reservation expires after its time and the grace, once`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: [5])
            let request = shop.request([(0, 2)])
            _ = try await shop.reserve([request])
            #expect(try await expire(shop, after: .seconds(1_199)) == 0)
            #expect(try await expire(shop, after: .seconds(1_201)) == 1)
            #expect(try await expire(shop, after: .seconds(1_300)) == 0)
            #expect(try await shop.level(0) == (5, 0))
            #expect(try await shop.state(request.orderID) == .expired)
            #expect(try await test.database.one(StockFaults()) == 0)
        }
    }

    @Test func `a payment after the expiry takes the stock again while it is there`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: [5])
            let request = shop.request([(0, 2)])
            _ = try await shop.reserve([request])
            _ = try await expire(shop, after: .seconds(2_000))
            try await settle(shop, [(request.orderID, .commit), (request.orderID, .commit)])
            #expect(try await shop.level(0) == (3, 0))
            #expect(try await shop.state(request.orderID) == .committed)
            #expect(try await test.database.one(StockFaults()) == 0)
        }
    }

    @Test func `a payment after the expiry fails when others have the stock, told once`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: [2, 9])
            let late = shop.request([(0, 1), (1, 1)])
            _ = try await shop.reserve([late])
            _ = try await expire(shop, after: .seconds(2_000))
            #expect(try await shop.reserve([shop.request([(0, 2)])]).map(\.outcome) == [.reserved])
            for _ in 0..<2 { try await settle(shop, [(late.orderID, .commit)]) }
            try await settle(shop, [(late.orderID, .release)])
            #expect(try await shop.state(late.orderID) == .commitFailed)
            #expect(try await shop.level(0) == (2, 2))
            #expect(try await shop.level(1) == (9, 0))
            #expect(try await test.database.all(OutboxTypes()) == ["stock.commit_failed"])
            #expect(try await test.database.one(StockFaults()) == 0)
        }
    }

    @Test func `payment, cancellation and expiry at once: one wins, nothing is lost`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: [100])
            for _ in 0..<10 {
                let request = shop.request([(0, 3)])
                _ = try await shop.reserve([request])
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<3 {
                        group.addTask { try await settle(shop, [(request.orderID, .commit)]) }
                        group.addTask { try await settle(shop, [(request.orderID, .release)]) }
                        group.addTask { _ = try await expire(shop, after: .seconds(2_000)) }
                    }
                    try await group.waitForAll()
                }
                #expect(try await test.database.one(StockFaults()) == 0)
            }
            #expect(try await shop.level(0).reserved == 0)
        }
    }

    @Test func `reserving, paying and cancelling over many SKUs at once does not wait in circles`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: Array(repeating: 10_000, count: 6))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for seed in 0..<12 {
                    group.addTask {
                        var random = SeededGenerator(seed: UInt64(seed))
                        for _ in 0..<6 {
                            let requests = (0..<10).map { _ in
                                shop.request((0..<3).map { _ in (Int.random(in: 0..<6, using: &random), 1) })
                            }
                            _ = try await shop.reserve(requests)
                            let paid = requests.prefix(6).shuffled(using: &random).map { ($0.orderID, Move.commit) }
                            let dropped = requests.suffix(6).shuffled(using: &random).map { ($0.orderID, Move.release) }
                            try await settle(shop, paid + dropped)
                        }
                    }
                }
                try await group.waitForAll()
            }
            for sku in 0..<6 { #expect(try await shop.level(sku).reserved == 0) }
            #expect(try await test.database.one(StockFaults()) == 0)
        }
    }

    @Test func `the ledger cannot be changed`() async throws {
        try await Shop.withDatabase { test in
            _ = try await Shop.make(test.database, stock: [1])
            await #expect(throws: (any Error).self) { try await test.run("UPDATE stock_ledger SET on_hand_delta = 2") }
            await #expect(throws: (any Error).self) { try await test.run("DELETE FROM stock_ledger") }
        }
    }

    @Test func `an adjustment below what is held is refused as a whole`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: [5, 5])
            _ = try await shop.reserve([shop.request([(0, 4)])])
            func adjust(_ lines: [(Int, Int)]) async throws {
                let lines = lines.map {
                    StockAdjustmentLine(skuID: shop.skuIDs[$0.0], delta: $0.1, cause: .counted)
                }
                _ = try await test.database.all(
                    AdjustStock(
                        adjustment: StockAdjustment(storeID: shop.storeID, lines: lines), actor: "test", at: Shop.now))
            }
            let error = await #expect(throws: PostgresError.self) { try await adjust([(1, 3), (0, -2)]) }
            #expect(error?.isCheckViolation("stock_never_negative") == true)
            #expect(try await shop.level(1) == (5, 0))
            try await adjust([(1, 3), (0, -1)])
            #expect(try await shop.level(0) == (4, 4))
            #expect(try await shop.level(1) == (8, 0))
            #expect(try await test.database.one(StockFaults()) == 0)
        }
    }
}
