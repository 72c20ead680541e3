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

/// Random moves by everybody who may move an order, through the real routes, against a model written from the README's
/// tables alone. A failure prints the seed that repeats it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct OrderMachineTests {
    private enum Step: CaseIterable, Sendable {
        case startPayment, pay, accept, prepare, makeReady, collect, cancelByCustomer, cancelByManager, expire
        case refundPart, stockFails
    }

    /// What the README says, told a second time and in other words.
    private struct Model {
        var hasPayment = false
        var isPaid = false
        var isOpen = true
        var isExpired = false
        var stage = 0 // waiting, accepted, preparing, ready, collected
        var paid: Int64 = 0
        var requested: Int64 = 0
        var returned: Int64 = 0

        var hasAllBack: Bool { isPaid && returned == paid }

        var states: OrderStates {
            let payment: OrderPaymentState =
                !isPaid ? .unpaid : returned == 0 ? .paid : returned < paid ? .partlyRefunded : .refunded
            let order: OrderState = isOpen ? .open : isExpired ? .expired : stage == 4 ? .completed : .cancelled
            return OrderStates(payment: payment, order: order, fulfilment: FulfilmentState.allCases[stage])
        }

        mutating func end() {
            isOpen = false
            requested = paid
        }

        /// Whether the service shall answer with success.
        mutating func apply(_ step: Step) -> Bool {
            switch step {
            case .startPayment:
                guard isOpen, !isPaid else { return false }
                hasPayment = true
                return true
            case .pay: return true
            case .accept, .prepare, .makeReady:
                let from = step == .accept ? 0 : step == .prepare ? 1 : 2
                guard isOpen, isPaid, !hasAllBack, stage == from else { return false }
                stage += 1
                return true
            case .collect:
                guard isOpen, isPaid, !hasAllBack, stage == 3 else { return false }
                stage = 4
                isOpen = false
                return true
            case .cancelByCustomer:
                guard isOpen, stage < 2 else { return false }
                end()
                return true
            case .cancelByManager:
                guard isOpen else { return false }
                end()
                return true
            case .expire:
                if isOpen, !isPaid {
                    isOpen = false
                    isExpired = true
                }
                return true
            case .refundPart:
                guard isPaid, paid - requested >= 100 else { return false }
                if paid - requested == 100, isOpen { end() } else { requested += 100 }
                return true
            case .stockFails:
                if isOpen, isPaid { end() }
                return true
            }
        }
    }

    @Test(arguments: 1...6) func `random moves go as the tables say`(_ round: Int) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("OrderMachineTests round \(round): seed \(seed)")
        try await Shop.open { shop in
            var random = SplitMix(seed)
            for _ in 0..<6 { try await play(shop, &random, seed) }
        }
    }

    private func play(_ shop: Shop, _ random: inout SplitMix, _ seed: UInt64) async throws {
        let people = People(customer: try shop.customer(), clerk: try shop.staff(), manager: try shop.staff(.manager))
        let order = try await shop.place(people.customer, [(shop.catalog.noodles, 1)])
        var model = Model()
        var payment: Payment?
        var steps: [Step] = []
        for _ in 0..<14 {
            // Forwards more often than anything else, or most orders would end at once.
            let forwards: [Step] = [.startPayment, .pay, .accept, .prepare, .makeReady, .collect]
            guard let step = (Bool.random(using: &random) ? forwards : Step.allCases).randomElement(using: &random) else {
                continue
            }
            if step == .pay {
                guard let payment else { continue }
                shop.weChat.pay(payment.id)
                if model.isOpen, !model.isPaid {
                    model.isPaid = true
                    model.paid = order.totals.total.minorUnits
                }
            }
            steps.append(step)
            let before = model
            let shallSucceed = model.apply(step)
            let didSucceed = try await perform(step, order.id, &payment, people, shop, before.states)
            // What was asked back arrives before the next step.
            model.returned = model.requested
            _ = try await shop.refundUntil {
                try await shop.read(people.customer, order.id).refunds.allSatisfy { $0.state == .succeeded }
            }
            let context: Comment = "seed \(seed), steps \(steps)"
            #expect(didSucceed == shallSucceed, context)
            let read = try await shop.read(people.customer, order.id)
            #expect(read.states == model.states, context)
            #expect(read.totals.refunded.minorUnits == model.returned, context)
            guard didSucceed == shallSucceed, read.states == model.states else { return }
        }
        try await expectWholeBooks(order.id, people.customer, shop)
    }

    private struct People: Sendable {
        let customer: Person
        let clerk: Person
        let manager: Person
    }

    private func perform(
        _ step: Step, _ id: OrderID, _ payment: inout Payment?, _ people: People, _ shop: Shop, _ states: OrderStates
    ) async throws -> Bool {
        switch step {
        case .startPayment:
            let answer = try await shop.paymentAnswer(people.customer, id)
            if answer.status == .created { payment = try answer.decoded() }
            return answer.status == .created
        case .pay:
            guard let payment else { return true }
            return try await shop.notify(try shop.weChat.notification(of: payment.id)).status == .noContent
        case .accept: return try await shop.post(OrdersAPI.orderAccept, id, people.clerk).status == .ok
        case .prepare: return try await shop.post(OrdersAPI.orderPrepare, id, people.clerk).status == .ok
        case .makeReady: return try await shop.post(OrdersAPI.orderReady, id, people.clerk).status == .ok
        case .collect:
            let code = PickupCodes(secret: Array("linli-test-key-encryption-key-32".utf8)).code(id, attempt: 0)
            // A clerk of their own each time: five wrong codes are another test's subject.
            return try await shop.collect(code, try shop.staff()).status == .ok
        case .cancelByCustomer: return try await shop.post(OrdersAPI.orderCancel, id, people.customer).status == .ok
        case .cancelByManager: return try await shop.post(OrdersAPI.orderCancel, id, people.manager).status == .ok
        case .expire:
            guard states.order == .open, states.payment == .unpaid else { return true }
            try await shop.passTimeToPay()
            return try await shop.expireUntil { try await shop.read(people.customer, id).states.order == .expired }
        case .refundPart:
            let part = NewRefund(amount: Money(minorUnits: 100), reason: "x")
            return try await shop.orders.send(
                .post, OrdersAPI.orderRefunds.path(id), json: part, token: people.manager.token
            ).status == .created
        case .stockFails:
            let event = EventEnvelope(
                id: .make(at: shop.kit.now()), type: "stock.commit_failed", aggregate: id.description, sequence: 1,
                occurredAt: shop.kit.now(), data: JSON.encode(StockCommitFailed(orderID: id)))
            return try await shop.orders.send(
                .post, OrdersAPI.events.path(), json: EventDelivery(events: [event]),
                token: try TestTokens.service("catalog")
            ).status == .ok
        }
    }

    /// Money in and money out agree with the gateway, and each move was told once.
    private func expectWholeBooks(_ id: OrderID, _ customer: Person, _ shop: Shop) async throws {
        let order = try await shop.read(customer, id)
        let moves = order.story.map(\.move).filter { $0 != .refundRequested && $0 != .refunded && $0 != .paidLate }
        #expect(Set(moves).count == moves.count)
        let asked = order.refunds.reduce(0) { $0 + $1.amount.minorUnits }
        let paid = order.payments.filter { $0.state == .paid || $0.state == .late }.reduce(0) { $0 + $1.amount.minorUnits }
        #expect(asked <= paid)
    }
}

/// Repeatable random numbers (SplitMix64).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
