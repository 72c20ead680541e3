import Models
import Postgres

/// Something that must never be seen in one database: each row found is a violation.
struct Violation: Sendable {
    let invariant: String
    let subject: String
    let detail: String
}

/// A statement whose rows are `(subject, detail)`.
protocol Invariant: Statement where Row == Finding {
    init()
}

struct Finding: Sendable {
    let subject: String
    let detail: String
}

extension Invariant {
    static var mode: StatementMode { .read }
    func bind(to parameters: inout Parameters) {}
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Finding {
        Finding(subject: try row.next(), detail: try row.next())
    }
}

/// What two databases say about the same things: the key names the thing, the value what is known of it.
struct Fact: Sendable {
    let key: String
    let value: String
}

/// A statement whose rows are facts.
protocol Facts: Statement where Row == Fact {
    init()
}

extension Facts {
    static var mode: StatementMode { .read }
    func bind(to parameters: inout Parameters) {}
}
