import Models
import Testing

@testable import Orders

@Suite struct OrderRulesTests {
    static let everyState: [OrderStates] = OrderPaymentState.allCases.flatMap { payment in
        OrderState.allCases.flatMap { order in
            FulfilmentState.allCases.map { OrderStates(payment: payment, order: order, fulfilment: $0) }
        }
    }

    /// The published table: where each move may begin, as payment states and fulfilment states of an open order.
    static let table: [(OrderMove, Set<OrderPaymentState>, Set<FulfilmentState>)] = [
        (.pay, [.unpaid], Set(FulfilmentState.allCases)),
        (.expire, [.unpaid], Set(FulfilmentState.allCases)),
        (.cancel, Set(OrderPaymentState.allCases), [.waiting, .accepted]),
        (.abort, [.paid, .partlyRefunded], [.waiting, .accepted, .preparing, .ready]),
        (.accept, [.paid, .partlyRefunded], [.waiting]),
        (.prepare, [.paid, .partlyRefunded], [.accepted]),
        (.makeReady, [.paid, .partlyRefunded], [.preparing]),
        (.collect, [.paid, .partlyRefunded], [.ready]),
    ]

    @Test func `every move is allowed from exactly the states of the table`() {
        #expect(Set(Self.table.map(\.0)) == Set(OrderMove.allCases))
        for (move, payments, fulfilments) in Self.table {
            for states in Self.everyState {
                let isListed =
                    states.order == .open && payments.contains(states.payment) && fulfilments.contains(states.fulfilment)
                #expect(((try? move.applied(to: states)) != nil) == isListed, "\(move) from \(states)")
            }
        }
    }

    @Test func `a move only follows edges of the three machines`() throws {
        for move in OrderMove.allCases {
            for before in Self.everyState {
                guard let after = try? move.applied(to: before) else { continue }
                #expect(after != before)
                #expect(after.payment == before.payment || StateMachines.allows(before.payment, after.payment))
                #expect(after.order == before.order || StateMachines.allows(before.order, after.order))
                #expect(
                    after.fulfilment == before.fulfilment
                        || StateMachines.allows(before.fulfilment, after.fulfilment))
            }
        }
    }

    @Test func `nothing leaves an order that has ended`() {
        for from in OrderState.allCases where from != .open {
            for to in OrderState.allCases { #expect(!StateMachines.allows(from, to)) }
        }
    }

    @Test func `fulfilment goes forward one step at a time`() {
        let steps = FulfilmentState.allCases
        for (index, from) in steps.enumerated() {
            for (other, to) in steps.enumerated() {
                #expect(StateMachines.allows(from, to) == (other == index + 1), "\(from) to \(to)")
            }
        }
    }

    @Test func `payment edges are these and no others`() {
        let edges: Set<[OrderPaymentState]> = [
            [.unpaid, .paid], [.paid, .partlyRefunded], [.paid, .refunded], [.partlyRefunded, .partlyRefunded],
            [.partlyRefunded, .refunded],
        ]
        for from in OrderPaymentState.allCases {
            for to in OrderPaymentState.allCases {
                #expect(StateMachines.allows(from, to) == edges.contains([from, to]), "\(from) to \(to)")
            }
        }
    }

    @Test func `collecting completes the order`() throws {
        let ready = OrderStates(payment: .paid, order: .open, fulfilment: .ready)
        #expect(
            try OrderMove.collect.applied(to: ready)
                == OrderStates(payment: .paid, order: .completed, fulfilment: .collected))
    }

    @Test func `the payment state follows the refunded sum`() {
        #expect(StateMachines.payment(afterRefunding: 0, of: 100) == .paid)
        #expect(StateMachines.payment(afterRefunding: 1, of: 100) == .partlyRefunded)
        #expect(StateMachines.payment(afterRefunding: 99, of: 100) == .partlyRefunded)
        #expect(StateMachines.payment(afterRefunding: 100, of: 100) == .refunded)
    }
}
