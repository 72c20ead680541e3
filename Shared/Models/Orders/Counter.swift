public import JSON

/// Money that staff took at the counter.
public struct OfflinePayment: Sendable, Hashable {
    /// `cash` or `terminal`.
    public var method: GatewayName
    /// A part of what is left to pay; nil: an agreed deposit that is not paid yet, or all that is left.
    public var amount: Money?
    /// What the customer handed over, for `cash`: the answer says how much change to give.
    public var tendered: Money?
    /// The number on the slip, 1 to 64 characters, for `terminal`: booked once in a store.
    public var reference: String?

    /// Makes a value.
    public init(method: GatewayName, amount: Money? = nil, tendered: Money? = nil, reference: String? = nil) {
        self.method = method
        self.amount = amount
        self.tendered = tendered
        self.reference = reference
    }
}

extension OfflinePayment: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("method", method)
        json.field("amount", amount)
        json.field("tendered", tendered)
        json.field("reference", reference)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var method: GatewayName?
        var amount: Money?
        var tendered: Money?
        var reference: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "method":
                let value: GatewayName = try json.read()
                guard value.isAtCounter else { throw json.invalid("must be one of cash, terminal") }
                method = value
            case "amount": amount = try json.positiveMoney()
            case "tendered": tendered = try json.positiveMoney()
            case "reference":
                let value: String = try json.read()
                guard (1...64).contains(value.utf8.count), value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                    throw json.invalid("must have 1 to 64 letters, digits or signs, without spaces")
                }
                reference = value
            default: try json.unknown(key)
            }
        }
        self.init(
            method: try json.require(&method, "method"), amount: amount, tendered: tendered, reference: reference)
    }
}

/// Agrees that a part is paid now and the rest later.
public struct NewDeposit: Sendable, Hashable {
    /// Paid now; less than the total.
    public var amount: Money
    /// Until when the rest is to be paid; at most 180 days away.
    public var balanceDueAt: Timestamp

    /// Makes a value.
    public init(amount: Money, balanceDueAt: Timestamp) {
        self.amount = amount
        self.balanceDueAt = balanceDueAt
    }
}

extension NewDeposit: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("amount", amount)
        json.field("balance_due_at", balanceDueAt)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var amount: Money?
        var balanceDueAt: Timestamp?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "amount": amount = try json.positiveMoney()
            case "balance_due_at": balanceDueAt = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            amount: try json.require(&amount, "amount"),
            balanceDueAt: try json.require(&balanceDueAt, "balance_due_at"))
    }
}

/// What one member of staff took and gave at the counter in a span of time.
public struct TillFigures: Sendable, Hashable {
    /// Who.
    public var staffID: AccountID
    /// Cash taken.
    public var cash: Money
    /// Taken with the store's card terminal.
    public var terminal: Money
    /// Refunds handed out in cash.
    public var cashReturned: Money
    /// Refunds given with the card terminal.
    public var terminalReturned: Money

    /// Makes a value.
    public init(staffID: AccountID, cash: Money, terminal: Money, cashReturned: Money, terminalReturned: Money) {
        self.staffID = staffID
        self.cash = cash
        self.terminal = terminal
        self.cashReturned = cashReturned
        self.terminalReturned = terminalReturned
    }
}

extension TillFigures: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("staff_id", staffID)
        json.field("cash", cash)
        json.field("terminal", terminal)
        json.field("cash_returned", cashReturned)
        json.field("terminal_returned", terminalReturned)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var staffID: AccountID?
        var cash: Money?
        var terminal: Money?
        var cashReturned: Money?
        var terminalReturned: Money?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "staff_id": staffID = try json.read()
            case "cash": cash = try json.read()
            case "terminal": terminal = try json.read()
            case "cash_returned": cashReturned = try json.read()
            case "terminal_returned": terminalReturned = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            staffID: try json.require(&staffID, "staff_id"), cash: try json.require(&cash, "cash"),
            terminal: try json.require(&terminal, "terminal"),
            cashReturned: try json.require(&cashReturned, "cash_returned"),
            terminalReturned: try json.require(&terminalReturned, "terminal_returned"))
    }
}

/// What waits at the counter of a store: orders for money, refunds for being handed out.
public struct UnpaidOrders: Sendable, Hashable, JSONWritable, JSONReadable {
    /// At most 200, those whose time is over first.
    public var orders: [OrderSummary]
    /// At most 200, oldest first.
    public var refunds: [Refund]

    /// Makes a value.
    public init(orders: [OrderSummary], refunds: [Refund] = []) {
        self.orders = orders
        self.refunds = refunds
    }

    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("orders", orders)
        json.field("refunds", refunds)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var orders: [OrderSummary]?
        var refunds: [Refund] = []
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "orders": orders = try json.read()
            case "refunds": refunds = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(orders: try json.require(&orders, "orders"), refunds: refunds)
    }
}
