import Models

/// How an order stands, in words and signs; pure, so that every combination of states is a test.
enum OrderPieces {
    enum Stand: Sendable, CaseIterable {
        case unpaid, waiting, accepted, preparing, ready, completed, cancelled, expired, refunding, refunded

        init(_ states: OrderStates) {
            switch (states.order, states.payment) {
            case (.cancelled, .paid), (.cancelled, .partlyRefunded): self = .refunding
            case (.cancelled, .refunded), (.expired, .refunded): self = .refunded
            case (.cancelled, .unpaid): self = .cancelled
            case (.expired, _): self = .expired
            case (.completed, _): self = .completed
            case (.open, .unpaid): self = .unpaid
            case (.open, _):
                switch states.fulfilment {
                case .waiting: self = .waiting
                case .accepted: self = .accepted
                case .preparing: self = .preparing
                case .ready: self = .ready
                case .collected: self = .completed
                }
            }
        }

        var phrase: Phrase {
            switch self {
            case .unpaid: .standUnpaid
            case .waiting: .standWaiting
            case .accepted: .standAccepted
            case .preparing: .standPreparing
            case .ready: .standReady
            case .completed: .standCompleted
            case .cancelled: .standCancelled
            case .expired: .standExpired
            case .refunding: .standRefunding
            case .refunded: .standRefunded
            }
        }

        /// For scripts and tests, in no language.
        var name: StaticString {
            switch self {
            case .unpaid: "unpaid"
            case .waiting: "waiting"
            case .accepted: "accepted"
            case .preparing: "preparing"
            case .ready: "ready"
            case .completed: "completed"
            case .cancelled: "cancelled"
            case .expired: "expired"
            case .refunding: "refunding"
            case .refunded: "refunded"
            }
        }

        var tone: Pieces.Tone {
            switch self {
            case .unpaid: .warn
            case .waiting, .accepted, .preparing: .brand
            case .ready, .completed: .good
            case .refunding: .info
            case .cancelled, .expired, .refunded: .plain
            }
        }

        /// How many of the five steps of a pickup order are behind; nil for orders that ended otherwise.
        var stepsDone: Int? {
            switch self {
            case .unpaid: 0
            case .waiting: 1
            case .accepted: 2
            case .preparing: 3
            case .ready: 4
            case .completed: 5
            case .cancelled, .expired, .refunding, .refunded: nil
            }
        }
    }

    static func lines(_ lines: [QuoteLine], _ c: PageContext) -> HTML {
        HTML.each(lines) { line in
            """
            <li><div><span class="strong">\(CartPieces.name(line.itemName, line.skuName, c))</span><br>\
            <span class="muted small num">\(Pieces.text(line.unitPrice)) × \(line.quantity)</span>\
            \(HTML.each(line.discounts) { discount in
                "<br><span class=\"small\">\(c.say(discount.name)) −\(Pieces.text(discount.amount))</span>"
            })\(HTML.maybe(line.note) { "<br><span class=\"muted small\">“\($0)”</span>" })</div>\
            <span class="num">\(Pieces.text(line.lineTotal))</span></li>
            """
        }
    }

    /// The five steps of a pickup order.
    static func track(_ stand: Stand, _ c: PageContext) -> HTML {
        guard let done = stand.stepsDone else { return .empty }
        let steps: [Phrase] = [.stepPaid, .stepAccepted, .stepPreparing, .stepReady, .stepCollected]
        return """
            <ol class="track">\(HTML.each(steps.enumerated()) { index, step in
                """
                <li\(if: index < done, " class=\"done\"")\(if: index == done, " class=\"now\" aria-current=\"step\"")>\
                <i>\(HTML.when(index < done, c.icon("check")))</i><span>\(c.words[step])</span></li>
                """
            })</ol>
            """
    }

    static func story(_ entries: [StoryEntry], now: Timestamp, _ c: PageContext) -> HTML {
        """
        <ol class="story">\(HTML.each(entries.reversed()) { entry in
            """
            <li><p class="strong">\(c.words[phrase(entry.move)])</p><p class="muted small">\
            <time datetime="\(entry.at.description)">\(c.clock.show(entry.at, now: now))</time> · \
            \(c.words[actor(entry.actor)])\
            \(HTML.maybe(entry.reason) { " · \($0)" })</p></li>
            """
        })</ol>
        """
    }

    static func phrase(_ move: StoryMove) -> Phrase {
        switch move {
        case .placed: .movePlaced
        case .paid: .movePaid
        case .expired: .moveExpired
        case .accepted: .moveAccepted
        case .preparing: .movePreparing
        case .ready: .moveReady
        case .collected: .moveCollected
        case .cancelled: .moveCancelled
        case .refundRequested: .moveRefundStarted
        case .refunded: .moveRefunded
        case .refundFailed: .moveRefundFailed
        case .paidLate: .movePaidLate
        case .reviewed: .moveReviewed
        case .partPaid: .movePartPaid
        case .depositAgreed: .moveDepositAgreed
        case .depositPaid: .moveDepositPaid
        }
    }

    private static func actor(_ actor: String) -> Phrase {
        switch actor {
        case "customer": .byCustomer
        case "staff", "operator": .byStore
        case "gateway": .wechatPay
        default: .bySystem
        }
    }
}
