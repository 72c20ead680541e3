/// What a statement does to the database; it decides how statements share a round trip.
public enum StatementMode: Sendable {
    /// Changes nothing and takes no row locks: shares a Sync group with other reads, and may be run again by itself
    /// when the connection is lost or a neighbour of its group fails.
    case read
    /// Anything else (also `SELECT … FOR UPDATE` and functions with effects): has a group of its own, counts as done
    /// only when that group is committed, and is never run a second time.
    case write
}

/// One SQL statement: a struct with the inputs as stored properties, the text, the binding and the decoding together.
///
/// ```swift
/// struct ItemByID: Statement {
///     let id: ItemID
///     static let name: StaticString = "item_by_id"
///     static let mode = StatementMode.read
///     static let sql: StaticString = """
///         SELECT name, price
///         FROM items
///         WHERE id = $1
///         """
///     func bind(to parameters: inout Parameters) { parameters.append(id) }
///     static func decode(_ row: inout RowReader) throws(PostgresError) -> (name: String, price: Int64) {
///         (try row.next(), try row.next())
///     }
/// }
/// ```
/// It is prepared once a connection, under the types that `bind` appends, so `bind` appends the same types each time.
public protocol Statement: Sendable {
    /// What a row becomes; `Void` for statements without rows.
    associatedtype Row: Sendable = Void
    /// Unique in its service; names the statement in logs, metrics and errors.
    static var name: StaticString { get }
    /// The text, with parameters `$1`, `$2` …; columns listed, never `*`.
    static var sql: StaticString { get }
    /// Read or write.
    static var mode: StatementMode { get }
    /// Appends the parameters in order.
    func bind(to parameters: inout Parameters)
    /// Reads one row, column by column.
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row
}

extension Statement {
    /// No parameters.
    public func bind(to parameters: inout Parameters) {}

    @inlinable static var info: StatementInfo {
        StatementInfo(key: ObjectIdentifier(Self.self), name: name, sql: sql, mode: mode)
    }
}

extension Statement where Row == Void {
    /// Reads nothing.
    public static func decode(_ row: inout RowReader) throws(PostgresError) {}
}
