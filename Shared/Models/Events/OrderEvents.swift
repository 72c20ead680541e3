public import JSON

/// The events that the orders service tells of, by the name on the wire.
public enum OrderEvents {
    /// Placed, not paid yet.
    public static let placed = "order.placed"
    /// Paid: catalog commits the reservation, the store may begin.
    public static let paid = "order.paid"
    /// An agreed deposit was paid, the rest is due later: catalog commits the reservation.
    public static let depositPaid = "order.deposit_paid"
    /// Taken by the store.
    public static let accepted = "order.accepted"
    /// Being made.
    public static let preparing = "order.preparing"
    /// Waiting for its customer.
    public static let ready = "order.ready"
    /// With its customer: completed.
    public static let collected = "order.collected"
    /// Called off: catalog gives the stock back.
    public static let cancelled = "order.cancelled"
    /// Not paid in time: catalog gives the stock back.
    public static let expired = "order.expired"
    /// Money went back.
    public static let refunded = "order.refunded"
    /// Judged by its customer.
    public static let reviewed = "order.reviewed"
}

/// A line of an order in an event.
public struct OrderEventLine: Sendable, Hashable {
    /// What.
    public var skuID: SKUID
    /// The item.
    public var name: LocalizedText
    /// How many.
    public var quantity: Int

    /// Makes a value.
    public init(skuID: SKUID, name: LocalizedText, quantity: Int) {
        self.skuID = skuID
        self.name = name
        self.quantity = quantity
    }
}

extension OrderEventLine: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("sku_id", skuID)
        json.field("name", name)
        json.field("quantity", quantity)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var skuID: SKUID?
        var name: LocalizedText?
        var quantity: Int?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "sku_id": skuID = try json.read()
            case "name": name = try json.read()
            case "quantity": quantity = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            skuID: try json.require(&skuID, "sku_id"), name: try json.require(&name, "name"),
            quantity: try json.require(&quantity, "quantity"))
    }
}

/// The review in `order.reviewed`.
public struct OrderEventReview: Sendable, Hashable {
    /// Identity.
    public var id: ReviewID
    /// 1 to 5.
    public var rating: Int
    /// In words; may be empty.
    public var text: String

    /// Makes a value.
    public init(id: ReviewID, rating: Int, text: String) {
        self.id = id
        self.rating = rating
        self.text = text
    }
}

extension OrderEventReview: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("rating", rating)
        json.field("text", text)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: ReviewID?
        var rating: Int?
        var text: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "rating": rating = try json.read()
            case "text": text = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), rating: try json.require(&rating, "rating"),
            text: try json.require(&text, "text"))
    }
}

/// The refund in `order.refunded`.
public struct OrderEventRefund: Sendable, Hashable {
    /// Identity.
    public var id: RefundID
    /// How much went back.
    public var amount: Money

    /// Makes a value.
    public init(id: RefundID, amount: Money) {
        self.id = id
        self.amount = amount
    }
}

extension OrderEventRefund: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("amount", amount)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: RefundID?
        var amount: Money?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "amount": amount = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(id: try json.require(&id, "id"), amount: try json.require(&amount, "amount"))
    }
}

/// The payload of every event of the orders service.
public struct OrderEventData: Sendable, Hashable {
    /// The order; also the aggregate of the event.
    public var orderID: OrderID
    /// What people call it.
    public var number: String
    /// The store.
    public var storeID: StoreID
    /// Its name.
    public var storeName: LocalizedText
    /// Whose order it is.
    public var customerID: AccountID
    /// Where it stands after the event.
    public var states: OrderStates
    /// What it costs.
    public var total: Money
    /// How many things.
    public var itemCount: Int
    /// What was ordered (`order.placed` leaves it out).
    public var lines: [OrderEventLine]
    /// The number that is called, from `order.paid` on.
    public var queueNumber: Int?
    /// Why, in `order.cancelled` and `order.refunded`.
    public var reason: String?
    /// In `order.refunded`.
    public var refund: OrderEventRefund?
    /// In `order.reviewed`.
    public var review: OrderEventReview?
    /// What is still to be paid, where a deposit was agreed.
    public var balanceDue: Money?
    /// Until when.
    public var balanceDueAt: Timestamp?

    /// Makes a value.
    public init(
        orderID: OrderID, number: String, storeID: StoreID, storeName: LocalizedText, customerID: AccountID,
        states: OrderStates, total: Money, itemCount: Int, lines: [OrderEventLine] = [], queueNumber: Int? = nil,
        reason: String? = nil, refund: OrderEventRefund? = nil, review: OrderEventReview? = nil,
        balanceDue: Money? = nil, balanceDueAt: Timestamp? = nil
    ) {
        self.orderID = orderID
        self.number = number
        self.storeID = storeID
        self.storeName = storeName
        self.customerID = customerID
        self.states = states
        self.total = total
        self.itemCount = itemCount
        self.lines = lines
        self.queueNumber = queueNumber
        self.reason = reason
        self.refund = refund
        self.review = review
        self.balanceDue = balanceDue
        self.balanceDueAt = balanceDueAt
    }
}

extension OrderEventData: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("order_id", orderID)
        json.field("number", number)
        json.field("store_id", storeID)
        json.field("store_name", storeName)
        json.field("customer_id", customerID)
        json.field("states", states)
        json.field("total", total)
        json.field("item_count", itemCount)
        json.field("lines", lines)
        json.field("queue_number", queueNumber)
        json.field("reason", reason)
        json.field("refund", refund)
        json.field("review", review)
        json.field("balance_due", balanceDue)
        json.field("balance_due_at", balanceDueAt)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var orderID: OrderID?
        var number: String?
        var storeID: StoreID?
        var storeName: LocalizedText?
        var customerID: AccountID?
        var states: OrderStates?
        var total: Money?
        var itemCount: Int?
        var lines: [OrderEventLine] = []
        var queueNumber: Int?
        var reason: String?
        var refund: OrderEventRefund?
        var review: OrderEventReview?
        var balanceDue: Money?
        var balanceDueAt: Timestamp?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "order_id": orderID = try json.read()
            case "number": number = try json.read()
            case "store_id": storeID = try json.read()
            case "store_name": storeName = try json.read()
            case "customer_id": customerID = try json.read()
            case "states": states = try json.read()
            case "total": total = try json.read()
            case "item_count": itemCount = try json.read()
            case "lines": lines = try json.read()
            case "queue_number": queueNumber = try json.read()
            case "reason": reason = try json.read()
            case "refund": refund = try json.read()
            case "review": review = try json.read()
            case "balance_due": balanceDue = try json.read()
            case "balance_due_at": balanceDueAt = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            orderID: try json.require(&orderID, "order_id"), number: try json.require(&number, "number"),
            storeID: try json.require(&storeID, "store_id"), storeName: try json.require(&storeName, "store_name"),
            customerID: try json.require(&customerID, "customer_id"), states: try json.require(&states, "states"),
            total: try json.require(&total, "total"), itemCount: try json.require(&itemCount, "item_count"),
            lines: lines, queueNumber: queueNumber, reason: reason, refund: refund, review: review,
            balanceDue: balanceDue, balanceDueAt: balanceDueAt)
    }
}
