public import JSON

/// What became of one row of an import.
public enum StoreImportOutcome: String, CaseIterable, Sendable, Hashable, CatalogCode {
    /// The store is new.
    case created
    /// The store was there and something about it changed.
    case updated
    /// The store was there just so.
    case unchanged
    /// The row was refused; nothing of it was stored.
    case rejected
}

/// One store of a merchant's list, as its file has it.
public struct StoreImportRow: Sendable, Hashable {
    /// Line of the file the row begins on, for messages.
    public var line: Int
    /// The merchant's own number of the store.
    public var number: String
    /// Name, in whichever language the list is.
    public var name: String
    /// Street address.
    public var address: String
    /// City.
    public var city: String
    /// Province or its code.
    public var province: String
    /// Postal code; may be empty.
    public var postcode: String
    /// Telephone number; may be empty.
    public var phone: String
    /// Time zone as the list writes it (`GMT+08:00 Asia/Beijing`).
    public var timeZone: String
    /// Degrees north, WGS-84.
    public var latitude: Double
    /// Degrees east, WGS-84.
    public var longitude: Double

    /// Makes a value.
    public init(
        line: Int, number: String, name: String, address: String, city: String, province: String,
        postcode: String = "", phone: String = "", timeZone: String, latitude: Double, longitude: Double
    ) {
        self.line = line
        self.number = number
        self.name = name
        self.address = address
        self.city = city
        self.province = province
        self.postcode = postcode
        self.phone = phone
        self.timeZone = timeZone
        self.latitude = latitude
        self.longitude = longitude
    }
}

extension StoreImportRow: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("line", line)
        json.field("number", number)
        json.field("name", name)
        json.field("address", address)
        json.field("city", city)
        json.field("province", province)
        json.field("postcode", postcode)
        json.field("phone", phone)
        json.field("time_zone", timeZone)
        json.field("latitude", latitude)
        json.field("longitude", longitude)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var line: Int?
        var number: String?
        var name: String?
        var address: String?
        var city: String?
        var province: String?
        var postcode: String?
        var phone: String?
        var timeZone: String?
        var latitude: Double?
        var longitude: Double?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "line": line = try json.read()
            case "number": number = try json.read()
            case "name": name = try json.read()
            case "address": address = try json.read()
            case "city": city = try json.read()
            case "province": province = try json.read()
            case "postcode": postcode = try json.read()
            case "phone": phone = try json.read()
            case "time_zone": timeZone = try json.read()
            case "latitude": latitude = try json.read()
            case "longitude": longitude = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            line: try json.require(&line, "line"), number: try json.require(&number, "number"),
            name: try json.require(&name, "name"), address: try json.require(&address, "address"),
            city: try json.require(&city, "city"), province: try json.require(&province, "province"),
            postcode: postcode ?? "", phone: phone ?? "", timeZone: try json.require(&timeZone, "time_zone"),
            latitude: try json.require(&latitude, "latitude"), longitude: try json.require(&longitude, "longitude"))
    }
}

/// Rows of a merchant's store list, at most 1,000 a request.
public struct StoreImport: Sendable, Hashable {
    /// Whose stores they are.
    public var merchantID: MerchantID
    /// What kind of store they are.
    public var kind: StoreKind
    /// Hours for new stores, because lists have none; 07:00 to 22:00 daily when absent.
    public var openingHours: [DayHours]?
    /// The rows.
    public var rows: [StoreImportRow]

    /// Makes a value.
    public init(
        merchantID: MerchantID, kind: StoreKind = .cafe, openingHours: [DayHours]? = nil, rows: [StoreImportRow]
    ) {
        self.merchantID = merchantID
        self.kind = kind
        self.openingHours = openingHours
        self.rows = rows
    }
}

extension StoreImport: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("merchant_id", merchantID)
        json.field("kind", kind)
        json.field("opening_hours", openingHours)
        json.field("rows", rows)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var merchantID: MerchantID?
        var kind: StoreKind?
        var openingHours: [DayHours]?
        var rows: [StoreImportRow]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "merchant_id": merchantID = try json.read()
            case "kind": kind = try json.read()
            case "opening_hours":
                let value: [DayHours] = try json.read()
                guard value.count <= 7 else { throw json.invalid("must have at most 7 days") }
                openingHours = value
            case "rows":
                let value: [StoreImportRow] = try json.read()
                guard (1...1_000).contains(value.count) else { throw json.invalid("must have 1 to 1000 rows") }
                rows = value
            default: try json.unknown(key)
            }
        }
        self.init(
            merchantID: try json.require(&merchantID, "merchant_id"), kind: kind ?? .cafe,
            openingHours: openingHours, rows: try json.require(&rows, "rows"))
    }
}

/// The answer to one row.
public struct StoreImportResult: Sendable, Hashable {
    /// Line of the file.
    public var line: Int
    /// The store's number as the row had it.
    public var number: String
    /// What became of it.
    public var outcome: StoreImportOutcome
    /// The store, unless the row was rejected.
    public var storeID: StoreID?
    /// The field at fault, when the row was rejected.
    public var field: String?
    /// Why, in words for the person who imports.
    public var reason: String?

    /// Makes a value.
    public init(
        line: Int, number: String, outcome: StoreImportOutcome, storeID: StoreID? = nil, field: String? = nil,
        reason: String? = nil
    ) {
        self.line = line
        self.number = number
        self.outcome = outcome
        self.storeID = storeID
        self.field = field
        self.reason = reason
    }
}

extension StoreImportResult: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("line", line)
        json.field("number", number)
        json.field("outcome", outcome)
        json.field("store_id", storeID)
        json.field("field", field)
        json.field("reason", reason)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var line: Int?
        var number: String?
        var outcome: StoreImportOutcome?
        var storeID: StoreID?
        var field: String?
        var reason: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "line": line = try json.read()
            case "number": number = try json.read()
            case "outcome": outcome = try json.read()
            case "store_id": storeID = try json.read()
            case "field": field = try json.read()
            case "reason": reason = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            line: try json.require(&line, "line"), number: try json.require(&number, "number"),
            outcome: try json.require(&outcome, "outcome"), storeID: storeID, field: field, reason: reason)
    }
}

/// The answers to an import, in the order of its rows.
public struct StoreImportReport: Sendable, Hashable {
    /// How many stores are new.
    public var created: Int
    /// How many changed.
    public var updated: Int
    /// How many were there just so.
    public var unchanged: Int
    /// How many rows were refused.
    public var rejected: Int
    /// One for each row.
    public var results: [StoreImportResult]

    /// Makes a value.
    public init(created: Int, updated: Int, unchanged: Int, rejected: Int, results: [StoreImportResult]) {
        self.created = created
        self.updated = updated
        self.unchanged = unchanged
        self.rejected = rejected
        self.results = results
    }
}

extension StoreImportReport: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("created", created)
        json.field("updated", updated)
        json.field("unchanged", unchanged)
        json.field("rejected", rejected)
        json.field("results", results)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var created: Int?
        var updated: Int?
        var unchanged: Int?
        var rejected: Int?
        var results: [StoreImportResult]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "created": created = try json.read()
            case "updated": updated = try json.read()
            case "unchanged": unchanged = try json.read()
            case "rejected": rejected = try json.read()
            case "results": results = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            created: try json.require(&created, "created"), updated: try json.require(&updated, "updated"),
            unchanged: try json.require(&unchanged, "unchanged"), rejected: try json.require(&rejected, "rejected"),
            results: try json.require(&results, "results"))
    }
}
