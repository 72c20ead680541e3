public import JSON

/// How far the comparison of a day's bill has come.
public enum ReconciliationState: String, CaseIterable, Sendable, Hashable, OrdersCode {
    /// The gateway has no bill yet, or it was not fetched yet.
    case waiting
    /// The bill is stored.
    case fetched
    case compared
}

/// What a bill and the orders can differ in.
public enum DifferenceKind: String, CaseIterable, Sendable, Hashable, OrdersCode {
    /// Paid or given back here, not in the bill.
    case missingAtGateway = "missing_at_gateway"
    /// In the bill; here unknown, or not paid or given back.
    case missingHere = "missing_here"
    case amountDiffers = "amount_differs"
}

/// What a difference is about.
public enum BillEntry: String, CaseIterable, Sendable, Hashable, OrdersCode {
    case payment, refund
}

/// Where a difference stands.
public enum DifferenceState: String, CaseIterable, Sendable, Hashable, OrdersCode {
    /// A person must look.
    case open
    /// The gateway was asked, and what had been missed was done.
    case healed
    /// A later look found it gone.
    case resolved
}

/// Asks for a day's bill to be compared (operators).
public struct NewReconciliation: Sendable, Hashable {
    public var gateway: GatewayName
    /// `2026-11-23`, in Beijing.
    public var day: String

    /// Makes a value.
    public init(gateway: GatewayName, day: String) {
        self.gateway = gateway
        self.day = day
    }
}

extension NewReconciliation: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("gateway", gateway)
        json.field("day", day)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var gateway: GatewayName?
        var day: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "gateway": gateway = try json.read()
            case "day":
                let text: String = try json.read()
                guard text.utf8.count == 10, Timestamp(text + "T00:00:00Z") != nil else {
                    throw json.invalid("must be a day such as 2026-11-23")
                }
                day = text
            default: try json.unknown(key)
            }
        }
        self.init(gateway: try json.require(&gateway, "gateway"), day: try json.require(&day, "day"))
    }
}

/// How many payments and refunds, and of how much.
public struct ReconciliationSums: Sendable, Hashable {
    public var payments: Int
    public var paid: Money
    public var refunds: Int
    public var refunded: Money

    /// Makes a value.
    public init(payments: Int, paid: Money, refunds: Int, refunded: Money) {
        self.payments = payments
        self.paid = paid
        self.refunds = refunds
        self.refunded = refunded
    }
}

extension ReconciliationSums: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("payments", payments)
        json.field("paid", paid)
        json.field("refunds", refunds)
        json.field("refunded", refunded)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var payments: Int?
        var paid: Money?
        var refunds: Int?
        var refunded: Money?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "payments": payments = try json.read()
            case "paid": paid = try json.read()
            case "refunds": refunds = try json.read()
            case "refunded": refunded = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            payments: try json.require(&payments, "payments"), paid: try json.require(&paid, "paid"),
            refunds: try json.require(&refunds, "refunds"), refunded: try json.require(&refunded, "refunded"))
    }
}

/// A gateway's day: its bill against the orders.
public struct Reconciliation: Sendable, Hashable {
    public var gateway: GatewayName
    /// `2026-11-23`, in Beijing.
    public var day: String
    public var state: ReconciliationState
    /// Why the last try brought nothing; nil: it did, or there was none.
    public var trouble: String?
    /// What the bill has.
    public var billed: ReconciliationSums
    /// What the orders have of the same.
    public var booked: ReconciliationSums
    public var openDifferences: Int
    public var healedDifferences: Int
    /// nil: not compared yet.
    public var comparedAt: Timestamp?

    /// Makes a value.
    public init(
        gateway: GatewayName, day: String, state: ReconciliationState, trouble: String?, billed: ReconciliationSums,
        booked: ReconciliationSums, openDifferences: Int, healedDifferences: Int, comparedAt: Timestamp?
    ) {
        self.gateway = gateway
        self.day = day
        self.state = state
        self.trouble = trouble
        self.billed = billed
        self.booked = booked
        self.openDifferences = openDifferences
        self.healedDifferences = healedDifferences
        self.comparedAt = comparedAt
    }
}

extension Reconciliation: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("gateway", gateway)
        json.field("day", day)
        json.field("state", state)
        json.field("trouble", trouble)
        json.field("billed", billed)
        json.field("booked", booked)
        json.field("open_differences", openDifferences)
        json.field("healed_differences", healedDifferences)
        json.field("compared_at", comparedAt)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var gateway: GatewayName?
        var day: String?
        var state: ReconciliationState?
        var trouble: String?
        var billed: ReconciliationSums?
        var booked: ReconciliationSums?
        var open: Int?
        var healed: Int?
        var comparedAt: Timestamp?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "gateway": gateway = try json.read()
            case "day": day = try json.read()
            case "state": state = try json.read()
            case "trouble": trouble = try json.read()
            case "billed": billed = try json.read()
            case "booked": booked = try json.read()
            case "open_differences": open = try json.read()
            case "healed_differences": healed = try json.read()
            case "compared_at": comparedAt = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            gateway: try json.require(&gateway, "gateway"), day: try json.require(&day, "day"),
            state: try json.require(&state, "state"), trouble: trouble, billed: try json.require(&billed, "billed"),
            booked: try json.require(&booked, "booked"), openDifferences: try json.require(&open, "open_differences"),
            healedDifferences: try json.require(&healed, "healed_differences"), comparedAt: comparedAt)
    }
}

/// One thing that a bill and the orders do not agree on.
public struct ReconciliationDifference: Sendable, Hashable {
    public var entry: BillEntry
    public var kind: DifferenceKind
    public var state: DifferenceState
    /// The number as the bill writes it; the gateway's when the bill has none.
    public var number: String
    /// nil: unknown here.
    public var orderID: OrderID?
    public var paymentID: PaymentID?
    public var refundID: RefundID?
    /// nil: not paid, or not given back, here.
    public var ours: Money?
    /// nil: not in the bill.
    public var theirs: Money?
    /// What was done about it.
    public var note: String?
    public var foundAt: Timestamp
    /// nil while open.
    public var endedAt: Timestamp?

    /// Makes a value.
    public init(
        entry: BillEntry, kind: DifferenceKind, state: DifferenceState, number: String, orderID: OrderID?,
        paymentID: PaymentID?, refundID: RefundID?, ours: Money?, theirs: Money?, note: String?, foundAt: Timestamp,
        endedAt: Timestamp?
    ) {
        self.entry = entry
        self.kind = kind
        self.state = state
        self.number = number
        self.orderID = orderID
        self.paymentID = paymentID
        self.refundID = refundID
        self.ours = ours
        self.theirs = theirs
        self.note = note
        self.foundAt = foundAt
        self.endedAt = endedAt
    }
}

extension ReconciliationDifference: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("entry", entry)
        json.field("kind", kind)
        json.field("state", state)
        json.field("number", number)
        json.field("order_id", orderID)
        json.field("payment_id", paymentID)
        json.field("refund_id", refundID)
        json.field("ours", ours)
        json.field("theirs", theirs)
        json.field("note", note)
        json.field("found_at", foundAt)
        json.field("ended_at", endedAt)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var entry: BillEntry?
        var kind: DifferenceKind?
        var state: DifferenceState?
        var number: String?
        var orderID: OrderID?
        var paymentID: PaymentID?
        var refundID: RefundID?
        var ours: Money?
        var theirs: Money?
        var note: String?
        var foundAt: Timestamp?
        var endedAt: Timestamp?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "entry": entry = try json.read()
            case "kind": kind = try json.read()
            case "state": state = try json.read()
            case "number": number = try json.read()
            case "order_id": orderID = try json.read()
            case "payment_id": paymentID = try json.read()
            case "refund_id": refundID = try json.read()
            case "ours": ours = try json.read()
            case "theirs": theirs = try json.read()
            case "note": note = try json.read()
            case "found_at": foundAt = try json.read()
            case "ended_at": endedAt = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            entry: try json.require(&entry, "entry"), kind: try json.require(&kind, "kind"),
            state: try json.require(&state, "state"), number: try json.require(&number, "number"), orderID: orderID,
            paymentID: paymentID, refundID: refundID, ours: ours, theirs: theirs, note: note,
            foundAt: try json.require(&foundAt, "found_at"), endedAt: endedAt)
    }
}
