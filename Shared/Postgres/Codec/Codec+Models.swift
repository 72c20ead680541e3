public import Models

extension UUID128: PostgresArrayElement {
    public static var postgresType: PostgresType { .uuid }
    public static var postgresArrayType: PostgresType { .uuidArray }
    public func encode(to bytes: inout [UInt8]) {
        bytes.appendBigEndian(high)
        bytes.appendBigEndian(low)
    }
    public init?(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard bytes.count == 16 else { return nil }
        self.init(high: bytes.bigEndian(UInt64.self), low: bytes.bigEndian(UInt64.self, at: 8))
    }
}

extension TypedID: PostgresArrayElement, PostgresCodable {
    public static var postgresType: PostgresType { .uuid }
    public static var postgresArrayType: PostgresType { .uuidArray }
    public func encode(to bytes: inout [UInt8]) { uuid.encode(to: &bytes) }
    public init?(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard let uuid = UUID128(postgres: bytes, type: type) else { return nil }
        self.init(uuid: uuid)
    }
}

extension Timestamp: PostgresArrayElement {
    /// PostgreSQL counts microseconds from 2000-01-01, 946,684,800 s after the epoch (`timestamp.h`).
    private static let postgresEpochMicroseconds: Int64 = 946_684_800_000_000

    public static var postgresType: PostgresType { .timestamptz }
    public static var postgresArrayType: PostgresType { .timestamptzArray }
    public func encode(to bytes: inout [UInt8]) {
        bytes.appendBigEndian(microseconds - Self.postgresEpochMicroseconds)
    }
    /// `infinity` and `-infinity` have no counterpart and are refused.
    public init?(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) {
        guard bytes.count == 8 else { return nil }
        let value = bytes.bigEndian(Int64.self)
        guard value != .max, value != .min else { return nil }
        self.init(microseconds: value + Self.postgresEpochMicroseconds)
    }
}
