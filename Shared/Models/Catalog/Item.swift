public import JSON

/// A section of a store's menu.
public struct ItemCategory: Sendable, Hashable {
    /// Identity.
    public var id: CategoryID
    /// Name in Chinese and English.
    public var name: LocalizedText

    /// Makes a category.
    public init(id: CategoryID, name: LocalizedText) {
        self.id = id
        self.name = name
    }
}

extension ItemCategory: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("name", name)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: CategoryID?
        var name: LocalizedText?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "name": name = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(id: try json.require(&id, "id"), name: try json.require(&name, "name"))
    }
}

/// What can be bought: one variant of an item, with its own price and stock.
public struct SKU: Sendable, Hashable {
    /// Identity.
    public var id: SKUID
    /// Name of the variant (`大杯`); equals the item's name when there is only one.
    public var name: LocalizedText
    /// Price of one.
    public var price: Money
    /// How many can be sold now; 0 when sold out.
    public var available: Int

    /// Makes a SKU.
    public init(id: SKUID, name: LocalizedText, price: Money, available: Int) {
        self.id = id
        self.name = name
        self.price = price
        self.available = available
    }
}

extension SKU: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("name", name)
        json.field("price", price)
        json.field("available", available)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: SKUID?
        var name: LocalizedText?
        var price: Money?
        var available: Int?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "name": name = try json.read()
            case "price": price = try json.read()
            case "available": available = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), name: try json.require(&name, "name"),
            price: try json.require(&price, "price"), available: try json.require(&available, "available"))
    }
}

/// Something a store offers, with its variants.
public struct Item: Sendable, Hashable {
    /// Identity.
    public var id: ItemID
    /// The store that offers it.
    public var storeID: StoreID
    /// The store's own code of the item, where it has one.
    public var code: String?
    /// The section of the menu it stands in.
    public var category: ItemCategory
    /// Name in Chinese and English.
    public var name: LocalizedText
    /// A sentence about it; may be empty.
    public var description: LocalizedText
    /// Name of the drawing that shows it (`bowl`, `coffee`), resolved by the website.
    public var picture: String
    /// Its variants, in menu order; never empty.
    public var skus: [SKU]

    /// Makes an item.
    public init(
        id: ItemID, storeID: StoreID, code: String?, category: ItemCategory, name: LocalizedText,
        description: LocalizedText, picture: String, skus: [SKU]
    ) {
        self.id = id
        self.storeID = storeID
        self.code = code
        self.category = category
        self.name = name
        self.description = description
        self.picture = picture
        self.skus = skus
    }
}

extension Item: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("store_id", storeID)
        json.field("code", code)
        json.field("category", category)
        json.field("name", name)
        json.field("description", description)
        json.field("picture", picture)
        json.field("skus", skus)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: ItemID?
        var storeID: StoreID?
        var code: String?
        var category: ItemCategory?
        var name: LocalizedText?
        var description: LocalizedText?
        var picture: String?
        var skus: [SKU]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "store_id": storeID = try json.read()
            case "code": code = try json.read()
            case "category": category = try json.read()
            case "name": name = try json.read()
            case "description": description = try json.read()
            case "picture": picture = try json.read()
            case "skus": skus = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), storeID: try json.require(&storeID, "store_id"), code: code,
            category: try json.require(&category, "category"), name: try json.require(&name, "name"),
            description: try json.require(&description, "description"), picture: try json.require(&picture, "picture"),
            skus: try json.require(&skus, "skus"))
    }
}
