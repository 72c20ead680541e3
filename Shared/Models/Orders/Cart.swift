public import JSON

/// A cart to create.
public struct NewCart: Sendable, Hashable {
    /// The store whose goods it will hold.
    public var storeID: StoreID

    /// Makes a value.
    public init(storeID: StoreID) {
        self.storeID = storeID
    }
}

extension NewCart: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("store_id", storeID)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var storeID: StoreID?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "store_id": storeID = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(storeID: try json.require(&storeID, "store_id"))
    }
}

/// What a cart shall hold of one SKU.
public struct CartLineInput: Sendable, Hashable {
    /// How many, 1 to 999.
    public var quantity: Int
    /// A wish for the store, at most 200 characters.
    public var note: String?

    /// Makes a value.
    public init(quantity: Int, note: String? = nil) {
        self.quantity = quantity
        self.note = note
    }
}

extension CartLineInput: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("quantity", quantity)
        json.field("note", note)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var quantity: Int?
        var note: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "quantity":
                let value: Int = try json.read()
                guard (1...999).contains(value) else { throw json.invalid("must be 1 to 999") }
                quantity = value
            case "note":
                let value: String = try json.read()
                guard value.unicodeScalars.count <= 200 else { throw json.invalid("must have at most 200 characters") }
                note = value
            default: try json.unknown(key)
            }
        }
        self.init(quantity: try json.require(&quantity, "quantity"), note: note)
    }
}

/// What a cart holds of one SKU.
public struct CartLine: Sendable, Hashable {
    /// What.
    public var skuID: SKUID
    /// How many.
    public var quantity: Int
    /// A wish for the store.
    public var note: String?

    /// Makes a value.
    public init(skuID: SKUID, quantity: Int, note: String? = nil) {
        self.skuID = skuID
        self.quantity = quantity
        self.note = note
    }
}

extension CartLine: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("sku_id", skuID)
        json.field("quantity", quantity)
        json.field("note", note)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var skuID: SKUID?
        var quantity: Int?
        var note: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "sku_id": skuID = try json.read()
            case "quantity": quantity = try json.read()
            case "note": note = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            skuID: try json.require(&skuID, "sku_id"), quantity: try json.require(&quantity, "quantity"), note: note)
    }
}

/// Goods of one store that a guest or a customer thinks of buying; prices come with a quote.
public struct Cart: Sendable, Hashable {
    /// Identity; whoever knows it may use a cart that nobody owns yet.
    public var id: CartID
    /// The store.
    public var storeID: StoreID
    /// Its owner, once a customer who is signed in has used it.
    public var customerID: AccountID?
    /// In the order in which they were added.
    public var lines: [CartLine]
    /// The last change.
    public var updatedAt: Timestamp

    /// Makes a value.
    public init(id: CartID, storeID: StoreID, customerID: AccountID? = nil, lines: [CartLine], updatedAt: Timestamp) {
        self.id = id
        self.storeID = storeID
        self.customerID = customerID
        self.lines = lines
        self.updatedAt = updatedAt
    }
}

extension Cart: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("store_id", storeID)
        json.field("customer_id", customerID)
        json.field("lines", lines)
        json.field("updated_at", updatedAt)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: CartID?
        var storeID: StoreID?
        var customerID: AccountID?
        var lines: [CartLine]?
        var updatedAt: Timestamp?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "store_id": storeID = try json.read()
            case "customer_id": customerID = try json.read()
            case "lines": lines = try json.read()
            case "updated_at": updatedAt = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), storeID: try json.require(&storeID, "store_id"), customerID: customerID,
            lines: try json.require(&lines, "lines"), updatedAt: try json.require(&updatedAt, "updated_at"))
    }
}
