import Models
import Postgres

/// Something that was found and must never be.
struct Violation: Sendable, Hashable {
    let invariant: String
    let subject: String
    let detail: String
}

/// A statement on one database whose rows are what breaks it: `(subject, detail)`.
protocol Invariant: Statement where Row == Finding {
    init()
    /// Reads the first column: what the row is about, as the API names it.
    static func subject(_ row: inout RowReader) throws(PostgresError) -> String
}

struct Finding: Sendable {
    let subject: String
    let detail: String
}

extension Invariant {
    static var mode: StatementMode { .read }
    func bind(to parameters: inout Parameters) {}
    static func subject(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Finding {
        Finding(subject: try subject(&row), detail: try row.next())
    }
}

/// An invariant whose subjects are orders.
protocol OrderInvariant: Invariant {}

extension OrderInvariant {
    static func subject(_ row: inout RowReader) throws(PostgresError) -> String {
        try row.next(OrderID.self).description
    }
}

/// An invariant whose subjects are payments.
protocol PaymentInvariant: Invariant {}

extension PaymentInvariant {
    static func subject(_ row: inout RowReader) throws(PostgresError) -> String {
        try row.next(PaymentID.self).description
    }
}

/// An invariant whose subjects are SKUs.
protocol SKUInvariant: Invariant {}

extension SKUInvariant {
    static func subject(_ row: inout RowReader) throws(PostgresError) -> String { try row.next(SKUID.self).description }
}

/// What one of two databases says about a thing that both should know.
struct Fact: Sendable {
    /// Names the thing.
    let key: String
    /// What is known of it; the other database must say the same.
    let value: String
    /// Whether the other database need not know the thing at all.
    var mayBeAlone = false
}

/// A statement whose rows are facts.
protocol Facts: Statement where Row == Fact {}

extension Facts {
    static var mode: StatementMode { .read }
    func bind(to parameters: inout Parameters) {}
}
