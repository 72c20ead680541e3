import Models

/// The moves of a pickup order, and the states they lead between: the one place that knows what may follow what.
///
/// Payment, order and fulfilment are three machines; a move asks something of each and changes one or two. Everything
/// here is pure; the statements repeat the condition so that two moves at once cannot both happen.
enum OrderMove: CaseIterable {
    /// `cancel` is the customer's, before the store begins; `abort` the store's or the system's, whenever something is wrong.
    case pay, expire, cancel, abort, accept, prepare, makeReady, collect

    /// The states after this move.
    ///
    /// - Throws: `.moveNotAllowed` when the order does not stand where the move begins.
    func applied(to states: OrderStates) throws(OrdersError) -> OrderStates {
        guard states.order == .open, isAllowed(from: states) else { throw .moveNotAllowed(self, from: states) }
        var next = states
        switch self {
        case .pay: next.payment = .paid
        case .expire: next.order = .expired
        case .cancel, .abort: next.order = .cancelled
        case .accept: next.fulfilment = .accepted
        case .prepare: next.fulfilment = .preparing
        case .makeReady: next.fulfilment = .ready
        case .collect:
            next.fulfilment = .collected
            next.order = .completed
        }
        return next
    }

    private func isAllowed(from states: OrderStates) -> Bool {
        // What has been refunded in full is not worked on any more.
        let isPaid = states.payment == .paid || states.payment == .partlyRefunded
        switch self {
        case .pay, .expire: return states.payment == .unpaid
        // Before the store begins to make it.
        case .cancel: return states.fulfilment == .waiting || states.fulfilment == .accepted
        case .abort: return isPaid && states.fulfilment != .collected
        case .accept: return isPaid && states.fulfilment == .waiting
        case .prepare: return isPaid && states.fulfilment == .accepted
        case .makeReady: return isPaid && states.fulfilment == .preparing
        case .collect: return isPaid && states.fulfilment == .ready
        }
    }

    /// What the story calls it.
    var storyMove: StoryMove {
        switch self {
        case .pay: .paid
        case .expire: .expired
        case .cancel, .abort: .cancelled
        case .accept: .accepted
        case .prepare: .preparing
        case .makeReady: .ready
        case .collect: .collected
        }
    }

    /// What neighbours are told.
    var eventType: String {
        switch self {
        case .pay: OrderEvents.paid
        case .expire: OrderEvents.expired
        case .cancel, .abort: OrderEvents.cancelled
        case .accept: OrderEvents.accepted
        case .prepare: OrderEvents.preparing
        case .makeReady: OrderEvents.ready
        case .collect: OrderEvents.collected
        }
    }
}

/// The edges of each machine alone, published in the README and tested for every pair.
enum StateMachines {
    static func allows(_ from: OrderPaymentState, _ to: OrderPaymentState) -> Bool {
        switch (from, to) {
        case (.unpaid, .paid), (.paid, .partlyRefunded), (.paid, .refunded), (.partlyRefunded, .partlyRefunded),
            (.partlyRefunded, .refunded):
            true
        default: false
        }
    }

    static func allows(_ from: OrderState, _ to: OrderState) -> Bool {
        from == .open && to != .open
    }

    static func allows(_ from: FulfilmentState, _ to: FulfilmentState) -> Bool {
        switch (from, to) {
        case (.waiting, .accepted), (.accepted, .preparing), (.preparing, .ready), (.ready, .collected): true
        default: false
        }
    }

    /// The payment state once `refunded` of `total` minor units have gone back.
    static func payment(afterRefunding refunded: Int64, of total: Int64) -> OrderPaymentState {
        refunded <= 0 ? .paid : refunded < total ? .partlyRefunded : .refunded
    }
}
