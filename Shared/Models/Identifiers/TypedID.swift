public import JSON

/// What an identifier names; its prefix is part of the identifier's text.
public protocol IDTag {
    /// Lower-case letters, at most 63 (TypeID specification 0.3).
    static var prefix: StaticString { get }
}

/// An identifier that cannot be mistaken for one of another kind: a UUID with a type.
///
/// - Shape: text is a TypeID (specification 0.3), the prefix, `_`, and the UUID in 26 characters of Crockford's base32,
///   such as `ord_01jd4q8x9sfm7t3z5w6y8b2c4k`. In the database it is a plain `uuid`.
public struct TypedID<Tag: IDTag>: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The identity itself.
    public let uuid: UUID128

    /// An identifier of a known UUID.
    public init(uuid: UUID128) {
        self.uuid = uuid
    }

    /// A new identifier; those of one moment and later sort after it.
    public static func make(at time: Timestamp) -> Self {
        Self(uuid: .version7(at: time))
    }

    /// Reads a TypeID of this type; nil for another prefix, length, alphabet or a suffix beyond 128 bits.
    public init?(_ text: some StringProtocol) {
        let prefixCount = Tag.prefix.utf8CodeUnitCount
        let value: UUID128?? = text.utf8.withContiguousStorageIfAvailable { Self.parse($0, prefixCount) }
        guard let uuid = value ?? Array(text.utf8).withUnsafeBufferPointer({ Self.parse($0, prefixCount) }) else {
            return nil
        }
        self.uuid = uuid
    }

    private static func parse(_ text: UnsafeBufferPointer<UInt8>, _ prefixCount: Int) -> UUID128? {
        guard text.count == prefixCount + 1 + TypeIDSuffix.length, text[prefixCount] == UInt8(ascii: "_") else {
            return nil
        }
        for index in 0..<prefixCount where text[index] != Tag.prefix.utf8Start[index] { return nil }
        return TypeIDSuffix.decode(UnsafeBufferPointer(rebasing: text[(prefixCount + 1)...]))
    }

    /// The TypeID text.
    public var description: String {
        let prefixCount = Tag.prefix.utf8CodeUnitCount
        return String(unsafeUninitializedCapacity: prefixCount + 1 + TypeIDSuffix.length) { fill($0) }
    }

    private func fill(_ buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        let prefixCount = Tag.prefix.utf8CodeUnitCount
        for index in 0..<prefixCount { buffer[index] = Tag.prefix.utf8Start[index] }
        buffer[prefixCount] = UInt8(ascii: "_")
        TypeIDSuffix.encode(uuid, into: UnsafeMutableBufferPointer(rebasing: buffer[(prefixCount + 1)...]))
        return prefixCount + 1 + TypeIDSuffix.length
    }

    /// Orders as the UUIDs do.
    public static func < (left: Self, right: Self) -> Bool { left.uuid < right.uuid }
}

extension TypedID: JSONWritable, JSONReadable {
    /// Writes the TypeID text.
    public func write(to json: inout JSONWriter) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 96) { buffer in
            let count = fill(buffer)
            json.plainString(UnsafeBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// Reads the TypeID text.
    public init(from json: inout JSONReader) throws(JSONError) {
        let uuid = try json.parsed { Self.parse($0, Tag.prefix.utf8CodeUnitCount) }
        guard let uuid else { throw json.invalid("must be an identifier that begins with \(Tag.prefix)_") }
        self.uuid = uuid
    }
}

/// Crockford's base32 of a UUID as TypeID 0.3 has it: 26 lower-case characters, the first at most `7`.
enum TypeIDSuffix {
    static let length = 26
    private static let alphabet = StaticString("0123456789abcdefghjkmnpqrstvwxyz")
    private static let invalid: UInt8 = 255

    /// The value of each ASCII character, 255 where it is none of the alphabet (upper case and `i l o u` are not).
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: invalid, count: 256)
        for value in 0..<32 { values[Int(alphabet.utf8Start[value])] = UInt8(value) }
        return values
    }()

    static func encode(_ uuid: UUID128, into text: UnsafeMutableBufferPointer<UInt8>) {
        var high = uuid.high, low = uuid.low
        for index in stride(from: length - 1, through: 0, by: -1) {
            text[index] = alphabet.utf8Start[Int(low & 31)]
            low = low >> 5 | high << 59
            high >>= 5
        }
    }

    static func decode(_ text: UnsafeBufferPointer<UInt8>) -> UUID128? {
        guard text.count == length else { return nil }
        return values.withUnsafeBufferPointer { values in
            // 26 times 5 bits are 2 more than 128: the first character has only 3, and the fourteenth lies in both halves.
            var high: UInt64 = 0, low: UInt64 = 0, seen: UInt8 = 0
            for index in 0..<13 {
                let value = values[Int(text[index])]
                seen |= value
                high = high &<< 5 | UInt64(value)
            }
            let middle = values[Int(text[13])]
            seen |= middle
            for index in 14..<length {
                let value = values[Int(text[index])]
                seen |= value
                low = low &<< 5 | UInt64(value)
            }
            guard seen < 32, values[Int(text[0])] < 8 else { return nil }
            return UUID128(high: high &<< 1 | UInt64(middle &>> 4), low: UInt64(middle) &<< 60 | low)
        }
    }
}
