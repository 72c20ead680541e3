public import JSON

/// Why stock changed outside of an order.
public enum StockCause: String, CaseIterable, Sendable, Hashable, CatalogCode {
    /// First stock of a new SKU.
    case opening
    /// Goods came in.
    case received
    /// A count found another number.
    case counted
    /// Broken, spoilt or lost.
    case writtenOff = "written_off"
    /// Sold at the till.
    case tillSale = "till_sale"
    /// Came back from a customer.
    case customerReturn = "customer_return"
}

/// A change of what a store has of one SKU.
public struct StockAdjustmentLine: Sendable, Hashable {
    /// What.
    public var skuID: SKUID
    /// How many more (or fewer, when negative); not 0, at most 1,000,000 either way.
    public var delta: Int
    /// Why.
    public var cause: StockCause

    /// Makes a value.
    public init(skuID: SKUID, delta: Int, cause: StockCause) {
        self.skuID = skuID
        self.delta = delta
        self.cause = cause
    }
}

extension StockAdjustmentLine: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("sku_id", skuID)
        json.field("delta", delta)
        json.field("cause", cause)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var skuID: SKUID?
        var delta: Int?
        var cause: StockCause?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "sku_id": skuID = try json.read()
            case "delta":
                let value: Int = try json.read()
                guard value != 0 && (-1_000_000...1_000_000).contains(value) else {
                    throw json.invalid("must not be 0 nor beyond a million")
                }
                delta = value
            case "cause": cause = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            skuID: try json.require(&skuID, "sku_id"), delta: try json.require(&delta, "delta"),
            cause: try json.require(&cause, "cause"))
    }
}

/// Changes of stock on hand in one store: all of them or none.
public struct StockAdjustment: Sendable, Hashable {
    /// The store.
    public var storeID: StoreID
    /// 1 to 500 lines, one a SKU.
    public var lines: [StockAdjustmentLine]

    /// Makes a value.
    public init(storeID: StoreID, lines: [StockAdjustmentLine]) {
        self.storeID = storeID
        self.lines = lines
    }
}

extension StockAdjustment: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("store_id", storeID)
        json.field("lines", lines)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var storeID: StoreID?
        var lines: [StockAdjustmentLine]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "store_id": storeID = try json.read()
            case "lines":
                let value: [StockAdjustmentLine] = try json.read()
                guard (1...500).contains(value.count) else { throw json.invalid("must have 1 to 500 lines") }
                lines = value
            default: try json.unknown(key)
            }
        }
        self.init(storeID: try json.require(&storeID, "store_id"), lines: try json.require(&lines, "lines"))
    }
}

/// What a store has of one SKU.
public struct StockLevel: Sendable, Hashable {
    /// What.
    public var skuID: SKUID
    /// The item it is a variant of.
    public var itemID: ItemID
    /// The item's name.
    public var itemName: LocalizedText
    /// The variant's name.
    public var skuName: LocalizedText
    /// On the shelf.
    public var onHand: Int
    /// Of these, held for unpaid orders.
    public var reserved: Int
    /// Of these, never sold online.
    public var onlineBuffer: Int
    /// What can be sold online now.
    public var available: Int

    /// Makes a value.
    public init(
        skuID: SKUID, itemID: ItemID, itemName: LocalizedText, skuName: LocalizedText, onHand: Int, reserved: Int,
        onlineBuffer: Int, available: Int
    ) {
        self.skuID = skuID
        self.itemID = itemID
        self.itemName = itemName
        self.skuName = skuName
        self.onHand = onHand
        self.reserved = reserved
        self.onlineBuffer = onlineBuffer
        self.available = available
    }
}

extension StockLevel: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("sku_id", skuID)
        json.field("item_id", itemID)
        json.field("item_name", itemName)
        json.field("sku_name", skuName)
        json.field("on_hand", onHand)
        json.field("reserved", reserved)
        json.field("online_buffer", onlineBuffer)
        json.field("available", available)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var skuID: SKUID?
        var itemID: ItemID?
        var itemName: LocalizedText?
        var skuName: LocalizedText?
        var onHand: Int?
        var reserved: Int?
        var onlineBuffer: Int?
        var available: Int?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "sku_id": skuID = try json.read()
            case "item_id": itemID = try json.read()
            case "item_name": itemName = try json.read()
            case "sku_name": skuName = try json.read()
            case "on_hand": onHand = try json.read()
            case "reserved": reserved = try json.read()
            case "online_buffer": onlineBuffer = try json.read()
            case "available": available = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            skuID: try json.require(&skuID, "sku_id"), itemID: try json.require(&itemID, "item_id"),
            itemName: try json.require(&itemName, "item_name"), skuName: try json.require(&skuName, "sku_name"),
            onHand: try json.require(&onHand, "on_hand"), reserved: try json.require(&reserved, "reserved"),
            onlineBuffer: try json.require(&onlineBuffer, "online_buffer"),
            available: try json.require(&available, "available"))
    }
}

/// One line of the append-only stock ledger: the sums of its lines are the stock.
public struct StockLedgerLine: Sendable, Hashable {
    /// Position in the ledger.
    public var id: Int64
    /// What changed.
    public var skuID: SKUID
    /// Why (`reserve`, `commit`, `release`, `expire`, `return`, `late_sale`, or a `StockCause`).
    public var cause: String
    /// Change of what is on the shelf.
    public var onHandDelta: Int
    /// Change of what is held.
    public var reservedDelta: Int
    /// The statement that wrote it; a reservation names the batches that moved it.
    public var batch: Int64
    /// When.
    public var at: Timestamp

    /// Makes a value.
    public init(
        id: Int64, skuID: SKUID, cause: String, onHandDelta: Int, reservedDelta: Int, batch: Int64, at: Timestamp
    ) {
        self.id = id
        self.skuID = skuID
        self.cause = cause
        self.onHandDelta = onHandDelta
        self.reservedDelta = reservedDelta
        self.batch = batch
        self.at = at
    }
}

extension StockLedgerLine: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("sku_id", skuID)
        json.field("cause", cause)
        json.field("on_hand_delta", onHandDelta)
        json.field("reserved_delta", reservedDelta)
        json.field("batch", batch)
        json.field("at", at)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: Int64?
        var skuID: SKUID?
        var cause: String?
        var onHandDelta: Int?
        var reservedDelta: Int?
        var batch: Int64?
        var at: Timestamp?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "sku_id": skuID = try json.read()
            case "cause": cause = try json.read()
            case "on_hand_delta": onHandDelta = try json.read()
            case "reserved_delta": reservedDelta = try json.read()
            case "batch": batch = try json.read()
            case "at": at = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), skuID: try json.require(&skuID, "sku_id"),
            cause: try json.require(&cause, "cause"), onHandDelta: try json.require(&onHandDelta, "on_hand_delta"),
            reservedDelta: try json.require(&reservedDelta, "reserved_delta"),
            batch: try json.require(&batch, "batch"), at: try json.require(&at, "at"))
    }
}
