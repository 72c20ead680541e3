public import JSON

/// Where a refund stands.
public enum RefundState: String, CaseIterable, Sendable, Hashable, OrdersCode {
    /// Stored here; not confirmed by the gateway yet.
    case requested
    /// The gateway is moving the money.
    case processing
    /// The customer has the money.
    case succeeded
    /// The gateway refused; a person must look.
    case failed
}

/// Sends a part of the money of an order back (a manager of its store).
public struct NewRefund: Sendable, Hashable {
    /// How much.
    public var amount: Money
    /// Why, 1 to 300 characters; the customer reads it.
    public var reason: String

    /// Makes a value.
    public init(amount: Money, reason: String) {
        self.amount = amount
        self.reason = reason
    }
}

extension NewRefund: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("amount", amount)
        json.field("reason", reason)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var amount: Money?
        var reason: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "amount": amount = try json.read()
            case "reason":
                let value: String = try json.read()
                guard (1...300).contains(value.unicodeScalars.count) else {
                    throw json.invalid("must have 1 to 300 characters")
                }
                reason = value
            default: try json.unknown(key)
            }
        }
        self.init(amount: try json.require(&amount, "amount"), reason: try json.require(&reason, "reason"))
    }
}

/// Money on its way back.
public struct Refund: Sendable, Hashable {
    /// Identity; its text is the number at the gateway.
    public var id: RefundID
    /// The order.
    public var orderID: OrderID
    /// The payment it gives back.
    public var paymentID: PaymentID
    /// How much.
    public var amount: Money
    /// Why.
    public var reason: String
    /// Where it stands.
    public var state: RefundState
    /// When it was asked for.
    public var createdAt: Timestamp
    /// When the money was back.
    public var completedAt: Timestamp?
    /// Who moves the money; `cash` and `terminal` wait for staff to hand it out.
    public var gateway: GatewayName?
    /// The others, when what was asked for came from several payments.
    public var further: [Refund]

    /// Makes a value.
    public init(
        id: RefundID, orderID: OrderID, paymentID: PaymentID, amount: Money, reason: String, state: RefundState,
        createdAt: Timestamp, completedAt: Timestamp? = nil, gateway: GatewayName? = nil, further: [Refund] = []
    ) {
        self.id = id
        self.orderID = orderID
        self.paymentID = paymentID
        self.amount = amount
        self.reason = reason
        self.state = state
        self.createdAt = createdAt
        self.completedAt = completedAt
        self.gateway = gateway
        self.further = further
    }
}

extension Refund: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("order_id", orderID)
        json.field("payment_id", paymentID)
        json.field("amount", amount)
        json.field("reason", reason)
        json.field("state", state)
        json.field("created_at", createdAt)
        json.field("completed_at", completedAt)
        json.field("gateway", gateway)
        if !further.isEmpty { json.field("further", further) }
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: RefundID?
        var orderID: OrderID?
        var paymentID: PaymentID?
        var amount: Money?
        var reason: String?
        var state: RefundState?
        var createdAt: Timestamp?
        var completedAt: Timestamp?
        var gateway: GatewayName?
        var further: [Refund] = []
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "order_id": orderID = try json.read()
            case "payment_id": paymentID = try json.read()
            case "amount": amount = try json.read()
            case "reason": reason = try json.read()
            case "state": state = try json.read()
            case "created_at": createdAt = try json.read()
            case "completed_at": completedAt = try json.read()
            case "gateway": gateway = try json.read()
            case "further": further = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), orderID: try json.require(&orderID, "order_id"),
            paymentID: try json.require(&paymentID, "payment_id"), amount: try json.require(&amount, "amount"),
            reason: try json.require(&reason, "reason"), state: try json.require(&state, "state"),
            createdAt: try json.require(&createdAt, "created_at"), completedAt: completedAt, gateway: gateway,
            further: further)
    }
}
