public import JSON

/// The body of a move that needs nothing but its path: `{}`.
public struct EmptyRequest: Sendable, Hashable {
    /// Makes a value.
    public init() {}
}

extension EmptyRequest: JSONWritable, JSONReadable {
    /// Writes `{}`.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.endObject()
    }

    /// Reads an object without members.
    public init(from json: inout JSONReader) throws(JSONError) {
        try json.object { (json, key) throws(JSONError) in try json.unknown(key) }
    }
}
