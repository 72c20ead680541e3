public import JSON

/// A variant of an item to create.
public struct NewSKU: Sendable, Hashable {
    /// The store's own code, unique in the store; made up when absent.
    public var code: String?
    /// Name of the variant; the item's name when absent.
    public var name: LocalizedText?
    /// Price of one; from 0 to 100,000,000 minor units.
    public var price: Money
    /// First stock on hand.
    public var stock: Int
    /// How many of the stock are never sold online.
    public var onlineBuffer: Int

    /// Makes a value.
    public init(
        code: String? = nil, name: LocalizedText? = nil, price: Money, stock: Int = 0, onlineBuffer: Int = 0
    ) {
        self.code = code
        self.name = name
        self.price = price
        self.stock = stock
        self.onlineBuffer = onlineBuffer
    }
}

extension NewSKU: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("code", code)
        json.field("name", name)
        json.field("price", price)
        json.field("stock", stock)
        json.field("online_buffer", onlineBuffer)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var code: String?
        var name: LocalizedText?
        var price: Money?
        var stock: Int?
        var onlineBuffer: Int?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "code":
                let value: String = try json.read()
                guard (1...64).contains(value.count) else { throw json.invalid("must have 1 to 64 characters") }
                code = value
            case "name":
                let value: LocalizedText = try json.read()
                guard (1...120).contains(value.zh.count) && (1...120).contains(value.en.count) else {
                    throw json.invalid("both languages must have 1 to 120 characters")
                }
                name = value
            case "price":
                let value: Money = try json.read()
                guard (0...100_000_000).contains(value.minorUnits) else {
                    throw json.invalid("must be 0 to 100000000 minor units")
                }
                price = value
            case "stock":
                let value: Int = try json.read()
                guard (0...100_000_000).contains(value) else { throw json.invalid("must be 0 to 100000000") }
                stock = value
            case "online_buffer":
                let value: Int = try json.read()
                guard (0...1_000_000).contains(value) else { throw json.invalid("must be 0 to 1000000") }
                onlineBuffer = value
            default: try json.unknown(key)
            }
        }
        self.init(
            code: code, name: name, price: try json.require(&price, "price"), stock: stock ?? 0,
            onlineBuffer: onlineBuffer ?? 0)
    }
}

/// An item to create, with its variants and their first stock.
public struct NewItem: Sendable, Hashable {
    /// The store that offers it.
    public var storeID: StoreID
    /// The store's own code of the item; creating it twice gives the first.
    public var code: String?
    /// Section of the menu; made when the store has none of this name.
    public var category: LocalizedText
    /// Name in Chinese and English.
    public var name: LocalizedText
    /// A sentence; may be empty.
    public var description: LocalizedText
    /// Name of the drawing that shows it; may be empty.
    public var picture: String
    /// 1 to 50 variants.
    public var skus: [NewSKU]

    /// Makes a value.
    public init(
        storeID: StoreID, code: String? = nil, category: LocalizedText, name: LocalizedText,
        description: LocalizedText = LocalizedText(zh: "", en: ""), picture: String = "", skus: [NewSKU]
    ) {
        self.storeID = storeID
        self.code = code
        self.category = category
        self.name = name
        self.description = description
        self.picture = picture
        self.skus = skus
    }
}

extension NewItem: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
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
        var storeID: StoreID?
        var code: String?
        var category: LocalizedText?
        var name: LocalizedText?
        var description: LocalizedText?
        var picture: String?
        var skus: [NewSKU]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "store_id": storeID = try json.read()
            case "code":
                let value: String = try json.read()
                guard (1...64).contains(value.count) else { throw json.invalid("must have 1 to 64 characters") }
                code = value
            case "category":
                let value: LocalizedText = try json.read()
                guard (1...60).contains(value.zh.count) && (1...60).contains(value.en.count) else {
                    throw json.invalid("both languages must have 1 to 60 characters")
                }
                category = value
            case "name":
                let value: LocalizedText = try json.read()
                guard (1...120).contains(value.zh.count) && (1...120).contains(value.en.count) else {
                    throw json.invalid("both languages must have 1 to 120 characters")
                }
                name = value
            case "description":
                let value: LocalizedText = try json.read()
                guard value.zh.count <= 1000 && value.en.count <= 1000 else {
                    throw json.invalid("must have at most 1000 characters in a language")
                }
                description = value
            case "picture":
                let value: String = try json.read()
                guard value.count <= 120 else { throw json.invalid("must have at most 120 characters") }
                picture = value
            case "skus":
                let value: [NewSKU] = try json.read()
                guard (1...50).contains(value.count) else { throw json.invalid("must have 1 to 50 SKUs") }
                skus = value
            default: try json.unknown(key)
            }
        }
        self.init(
            storeID: try json.require(&storeID, "store_id"), code: code,
            category: try json.require(&category, "category"), name: try json.require(&name, "name"),
            description: description ?? LocalizedText(zh: "", en: ""), picture: picture ?? "",
            skus: try json.require(&skus, "skus"))
    }
}

/// A change of a SKU; what is absent stays.
public struct SKUChange: Sendable, Hashable {
    /// New price of one; its currency must be the old one's.
    public var price: Money?
    /// New name.
    public var name: LocalizedText?
    /// How many are never sold online.
    public var onlineBuffer: Int?

    /// Makes a value.
    public init(price: Money? = nil, name: LocalizedText? = nil, onlineBuffer: Int? = nil) {
        self.price = price
        self.name = name
        self.onlineBuffer = onlineBuffer
    }
}

extension SKUChange: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("price", price)
        json.field("name", name)
        json.field("online_buffer", onlineBuffer)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var price: Money?
        var name: LocalizedText?
        var onlineBuffer: Int?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "price":
                let value: Money = try json.read()
                guard (0...100_000_000).contains(value.minorUnits) else {
                    throw json.invalid("must be 0 to 100000000 minor units")
                }
                price = value
            case "name":
                let value: LocalizedText = try json.read()
                guard (1...120).contains(value.zh.count) && (1...120).contains(value.en.count) else {
                    throw json.invalid("both languages must have 1 to 120 characters")
                }
                name = value
            case "online_buffer":
                let value: Int = try json.read()
                guard (0...1_000_000).contains(value) else { throw json.invalid("must be 0 to 1000000") }
                onlineBuffer = value
            default: try json.unknown(key)
            }
        }
        self.init(price: price, name: name, onlineBuffer: onlineBuffer)
    }
}
