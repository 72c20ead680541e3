public import JSON

/// An order in a list.
public struct OrderSummary: Sendable, Hashable {
    /// Identity.
    public var id: OrderID
    /// What people call it.
    public var number: String
    /// The store.
    public var storeID: StoreID
    /// Its name.
    public var storeName: LocalizedText
    /// Where it stands.
    public var states: OrderStates
    /// What it costs.
    public var total: Money
    /// How many things.
    public var itemCount: Int
    /// The first of them.
    public var firstItemName: LocalizedText
    /// When it was placed.
    public var placedAt: Timestamp
    /// Until when it can be paid.
    public var expiresAt: Timestamp
    /// The number that is called in the store.
    public var queueNumber: Int?
    /// What the next payment is for, among the orders of a store that wait for money.
    public var amountDue: Money?

    /// Makes a value.
    public init(
        id: OrderID, number: String, storeID: StoreID, storeName: LocalizedText, states: OrderStates, total: Money,
        itemCount: Int, firstItemName: LocalizedText, placedAt: Timestamp, expiresAt: Timestamp,
        queueNumber: Int? = nil, amountDue: Money? = nil
    ) {
        self.id = id
        self.number = number
        self.storeID = storeID
        self.storeName = storeName
        self.states = states
        self.total = total
        self.itemCount = itemCount
        self.firstItemName = firstItemName
        self.placedAt = placedAt
        self.expiresAt = expiresAt
        self.queueNumber = queueNumber
        self.amountDue = amountDue
    }
}

extension OrderSummary: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("number", number)
        json.field("store_id", storeID)
        json.field("store_name", storeName)
        json.field("states", states)
        json.field("total", total)
        json.field("item_count", itemCount)
        json.field("first_item_name", firstItemName)
        json.field("placed_at", placedAt)
        json.field("expires_at", expiresAt)
        json.field("queue_number", queueNumber)
        json.field("amount_due", amountDue)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: OrderID?
        var number: String?
        var storeID: StoreID?
        var storeName: LocalizedText?
        var states: OrderStates?
        var total: Money?
        var itemCount: Int?
        var firstItemName: LocalizedText?
        var placedAt: Timestamp?
        var expiresAt: Timestamp?
        var queueNumber: Int?
        var amountDue: Money?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "number": number = try json.read()
            case "store_id": storeID = try json.read()
            case "store_name": storeName = try json.read()
            case "states": states = try json.read()
            case "total": total = try json.read()
            case "item_count": itemCount = try json.read()
            case "first_item_name": firstItemName = try json.read()
            case "placed_at": placedAt = try json.read()
            case "expires_at": expiresAt = try json.read()
            case "queue_number": queueNumber = try json.read()
            case "amount_due": amountDue = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), number: try json.require(&number, "number"),
            storeID: try json.require(&storeID, "store_id"), storeName: try json.require(&storeName, "store_name"),
            states: try json.require(&states, "states"), total: try json.require(&total, "total"),
            itemCount: try json.require(&itemCount, "item_count"),
            firstItemName: try json.require(&firstItemName, "first_item_name"),
            placedAt: try json.require(&placedAt, "placed_at"), expiresAt: try json.require(&expiresAt, "expires_at"),
            queueNumber: queueNumber, amountDue: amountDue)
    }
}

/// What to make, on the board of a store.
public struct BoardLine: Sendable, Hashable {
    /// What.
    public var skuID: SKUID
    /// The item.
    public var itemName: LocalizedText
    /// The variant.
    public var skuName: LocalizedText
    /// How many.
    public var quantity: Int
    /// The customer's wish.
    public var note: String?

    /// Makes a value.
    public init(skuID: SKUID, itemName: LocalizedText, skuName: LocalizedText, quantity: Int, note: String? = nil) {
        self.skuID = skuID
        self.itemName = itemName
        self.skuName = skuName
        self.quantity = quantity
        self.note = note
    }
}

extension BoardLine: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("sku_id", skuID)
        json.field("item_name", itemName)
        json.field("sku_name", skuName)
        json.field("quantity", quantity)
        json.field("note", note)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var skuID: SKUID?
        var itemName: LocalizedText?
        var skuName: LocalizedText?
        var quantity: Int?
        var note: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "sku_id": skuID = try json.read()
            case "item_name": itemName = try json.read()
            case "sku_name": skuName = try json.read()
            case "quantity": quantity = try json.read()
            case "note": note = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            skuID: try json.require(&skuID, "sku_id"), itemName: try json.require(&itemName, "item_name"),
            skuName: try json.require(&skuName, "sku_name"), quantity: try json.require(&quantity, "quantity"),
            note: note)
    }
}

/// An order on the board of a store. Nothing in it names the customer.
public struct BoardOrder: Sendable, Hashable {
    /// Identity.
    public var id: OrderID
    /// What people call it.
    public var number: String
    /// The number that is called.
    public var queueNumber: Int?
    /// Where it stands.
    public var states: OrderStates
    /// What to make.
    public var lines: [BoardLine]
    /// What it costs.
    public var total: Money
    /// When it was placed.
    public var placedAt: Timestamp
    /// When it was paid.
    public var paidAt: Timestamp?

    /// Makes a value.
    public init(
        id: OrderID, number: String, queueNumber: Int? = nil, states: OrderStates, lines: [BoardLine], total: Money,
        placedAt: Timestamp, paidAt: Timestamp? = nil
    ) {
        self.id = id
        self.number = number
        self.queueNumber = queueNumber
        self.states = states
        self.lines = lines
        self.total = total
        self.placedAt = placedAt
        self.paidAt = paidAt
    }
}

extension BoardOrder: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("number", number)
        json.field("queue_number", queueNumber)
        json.field("states", states)
        json.field("lines", lines)
        json.field("total", total)
        json.field("placed_at", placedAt)
        json.field("paid_at", paidAt)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: OrderID?
        var number: String?
        var queueNumber: Int?
        var states: OrderStates?
        var lines: [BoardLine]?
        var total: Money?
        var placedAt: Timestamp?
        var paidAt: Timestamp?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "number": number = try json.read()
            case "queue_number": queueNumber = try json.read()
            case "states": states = try json.read()
            case "lines": lines = try json.read()
            case "total": total = try json.read()
            case "placed_at": placedAt = try json.read()
            case "paid_at": paidAt = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), number: try json.require(&number, "number"), queueNumber: queueNumber,
            states: try json.require(&states, "states"), lines: try json.require(&lines, "lines"),
            total: try json.require(&total, "total"), placedAt: try json.require(&placedAt, "placed_at"), paidAt: paidAt)
    }
}

/// The paid orders of a store that are not finished, oldest first.
public struct Board: Sendable, Hashable {
    /// The store.
    public var storeID: StoreID
    /// At most 500.
    public var orders: [BoardOrder]

    /// Makes a value.
    public init(storeID: StoreID, orders: [BoardOrder]) {
        self.storeID = storeID
        self.orders = orders
    }
}

extension Board: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("store_id", storeID)
        json.field("orders", orders)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var storeID: StoreID?
        var orders: [BoardOrder]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "store_id": storeID = try json.read()
            case "orders": orders = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(storeID: try json.require(&storeID, "store_id"), orders: try json.require(&orders, "orders"))
    }
}
