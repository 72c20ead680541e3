public import JSON

/// What a line of a statement is.
public enum SettlementCause: String, CaseIterable, Sendable, Hashable, OrdersCode {
    /// A payment of a completed order.
    case sale
    /// Money that went back.
    case refund
}

/// A payment or refund of an order, as it counts in a statement. What was given back is negative.
public struct SettlementLine: Sendable, Hashable {
    /// The order.
    public var orderID: OrderID
    /// Its number, as people say it.
    public var orderNumber: String
    /// What it is.
    public var cause: SettlementCause
    /// When the order was completed or the money was back.
    public var at: Timestamp
    /// Paid or given back.
    public var amount: Money
    /// As in the statement.
    public var commission: Money
    /// What of the amount the merchant holds already.
    public var taken: Money
    /// What the payee gets of it.
    public var net: Money

    /// Makes a value.
    public init(
        orderID: OrderID, orderNumber: String, cause: SettlementCause, at: Timestamp, amount: Money,
        commission: Money, taken: Money, net: Money
    ) {
        self.orderID = orderID
        self.orderNumber = orderNumber
        self.cause = cause
        self.at = at
        self.amount = amount
        self.commission = commission
        self.taken = taken
        self.net = net
    }
}

extension SettlementLine: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("order_id", orderID)
        json.field("order_number", orderNumber)
        json.field("cause", cause)
        json.field("at", at)
        json.field("amount", amount)
        json.field("commission", commission)
        json.field("taken", taken)
        json.field("net", net)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var orderID: OrderID?
        var orderNumber: String?
        var cause: SettlementCause?
        var at: Timestamp?
        var amount: Money?
        var commission: Money?
        var taken: Money?
        var net: Money?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "order_id": orderID = try json.read()
            case "order_number": orderNumber = try json.read()
            case "cause": cause = try json.read()
            case "at": at = try json.read()
            case "amount": amount = try json.read()
            case "commission": commission = try json.read()
            case "taken": taken = try json.read()
            case "net": net = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            orderID: try json.require(&orderID, "order_id"),
            orderNumber: try json.require(&orderNumber, "order_number"), cause: try json.require(&cause, "cause"),
            at: try json.require(&at, "at"), amount: try json.require(&amount, "amount"),
            commission: try json.require(&commission, "commission"), taken: try json.require(&taken, "taken"),
            net: try json.require(&net, "net"))
    }
}

/// `POST /v1/settlements/{id}/payout`: the money has left.
public struct NewPayout: Sendable, Hashable {
    /// The bank's reference, 1 to 64 visible ASCII characters.
    public var reference: String

    /// Makes a value.
    public init(
        reference: String
    ) {
        self.reference = reference
    }
}

extension NewPayout: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("reference", reference)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var reference: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "reference":
                let value = try json.string()
                guard (1...64).contains(value.utf8.count), value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                    throw json.invalid("must have 1 to 64 visible ASCII characters")
                }
                reference = value
            default: try json.unknown(key)
            }
        }
        self.init(
            reference: try json.require(&reference, "reference"))
    }
}

/// `POST /v1/settlement-runs`: makes the statements of a day, and of days before it that have none yet.
public struct NewSettlementRun: Sendable, Hashable {
    /// `2026-11-23`: a day that is over in Shanghai.
    public var day: String

    /// Makes a value.
    public init(
        day: String
    ) {
        self.day = day
    }
}

extension NewSettlementRun: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("day", day)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var day: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "day": day = try Self.day(&json)
            default: try json.unknown(key)
            }
        }
        self.init(
            day: try json.require(&day, "day"))
    }

    /// A day that exists, from 2000 on.
    private static func day(_ json: inout JSONReader) throws(JSONError) -> String {
        let text = try json.string()
        guard text.utf8.count == 10, text >= "2000-01-01", Timestamp(text + "T00:00:00Z") != nil else {
            throw json.invalid("must be a day such as 2026-11-23")
        }
        return text
    }
}

/// What a run made.
public struct SettlementRun: Sendable, Hashable {
    /// The days that were closed by it; empty when they had been before.
    public var days: [String]
    /// How many statements that made.
    public var statements: Int

    /// Makes a value.
    public init(
        days: [String], statements: Int
    ) {
        self.days = days
        self.statements = statements
    }
}

extension SettlementRun: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("days", days)
        json.field("statements", statements)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var days: [String]?
        var statements: Int?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "days": days = try json.read()
            case "statements": statements = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            days: try json.require(&days, "days"), statements: try json.require(&statements, "statements"))
    }
}
