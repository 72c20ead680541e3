/// One numbered step of a schema, forward only.
///
/// The text may hold several statements; all of them and the bookkeeping row are one transaction. When the first
/// line is `-- no-transaction`, the text is one statement that PostgreSQL refuses inside a transaction
/// (`CREATE INDEX CONCURRENTLY`), and it must be harmless to run again after a crash (`IF NOT EXISTS`).
public struct Migration: Hashable, Sendable {
    /// The number, at least 1; migrations run in this order.
    public let number: Int
    /// What it does, for people: `create_orders`.
    public let name: String
    /// The SQL text.
    public let sql: String

    /// A migration from its parts.
    public init(number: Int, name: String, sql: String) {
        precondition(number > 0, "a migration's number is at least 1")
        self.number = number
        self.name = name
        self.sql = sql
    }

    /// Whether it runs outside a transaction.
    var isOutsideTransaction: Bool {
        sql.split(separator: "\n", maxSplits: 1).first.map { $0.trimmingSpaces() == "-- no-transaction" } ?? false
    }

    /// Migrations from embedded files named `0001_create_orders.sql`, in order.
    ///
    /// A name of another form or a number used twice stops the program at start: it is a mistake in the source.
    public static func all(in files: [(name: String, bytes: [UInt8])]) -> [Migration] {
        let migrations = files.map { file in
            guard let (number, name) = parse(fileName: file.name) else {
                preconditionFailure("\(file.name) is not named like 0001_create_orders.sql")
            }
            return Migration(number: number, name: name, sql: String(decoding: file.bytes, as: UTF8.self))
        }
        return sorted(migrations)
    }

    /// The same in order of number; a number used twice stops the program.
    static func sorted(_ migrations: [Migration]) -> [Migration] {
        let sorted = migrations.sorted { $0.number < $1.number }
        for (earlier, later) in zip(sorted, sorted.dropFirst()) {
            precondition(earlier.number != later.number, "two migrations have the number \(later.number)")
        }
        return sorted
    }

    /// The number and name in `0001_create_orders.sql`, or nil.
    static func parse(fileName: String) -> (number: Int, name: String)? {
        guard fileName.hasSuffix(".sql") else { return nil }
        let stem = fileName.dropLast(4)
        let digits = stem.prefix { $0.isASCII && $0.isNumber }
        let rest = stem.dropFirst(digits.count)
        guard digits.count == 4, let number = Int(digits), number > 0, rest.hasPrefix("_"), rest.count > 1 else {
            return nil
        }
        return (number, String(rest.dropFirst()))
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> Substring {
        var text = self
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text.drop { $0.isWhitespace }
    }
}
