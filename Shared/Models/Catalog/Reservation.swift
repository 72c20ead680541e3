public import JSON

/// A number of one SKU.
public struct ReservationLine: Sendable, Hashable {
    /// What.
    public var skuID: SKUID
    /// How many, 1 to 9,999.
    public var quantity: Int
    /// The price of one that the customer agreed to. When it is given and is not the present price, the reservation is
    /// refused with `price_changed`; a reservation that is held already stays held.
    public var unitPrice: Money?

    /// Makes a line.
    public init(skuID: SKUID, quantity: Int, unitPrice: Money? = nil) {
        self.skuID = skuID
        self.quantity = quantity
        self.unitPrice = unitPrice
    }
}

extension ReservationLine: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("sku_id", skuID)
        json.field("quantity", quantity)
        json.field("unit_price", unitPrice)
        json.endObject()
    }

    /// Reads the object; a quantity outside 1 to 9,999 is refused.
    public init(from json: inout JSONReader) throws(JSONError) {
        var skuID: SKUID?
        var quantity: Int?
        var unitPrice: Money?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "sku_id": skuID = try json.read()
            case "quantity":
                let value = Int(try json.int())
                guard (1...9_999).contains(value) else { throw json.invalid("must be 1 to 9999") }
                quantity = value
            case "unit_price": unitPrice = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            skuID: try json.require(&skuID, "sku_id"), quantity: try json.require(&quantity, "quantity"),
            unitPrice: unitPrice)
    }
}

/// Asks for the stock of one order, all of it or none.
public struct ReservationRequest: Sendable, Hashable {
    /// The order; the reservation's identity, so that a repeated request is answered as the first.
    public var orderID: OrderID
    /// The store whose stock is taken.
    public var storeID: StoreID
    /// When the reservation may be given back by itself.
    public var expiresAt: Timestamp
    /// 1 to 200 lines; lines of one SKU are added up.
    public var lines: [ReservationLine]

    /// Makes a request.
    public init(orderID: OrderID, storeID: StoreID, expiresAt: Timestamp, lines: [ReservationLine]) {
        self.orderID = orderID
        self.storeID = storeID
        self.expiresAt = expiresAt
        self.lines = lines
    }
}

extension ReservationRequest: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("order_id", orderID)
        json.field("store_id", storeID)
        json.field("expires_at", expiresAt)
        json.field("lines", lines)
        json.endObject()
    }

    /// Reads the object; no lines, or more than 200, are refused.
    public init(from json: inout JSONReader) throws(JSONError) {
        var orderID: OrderID?
        var storeID: StoreID?
        var expiresAt: Timestamp?
        var lines: [ReservationLine]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "order_id": orderID = try json.read()
            case "store_id": storeID = try json.read()
            case "expires_at": expiresAt = try json.read()
            case "lines":
                let value: [ReservationLine] = try json.read()
                guard (1...200).contains(value.count) else { throw json.invalid("must have 1 to 200 lines") }
                lines = value
            default: try json.unknown(key)
            }
        }
        self.init(
            orderID: try json.require(&orderID, "order_id"), storeID: try json.require(&storeID, "store_id"),
            expiresAt: try json.require(&expiresAt, "expires_at"), lines: try json.require(&lines, "lines"))
    }
}

/// A batch of reservation requests: each is answered for itself.
public struct ReservationBatch: Sendable, Hashable {
    /// 1 to 500 requests.
    public var reservations: [ReservationRequest]

    /// Makes a batch.
    public init(reservations: [ReservationRequest]) { self.reservations = reservations }
}

extension ReservationBatch: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("reservations", reservations)
        json.endObject()
    }

    /// Reads the object; no requests, or more than 500, are refused.
    public init(from json: inout JSONReader) throws(JSONError) {
        var reservations: [ReservationRequest]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "reservations":
                let value: [ReservationRequest] = try json.read()
                guard (1...500).contains(value.count) else { throw json.invalid("must have 1 to 500 reservations") }
                reservations = value
            default: try json.unknown(key)
            }
        }
        self.init(reservations: try json.require(&reservations, "reservations"))
    }
}

/// How a reservation request ended.
public enum ReservationOutcome: String, CaseIterable, Sendable, Hashable, CatalogCode {
    /// The stock is held (now, or already by the same request before).
    case reserved
    /// A SKU has fewer left than the order needs; nothing was taken.
    case outOfStock = "out_of_stock"
    /// The store has no such SKU; nothing was taken.
    case unknownSKU = "unknown_sku"
    /// A SKU costs something else than the line says; nothing was taken.
    case priceChanged = "price_changed"
    /// The order has a reservation with other content, or one that was given back already.
    case conflict
}

/// The answer to one reservation request.
public struct ReservationResult: Sendable, Hashable {
    /// The order asked for.
    public var orderID: OrderID
    /// How it ended.
    public var outcome: ReservationOutcome
    /// The SKU at fault, when the outcome is about one.
    public var skuID: SKUID?
    /// How many of that SKU are left, when it is out of stock.
    public var available: Int?
    /// The present price of that SKU, when it is the price that changed.
    public var price: Money?
    /// The reservation, when the stock is held.
    public var reservationID: ReservationID?

    /// Makes a result.
    public init(
        orderID: OrderID, outcome: ReservationOutcome, skuID: SKUID? = nil, available: Int? = nil,
        price: Money? = nil, reservationID: ReservationID? = nil
    ) {
        self.orderID = orderID
        self.outcome = outcome
        self.skuID = skuID
        self.available = available
        self.price = price
        self.reservationID = reservationID
    }
}

extension ReservationResult: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("order_id", orderID)
        json.field("outcome", outcome)
        json.field("sku_id", skuID)
        json.field("available", available)
        json.field("price", price)
        json.field("reservation_id", reservationID)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var orderID: OrderID?
        var outcome: ReservationOutcome?
        var skuID: SKUID?
        var available: Int?
        var price: Money?
        var reservationID: ReservationID?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "order_id": orderID = try json.read()
            case "outcome": outcome = try json.read()
            case "sku_id": skuID = try json.read()
            case "available": available = try json.read()
            case "price": price = try json.read()
            case "reservation_id": reservationID = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            orderID: try json.require(&orderID, "order_id"), outcome: try json.require(&outcome, "outcome"),
            skuID: skuID, available: available, price: price, reservationID: reservationID)
    }
}

/// The answers to a batch, in its order.
public struct ReservationResults: Sendable, Hashable {
    /// One for each request.
    public var results: [ReservationResult]

    /// Makes the answers.
    public init(results: [ReservationResult]) { self.results = results }
}

extension ReservationResults: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("results", results)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var results: [ReservationResult]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "results": results = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(results: try json.require(&results, "results"))
    }
}
