internal import CLibPQ

/// Reads the columns of one row, in the order in which the statement lists them.
///
/// The first row of a result also checks that each column's type can be read as the Swift type asked for, and that
/// every column is read: a statement and its `decode` that drifted apart fail with a sentence, never with garbage.
public struct RowReader: ~Copyable {
    private let result: OpaquePointer
    private let statement: StaticString
    private let row: Int32
    private var column: Int32 = 0

    init(result: OpaquePointer, row: Int32, statement: StaticString) {
        self.result = result
        self.row = row
        self.statement = statement
    }

    /// The next column.
    ///
    /// - Throws: `.decoding` when the column is null and `Value` is not optional, has another type, or is missing.
    public mutating func next<Value: PostgresCodable>(_ type: Value.Type = Value.self) throws(PostgresError) -> Value {
        let column = self.column
        self.column += 1
        if row == 0 { try check(column, Value.self) }
        let length = PQgetlength(result, row, column)
        if length == 0, PQgetisnull(result, row, column) == 1 {
            guard let null = Value.nullValue else { throw failure(column, "is null") }
            return null
        }
        guard let pointer = PQgetvalue(result, row, column) else { throw failure(column, "is missing") }
        let bytes = UnsafeRawBufferPointer(start: pointer, count: Int(length))
        guard let value = Value(postgres: bytes, type: PostgresType(rawValue: PQftype(result, column))) else {
            throw failure(column, "is not a valid \(Value.self)")
        }
        return value
    }

    /// Fails when columns are left over after the first row was decoded.
    func finish() throws(PostgresError) {
        guard row == 0, column != PQnfields(result) else { return }
        throw failure(column, "is left over: the row has \(PQnfields(result)) columns and \(column) were read")
    }

    private func check<Value: PostgresCodable>(_ column: Int32, _ type: Value.Type) throws(PostgresError) {
        guard column < PQnfields(result) else { throw failure(column, "is missing") }
        let actual = PostgresType(rawValue: PQftype(result, column))
        guard !Value.accepts(actual) else { return }
        throw failure(column, "has the type with oid \(actual.rawValue), which is no \(Value.self): cast it in the SQL")
    }

    private func failure(_ column: Int32, _ problem: String) -> PostgresError {
        .decoding(statement: "\(statement)", column: Int(column) + 1, problem: problem)
    }
}
