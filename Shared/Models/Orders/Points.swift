public import JSON

/// Why a balance of points changed.
public enum PointCause: String, CaseIterable, Sendable, Hashable, OrdersCode {
    /// An order was completed: a point for each whole yuan of money that was paid for it.
    case earned
    /// An order was paid with them.
    case spent
    /// That payment went back.
    case restored
    /// Money of a completed order went back, and with it what it had earned.
    case clawedBack = "clawed_back"
}

/// A change of a balance of points.
public struct PointEntry: Sendable, Hashable {
    /// When.
    public var at: Timestamp
    /// Why.
    public var cause: PointCause
    /// How many came, or, below zero, went.
    public var delta: Int64
    /// The order.
    public var orderID: OrderID

    /// Makes a value.
    public init(at: Timestamp, cause: PointCause, delta: Int64, orderID: OrderID) {
        self.at = at
        self.cause = cause
        self.delta = delta
        self.orderID = orderID
    }
}

extension PointEntry: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("at", at)
        json.field("cause", cause)
        json.field("delta", delta)
        json.field("order_id", orderID)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var at: Timestamp?
        var cause: PointCause?
        var delta: Int64?
        var orderID: OrderID?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "at": at = try json.read()
            case "cause": cause = try json.read()
            case "delta": delta = try json.read()
            case "order_id": orderID = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            at: try json.require(&at, "at"), cause: try json.require(&cause, "cause"),
            delta: try json.require(&delta, "delta"), orderID: try json.require(&orderID, "order_id"))
    }
}

/// One's own points, with a page of what changed them, newest first.
public struct Points: Sendable, Hashable {
    /// 100 points are worth 1.00 of this currency: a point is its minor unit.
    public static let currency = Currency.cny

    /// How many.
    public var balance: Int64
    /// The changes of this page.
    public var items: [PointEntry]
    /// Where the next page begins.
    public var nextCursor: String?

    /// What they can pay.
    public var worth: Money { Money(minorUnits: balance, currency: Self.currency) }

    /// Makes a value.
    public init(balance: Int64, items: [PointEntry], nextCursor: String? = nil) {
        self.balance = balance
        self.items = items
        self.nextCursor = nextCursor
    }
}

extension Points: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("balance", balance)
        json.field("worth", worth)
        json.field("items", items)
        json.field("next_cursor", nextCursor)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var balance: Int64?
        var items: [PointEntry]?
        var nextCursor: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "balance": balance = try json.read()
            case "worth": try json.skip()
            case "items": items = try json.read()
            case "next_cursor": nextCursor = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            balance: try json.require(&balance, "balance"), items: try json.require(&items, "items"),
            nextCursor: nextCursor)
    }
}
