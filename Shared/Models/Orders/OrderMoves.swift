public import JSON

/// Calls an order off.
public struct CancelRequest: Sendable, Hashable {
    /// Why, 1 to 300 characters.
    public var reason: String?

    /// Makes a value.
    public init(reason: String? = nil) {
        self.reason = reason
    }
}

extension CancelRequest: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("reason", reason)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var reason: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "reason":
                let value: String = try json.read()
                guard (1...300).contains(value.unicodeScalars.count) else {
                    throw json.invalid("must have 1 to 300 characters")
                }
                reason = value
            default: try json.unknown(key)
            }
        }
        self.init(reason: reason)
    }
}

/// Hands an order over.
public struct CollectionRequest: Sendable, Hashable {
    /// What the customer shows, in any case, with or without spaces and dashes.
    public var code: String

    /// Makes a value.
    public init(code: String) {
        self.code = code
    }
}

extension CollectionRequest: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("code", code)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var code: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "code":
                let value: String = try json.read()
                guard (1...64).contains(value.utf8.count) else { throw json.invalid("must have 1 to 64 bytes") }
                code = value
            default: try json.unknown(key)
            }
        }
        self.init(code: try json.require(&code, "code"))
    }
}

/// Judges a completed order.
public struct NewReview: Sendable, Hashable {
    /// 1 (bad) to 5 (excellent).
    public var rating: Int
    /// In words, at most 2,000 characters.
    public var text: String

    /// Makes a value.
    public init(rating: Int, text: String = "") {
        self.rating = rating
        self.text = text
    }
}

extension NewReview: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("rating", rating)
        json.field("text", text)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var rating: Int?
        var text: String = ""
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "rating":
                let value: Int = try json.read()
                guard (1...5).contains(value) else { throw json.invalid("must be 1 to 5") }
                rating = value
            case "text":
                let value: String = try json.read()
                guard value.unicodeScalars.count <= 2_000 else {
                    throw json.invalid("must have at most 2000 characters")
                }
                text = value
            default: try json.unknown(key)
            }
        }
        self.init(rating: try json.require(&rating, "rating"), text: text)
    }
}

/// The customer's judgement of an order.
public struct OrderReview: Sendable, Hashable {
    /// Identity.
    public var id: ReviewID
    /// The order.
    public var orderID: OrderID
    /// 1 to 5.
    public var rating: Int
    /// In words; may be empty.
    public var text: String
    /// When it was written.
    public var createdAt: Timestamp

    /// Makes a value.
    public init(id: ReviewID, orderID: OrderID, rating: Int, text: String, createdAt: Timestamp) {
        self.id = id
        self.orderID = orderID
        self.rating = rating
        self.text = text
        self.createdAt = createdAt
    }
}

extension OrderReview: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("order_id", orderID)
        json.field("rating", rating)
        json.field("text", text)
        json.field("created_at", createdAt)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: ReviewID?
        var orderID: OrderID?
        var rating: Int?
        var text: String?
        var createdAt: Timestamp?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "order_id": orderID = try json.read()
            case "rating": rating = try json.read()
            case "text": text = try json.read()
            case "created_at": createdAt = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), orderID: try json.require(&orderID, "order_id"),
            rating: try json.require(&rating, "rating"), text: try json.require(&text, "text"),
            createdAt: try json.require(&createdAt, "created_at"))
    }
}

/// What a store sold in a span of time, exact.
public struct StoreFigures: Sendable, Hashable {
    /// From here.
    public var from: Timestamp
    /// Up to, not including.
    public var to: Timestamp
    /// Placed in the span.
    public var ordersPlaced: Int
    /// Paid in the span.
    public var ordersPaid: Int
    /// Completed in the span.
    public var ordersCompleted: Int
    /// Things in the orders paid in the span.
    public var itemsSold: Int
    /// Totals of the orders paid in the span, before refunds.
    public var revenue: Money
    /// What went back to customers in the span.
    public var refunds: Money
    /// Cash taken at the counter in the span.
    public var cashTotal: Money
    /// What the store's own card terminal took in the span.
    public var terminalTotal: Money
    /// The same for each member of staff.
    public var tills: [TillFigures]

    /// Makes a value.
    public init(
        from: Timestamp, to: Timestamp, ordersPlaced: Int, ordersPaid: Int, ordersCompleted: Int, itemsSold: Int,
        revenue: Money, refunds: Money, tills: [TillFigures] = []
    ) {
        self.from = from
        self.to = to
        self.ordersPlaced = ordersPlaced
        self.ordersPaid = ordersPaid
        self.ordersCompleted = ordersCompleted
        self.itemsSold = itemsSold
        self.revenue = revenue
        self.refunds = refunds
        self.tills = tills
        cashTotal = Money(minorUnits: tills.reduce(0) { $0 + $1.cash.minorUnits }, currency: revenue.currency)
        terminalTotal = Money(minorUnits: tills.reduce(0) { $0 + $1.terminal.minorUnits }, currency: revenue.currency)
    }
}

extension StoreFigures: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("from", from)
        json.field("to", to)
        json.field("orders_placed", ordersPlaced)
        json.field("orders_paid", ordersPaid)
        json.field("orders_completed", ordersCompleted)
        json.field("items_sold", itemsSold)
        json.field("revenue", revenue)
        json.field("refunds", refunds)
        json.field("cash_total", cashTotal)
        json.field("terminal_total", terminalTotal)
        json.field("tills", tills)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var from: Timestamp?
        var to: Timestamp?
        var ordersPlaced: Int?
        var ordersPaid: Int?
        var ordersCompleted: Int?
        var itemsSold: Int?
        var revenue: Money?
        var refunds: Money?
        var tills: [TillFigures] = []
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "from": from = try json.read()
            case "to": to = try json.read()
            case "orders_placed": ordersPlaced = try json.read()
            case "orders_paid": ordersPaid = try json.read()
            case "orders_completed": ordersCompleted = try json.read()
            case "items_sold": itemsSold = try json.read()
            case "revenue": revenue = try json.read()
            case "refunds": refunds = try json.read()
            case "cash_total", "terminal_total": try json.skip()
            case "tills": tills = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            from: try json.require(&from, "from"), to: try json.require(&to, "to"),
            ordersPlaced: try json.require(&ordersPlaced, "orders_placed"),
            ordersPaid: try json.require(&ordersPaid, "orders_paid"),
            ordersCompleted: try json.require(&ordersCompleted, "orders_completed"),
            itemsSold: try json.require(&itemsSold, "items_sold"), revenue: try json.require(&revenue, "revenue"),
            refunds: try json.require(&refunds, "refunds"), tills: tills)
    }
}
