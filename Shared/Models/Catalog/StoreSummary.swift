public import JSON

/// One store in a list of stores.
public struct StoreSummary: Sendable, Hashable {
    /// Identity.
    public var id: StoreID
    /// The merchant's own number of the store, where it has one.
    public var number: String?
    /// The merchant the store belongs to.
    public var merchantID: MerchantID
    /// What kind of merchant it is.
    public var kind: StoreKind
    /// Name in Chinese and English.
    public var name: LocalizedText
    /// Street address, without city and province.
    public var address: String
    /// City as people write it (`上海市`).
    public var city: String
    /// Province or its code as the source gave it.
    public var province: String
    /// Telephone number, where it is published.
    public var phone: String?
    /// Place, WGS-84.
    public var location: Coordinates
    /// Great-circle distance from the place asked for, in whole metres; absent when no place was given.
    public var distanceMetres: Int?
    /// Open at the moment of the answer, by the store's own hours and time zone.
    public var isOpenNow: Bool
    /// The periods that begin today in the store's time zone; empty when it stays closed.
    public var hoursToday: [OpeningPeriod]
    /// IANA time zone.
    public var timeZone: String
    /// Mean of its reviews, 1 to 5; absent without reviews.
    public var ratingAverage: Double?
    /// Number of its reviews.
    public var ratingCount: Int
    /// False while the store has paused online orders.
    public var isAcceptingOrders: Bool

    /// Makes a summary.
    public init(
        id: StoreID, number: String?, merchantID: MerchantID, kind: StoreKind, name: LocalizedText, address: String,
        city: String, province: String, phone: String?, location: Coordinates, distanceMetres: Int?, isOpenNow: Bool,
        hoursToday: [OpeningPeriod], timeZone: String, ratingAverage: Double?, ratingCount: Int,
        isAcceptingOrders: Bool
    ) {
        self.id = id
        self.number = number
        self.merchantID = merchantID
        self.kind = kind
        self.name = name
        self.address = address
        self.city = city
        self.province = province
        self.phone = phone
        self.location = location
        self.distanceMetres = distanceMetres
        self.isOpenNow = isOpenNow
        self.hoursToday = hoursToday
        self.timeZone = timeZone
        self.ratingAverage = ratingAverage
        self.ratingCount = ratingCount
        self.isAcceptingOrders = isAcceptingOrders
    }
}

extension StoreSummary: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        writeMembers(to: &json)
        json.endObject()
    }

    func writeMembers(to json: inout JSONWriter) {
        json.field("id", id)
        json.field("number", number)
        json.field("merchant_id", merchantID)
        json.field("kind", kind)
        json.field("name", name)
        json.field("address", address)
        json.field("city", city)
        json.field("province", province)
        json.field("phone", phone)
        json.field("location", location)
        json.field("distance_m", distanceMetres)
        json.field("open_now", isOpenNow)
        json.field("hours_today", hoursToday)
        json.field("time_zone", timeZone)
        json.field("rating_average", ratingAverage)
        json.field("rating_count", ratingCount)
        json.field("accepting_orders", isAcceptingOrders)
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var members = Members()
        try json.object { (json, key) throws(JSONError) in
            if try !members.read(key, from: &json) { try json.unknown(key) }
        }
        self = try members.summary(&json)
    }

    /// Collects the members of a summary, alone or inside a `Store`.
    struct Members {
        var id: StoreID?
        var number: String?
        var merchantID: MerchantID?
        var kind: StoreKind?
        var name: LocalizedText?
        var address: String?
        var city: String?
        var province: String?
        var phone: String?
        var location: Coordinates?
        var distanceMetres: Int?
        var isOpenNow: Bool?
        var hoursToday: [OpeningPeriod] = []
        var timeZone: String?
        var ratingAverage: Double?
        var ratingCount: Int?
        var isAcceptingOrders: Bool?

        /// Reads one member; false when it is none of a summary's.
        mutating func read(_ key: JSONKey, from json: inout JSONReader) throws(JSONError) -> Bool {
            switch key {
            case "id": id = try json.read()
            case "number": number = try json.read()
            case "merchant_id": merchantID = try json.read()
            case "kind": kind = try json.read()
            case "name": name = try json.read()
            case "address": address = try json.read()
            case "city": city = try json.read()
            case "province": province = try json.read()
            case "phone": phone = try json.read()
            case "location": location = try json.read()
            case "distance_m": distanceMetres = try json.read()
            case "open_now": isOpenNow = try json.read()
            case "hours_today": hoursToday = try json.read()
            case "time_zone": timeZone = try json.read()
            case "rating_average": ratingAverage = try json.read()
            case "rating_count": ratingCount = try json.read()
            case "accepting_orders": isAcceptingOrders = try json.read()
            default: return false
            }
            return true
        }

        mutating func summary(_ json: inout JSONReader) throws(JSONError) -> StoreSummary {
            StoreSummary(
                id: try json.require(&id, "id"), number: number,
                merchantID: try json.require(&merchantID, "merchant_id"), kind: try json.require(&kind, "kind"),
                name: try json.require(&name, "name"), address: try json.require(&address, "address"),
                city: try json.require(&city, "city"), province: try json.require(&province, "province"), phone: phone,
                location: try json.require(&location, "location"), distanceMetres: distanceMetres,
                isOpenNow: try json.require(&isOpenNow, "open_now"), hoursToday: hoursToday,
                timeZone: try json.require(&timeZone, "time_zone"), ratingAverage: ratingAverage,
                ratingCount: try json.require(&ratingCount, "rating_count"),
                isAcceptingOrders: try json.require(&isAcceptingOrders, "accepting_orders"))
        }
    }
}
