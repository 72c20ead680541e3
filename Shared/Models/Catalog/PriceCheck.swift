public import JSON

/// Asks what SKUs of one store cost and whether they can be sold now.
public struct PriceCheckRequest: Sendable, Hashable {
    /// The store.
    public var storeID: StoreID
    /// 1 to 200 SKUs; repeated ones are answered once.
    public var skuIDs: [SKUID]

    /// Makes a request.
    public init(storeID: StoreID, skuIDs: [SKUID]) {
        self.storeID = storeID
        self.skuIDs = skuIDs
    }
}

extension PriceCheckRequest: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("store_id", storeID)
        json.field("sku_ids", skuIDs)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var storeID: StoreID?
        var skuIDs: [SKUID]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "store_id": storeID = try json.read()
            case "sku_ids": skuIDs = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(storeID: try json.require(&storeID, "store_id"), skuIDs: try json.require(&skuIDs, "sku_ids"))
    }
}

/// The store as a quote needs it.
public struct PricedStore: Sendable, Hashable {
    /// Identity.
    public var id: StoreID
    /// The merchant it belongs to.
    public var merchantID: MerchantID
    /// What kind of merchant it is.
    public var kind: StoreKind
    /// Name in Chinese and English.
    public var name: LocalizedText
    /// IANA time zone.
    public var timeZone: String
    /// Open at the moment of the answer.
    public var isOpenNow: Bool
    /// False while the store has paused online orders.
    public var isAcceptingOrders: Bool

    /// Makes a store.
    public init(
        id: StoreID, merchantID: MerchantID, kind: StoreKind, name: LocalizedText, timeZone: String, isOpenNow: Bool,
        isAcceptingOrders: Bool
    ) {
        self.id = id
        self.merchantID = merchantID
        self.kind = kind
        self.name = name
        self.timeZone = timeZone
        self.isOpenNow = isOpenNow
        self.isAcceptingOrders = isAcceptingOrders
    }
}

extension PricedStore: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("merchant_id", merchantID)
        json.field("kind", kind)
        json.field("name", name)
        json.field("time_zone", timeZone)
        json.field("open_now", isOpenNow)
        json.field("accepting_orders", isAcceptingOrders)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: StoreID?
        var merchantID: MerchantID?
        var kind: StoreKind?
        var name: LocalizedText?
        var timeZone: String?
        var isOpenNow: Bool?
        var isAcceptingOrders: Bool?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "merchant_id": merchantID = try json.read()
            case "kind": kind = try json.read()
            case "name": name = try json.read()
            case "time_zone": timeZone = try json.read()
            case "open_now": isOpenNow = try json.read()
            case "accepting_orders": isAcceptingOrders = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), merchantID: try json.require(&merchantID, "merchant_id"),
            kind: try json.require(&kind, "kind"), name: try json.require(&name, "name"),
            timeZone: try json.require(&timeZone, "time_zone"), isOpenNow: try json.require(&isOpenNow, "open_now"),
            isAcceptingOrders: try json.require(&isAcceptingOrders, "accepting_orders"))
    }
}

/// A SKU as a quote needs it.
public struct PricedSKU: Sendable, Hashable {
    /// Identity.
    public var skuID: SKUID
    /// The item it is a variant of.
    public var itemID: ItemID
    /// The item's name.
    public var itemName: LocalizedText
    /// The variant's name.
    public var skuName: LocalizedText
    /// Price of one.
    public var price: Money
    /// How many can be sold now.
    public var available: Int

    /// Makes a priced SKU.
    public init(
        skuID: SKUID, itemID: ItemID, itemName: LocalizedText, skuName: LocalizedText, price: Money, available: Int
    ) {
        self.skuID = skuID
        self.itemID = itemID
        self.itemName = itemName
        self.skuName = skuName
        self.price = price
        self.available = available
    }
}

extension PricedSKU: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("sku_id", skuID)
        json.field("item_id", itemID)
        json.field("item_name", itemName)
        json.field("sku_name", skuName)
        json.field("price", price)
        json.field("available", available)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var skuID: SKUID?
        var itemID: ItemID?
        var itemName: LocalizedText?
        var skuName: LocalizedText?
        var price: Money?
        var available: Int?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "sku_id": skuID = try json.read()
            case "item_id": itemID = try json.read()
            case "item_name": itemName = try json.read()
            case "sku_name": skuName = try json.read()
            case "price": price = try json.read()
            case "available": available = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            skuID: try json.require(&skuID, "sku_id"), itemID: try json.require(&itemID, "item_id"),
            itemName: try json.require(&itemName, "item_name"), skuName: try json.require(&skuName, "sku_name"),
            price: try json.require(&price, "price"), available: try json.require(&available, "available"))
    }
}

/// What SKUs of one store cost now.
public struct PriceCheck: Sendable, Hashable {
    /// The store.
    public var store: PricedStore
    /// The SKUs that exist, in the order asked for.
    public var skus: [PricedSKU]
    /// The SKUs that this store does not have.
    public var unknownSKUIDs: [SKUID]

    /// Makes a price check.
    public init(store: PricedStore, skus: [PricedSKU], unknownSKUIDs: [SKUID]) {
        self.store = store
        self.skus = skus
        self.unknownSKUIDs = unknownSKUIDs
    }
}

extension PriceCheck: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("store", store)
        json.field("skus", skus)
        json.field("unknown_sku_ids", unknownSKUIDs)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var store: PricedStore?
        var skus: [PricedSKU]?
        var unknownSKUIDs: [SKUID]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "store": store = try json.read()
            case "skus": skus = try json.read()
            case "unknown_sku_ids": unknownSKUIDs = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            store: try json.require(&store, "store"), skus: try json.require(&skus, "skus"),
            unknownSKUIDs: try json.require(&unknownSKUIDs, "unknown_sku_ids"))
    }
}
