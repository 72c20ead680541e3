public import JSON

/// A merchant to create.
public struct NewMerchant: Sendable, Hashable {
    /// The installation's short name of the merchant; creating it twice gives the first.
    public var code: String
    /// Name in Chinese and English.
    public var name: LocalizedText
    /// What kind of merchant it is.
    public var kind: StoreKind

    /// Makes a value.
    public init(code: String, name: LocalizedText, kind: StoreKind) {
        self.code = code
        self.name = name
        self.kind = kind
    }
}

extension NewMerchant: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("code", code)
        json.field("name", name)
        json.field("kind", kind)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var code: String?
        var name: LocalizedText?
        var kind: StoreKind?
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
            case "kind": kind = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            code: try json.require(&code, "code"), name: try json.require(&name, "name"),
            kind: try json.require(&kind, "kind"))
    }
}

/// A merchant.
public struct Merchant: Sendable, Hashable {
    /// Identity.
    public var id: MerchantID
    /// The installation's short name of it.
    public var code: String
    /// Name in Chinese and English.
    public var name: LocalizedText
    /// What kind of merchant it is.
    public var kind: StoreKind

    /// Makes a value.
    public init(id: MerchantID, code: String, name: LocalizedText, kind: StoreKind) {
        self.id = id
        self.code = code
        self.name = name
        self.kind = kind
    }
}

extension Merchant: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("code", code)
        json.field("name", name)
        json.field("kind", kind)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: MerchantID?
        var code: String?
        var name: LocalizedText?
        var kind: StoreKind?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "code": code = try json.read()
            case "name": name = try json.read()
            case "kind": kind = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), code: try json.require(&code, "code"),
            name: try json.require(&name, "name"), kind: try json.require(&kind, "kind"))
    }
}

/// A store to create.
public struct NewStore: Sendable, Hashable {
    /// The merchant it belongs to.
    public var merchantID: MerchantID
    /// The merchant's own number; creating it twice gives the first.
    public var number: String
    /// Name in Chinese and English.
    public var name: LocalizedText
    /// A few sentences; may be empty.
    public var description: LocalizedText
    /// Street address.
    public var address: String
    /// City.
    public var city: String
    /// Province or its code.
    public var province: String
    /// Postal code.
    public var postcode: String?
    /// Telephone number to publish.
    public var phone: String?
    /// Place, in `datum`.
    public var location: Coordinates
    /// Datum of `location`; WGS-84 when absent.
    public var datum: Datum
    /// IANA time zone; Asia/Shanghai when absent.
    public var timeZone: String
    /// Hours of the days it opens; a day left out is closed.
    public var openingHours: [DayHours]
    /// False to begin with online orders paused.
    public var isAcceptingOrders: Bool

    /// Makes a value.
    public init(
        merchantID: MerchantID, number: String, name: LocalizedText,
        description: LocalizedText = LocalizedText(zh: "", en: ""), address: String, city: String,
        province: String, postcode: String? = nil, phone: String? = nil, location: Coordinates,
        datum: Datum = .wgs84, timeZone: String = "Asia/Shanghai", openingHours: [DayHours],
        isAcceptingOrders: Bool = true
    ) {
        self.merchantID = merchantID
        self.number = number
        self.name = name
        self.description = description
        self.address = address
        self.city = city
        self.province = province
        self.postcode = postcode
        self.phone = phone
        self.location = location
        self.datum = datum
        self.timeZone = timeZone
        self.openingHours = openingHours
        self.isAcceptingOrders = isAcceptingOrders
    }
}

extension NewStore: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("merchant_id", merchantID)
        json.field("number", number)
        json.field("name", name)
        json.field("description", description)
        json.field("address", address)
        json.field("city", city)
        json.field("province", province)
        json.field("postcode", postcode)
        json.field("phone", phone)
        json.field("location", location)
        json.field("datum", datum)
        json.field("time_zone", timeZone)
        json.field("opening_hours", openingHours)
        json.field("accepting_orders", isAcceptingOrders)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var merchantID: MerchantID?
        var number: String?
        var name: LocalizedText?
        var description: LocalizedText?
        var address: String?
        var city: String?
        var province: String?
        var postcode: String?
        var phone: String?
        var location: Coordinates?
        var datum: Datum?
        var timeZone: String?
        var openingHours: [DayHours]?
        var isAcceptingOrders: Bool?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "merchant_id": merchantID = try json.read()
            case "number":
                let value: String = try json.read()
                guard (1...40).contains(value.count) else { throw json.invalid("must have 1 to 40 characters") }
                number = value
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
            case "address":
                let value: String = try json.read()
                guard (1...300).contains(value.count) else { throw json.invalid("must have 1 to 300 characters") }
                address = value
            case "city":
                let value: String = try json.read()
                guard (1...60).contains(value.count) else { throw json.invalid("must have 1 to 60 characters") }
                city = value
            case "province":
                let value: String = try json.read()
                guard (1...60).contains(value.count) else { throw json.invalid("must have 1 to 60 characters") }
                province = value
            case "postcode":
                let value: String = try json.read()
                guard (1...12).contains(value.count) else { throw json.invalid("must have 1 to 12 characters") }
                postcode = value
            case "phone":
                let value: String = try json.read()
                guard (1...30).contains(value.count) else { throw json.invalid("must have 1 to 30 characters") }
                phone = value
            case "location": location = try json.read()
            case "datum": datum = try json.read()
            case "time_zone":
                let value: String = try json.read()
                guard (1...60).contains(value.count) else { throw json.invalid("must have 1 to 60 characters") }
                timeZone = value
            case "opening_hours":
                let value: [DayHours] = try json.read()
                guard value.count <= 7 else { throw json.invalid("must have at most 7 days") }
                openingHours = value
            case "accepting_orders": isAcceptingOrders = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            merchantID: try json.require(&merchantID, "merchant_id"), number: try json.require(&number, "number"),
            name: try json.require(&name, "name"), description: description ?? LocalizedText(zh: "", en: ""),
            address: try json.require(&address, "address"), city: try json.require(&city, "city"),
            province: try json.require(&province, "province"), postcode: postcode, phone: phone,
            location: try json.require(&location, "location"), datum: datum ?? .wgs84,
            timeZone: timeZone ?? "Asia/Shanghai", openingHours: try json.require(&openingHours, "opening_hours"),
            isAcceptingOrders: isAcceptingOrders ?? true)
    }
}
