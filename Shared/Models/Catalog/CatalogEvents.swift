public import JSON

/// Data of `stock.commit_failed`: a paid order's stock had been given back and is gone.
public struct StockCommitFailed: Sendable, Hashable {
    /// The order; its money must go back.
    public var orderID: OrderID
    /// The store.
    public var storeID: StoreID?

    /// Makes a value.
    public init(orderID: OrderID, storeID: StoreID? = nil) {
        self.orderID = orderID
        self.storeID = storeID
    }
}

extension StockCommitFailed: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("order_id", orderID)
        json.field("store_id", storeID)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var orderID: OrderID?
        var storeID: StoreID?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "order_id": orderID = try json.read()
            case "store_id": storeID = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(orderID: try json.require(&orderID, "order_id"), storeID: storeID)
    }
}

/// Answer to a stock adjustment.
public struct StockAdjusted: Sendable, Hashable {
    /// The batch of its ledger lines.
    public var batch: Int64
    /// The stock after it.
    public var levels: [AdjustedLevel]

    /// Makes a value.
    public init(batch: Int64, levels: [AdjustedLevel]) {
        self.batch = batch
        self.levels = levels
    }
}

extension StockAdjusted: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("batch", batch)
        json.field("levels", levels)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var batch: Int64?
        var levels: [AdjustedLevel]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "batch": batch = try json.read()
            case "levels": levels = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(batch: try json.require(&batch, "batch"), levels: try json.require(&levels, "levels"))
    }
}

/// The stock of a SKU after an adjustment.
public struct AdjustedLevel: Sendable, Hashable {
    /// What.
    public var skuID: SKUID
    /// On the shelf.
    public var onHand: Int
    /// Of these, held for unpaid orders.
    public var reserved: Int

    /// Makes a value.
    public init(skuID: SKUID, onHand: Int, reserved: Int) {
        self.skuID = skuID
        self.onHand = onHand
        self.reserved = reserved
    }
}

extension AdjustedLevel: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("sku_id", skuID)
        json.field("on_hand", onHand)
        json.field("reserved", reserved)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var skuID: SKUID?
        var onHand: Int?
        var reserved: Int?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "sku_id": skuID = try json.read()
            case "on_hand": onHand = try json.read()
            case "reserved": reserved = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            skuID: try json.require(&skuID, "sku_id"), onHand: try json.require(&onHand, "on_hand"),
            reserved: try json.require(&reserved, "reserved"))
    }
}
