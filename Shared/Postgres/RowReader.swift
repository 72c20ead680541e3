internal import CLibPQ

/// Reads the columns of one row, in the order in which the statement lists them.
///
/// The first row of a result also checks that each column's type can be read as the Swift type asked for, and that
/// every column is read: a statement and its `decode` that drifted apart fail with a sentence, never with garbage.
public struct RowReader: ~Copyable {
    private let result: OpaquePointer
    private let statement: StaticString
    @usableFromInline let row: Int32
    private var column: Int32 = 0

    @usableFromInline
    init(result: OpaquePointer, row: Int32, statement: StaticString) {
        self.result = result
        self.row = row
        self.statement = statement
    }

    /// The bytes of one value; no pointer for null.
    @usableFromInline
    struct RawValue {
        @usableFromInline let start: UnsafeRawPointer?
        @usableFromInline let count: Int
        @usableFromInline let type: PostgresType

        init(start: UnsafeRawPointer?, count: Int, type: PostgresType) {
            self.start = start
            self.count = count
            self.type = type
        }
    }

    /// The next column.
    ///
    /// - Throws: `.decoding` when the column is null and `Value` is not optional, has another type, or is missing.
    @inlinable
    public mutating func next<Value: PostgresCodable>(_ type: Value.Type = Value.self) throws(PostgresError) -> Value {
        let raw = try nextRaw()
        if row == 0, !Value.accepts(raw.type) { throw wrongType(raw.type, "\(Value.self)") }
        guard let start = raw.start else {
            guard let null = Value.nullValue else { throw failure("is null") }
            return null
        }
        let bytes = UnsafeRawBufferPointer(start: start, count: raw.count)
        guard let value = Value(postgres: bytes, type: raw.type) else {
            throw failure("is not a valid \(Value.self)")
        }
        return value
    }

    @usableFromInline
    mutating func nextRaw() throws(PostgresError) -> RawValue {
        let column = self.column
        self.column += 1
        // libpq would write a warning to standard error for a column that does not exist.
        if row == 0, column >= PQnfields(result) { throw failure("is missing") }
        let length = PQgetlength(result, row, column)
        let isNull = length == 0 && PQgetisnull(result, row, column) == 1
        return RawValue(
            start: isNull ? nil : UnsafeRawPointer(PQgetvalue(result, row, column)), count: Int(length),
            type: PostgresType(rawValue: PQftype(result, column)))
    }

    /// Fails when columns are left over after the first row was decoded.
    @usableFromInline
    func finish() throws(PostgresError) {
        guard row == 0, column != PQnfields(result) else { return }
        throw failure("is the last that was read, but the row has \(PQnfields(result)): some are left over")
    }

    @usableFromInline
    func wrongType(_ type: PostgresType, _ wanted: String) -> PostgresError {
        failure("has the type with oid \(type.rawValue), which is no \(wanted): cast it in the SQL")
    }

    /// An error about the column that was read last.
    @usableFromInline
    func failure(_ problem: String) -> PostgresError {
        .decoding(statement: "\(statement)", column: Int(column), problem: problem)
    }
}
