/// A Swift type that can be a parameter of a statement and a column of a row, in PostgreSQL's binary format.
///
/// An enum with raw values only needs to say so: `extension OrderState: PostgresCodable {}` stores its raw value.
///
/// - Source: the type's send and receive functions (`src/backend/utils/adt`); integers are big-endian.
public protocol PostgresCodable: Sendable {
    /// The type that a parameter of this Swift type is declared with when the statement is prepared.
    static var postgresType: PostgresType { get }
    /// Whether a column of `type` can be read as this Swift type without losing meaning.
    static func accepts(_ type: PostgresType) -> Bool
    /// The value of SQL null, or nil when this type has none.
    static var nullValue: Self? { get }
    /// Whether this value is SQL null.
    var isNull: Bool { get }
    /// Appends the binary form.
    func encode(to bytes: inout [UInt8])
    /// Reads the binary form of a column of an accepted type; nil when the bytes are not such a value.
    init?(postgres bytes: UnsafeRawBufferPointer, type: PostgresType)
}

extension PostgresCodable {
    /// Only the type that parameters are declared with.
    public static func accepts(_ type: PostgresType) -> Bool { type == postgresType }
    /// No null.
    public static var nullValue: Self? { nil }
    /// Never null.
    public var isNull: Bool { false }
}

extension PostgresCodable where Self: RawRepresentable, RawValue: PostgresCodable {
    /// The raw value's type.
    public static var postgresType: PostgresType { RawValue.postgresType }
    /// What the raw value accepts.
    public static func accepts(_ type: PostgresType) -> Bool { RawValue.accepts(type) }
    /// Appends the raw value.
    public func encode(to bytes: inout [UInt8]) { rawValue.encode(to: &bytes) }
    /// Reads the raw value; nil when no case has it.
    public init?(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard let raw = RawValue(postgres: bytes, type: type), let value = Self(rawValue: raw) else { return nil }
        self = value
    }
}

extension Optional: PostgresCodable where Wrapped: PostgresCodable {
    /// The wrapped type.
    public static var postgresType: PostgresType { Wrapped.postgresType }
    /// What the wrapped type accepts.
    public static func accepts(_ type: PostgresType) -> Bool { Wrapped.accepts(type) }
    /// SQL null is nil.
    public static var nullValue: Wrapped?? { .some(.none) }
    /// Nil is SQL null.
    public var isNull: Bool { self == nil }
    /// Appends the wrapped value; nothing for null.
    public func encode(to bytes: inout [UInt8]) { self?.encode(to: &bytes) }
    /// Reads the wrapped value.
    public init?(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard let value = Wrapped(postgres: bytes, type: type) else { return nil }
        self = value
    }
}

extension [UInt8] {
    /// Appends an integer in network byte order.
    @inline(__always)
    mutating func appendBigEndian<T: FixedWidthInteger>(_ value: T) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    /// Overwrites the four bytes at `offset` (a length that was not known before its content).
    mutating func writeBigEndian(_ value: Int32, at offset: Int) {
        Swift.withUnsafeBytes(of: value.bigEndian) { source in
            for (index, byte) in source.enumerated() { self[offset + index] = byte }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Reads an integer in network byte order. The caller has checked the length.
    @inline(__always)
    func bigEndian<T: FixedWidthInteger>(_ type: T.Type, at offset: Int = 0) -> T {
        T(bigEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
    }
}
