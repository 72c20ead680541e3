public import JSON

/// Places the order that a quote describes.
public struct PlaceOrderRequest: Sendable, Hashable {
    /// The token of the quote.
    public var quoteToken: String

    /// Makes a value.
    public init(quoteToken: String) {
        self.quoteToken = quoteToken
    }
}

extension PlaceOrderRequest: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("quote_token", quoteToken)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var quoteToken: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "quote_token": quoteToken = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(quoteToken: try json.require(&quoteToken, "quote_token"))
    }
}

/// The sums of an order.
public struct OrderTotals: Sendable, Hashable {
    /// Before discounts.
    public var subtotal: Money
    /// All discounts together.
    public var discountTotal: Money
    /// What is to be paid.
    public var total: Money
    /// What has gone back.
    public var refunded: Money
    /// What has been paid of it, before anything went back.
    public var paid: Money

    /// What is still to be paid.
    public var rest: Money { Money(minorUnits: total.minorUnits - paid.minorUnits, currency: total.currency) }

    /// Makes a value. `paid` nil: nothing.
    public init(subtotal: Money, discountTotal: Money, total: Money, refunded: Money, paid: Money? = nil) {
        self.subtotal = subtotal
        self.discountTotal = discountTotal
        self.total = total
        self.refunded = refunded
        self.paid = paid ?? Money(minorUnits: 0, currency: total.currency)
    }
}

extension OrderTotals: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("subtotal", subtotal)
        json.field("discount_total", discountTotal)
        json.field("total", total)
        json.field("refunded", refunded)
        json.field("paid", paid)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var subtotal: Money?
        var discountTotal: Money?
        var total: Money?
        var refunded: Money?
        var paid: Money?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "subtotal": subtotal = try json.read()
            case "discount_total": discountTotal = try json.read()
            case "total": total = try json.read()
            case "refunded": refunded = try json.read()
            case "paid": paid = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            subtotal: try json.require(&subtotal, "subtotal"),
            discountTotal: try json.require(&discountTotal, "discount_total"), total: try json.require(&total, "total"),
            refunded: try json.require(&refunded, "refunded"), paid: paid)
    }
}

/// What happened to an order.
public enum StoryMove: String, CaseIterable, Sendable, Hashable, OrdersCode {
    /// The customer placed it.
    case placed
    /// The payment arrived.
    case paid
    /// It was not paid in time.
    case expired
    /// The store took it.
    case accepted
    /// The store began to make it.
    case preparing
    /// It can be collected.
    case ready
    /// The customer has it.
    case collected
    /// It was called off.
    case cancelled
    /// Money shall go back.
    case refundRequested = "refund_requested"
    /// Money went back.
    case refunded
    /// The gateway refused a refund; a person must look.
    case refundFailed = "refund_failed"
    /// A payment came when it was too late, and is sent back.
    case paidLate = "paid_late"
    /// The customer judged it.
    case reviewed
    /// A part of the total arrived.
    case partPaid = "part_paid"
    /// The store agreed to a deposit now and the rest later.
    case depositAgreed = "deposit_agreed"
    /// The deposit arrived: the goods are the customer's until the rest is due.
    case depositPaid = "deposit_paid"
}

/// One move in the life of an order.
public struct StoryEntry: Sendable, Hashable {
    /// When.
    public var at: Timestamp
    /// Who: `customer`, `staff`, `operator`, `gateway`, `system`, `catalog`.
    public var actor: String
    /// What.
    public var move: StoryMove
    /// Why, where somebody said so.
    public var reason: String?
    /// The trace of the request that did it (W3C trace id, 32 hex digits).
    public var trace: String?

    /// Makes a value.
    public init(at: Timestamp, actor: String, move: StoryMove, reason: String? = nil, trace: String? = nil) {
        self.at = at
        self.actor = actor
        self.move = move
        self.reason = reason
        self.trace = trace
    }
}

extension StoryEntry: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("at", at)
        json.field("actor", actor)
        json.field("move", move)
        json.field("reason", reason)
        json.field("trace", trace)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var at: Timestamp?
        var actor: String?
        var move: StoryMove?
        var reason: String?
        var trace: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "at": at = try json.read()
            case "actor": actor = try json.read()
            case "move": move = try json.read()
            case "reason": reason = try json.read()
            case "trace": trace = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            at: try json.require(&at, "at"), actor: try json.require(&actor, "actor"),
            move: try json.require(&move, "move"), reason: reason, trace: trace)
    }
}

/// An order with everything about it.
public struct Order: Sendable, Hashable {
    /// Identity; the UUID of its quote.
    public var id: OrderID
    /// What people call it: `261123-7K4Q9M2P`.
    public var number: String
    /// The store.
    public var storeID: StoreID
    /// Its name when the order was placed.
    public var storeName: LocalizedText
    /// Who ordered.
    public var customerID: AccountID
    /// How the goods are received.
    public var fulfilment: Fulfilment
    /// Where it stands.
    public var states: OrderStates
    /// What was ordered.
    public var lines: [QuoteLine]
    /// The sums.
    public var totals: OrderTotals
    /// When it was placed.
    public var placedAt: Timestamp
    /// Until when it can be paid.
    public var expiresAt: Timestamp
    /// Only for its customer, and only while it is ready.
    public var pickupCode: String?
    /// The number that is called in the store; given when it is paid, per store and day.
    public var queueNumber: Int?
    /// Every move, oldest first.
    public var story: [StoryEntry]
    /// Its payments, oldest first.
    public var payments: [Payment]
    /// Its refunds, oldest first.
    public var refunds: [Refund]
    /// The customer's judgement.
    public var review: OrderReview?
    /// An agreed deposit: this much at once.
    public var deposit: Money?
    /// Until when the rest is to be paid, once the deposit is.
    public var balanceDueAt: Timestamp?

    /// What the next payment is for when nobody says: an agreed deposit that is not paid yet, or all that is left.
    public var amountDue: Money {
        guard let deposit, totals.paid.minorUnits < deposit.minorUnits else { return totals.rest }
        return Money(minorUnits: deposit.minorUnits - totals.paid.minorUnits, currency: deposit.currency)
    }

    /// Makes a value.
    public init(
        id: OrderID, number: String, storeID: StoreID, storeName: LocalizedText, customerID: AccountID,
        fulfilment: Fulfilment, states: OrderStates, lines: [QuoteLine], totals: OrderTotals, placedAt: Timestamp,
        expiresAt: Timestamp, pickupCode: String? = nil, queueNumber: Int? = nil, story: [StoryEntry],
        payments: [Payment], refunds: [Refund], review: OrderReview? = nil, deposit: Money? = nil,
        balanceDueAt: Timestamp? = nil
    ) {
        self.id = id
        self.number = number
        self.storeID = storeID
        self.storeName = storeName
        self.customerID = customerID
        self.fulfilment = fulfilment
        self.states = states
        self.lines = lines
        self.totals = totals
        self.placedAt = placedAt
        self.expiresAt = expiresAt
        self.pickupCode = pickupCode
        self.queueNumber = queueNumber
        self.story = story
        self.payments = payments
        self.refunds = refunds
        self.review = review
        self.deposit = deposit
        self.balanceDueAt = balanceDueAt
    }
}

extension Order: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("number", number)
        json.field("store_id", storeID)
        json.field("store_name", storeName)
        json.field("customer_id", customerID)
        json.field("fulfilment", fulfilment)
        json.field("states", states)
        json.field("lines", lines)
        json.field("totals", totals)
        json.field("placed_at", placedAt)
        json.field("expires_at", expiresAt)
        json.field("pickup_code", pickupCode)
        json.field("queue_number", queueNumber)
        json.field("story", story)
        json.field("payments", payments)
        json.field("refunds", refunds)
        json.field("review", review)
        json.field("deposit", deposit)
        json.field("balance_due_at", balanceDueAt)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: OrderID?
        var number: String?
        var storeID: StoreID?
        var storeName: LocalizedText?
        var customerID: AccountID?
        var fulfilment: Fulfilment?
        var states: OrderStates?
        var lines: [QuoteLine]?
        var totals: OrderTotals?
        var placedAt: Timestamp?
        var expiresAt: Timestamp?
        var pickupCode: String?
        var queueNumber: Int?
        var story: [StoryEntry]?
        var payments: [Payment]?
        var refunds: [Refund]?
        var review: OrderReview?
        var deposit: Money?
        var balanceDueAt: Timestamp?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "number": number = try json.read()
            case "store_id": storeID = try json.read()
            case "store_name": storeName = try json.read()
            case "customer_id": customerID = try json.read()
            case "fulfilment": fulfilment = try json.read()
            case "states": states = try json.read()
            case "lines": lines = try json.read()
            case "totals": totals = try json.read()
            case "placed_at": placedAt = try json.read()
            case "expires_at": expiresAt = try json.read()
            case "pickup_code": pickupCode = try json.read()
            case "queue_number": queueNumber = try json.read()
            case "story": story = try json.read()
            case "payments": payments = try json.read()
            case "refunds": refunds = try json.read()
            case "review": review = try json.read()
            case "deposit": deposit = try json.read()
            case "balance_due_at": balanceDueAt = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), number: try json.require(&number, "number"),
            storeID: try json.require(&storeID, "store_id"), storeName: try json.require(&storeName, "store_name"),
            customerID: try json.require(&customerID, "customer_id"),
            fulfilment: try json.require(&fulfilment, "fulfilment"), states: try json.require(&states, "states"),
            lines: try json.require(&lines, "lines"), totals: try json.require(&totals, "totals"),
            placedAt: try json.require(&placedAt, "placed_at"), expiresAt: try json.require(&expiresAt, "expires_at"),
            pickupCode: pickupCode, queueNumber: queueNumber, story: try json.require(&story, "story"),
            payments: try json.require(&payments, "payments"), refunds: try json.require(&refunds, "refunds"),
            review: review, deposit: deposit, balanceDueAt: balanceDueAt)
    }
}
