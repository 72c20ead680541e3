import Models
import Postgres
import TestSupport
import Testing
@testable import Catalog

/// The reservation statement and its rounds on a real server.
@Suite(.timeLimit(.minutes(2))) struct ReservationTests {
    @Test func `stock is held, and the ledger says so`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: [5, 3])
            let result = try await shop.reserve([shop.request([(0, 2), (1, 3)])])
            #expect(result.map(\.outcome) == [.reserved])
            #expect(try await shop.level(0) == (5, 2))
            #expect(try await shop.level(1) == (3, 3))
            #expect(try await test.database.one(StockFaults()) == 0)
        }
    }

    @Test func `200 orders at once for the last unit: exactly one gets it`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: [1])
            let outcomes = try await withThrowingTaskGroup(of: ReservationOutcome?.self) { group in
                for _ in 0..<200 {
                    group.addTask { try await shop.reserve([shop.request([(0, 1)])]).first?.outcome }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == .reserved } == 1)
            #expect(outcomes.count { $0 == .outOfStock } == 199)
            #expect(try await shop.level(0) == (1, 1))
            #expect(try await test.database.one(StockFaults()) == 0)
        }
    }

    @Test func `two lines of one SKU count together`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: [3])
            let results = try await shop.reserve([
                shop.request([(0, 2), (0, 2)]), shop.request([(0, 2), (0, 1)]),
            ])
            #expect(results.map(\.outcome) == [.outOfStock, .reserved])
            #expect(results[0].available == 3)
            #expect(try await shop.level(0) == (3, 3))
        }
    }

    @Test func `a bad order in a batch never fails its neighbours`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: [10, 1])
            var unknown = shop.request([(0, 1)])
            unknown.lines.append(ReservationLine(skuID: .make(at: Shop.now), quantity: 1))
            var elsewhere = shop.request([(0, 1)])
            elsewhere.storeID = .make(at: Shop.now)
            let requests = [
                shop.request([(0, 2)]), shop.request([(0, 3), (1, 2)]), unknown, elsewhere,
                shop.request([(0, 7), (1, 1)]), shop.request([(0, 2)]), shop.request([(0, 1)]),
            ]
            let results = try await shop.reserve(requests)
            #expect(
                results.map(\.outcome) == [
                    .reserved, .outOfStock, .unknownSKU, .unknownSKU, .reserved, .outOfStock, .reserved,
                ])
            #expect(results.map(\.orderID) == requests.map(\.orderID))
            #expect(results[1].skuID == shop.skuIDs[1])
            #expect(results[5].available == 1)
            #expect(try await shop.level(0) == (10, 10))
            #expect(try await test.database.one(StockFaults()) == 0)
        }
    }

    @Test func `the same request again gets the same answer and takes nothing`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: [2])
            let request = shop.request([(0, 2)])
            let first = try await shop.reserve([request, request])
            #expect(first.map(\.outcome) == [.reserved, .reserved])
            let again = try await shop.reserve([request])
            #expect(again == [first[0]])
            var other = request
            other.lines[0].quantity = 1
            #expect(try await shop.reserve([other]).map(\.outcome) == [.conflict])
            #expect(try await shop.level(0) == (2, 2))
        }
    }

    @Test func `one order asked for by many at once is held once, and all are told so`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: [1])
            let request = shop.request([(0, 1)])
            let outcomes = try await withThrowingTaskGroup(of: ReservationOutcome?.self) { group in
                for _ in 0..<40 { group.addTask { try await shop.reserve([request]).first?.outcome } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.allSatisfy { $0 == .reserved })
            #expect(try await shop.level(0) == (1, 1))
            #expect(try await test.database.one(StockFaults()) == 0)
        }
    }

    @Test func `a price that changed refuses the order and names the present one`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: [5])
            var request = shop.request([(0, 1)])
            request.lines[0].unitPrice = Money(minorUnits: 900)
            let refused = try await shop.reserve([request, shop.request([(0, 5)])])
            #expect(refused.map(\.outcome) == [.priceChanged, .reserved])
            #expect(refused[0].price == Money(minorUnits: 1_000))
            var agreed = shop.request([(0, 1)])
            agreed.lines[0].unitPrice = Money(minorUnits: 1_000)
            #expect(try await shop.reserve([agreed]).map(\.outcome) == [.outOfStock])
        }
    }

    @Test func `the online buffer is not sold`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: [5], buffer: 2)
            let results = try await shop.reserve([shop.request([(0, 4)]), shop.request([(0, 3)])])
            #expect(results.map(\.outcome) == [.outOfStock, .reserved])
            #expect(results[0].available == 3)
        }
    }

    @Test func `random batches from many sides never sell more than there is`() async throws {
        try await Shop.withDatabase { test in
            let shop = try await Shop.make(test.database, stock: Array(repeating: 40, count: 8))
            let held = try await withThrowingTaskGroup(of: Int.self) { group in
                for seed in 0..<24 {
                    group.addTask {
                        var random = SeededGenerator(seed: UInt64(seed))
                        var units = 0
                        for _ in 0..<4 {
                            let requests = (0..<12).map { _ in
                                let lines = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                                    (Int.random(in: 0..<8, using: &random), Int.random(in: 1...3, using: &random))
                                }
                                return shop.request(lines)
                            }
                            for (request, result) in zip(requests, try await shop.reserve(requests))
                            where result.outcome == .reserved {
                                units += request.lines.reduce(0) { $0 + $1.quantity }
                            }
                        }
                        return units
                    }
                }
                return try await group.reduce(0, +)
            }
            var reserved = 0
            for sku in 0..<8 {
                let level = try await shop.level(sku)
                #expect(level.reserved <= level.onHand)
                reserved += level.reserved
            }
            #expect(reserved == held)
            #expect(try await test.database.one(StockFaults()) == 0)
        }
    }
}

/// SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
