public import JSON

/// A part of a list, and where the next part begins.
public struct Page<Item> {
    /// The items, in the list's order.
    public var items: [Item]
    /// What to send as `cursor` for the next page; nil at the end.
    public var nextCursor: String?

    /// Makes a page.
    public init(items: [Item], nextCursor: String? = nil) {
        self.items = items
        self.nextCursor = nextCursor
    }
}

extension Page: Sendable where Item: Sendable {}
extension Page: Equatable where Item: Equatable {}

extension Page: JSONWritable where Item: JSONWritable {
    /// Writes `{"items":[…],"next_cursor":"…"}`.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("items", items)
        json.field("next_cursor", nextCursor)
        json.endObject()
    }
}

extension Page: JSONReadable where Item: JSONReadable {
    /// Reads the items and the cursor.
    @inlinable
    public init(from json: inout JSONReader) throws(JSONError) {
        var items: [Item]?
        var nextCursor: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "items": items = try json.read()
            case "next_cursor": nextCursor = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(items: try json.require(&items, "items"), nextCursor: nextCursor)
    }
}
