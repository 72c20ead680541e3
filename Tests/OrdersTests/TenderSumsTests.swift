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

/// Where refunds come from, and that parts and refunds of any sequence add up.
@Suite(.serialized, .timeLimit(.minutes(5))) struct TenderSumsTests {
    @Test func `parts add up exactly and never take more than a payment has`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("TenderSumsTests parts: seed \(seed)")
        var random = SplitMix(seed)
        for _ in 0..<2_000 {
            let sources = (0..<Int.random(in: 0...6, using: &random)).map { index in
                RefundPlan.Source(
                    payment: PaymentID(uuid: UUID128(high: 0, low: UInt64(index))),
                    gateway: GatewayName.allCases.randomElement(using: &random) ?? .cash,
                    left: Int64.random(in: 0...1_000, using: &random))
            }
            let left = sources.reduce(0) { $0 + $1.left }
            let amount = Int64.random(in: 1...3_000, using: &random)
            guard let parts = RefundPlan.parts(of: amount, from: sources) else {
                #expect(amount > left, "seed \(seed)")
                continue
            }
            #expect(amount <= left, "seed \(seed)")
            #expect(parts.reduce(0) { $0 + $1.amount } == amount, "seed \(seed)")
            #expect(Set(parts.map(\.payment)).count == parts.count, "seed \(seed)")
            for part in parts {
                let source = sources.first { $0.payment == part.payment }
                #expect(part.amount > 0 && part.amount <= source?.left ?? 0, "seed \(seed)")
            }
        }
    }

    @Test func `money comes back before points, from gateways before the counter`() {
        func source(_ number: UInt64, _ gateway: GatewayName) -> RefundPlan.Source {
            RefundPlan.Source(payment: PaymentID(uuid: UUID128(high: 0, low: number)), gateway: gateway, left: 10)
        }
        let newestFirst = [source(5, .points), source(4, .cash), source(3, .wechat), source(2, .terminal), source(1, .card)]
        let parts = RefundPlan.parts(of: 45, from: newestFirst)
        #expect(parts?.map(\.payment.uuid.low) == [3, 1, 4, 2, 5])
        #expect(parts?.map(\.amount) == [10, 10, 10, 10, 5])
        #expect(RefundPlan.parts(of: 51, from: newestFirst) == nil)
    }

    @Test(arguments: 1...3) func `random parts and refunds of one order keep every sum`(_ round: Int) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("TenderSumsTests round \(round): seed \(seed)")
        try await Shop.open { shop in
            var random = SplitMix(seed)
            for _ in 0..<3 { try await play(shop, &random, seed) }
        }
    }

    private func play(_ shop: Shop, _ random: inout SplitMix, _ seed: UInt64) async throws {
        let (customer, clerk, manager) = (try shop.customer(), try shop.staff(), try shop.staff(.manager))
        let order = try await shop.place(customer)
        let total = order.totals.total.minorUnits
        var paid: Int64 = 0
        while paid < total {
            let left = total - paid
            let part = Bool.random(using: &random) ? left : Int64.random(in: 1...left, using: &random)
            if Bool.random(using: &random) {
                try await shop.payByWeChat(try await shop.startPayment(customer, order.id, amount: part))
            } else {
                let cash = OfflinePayment(method: .cash, amount: Money(minorUnits: part))
                _ = try await shop.takeCash(order.id, clerk, cash)
            }
            paid += part
            #expect(try await shop.read(customer, order.id).totals.paid.minorUnits == paid, "seed \(seed)")
        }
        #expect(try await shop.read(customer, order.id).states.payment == .paid, "seed \(seed)")
        var back: Int64 = 0
        while back < total {
            let part = Bool.random(using: &random) ? total - back : Int64.random(in: 1...(total - back), using: &random)
            let answer = try await shop.orders.send(
                .post, OrdersAPI.orderRefunds.path(order.id),
                json: NewRefund(amount: Money(minorUnits: part), reason: "x"), token: manager.token)
            let refund: Refund = try answer.decoded()
            #expect(([refund] + refund.further).reduce(0) { $0 + $1.amount.minorUnits } == part, "seed \(seed)")
            back += part
            for refund in [refund] + refund.further where refund.gateway == .cash {
                #expect(try await shop.handOut(refund.id, clerk).status == .ok, "seed \(seed)")
            }
            #expect(
                try await shop.refundUntil {
                    try await shop.read(customer, order.id).totals.refunded.minorUnits == back
                }, "seed \(seed)")
        }
        let ended = try await shop.read(customer, order.id)
        #expect(ended.states.payment == .refunded, "seed \(seed)")
        #expect(ended.states.order == .cancelled, "seed \(seed)")
        #expect(ended.refunds.reduce(0) { $0 + $1.amount.minorUnits } == total, "seed \(seed)")
    }
}
