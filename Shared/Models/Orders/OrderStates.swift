public import JSON

/// A closed list of wire words; any other word is refused with the list in the message.
public protocol OrdersCode: RawRepresentable<String>, CaseIterable, JSONWritable, JSONReadable {}

extension OrdersCode {
    /// Writes the word.
    public func write(to json: inout JSONWriter) { json.string(rawValue) }

    /// Reads one of the words.
    public init(from json: inout JSONReader) throws(JSONError) {
        let text = try json.string()
        guard let value = Self(rawValue: text) else {
            throw json.invalid("must be one of \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self = value
    }
}

/// How an order stands with its money.
public enum OrderPaymentState: String, CaseIterable, Sendable, Hashable, OrdersCode {
    /// Nothing was paid.
    case unpaid
    /// Paid in full.
    case paid
    /// A part of the money went back.
    case partlyRefunded = "partly_refunded"
    /// All of the money went back.
    case refunded
}

/// How an order stands as a whole.
public enum OrderState: String, CaseIterable, Sendable, Hashable, OrdersCode {
    /// Waits for payment or is being fulfilled.
    case open
    /// The customer has the goods.
    case completed
    /// Called off by the customer, the store or a step that failed.
    case cancelled
    /// Was not paid in time.
    case expired
}

/// How far the store is with a pickup order.
public enum FulfilmentState: String, CaseIterable, Sendable, Hashable, OrdersCode {
    /// The store has not looked at it yet.
    case waiting
    /// The store takes it.
    case accepted
    /// It is being made; cancelling is over.
    case preparing
    /// It can be collected with its pickup code.
    case ready
    /// The customer has it.
    case collected
}

/// How an order reaches its customer.
public enum Fulfilment: String, CaseIterable, Sendable, Hashable, OrdersCode {
    /// The customer collects it in the store (到店自提).
    case pickup
}

/// The three independent states of an order.
public struct OrderStates: Sendable, Hashable {
    /// The money.
    public var payment: OrderPaymentState
    /// The whole.
    public var order: OrderState
    /// The goods.
    public var fulfilment: FulfilmentState

    /// Makes a value.
    public init(payment: OrderPaymentState, order: OrderState, fulfilment: FulfilmentState) {
        self.payment = payment
        self.order = order
        self.fulfilment = fulfilment
    }
}

extension OrderStates: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("payment", payment)
        json.field("order", order)
        json.field("fulfilment", fulfilment)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var payment: OrderPaymentState?
        var order: OrderState?
        var fulfilment: FulfilmentState?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "payment": payment = try json.read()
            case "order": order = try json.read()
            case "fulfilment": fulfilment = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            payment: try json.require(&payment, "payment"), order: try json.require(&order, "order"),
            fulfilment: try json.require(&fulfilment, "fulfilment"))
    }
}
