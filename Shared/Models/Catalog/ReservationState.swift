public import JSON

/// Where a reservation stands; each is left at most once, by the move named.
public enum ReservationState: String, CaseIterable, Sendable, Hashable, CatalogCode {
    /// Holds stock for an order that is not paid yet.
    case held
    /// The order was paid: the stock has left the shelf.
    case committed
    /// Given back because the order was cancelled or expired.
    case released
    /// Given back by itself because its time had passed and nobody else did.
    case expired
    /// Paid first and cancelled later: the stock is back on the shelf.
    case returned
    /// Paid after it was given back, and the stock was gone by then.
    case commitFailed = "commit_failed"
}

/// The reservation of one order.
public struct Reservation: Sendable, Hashable {
    /// Identity.
    public var id: ReservationID
    /// The order it belongs to.
    public var orderID: OrderID
    /// The store whose stock it holds.
    public var storeID: StoreID
    /// Where it stands.
    public var state: ReservationState
    /// When it may be given back by itself.
    public var expiresAt: Timestamp
    /// What it holds, one line a SKU.
    public var lines: [ReservationLine]

    /// Makes a value.
    public init(
        id: ReservationID, orderID: OrderID, storeID: StoreID, state: ReservationState, expiresAt: Timestamp,
        lines: [ReservationLine]
    ) {
        self.id = id
        self.orderID = orderID
        self.storeID = storeID
        self.state = state
        self.expiresAt = expiresAt
        self.lines = lines
    }
}

extension Reservation: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("order_id", orderID)
        json.field("store_id", storeID)
        json.field("state", state)
        json.field("expires_at", expiresAt)
        json.field("lines", lines)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: ReservationID?
        var orderID: OrderID?
        var storeID: StoreID?
        var state: ReservationState?
        var expiresAt: Timestamp?
        var lines: [ReservationLine]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "order_id": orderID = try json.read()
            case "store_id": storeID = try json.read()
            case "state": state = try json.read()
            case "expires_at": expiresAt = try json.read()
            case "lines": lines = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), orderID: try json.require(&orderID, "order_id"),
            storeID: try json.require(&storeID, "store_id"), state: try json.require(&state, "state"),
            expiresAt: try json.require(&expiresAt, "expires_at"), lines: try json.require(&lines, "lines"))
    }
}
