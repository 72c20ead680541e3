/// A value that writes itself as JSON.
public protocol JSONWritable {
    /// Writes exactly one JSON value.
    func write(to json: inout JSONWriter)
}

/// A value that reads itself from JSON.
public protocol JSONReadable {
    /// Reads exactly one JSON value.
    init(from json: inout JSONReader) throws(JSONError)
}

/// What crosses a wire in both directions.
public typealias JSONModel = JSONWritable & JSONReadable & Sendable

/// Whole documents.
public enum JSON {
    /// How much a reader forgives.
    public enum Mode: Sendable {
        /// Unknown and repeated members are errors: for requests, where they hide mistakes and attacks.
        case strict
        /// Unknown members are skipped, and of repeated ones the last wins: for answers of neighbours that may be newer.
        case lenient
    }

    /// The text of `value`, UTF-8.
    public static func encode(_ value: some JSONWritable) -> [UInt8] {
        var writer = JSONWriter()
        value.write(to: &writer)
        return writer.bytes
    }

    /// Reads one value that is the whole of `bytes`.
    public static func decode<T: JSONReadable>(
        _ type: T.Type, from bytes: [UInt8], mode: Mode = .strict
    ) throws(JSONError) -> T {
        try decode(type, from: bytes[...], mode: mode)
    }

    /// Reads one value that is the whole of `bytes`.
    public static func decode<T: JSONReadable>(
        _ type: T.Type, from bytes: ArraySlice<UInt8>, mode: Mode = .strict
    ) throws(JSONError) -> T {
        let result: Result<T, JSONError> = bytes.withUnsafeBufferPointer { buffer in
            var reader = JSONReader(buffer, mode: mode)
            defer { reader.giveBack() }
            do throws(JSONError) {
                let value = try T(from: &reader)
                try reader.finish()
                return .success(value)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

extension Int64: JSONWritable, JSONReadable {
    @inlinable public func write(to json: inout JSONWriter) { json.int(self) }
    @inlinable public init(from json: inout JSONReader) throws(JSONError) { self = try json.int() }
}

extension Int: JSONWritable, JSONReadable {
    @inlinable public func write(to json: inout JSONWriter) { json.int(Int64(self)) }
    @inlinable public init(from json: inout JSONReader) throws(JSONError) { self = Int(try json.int()) }
}

extension Int32: JSONWritable, JSONReadable {
    @inlinable public func write(to json: inout JSONWriter) { json.int(Int64(self)) }
    public init(from json: inout JSONReader) throws(JSONError) {
        guard let value = Int32(exactly: try json.int()) else { throw json.invalid("must fit 32 bits") }
        self = value
    }
}

extension Double: JSONWritable, JSONReadable {
    public func write(to json: inout JSONWriter) { json.double(self) }
    public init(from json: inout JSONReader) throws(JSONError) { self = try json.double() }
}

extension Bool: JSONWritable, JSONReadable {
    public func write(to json: inout JSONWriter) { json.bool(self) }
    public init(from json: inout JSONReader) throws(JSONError) { self = try json.bool() }
}

extension String: JSONWritable, JSONReadable {
    @inlinable public func write(to json: inout JSONWriter) { json.string(self) }
    @inlinable public init(from json: inout JSONReader) throws(JSONError) { self = try json.string() }
}

extension Array: JSONWritable where Element: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.beginArray()
        for element in self { element.write(to: &json) }
        json.endArray()
    }
}

extension Array: JSONReadable where Element: JSONReadable {
    @inlinable public init(from json: inout JSONReader) throws(JSONError) { self = try json.array(of: Element.self) }
}

extension Optional: JSONWritable where Wrapped: JSONWritable {
    public func write(to json: inout JSONWriter) {
        if let value = self { value.write(to: &json) } else { json.null() }
    }
}

extension Optional: JSONReadable where Wrapped: JSONReadable {
    @inlinable public init(from json: inout JSONReader) throws(JSONError) {
        self = try json.null() ? nil : try Wrapped(from: &json)
    }
}

extension Dictionary: JSONWritable where Key == String, Value: JSONWritable {
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        // Sorted, so that equal values have equal texts.
        for (key, value) in self.sorted(by: { $0.key < $1.key }) {
            json.key(key)
            value.write(to: &json)
        }
        json.endObject()
    }
}

extension Dictionary: JSONReadable where Key == String, Value: JSONReadable {
    @inlinable public init(from json: inout JSONReader) throws(JSONError) {
        var members: [String: Value] = [:]
        try json.object { (json, key) throws(JSONError) in
            // Named, because an assignment of an optional would read `null` as "no member".
            let value: Value = try json.read()
            members[key.text] = value
        }
        self = members
    }
}
