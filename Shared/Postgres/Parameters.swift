/// The values of a statement's `$1`, `$2` … in order, encoded in binary.
///
/// The types appended decide the types that the statement is prepared with, so a statement appends the same types
/// every time; a missing value is an optional: `parameters.append(note)` with `note: String?`.
public struct Parameters: Sendable {
    /// PostgreSQL counts parameters of a message in 16 bits.
    static let countMax = 65_535

    private(set) var bytes: [UInt8] = []
    /// Where each value lies in `bytes`; length -1 is null.
    private(set) var extents: [(offset: Int, length: Int)] = []
    private(set) var types: [UInt32] = []

    /// No parameters yet.
    public init() {}

    /// How many values were appended.
    public var count: Int { extents.count }

    /// Appends the next parameter.
    public mutating func append<Value: PostgresCodable>(_ value: Value) {
        types.append(Value.postgresType.rawValue)
        let offset = bytes.count
        guard !value.isNull else {
            extents.append((offset, -1))
            return
        }
        value.encode(to: &bytes)
        extents.append((offset, bytes.count - offset))
    }

    /// Forgets the values and keeps the memory for the next statement.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        extents.removeAll(keepingCapacity: true)
        types.removeAll(keepingCapacity: true)
    }

    /// Calls `body` with libpq's three arrays: values (nil for null), lengths, formats (all binary).
    func withLibPQArrays<R>(
        _ body: (Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> R
    ) -> R {
        let count = extents.count
        guard count > 0 else { return body(0, nil, nil, nil) }
        return bytes.withUnsafeBytes { storage in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 2) { numbers in
                    // An empty value needs a pointer too, because a nil one means null; any will do.
                    let base = storage.baseAddress ?? values.baseAddress.map { UnsafeRawPointer($0) }
                    for (index, extent) in extents.enumerated() {
                        let pointer = base.map { ($0 + extent.offset).assumingMemoryBound(to: CChar.self) }
                        values.initializeElement(at: index, to: extent.length < 0 ? nil : pointer)
                        numbers.initializeElement(at: index, to: Int32(max(0, extent.length)))
                        numbers.initializeElement(at: count + index, to: 1)
                    }
                    let lengths = UnsafePointer(numbers.baseAddress)
                    return body(Int32(count), UnsafePointer(values.baseAddress), lengths, lengths.map { $0 + count })
                }
            }
        }
    }
}
