/// A Swift type whose arrays can be parameters and columns (`bigint[]`, `uuid[]`, `text[]` …).
///
/// Arrays carry thousands of elements into one set-based statement: `SELECT … FROM unnest($1::uuid[], $2::bigint[])`.
public protocol PostgresArrayElement: PostgresCodable {
    /// The type of an array of these.
    static var postgresArrayType: PostgresType { get }
    /// Whether a column of `type` can be read as an array of these.
    static func acceptsArray(_ type: PostgresType) -> Bool
    /// Appends the binary form of an array.
    static func encodeArray(_ array: [Self], to bytes: inout [UInt8])
    /// Reads the binary form of an array.
    static func decodeArray(_ bytes: UnsafeRawBufferPointer, type: PostgresType) -> [Self]?
}

extension PostgresArrayElement {
    /// Only the type that parameters are declared with.
    public static func acceptsArray(_ type: PostgresType) -> Bool { type == postgresArrayType }

    /// One dimension, lower bound 1: `array_recv` of `arrayfuncs.c`.
    public static func encodeArray(_ array: [Self], to bytes: inout [UInt8]) {
        bytes.appendBigEndian(Int32(array.isEmpty ? 0 : 1))
        let flagsOffset = bytes.count
        bytes.appendBigEndian(Int32(0))
        bytes.appendBigEndian(postgresType.rawValue)
        guard !array.isEmpty else { return }
        bytes.appendBigEndian(Int32(array.count))
        bytes.appendBigEndian(Int32(1))
        var hasNull = false
        for element in array {
            let lengthOffset = bytes.count
            bytes.appendBigEndian(Int32(-1))
            if element.isNull {
                hasNull = true
                continue
            }
            element.encode(to: &bytes)
            bytes.writeBigEndian(Int32(bytes.count - lengthOffset - 4), at: lengthOffset)
        }
        if hasNull { bytes.writeBigEndian(1, at: flagsOffset) }
    }

    /// Arrays of one dimension; nil for more, for a null where this type has none, and for malformed bytes.
    public static func decodeArray(_ bytes: UnsafeRawBufferPointer, type: PostgresType) -> [Self]? {
        guard bytes.count >= 12 else { return nil }
        let dimensions = bytes.bigEndian(Int32.self)
        let elementType = PostgresType(rawValue: bytes.bigEndian(UInt32.self, at: 8))
        guard accepts(elementType) else { return nil }
        if dimensions == 0 { return [] }
        guard dimensions == 1, bytes.count >= 20 else { return nil }
        let count = Int(bytes.bigEndian(Int32.self, at: 12))
        var offset = 20
        guard count >= 0, count <= (bytes.count - offset) / 4 else { return nil }
        var array: [Self] = []
        array.reserveCapacity(count)
        for _ in 0..<count {
            guard offset + 4 <= bytes.count else { return nil }
            let length = Int(bytes.bigEndian(Int32.self, at: offset))
            offset += 4
            if length < 0 {
                guard let null = nullValue else { return nil }
                array.append(null)
                continue
            }
            guard offset + length <= bytes.count else { return nil }
            let slice = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
            guard let element = Self(postgres: slice, type: elementType) else { return nil }
            array.append(element)
            offset += length
        }
        return array
    }
}

extension Array: PostgresCodable where Element: PostgresArrayElement {
    /// The element's array type; `bytea` for bytes.
    public static var postgresType: PostgresType { Element.postgresArrayType }
    /// What the element accepts.
    public static func accepts(_ type: PostgresType) -> Bool { Element.acceptsArray(type) }
    public func encode(to bytes: inout [UInt8]) { Element.encodeArray(self, to: &bytes) }
    public init?(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard let array = Element.decodeArray(bytes, type: type) else { return nil }
        self = array
    }
}

extension Optional: PostgresArrayElement where Wrapped: PostgresArrayElement {
    /// The wrapped type's array: any element may be null.
    public static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }
    /// What the wrapped type accepts.
    public static func acceptsArray(_ type: PostgresType) -> Bool { Wrapped.acceptsArray(type) }
}

extension PostgresArrayElement where Self: RawRepresentable, RawValue: PostgresArrayElement {
    /// The raw value's array type.
    public static var postgresArrayType: PostgresType { RawValue.postgresArrayType }
    /// What the raw value accepts.
    public static func acceptsArray(_ type: PostgresType) -> Bool { RawValue.acceptsArray(type) }
}

/// An array of bytes is `bytea`; a byte alone is no PostgreSQL type, so only the array side is ever used.
extension UInt8: PostgresArrayElement {
    public static var postgresType: PostgresType { .bytea }
    public static var postgresArrayType: PostgresType { .bytea }
    public func encode(to bytes: inout [UInt8]) { bytes.append(self) }
    public init?(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard bytes.count == 1 else { return nil }
        self = bytes[0]
    }
    /// The bytes themselves.
    public static func encodeArray(_ array: [UInt8], to bytes: inout [UInt8]) { bytes.append(contentsOf: array) }
    /// The bytes themselves.
    public static func decodeArray(_ bytes: UnsafeRawBufferPointer, type: PostgresType) -> [UInt8]? { Array(bytes) }
}

/// `bytea[]`.
extension Array: PostgresArrayElement where Element == UInt8 {
    public static var postgresArrayType: PostgresType { .byteaArray }
}

extension Int64: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .int8Array }
    /// Arrays of every integer type fit.
    public static func acceptsArray(_ type: PostgresType) -> Bool {
        type == .int8Array || type == .int4Array || type == .int2Array
    }
}

extension Int: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .int8Array }
    /// Arrays of every integer type fit.
    public static func acceptsArray(_ type: PostgresType) -> Bool { Int64.acceptsArray(type) }
}

extension Int32: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .int4Array }
    /// `integer[]` and `smallint[]`.
    public static func acceptsArray(_ type: PostgresType) -> Bool { type == .int4Array || type == .int2Array }
}

extension Int16: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .int2Array }
}

extension Bool: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .boolArray }
}

extension Double: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .float8Array }
    /// `double precision[]` and `real[]`.
    public static func acceptsArray(_ type: PostgresType) -> Bool { type == .float8Array || type == .float4Array }
}

extension String: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .textArray }
    /// Arrays of the character types.
    public static func acceptsArray(_ type: PostgresType) -> Bool {
        switch type {
        case .textArray, .varcharArray, .bpcharArray, .nameArray: true
        default: false
        }
    }
}

extension JSONBytes: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .jsonbArray }
    /// `jsonb[]` and `json[]`.
    public static func acceptsArray(_ type: PostgresType) -> Bool { type == .jsonbArray || type == .jsonArray }
}
