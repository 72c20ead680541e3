public import JSON

/// A number of one SKU to be priced.
public struct QuoteRequestLine: Sendable, Hashable {
    /// What.
    public var skuID: SKUID
    /// How many, 1 to 999.
    public var quantity: Int
    /// A wish for the store, at most 200 characters.
    public var note: String?

    /// Makes a value.
    public init(skuID: SKUID, quantity: Int, note: String? = nil) {
        self.skuID = skuID
        self.quantity = quantity
        self.note = note
    }
}

extension QuoteRequestLine: JSONWritable, JSONReadable {
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
        self.init(
            skuID: try json.require(&skuID, "sku_id"), quantity: try json.require(&quantity, "quantity"), note: note)
    }
}

/// Asks for the price of goods of one store.
public struct QuoteRequest: Sendable, Hashable {
    /// The store.
    public var storeID: StoreID
    /// 1 to 100 lines; a SKU may stand on several, with other notes.
    public var lines: [QuoteRequestLine]
    /// How the goods shall be received.
    public var fulfilment: Fulfilment

    /// Makes a value.
    public init(storeID: StoreID, lines: [QuoteRequestLine], fulfilment: Fulfilment = .pickup) {
        self.storeID = storeID
        self.lines = lines
        self.fulfilment = fulfilment
    }
}

extension QuoteRequest: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("store_id", storeID)
        json.field("lines", lines)
        json.field("fulfilment", fulfilment)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var storeID: StoreID?
        var lines: [QuoteRequestLine]?
        var fulfilment: Fulfilment = .pickup
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "store_id": storeID = try json.read()
            case "lines":
                let value: [QuoteRequestLine] = try json.read()
                guard (1...100).contains(value.count) else { throw json.invalid("must have 1 to 100 lines") }
                lines = value
            case "fulfilment": fulfilment = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            storeID: try json.require(&storeID, "store_id"), lines: try json.require(&lines, "lines"),
            fulfilment: fulfilment)
    }
}

/// One reason why a line costs less, with its share of the discount.
public struct Discount: Sendable, Hashable {
    /// The rule that gave it.
    public var rule: String
    /// What the customer reads.
    public var name: LocalizedText
    /// How much less, positive.
    public var amount: Money

    /// Makes a value.
    public init(rule: String, name: LocalizedText, amount: Money) {
        self.rule = rule
        self.name = name
        self.amount = amount
    }
}

extension Discount: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("rule", rule)
        json.field("name", name)
        json.field("amount", amount)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var rule: String?
        var name: LocalizedText?
        var amount: Money?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "rule": rule = try json.read()
            case "name": name = try json.read()
            case "amount": amount = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            rule: try json.require(&rule, "rule"), name: try json.require(&name, "name"),
            amount: try json.require(&amount, "amount"))
    }
}

/// A priced line; also a line of the order placed from it.
public struct QuoteLine: Sendable, Hashable {
    /// What.
    public var skuID: SKUID
    /// The item it is a variant of.
    public var itemID: ItemID
    /// The item, as named when priced.
    public var itemName: LocalizedText
    /// The variant, as named when priced.
    public var skuName: LocalizedText
    /// How many.
    public var quantity: Int
    /// Price of one before discounts.
    public var unitPrice: Money
    /// Price of all after discounts.
    public var lineTotal: Money
    /// Why it costs less than quantity times price.
    public var discounts: [Discount]
    /// A wish for the store.
    public var note: String?

    /// Makes a value.
    public init(
        skuID: SKUID, itemID: ItemID, itemName: LocalizedText, skuName: LocalizedText, quantity: Int, unitPrice: Money,
        lineTotal: Money, discounts: [Discount] = [], note: String? = nil
    ) {
        self.skuID = skuID
        self.itemID = itemID
        self.itemName = itemName
        self.skuName = skuName
        self.quantity = quantity
        self.unitPrice = unitPrice
        self.lineTotal = lineTotal
        self.discounts = discounts
        self.note = note
    }
}

extension QuoteLine: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("sku_id", skuID)
        json.field("item_id", itemID)
        json.field("item_name", itemName)
        json.field("sku_name", skuName)
        json.field("quantity", quantity)
        json.field("unit_price", unitPrice)
        json.field("line_total", lineTotal)
        json.field("discounts", discounts)
        json.field("note", note)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var skuID: SKUID?
        var itemID: ItemID?
        var itemName: LocalizedText?
        var skuName: LocalizedText?
        var quantity: Int?
        var unitPrice: Money?
        var lineTotal: Money?
        var discounts: [Discount] = []
        var note: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "sku_id": skuID = try json.read()
            case "item_id": itemID = try json.read()
            case "item_name": itemName = try json.read()
            case "sku_name": skuName = try json.read()
            case "quantity": quantity = try json.read()
            case "unit_price": unitPrice = try json.read()
            case "line_total": lineTotal = try json.read()
            case "discounts": discounts = try json.read()
            case "note": note = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            skuID: try json.require(&skuID, "sku_id"), itemID: try json.require(&itemID, "item_id"),
            itemName: try json.require(&itemName, "item_name"), skuName: try json.require(&skuName, "sku_name"),
            quantity: try json.require(&quantity, "quantity"), unitPrice: try json.require(&unitPrice, "unit_price"),
            lineTotal: try json.require(&lineTotal, "line_total"), discounts: discounts, note: note)
    }
}

/// A price with its explanation, signed, to place an order from.
public struct Quote: Sendable, Hashable {
    /// Identity; the order placed from it has the same UUID.
    public var id: QuoteID
    /// The signed form of everything here: what an order is placed with.
    public var token: String
    /// The store.
    public var storeID: StoreID
    /// Its name.
    public var storeName: LocalizedText
    /// How the goods will be received.
    public var fulfilment: Fulfilment
    /// The priced lines, in the order asked for.
    public var lines: [QuoteLine]
    /// Before discounts.
    public var subtotal: Money
    /// All discounts together.
    public var discountTotal: Money
    /// What is to be paid.
    public var total: Money
    /// Until when an order can be placed from it.
    public var expiresAt: Timestamp

    /// Makes a value.
    public init(
        id: QuoteID, token: String, storeID: StoreID, storeName: LocalizedText, fulfilment: Fulfilment,
        lines: [QuoteLine], subtotal: Money, discountTotal: Money, total: Money, expiresAt: Timestamp
    ) {
        self.id = id
        self.token = token
        self.storeID = storeID
        self.storeName = storeName
        self.fulfilment = fulfilment
        self.lines = lines
        self.subtotal = subtotal
        self.discountTotal = discountTotal
        self.total = total
        self.expiresAt = expiresAt
    }
}

extension Quote: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("token", token)
        json.field("store_id", storeID)
        json.field("store_name", storeName)
        json.field("fulfilment", fulfilment)
        json.field("lines", lines)
        json.field("subtotal", subtotal)
        json.field("discount_total", discountTotal)
        json.field("total", total)
        json.field("expires_at", expiresAt)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: QuoteID?
        var token: String?
        var storeID: StoreID?
        var storeName: LocalizedText?
        var fulfilment: Fulfilment?
        var lines: [QuoteLine]?
        var subtotal: Money?
        var discountTotal: Money?
        var total: Money?
        var expiresAt: Timestamp?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "token": token = try json.read()
            case "store_id": storeID = try json.read()
            case "store_name": storeName = try json.read()
            case "fulfilment": fulfilment = try json.read()
            case "lines": lines = try json.read()
            case "subtotal": subtotal = try json.read()
            case "discount_total": discountTotal = try json.read()
            case "total": total = try json.read()
            case "expires_at": expiresAt = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), token: try json.require(&token, "token"),
            storeID: try json.require(&storeID, "store_id"), storeName: try json.require(&storeName, "store_name"),
            fulfilment: try json.require(&fulfilment, "fulfilment"), lines: try json.require(&lines, "lines"),
            subtotal: try json.require(&subtotal, "subtotal"),
            discountTotal: try json.require(&discountTotal, "discount_total"), total: try json.require(&total, "total"),
            expiresAt: try json.require(&expiresAt, "expires_at"))
    }
}
