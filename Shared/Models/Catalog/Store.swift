public import JSON

/// A store with all that its page shows.
public struct Store: Sendable, Hashable {
    /// What lists show too.
    public var summary: StoreSummary
    /// The seven days, Monday first.
    public var openingHours: [DayHours]
    /// A few sentences about the store; may be empty.
    public var description: LocalizedText
    /// Postal code, where it is known.
    public var postcode: String?

    /// Makes a store.
    public init(
        summary: StoreSummary, openingHours: [DayHours], description: LocalizedText, postcode: String? = nil
    ) {
        self.summary = summary
        self.openingHours = openingHours
        self.description = description
        self.postcode = postcode
    }
}

extension Store: JSONWritable, JSONReadable {
    /// Writes the summary's members and its own in one object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        summary.writeMembers(to: &json)
        json.field("opening_hours", openingHours)
        json.field("description", description)
        json.field("postcode", postcode)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var members = StoreSummary.Members()
        var openingHours: [DayHours]?
        var description: LocalizedText?
        var postcode: String?
        try json.object { (json, key) throws(JSONError) in
            if try members.read(key, from: &json) { return }
            switch key {
            case "opening_hours": openingHours = try json.read()
            case "description": description = try json.read()
            case "postcode": postcode = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            summary: try members.summary(&json), openingHours: try json.require(&openingHours, "opening_hours"),
            description: try json.require(&description, "description"), postcode: postcode)
    }
}

/// A city and how many stores it has.
public struct CityCount: Sendable, Hashable {
    /// City as the stores write it.
    public var name: String
    /// Stores in it.
    public var storeCount: Int

    /// Makes a count.
    public init(name: String, storeCount: Int) {
        self.name = name
        self.storeCount = storeCount
    }
}

extension CityCount: JSONWritable, JSONReadable {
    /// Writes `{"name": "上海市", "store_count": 542}`.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("name", name)
        json.field("store_count", storeCount)
        json.endObject()
    }

    /// Reads both members.
    public init(from json: inout JSONReader) throws(JSONError) {
        var name: String?
        var storeCount: Int?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "name": name = try json.read()
            case "store_count": storeCount = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(name: try json.require(&name, "name"), storeCount: try json.require(&storeCount, "store_count"))
    }
}

/// A review as everyone may read it: nothing about who wrote it.
public struct Review: Sendable, Hashable {
    /// Identity.
    public var id: ReviewID
    /// 1 to 5.
    public var rating: Int
    /// What the customer wrote; may be empty.
    public var text: String
    /// When it was written.
    public var createdAt: Timestamp

    /// Makes a review.
    public init(id: ReviewID, rating: Int, text: String, createdAt: Timestamp) {
        self.id = id
        self.rating = rating
        self.text = text
        self.createdAt = createdAt
    }
}

extension Review: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("rating", rating)
        json.field("text", text)
        json.field("created_at", createdAt)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: ReviewID?
        var rating: Int?
        var text: String?
        var createdAt: Timestamp?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "rating": rating = try json.read()
            case "text": text = try json.read()
            case "created_at": createdAt = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), rating: try json.require(&rating, "rating"),
            text: try json.require(&text, "text"), createdAt: try json.require(&createdAt, "created_at"))
    }
}
