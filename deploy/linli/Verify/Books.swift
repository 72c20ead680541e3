import EventLoop
import Postgres

/// The five databases of an installation, to be read only.
struct Books: Sendable {
    let catalog: Database
    let orders: Database
    let payments: Database
    let notifications: Database
    let storefront: Database

    var all: [Database] { [catalog, orders, payments, notifications, storefront] }

    func close() async {
        for database in all { await database.close() }
    }
}

extension Books {
    /// - Throws: `CommandError` naming the setting that is missing or wrong.
    init(_ environment: EnvironmentFile, group: EventLoopGroup) throws(CommandError) {
        func open(_ variable: String) throws(CommandError) -> Database {
            let url = try environment.required(variable)
            do {
                return try Database.open(url: url, group: group)
            } catch {
                throw CommandError("\(variable) is not the address of a database")
            }
        }
        self.init(
            catalog: try open("CATALOG_DATABASE_URL"), orders: try open("ORDERS_DATABASE_URL"),
            payments: try open("PAYMENTS_DATABASE_URL"), notifications: try open("NOTIFICATIONS_DATABASE_URL"),
            storefront: try open("STOREFRONT_DATABASE_URL"))
    }
}

/// What two databases must agree on: both know the same things, and say the same of each.
struct Agreement: Sendable {
    let name: String
    private let look: @Sendable (Instant) async throws -> [Violation]

    init<L: Facts, R: Facts>(
        _ name: String, _ left: L, in leftBook: Database, of leftName: String, _ right: R,
        in rightBook: Database, of rightName: String
    ) {
        self.name = name
        look = { deadline in
            func violation(_ key: String, _ this: String?, _ other: String?) -> Violation {
                Violation(
                    invariant: name, subject: key,
                    detail: "\(leftName): \(this ?? "nothing"); \(rightName): \(other ?? "nothing")")
            }
            var known: [String: Fact] = [:]
            var violations: [Violation] = []
            try await leftBook.stream(left, deadline: deadline) { known[$0.key] = $0 }
            // The right side last: it mostly follows the left one, so what is on its way shows as little as can be.
            try await rightBook.stream(right, deadline: deadline) { fact in
                let other = known.removeValue(forKey: fact.key)
                if other?.value == fact.value || (other == nil && fact.mayBeAlone) { return }
                violations.append(violation(fact.key, other?.value, fact.value))
            }
            violations += known.values.filter { !$0.mayBeAlone }.map { violation($0.key, $0.value, nil) }
            return violations
        }
    }

    /// What they do not agree on now.
    func violations(by deadline: Instant) async throws -> [Violation] { try await look(deadline) }
}
