extension Int64: PostgresCodable {
    public static var postgresType: PostgresType { .int8 }
    /// Every integer type fits.
    public static func accepts(_ type: PostgresType) -> Bool { type == .int8 || type == .int4 || type == .int2 }
    public func encode(to bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
    public init?(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) {
        switch bytes.count {
        case 8: self = bytes.bigEndian(Int64.self)
        case 4: self = Int64(bytes.bigEndian(Int32.self))
        case 2: self = Int64(bytes.bigEndian(Int16.self))
        default: return nil
        }
    }
}

extension Int: PostgresCodable {
    public static var postgresType: PostgresType { .int8 }
    /// Every integer type fits.
    public static func accepts(_ type: PostgresType) -> Bool { Int64.accepts(type) }
    public func encode(to bytes: inout [UInt8]) { Int64(self).encode(to: &bytes) }
    public init?(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard let value = Int64(postgres: bytes, type: type) else { return nil }
        self.init(value)
    }
}

extension Int32: PostgresCodable {
    public static var postgresType: PostgresType { .int4 }
    /// `integer` and `smallint` fit.
    public static func accepts(_ type: PostgresType) -> Bool { type == .int4 || type == .int2 }
    public func encode(to bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
    public init?(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) {
        switch bytes.count {
        case 4: self = bytes.bigEndian(Int32.self)
        case 2: self = Int32(bytes.bigEndian(Int16.self))
        default: return nil
        }
    }
}

extension Int16: PostgresCodable {
    public static var postgresType: PostgresType { .int2 }
    public func encode(to bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
    public init?(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard bytes.count == 2 else { return nil }
        self = bytes.bigEndian(Int16.self)
    }
}

extension Bool: PostgresCodable {
    public static var postgresType: PostgresType { .bool }
    public func encode(to bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }
    public init?(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard bytes.count == 1 else { return nil }
        self = bytes[0] != 0
    }
}

extension Double: PostgresCodable {
    public static var postgresType: PostgresType { .float8 }
    /// `double precision` and `real` fit.
    public static func accepts(_ type: PostgresType) -> Bool { type == .float8 || type == .float4 }
    public func encode(to bytes: inout [UInt8]) { bytes.appendBigEndian(bitPattern) }
    public init?(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) {
        switch bytes.count {
        case 8: self.init(bitPattern: bytes.bigEndian(UInt64.self))
        case 4: self.init(Float(bitPattern: bytes.bigEndian(UInt32.self)))
        default: return nil
        }
    }
}

extension String: PostgresCodable {
    public static var postgresType: PostgresType { .text }
    /// The character types, and `json` as its text.
    public static func accepts(_ type: PostgresType) -> Bool {
        switch type {
        case .text, .varchar, .bpchar, .name, .unknown, .json: true
        default: false
        }
    }
    public func encode(to bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }
    /// The server sends UTF-8 (`client_encoding` is set when connecting) and has checked it.
    public init?(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) {
        self.init(decoding: bytes, as: UTF8.self)
    }
}

/// The bytes of one JSON value, for `jsonb` (and, when read, `json`) columns.
public struct JSONBytes: Hashable, Sendable, PostgresCodable {
    /// The JSON text, UTF-8.
    public var bytes: [UInt8]

    /// Takes JSON text as it is; the server refuses what is not JSON.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The JSON text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    public static var postgresType: PostgresType { .jsonb }
    /// `jsonb` and `json`.
    public static func accepts(_ type: PostgresType) -> Bool { type == .jsonb || type == .json }

    /// `jsonb_recv` wants a version byte, 1, before the text.
    public func encode(to bytes: inout [UInt8]) {
        bytes.append(1)
        bytes.append(contentsOf: self.bytes)
    }

    public init?(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) {
        if type == .json {
            self.init(Array(bytes))
            return
        }
        guard bytes.first == 1 else { return nil }
        self.init(Array(bytes.dropFirst()))
    }
}
