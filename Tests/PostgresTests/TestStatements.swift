import Models
@testable import Postgres

/// A read by key.
struct ItemByID: Statement {
    let id: Int64
    static let name: StaticString = "item_by_id"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT id, name, price, note FROM items WHERE id = $1"
    func bind(to parameters: inout Parameters) { parameters.append(id) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Item {
        Item(id: try row.next(), name: try row.next(), price: try row.next(), note: try row.next())
    }
}

struct Item: Hashable, Sendable {
    var id: Int64
    var name: String
    var price: Int64
    var note: String?
}

/// A read that divides by its parameter: 0 fails at run time.
struct Divide: Statement {
    let divisor: Int64
    static let name: StaticString = "divide"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT 100 / $1"
    func bind(to parameters: inout Parameters) { parameters.append(divisor) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.next() }
}

/// Cannot be prepared.
struct Misspelt: Statement {
    static let name: StaticString = "misspelt"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT nothing FROM nowhere"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.next() }
}

/// Reads a price as text: a mistake in the program.
struct WrongType: Statement {
    static let name: StaticString = "wrong_type"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT price FROM items"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

/// Reads fewer columns than there are.
struct TooFewColumns: Statement {
    static let name: StaticString = "too_few_columns"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT id, price FROM items"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.next() }
}

/// Set-based insert from arrays.
struct InsertItems: Statement {
    var ids: [Int64]
    var names: [String]
    var prices: [Int64]
    var notes: [String?]
    static let name: StaticString = "insert_items"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO items (id, name, price, note)
        SELECT * FROM unnest($1, $2, $3, $4)
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(ids)
        parameters.append(names)
        parameters.append(prices)
        parameters.append(notes)
    }

    static func numbered(_ range: ClosedRange<Int64>) -> InsertItems {
        let ids = Array(range)
        return InsertItems(
            ids: ids, names: ids.map { "item \($0)" }, prices: ids.map { $0 * 10 },
            notes: ids.map { $0 % 2 == 0 ? nil : "odd" })
    }
}

/// Violates a deferred constraint: fails at the commit only.
struct InsertOrphan: Statement {
    let parent: Int64
    static let name: StaticString = "insert_orphan"
    static let mode = StatementMode.write
    static let sql: StaticString = "INSERT INTO parts (item_id) VALUES ($1) RETURNING item_id"
    func bind(to parameters: inout Parameters) { parameters.append(parent) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.next() }
}

struct CountItems: Statement {
    static let name: StaticString = "count_items"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT count(*) FROM items"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}

struct CountParts: Statement {
    static let name: StaticString = "count_parts"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT count(*) FROM parts"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}

struct AddToPrice: Statement {
    let id: Int64
    let amount: Int64
    static let name: StaticString = "add_to_price"
    static let mode = StatementMode.write
    static let sql: StaticString = "UPDATE items SET price = price + $2 WHERE id = $1"
    func bind(to parameters: inout Parameters) {
        parameters.append(id)
        parameters.append(amount)
    }
}

/// Reads inside a transaction, then the transaction writes what it computed: needs retries when serializable.
struct SetPrice: Statement {
    let id: Int64
    let price: Int64
    static let name: StaticString = "set_price"
    static let mode = StatementMode.write
    static let sql: StaticString = "UPDATE items SET price = $2 WHERE id = $1"
    func bind(to parameters: inout Parameters) {
        parameters.append(id)
        parameters.append(price)
    }
}

struct SleepRead: Statement {
    let seconds: Double
    static let name: StaticString = "sleep_read"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT pg_sleep($1)::text"
    func bind(to parameters: inout Parameters) { parameters.append(seconds) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

struct SleepWrite: Statement {
    let seconds: Double
    static let name: StaticString = "sleep_write"
    static let mode = StatementMode.write
    static let sql: StaticString = "WITH nap AS (SELECT pg_sleep($1)) INSERT INTO naps SELECT 1 FROM nap"
    func bind(to parameters: inout Parameters) { parameters.append(seconds) }
}

struct Notify: Statement {
    let channel: String
    let payload: String
    static let name: StaticString = "notify"
    static let mode = StatementMode.write
    static let sql: StaticString = "SELECT pg_notify($1, $2)"
    func bind(to parameters: inout Parameters) {
        parameters.append(channel)
        parameters.append(payload)
    }
}

/// Backends of this database, but for the one that asks.
struct Backends: Statement {
    static let name: StaticString = "backends"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT pid, coalesce(wait_event, '')
        FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> (pid: Int32, waitEvent: String) {
        (try row.next(), try row.next())
    }
}

struct KillOthers: Statement {
    static let name: StaticString = "kill_others"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        SELECT count(pg_terminate_backend(pid))
        FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}

struct LongSeries: Statement {
    let count: Int64
    static let name: StaticString = "long_series"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT n, repeat('x', 200) FROM generate_series(1, $1::bigint) AS n"
    func bind(to parameters: inout Parameters) { parameters.append(count) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> (number: Int64, filler: String) {
        (try row.next(), try row.next())
    }
}

struct EverySetting: Statement {
    static let name: StaticString = "every_setting"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),
            current_setting('idle_in_transaction_session_timeout'), current_setting('timezone')
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> [String] {
        [try row.next(), try row.next(), try row.next(), try row.next()]
    }
}

struct NotJSON: Statement {
    static let name: StaticString = "not_json"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT $1::text"
    func bind(to parameters: inout Parameters) { parameters.append(JSONBytes(Array("{".utf8))) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

struct ItemNames: Statement {
    static let name: StaticString = "item_names"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT name FROM items ORDER BY id LIMIT 1"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

struct BackendPID: Statement {
    static let name: StaticString = "backend_pid"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT pg_backend_pid()"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int32 { try row.next() }
}

extension [Migration] {
    static let items = [
        Migration(
            number: 1, name: "create_items",
            sql: """
                CREATE TABLE items (
                    id bigint PRIMARY KEY,
                    name text NOT NULL,
                    price bigint NOT NULL CONSTRAINT price_positive CHECK (price >= 0),
                    note text
                );
                CREATE TABLE naps (n integer NOT NULL);
                CREATE TABLE parts (
                    item_id bigint NOT NULL CONSTRAINT parts_item REFERENCES items DEFERRABLE INITIALLY DEFERRED
                );
                """),
    ]
}

/// Every type there and back, with the server's own rendering beside it.
struct Echo: Statement {
    let id: OrderID
    let moment: Timestamp
    static let name: StaticString = "echo"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT $1, $1::text, $2, to_char($2 AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), $3, $4, $5, $6
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(id)
        parameters.append(moment)
        parameters.append([id, nil] as [OrderID?])
        parameters.append(JSONBytes(Array(#"{"a":[1,null]}"#.utf8)))
        parameters.append([true, false])
        parameters.append(0.1)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Everything {
        Everything(
            id: try row.next(), idText: try row.next(), moment: try row.next(), momentText: try row.next(),
            ids: try row.next(), json: try row.next(), flags: try row.next(), number: try row.next())
    }

    struct Everything: Sendable {
        var id: OrderID
        var idText: String
        var moment: Timestamp
        var momentText: String
        var ids: [OrderID?]
        var json: JSONBytes
        var flags: [Bool]
        var number: Double
    }
}
