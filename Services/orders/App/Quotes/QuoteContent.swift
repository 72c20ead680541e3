import JSON
import Models

/// What a quote token carries: everything an order is made of. The sums are computed again, never carried.
struct QuoteContent: Sendable, Hashable {
    /// The quote; its UUID is the future order's.
    var id: QuoteID
    /// Whom it was made for; nil: a guest, so whoever signs in with it.
    var customerID: AccountID?
    /// The store.
    var storeID: StoreID
    /// The merchant of the store.
    var merchantID: MerchantID
    /// Its name.
    var storeName: LocalizedText
    /// Its clock.
    var timeZone: String
    /// How the goods are received.
    var fulfilment: Fulfilment
    /// The priced lines.
    var lines: [QuoteLine]
    /// Until when it can be used.
    var expiresAt: Timestamp

    /// Makes a value.
    init(
        id: QuoteID, customerID: AccountID? = nil, storeID: StoreID, merchantID: MerchantID, storeName: LocalizedText,
        timeZone: String, fulfilment: Fulfilment, lines: [QuoteLine], expiresAt: Timestamp
    ) {
        self.id = id
        self.customerID = customerID
        self.storeID = storeID
        self.merchantID = merchantID
        self.storeName = storeName
        self.timeZone = timeZone
        self.fulfilment = fulfilment
        self.lines = lines
        self.expiresAt = expiresAt
    }
}

extension QuoteContent: JSONWritable, JSONReadable {
    /// Writes the object.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("customer", customerID)
        json.field("store", storeID)
        json.field("merchant", merchantID)
        json.field("store_name", storeName)
        json.field("zone", timeZone)
        json.field("fulfilment", fulfilment)
        json.field("lines", lines)
        json.field("expires", expiresAt)
        json.endObject()
    }

    /// Reads the object.
    init(from json: inout JSONReader) throws(JSONError) {
        var id: QuoteID?
        var customerID: AccountID?
        var storeID: StoreID?
        var merchantID: MerchantID?
        var storeName: LocalizedText?
        var timeZone: String?
        var fulfilment: Fulfilment?
        var lines: [QuoteLine]?
        var expiresAt: Timestamp?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "customer": customerID = try json.read()
            case "store": storeID = try json.read()
            case "merchant": merchantID = try json.read()
            case "store_name": storeName = try json.read()
            case "zone": timeZone = try json.read()
            case "fulfilment": fulfilment = try json.read()
            case "lines": lines = try json.read()
            case "expires": expiresAt = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), customerID: customerID, storeID: try json.require(&storeID, "store"),
            merchantID: try json.require(&merchantID, "merchant"),
            storeName: try json.require(&storeName, "store_name"), timeZone: try json.require(&timeZone, "zone"),
            fulfilment: try json.require(&fulfilment, "fulfilment"), lines: try json.require(&lines, "lines"),
            expiresAt: try json.require(&expiresAt, "expires"))
    }
}
