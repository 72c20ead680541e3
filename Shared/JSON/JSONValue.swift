/// Any JSON value, as a tree: for tools, tests and payloads whose shape is not ours.
public indirect enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A number without fraction and exponent that fits.
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// An object of these members.
    public static func object(_ members: [String: JSONValue]) -> JSONValue {
        .object(JSONObject(members.map { ($0.key, $0.value) }))
    }

    /// The member `name` of an object, if this is one and has it.
    public subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    /// The text, if this is one.
    public var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// The whole number, if this is one.
    public var int: Int64? {
        guard case .int(let value) = self else { return nil }
        return value
    }

    /// The elements, if this is an array.
    public var array: [JSONValue]? {
        guard case .array(let value) = self else { return nil }
        return value
    }
}

extension JSONValue: JSONWritable, JSONReadable {
    /// Writes the value; members in the order of their names.
    public func write(to json: inout JSONWriter) {
        switch self {
        case .null: json.null()
        case .bool(let value): json.bool(value)
        case .int(let value): json.int(value)
        case .double(let value): json.double(value)
        case .string(let value): json.string(value)
        case .array(let values): values.write(to: &json)
        case .object(let members): members.write(to: &json)
        }
    }

    /// Reads any value.
    public init(from json: inout JSONReader) throws(JSONError) {
        switch try json.nextType() {
        case .object: self = .object(try JSONObject(from: &json))
        case .array: self = .array(try json.read())
        case .string: self = .string(try json.string())
        case .bool: self = .bool(try json.bool())
        case .null:
            _ = try json.null()
            self = .null
        case .number:
            if let value = try json.intIfWhole() { self = .int(value) } else { self = .double(try json.double()) }
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements))
    }
    public init(nilLiteral: ()) { self = .null }
}
