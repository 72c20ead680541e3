import EventLoop
import JSON
import Postgres

/// `linli verify`: the invariants of the design that one database can break by itself, and what the databases must
/// agree on. It reads and changes nothing. Events still on their way show as disagreements for a moment.
struct VerifyCommand: Sendable {
    let tool: Tool

    func run() async throws -> VerifyReport {
        let catalog = try open("CATALOG_DATABASE_URL")
        let orders = try open("ORDERS_DATABASE_URL")
        let payments = try open("PAYMENTS_DATABASE_URL")
        let notifications = try open("NOTIFICATIONS_DATABASE_URL")
        var report = VerifyReport()
        do {
            try await report.check(StockIsItsLedger.self, in: catalog)
            try await report.check(ReservedIsHeld.self, in: catalog)
            try await report.check(StockIsNeverNegative.self, in: catalog)
            try await report.check(NoReservationIsForgotten.self, in: catalog)
            try await report.check(TotalsAreSums.self, in: orders)
            try await report.check(PaidOnceExactly.self, in: orders)
            try await report.check(RefundsAreSums.self, in: orders)
            try await report.check(LateMoneyGoesBack.self, in: orders)
            try await report.check(StoriesAreWhole.self, in: orders)
            try await report.check(NoOrderIsForgotten.self, in: orders)
            try await report.check(PostingsBalance.self, in: payments)
            try await report.check(MoneyIsPosted.self, in: payments)
            try await report.check(MessagesAreSentOnce.self, in: notifications)
            for database in [catalog, orders] { try await report.check(EventsArrive.self, in: database) }
            try await report.compare(
                "payments_agree", (PaymentsOfOrders.self, orders, "orders"), (PaymentsOfGateway.self, payments, "the gateway"))
            try await report.compare(
                "refunds_agree", (RefundsOfOrders.self, orders, "orders"), (RefundsOfGateway.self, payments, "the gateway"))
            try await report.compare(
                "stock_agrees", (StockOfOrders.self, orders, "the order"), (StockOfReservations.self, catalog, "the catalog"),
                whenLeftIsMissing: ["held", "given back"])
            try await report.compare(
                "ready_is_told", (ReadyOrders.self, orders, "the order"), (ReadyMessages.self, notifications, "the inbox"))
        } catch let error as PostgresError {
            throw CommandError("a database cannot be read: \(error)")
        }
        for database in [catalog, orders, payments, notifications] { await database.close() }
        return report
    }

    private func open(_ variable: String) throws -> Database {
        let url = try tool.environment.required(variable)
        do {
            return try Database.open(url: url, group: tool.group)
        } catch {
            throw CommandError("\(variable) is not the address of a database")
        }
    }
}

struct VerifyReport: Report {
    private static let shownMax = 50
    private static let within = Duration.seconds(120)

    private(set) var checked = 0
    private(set) var violations: [Violation] = []

    var isRight: Bool { violations.isEmpty }

    var text: String {
        let lines = violations.prefix(Self.shownMax).map { "\($0.invariant): \($0.subject) \($0.detail)\n" }.joined()
        let more = violations.count > Self.shownMax ? "and \(violations.count - Self.shownMax) more\n" : ""
        return lines + more + "\(checked) invariants checked, \(violations.count) violations"
    }

    /// Every row that the statement finds is a violation.
    mutating func check<I: Invariant>(_ type: I.Type, in database: Database) async throws {
        checked += 1
        for finding in try await database.all(I(), deadline: .now + Self.within) {
            violations.append(Violation(invariant: "\(I.name)", subject: finding.subject, detail: finding.detail))
        }
    }

    /// Both sides must know the same things and say the same of them.
    ///
    /// - Parameter whenLeftIsMissing: what the right side may say of a thing that the left does not know.
    mutating func compare<L: Facts, R: Facts>(
        _ name: String, _ left: (type: L.Type, database: Database, name: String),
        _ right: (type: R.Type, database: Database, name: String), whenLeftIsMissing: Set<String> = []
    ) async throws {
        checked += 1
        let deadline = Instant.now + Self.within
        // The right side last: it follows the left one, so what is on its way shows as little as can be.
        var known: [String: String] = [:]
        for fact in try await left.database.all(L(), deadline: deadline) { known[fact.key] = fact.value }
        for fact in try await right.database.all(R(), deadline: deadline) {
            let other = known.removeValue(forKey: fact.key)
            if other == fact.value || (other == nil && whenLeftIsMissing.contains(fact.value)) { continue }
            let detail = "\(left.name): \(other ?? "nothing"); \(right.name): \(fact.value)"
            violations.append(Violation(invariant: name, subject: fact.key, detail: detail))
        }
        for (key, value) in known.sorted(by: { $0.key < $1.key }) {
            let detail = "\(left.name): \(value); \(right.name): nothing"
            violations.append(Violation(invariant: name, subject: key, detail: detail))
        }
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("checked", checked)
        json.key("violations")
        json.beginArray()
        for violation in violations {
            json.beginObject()
            json.field("invariant", violation.invariant)
            json.field("subject", violation.subject)
            json.field("detail", violation.detail)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }
}
