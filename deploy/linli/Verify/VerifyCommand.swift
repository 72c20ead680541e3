import EventLoop
import JSON
import Postgres

/// `linli verify`: the invariants of the design that one database can break by itself, and what the databases must
/// agree on. It reads and changes nothing.
struct VerifyCommand: Sendable {
    /// News between services is on its way for a moment: what they disagree on is looked at again so much later, and
    /// only what is still there counts.
    private static let settle = Duration.seconds(3)

    let tool: Tool

    func run() async throws -> VerifyReport {
        let books = try Books(tool.environment, group: tool.group)
        do {
            let report = try await Self.audit(
                books, merchants: merchants, settle: Self.settle, on: tool.door.loop)
            await books.close()
            return report
        } catch let error as PostgresError {
            await books.close()
            throw CommandError("a database cannot be read: \(error)")
        }
    }

    private var merchants: Merchants {
        Merchants(
            weChat: tool.environment.value("WECHAT_MCHID"), alipay: tool.environment.value("ALIPAY_APP_ID"),
            card: tool.environment.value("UNIONPAY_MER_ID"))
    }

    /// Looks through all books.
    ///
    static func audit(
        _ books: Books, merchants: Merchants, settle: Duration, on loop: EventLoop
    ) async throws -> VerifyReport {
        var report = VerifyReport()
        try await report.check(StockIsItsLedger.self, in: books.catalog)
        try await report.check(ReservedIsHeld.self, in: books.catalog)
        try await report.check(StockIsNeverNegative.self, in: books.catalog)
        try await report.check(NoReservationIsForgotten.self, in: books.catalog)
        try await report.check(TotalsAreSums.self, in: books.orders)
        try await report.check(PaidOnceExactly.self, in: books.orders)
        try await report.check(RefundsAreSums.self, in: books.orders)
        try await report.check(RefundsFitPayments.self, in: books.orders)
        try await report.check(LateMoneyGoesBack.self, in: books.orders)
        try await report.check(StoriesAreLegal.self, in: books.orders)
        try await report.check(NoOrderIsForgotten.self, in: books.orders)
        try await report.check(BillsAgreeWithOrders.self, in: books.orders)
        try await report.check(SettlementsAreWhole.self, in: books.orders)
        try await report.check(SharesAreExact.self, in: books.orders)
        try await report.check(StatementsAreSums.self, in: books.orders)
        try await report.check(PayoutsBalance.self, in: books.orders)
        try await report.check(PointsAreTheirEntries.self, in: books.orders)
        try await report.check(PointPaymentsAreEntries.self, in: books.orders)
        try await report.check(PostingsBalance.self, in: books.payments)
        try await report.check(AccountsSumToZero.self, in: books.payments)
        try await report.check(MoneyIsPosted.self, in: books.payments)
        try await report.check(GatewayRefundsAreSums.self, in: books.payments)
        try await report.check(MessagesAreSentOnce.self, in: books.notifications)
        for book in books.all { try await report.check(EventsArrive.self, in: book) }
        try await report.compare(agreements(books, merchants), settle: settle, on: loop)
        return report
    }

    private static func agreements(_ books: Books, _ merchants: Merchants) -> [Agreement] {
        [
            Agreement(
                "payments_agree", PaymentsOfOrders(), in: books.orders, of: "orders",
                PaymentsOfGateway(merchants: merchants), in: books.payments, of: "the gateway"),
            Agreement(
                "refunds_agree", RefundsOfOrders(), in: books.orders, of: "orders",
                RefundsOfGateway(merchants: merchants), in: books.payments, of: "the gateway"),
            Agreement(
                "bills_agree_with_ledger", LinesOfBills(), in: books.orders, of: "the bill", MovesOfLedger(),
                in: books.payments, of: "the gateway's ledger"),
            Agreement(
                "stock_agrees", StockOfOrders(), in: books.orders, of: "the order", StockOfReservations(),
                in: books.catalog, of: "the catalog"),
            Agreement(
                "goods_agree", GoodsOfOrders(), in: books.orders, of: "the order", GoodsOfReservations(),
                in: books.catalog, of: "the catalog"),
            Agreement(
                "ready_is_told", ReadyOrders(), in: books.orders, of: "the order", ReadyMessages(),
                in: books.notifications, of: "the inbox"),
            Agreement(
                "customers_are_known", CustomersOfOrders(), in: books.orders, of: "orders",
                AccountsOfStorefront(), in: books.storefront, of: "the storefront"),
        ]
    }
}

struct VerifyReport: Report {
    private static let shownMax = 50
    /// For one look at one database.
    private static let within = Duration.seconds(120)

    private(set) var checked = 0
    private(set) var violations: [Violation] = []

    var isRight: Bool { violations.isEmpty }

    var text: String {
        let lines = violations.prefix(Self.shownMax).map { "\($0.invariant): \($0.subject) \($0.detail)\n" }.joined()
        let more = violations.count > Self.shownMax ? "and \(violations.count - Self.shownMax) more\n" : ""
        return lines + more + "\(checked) invariants checked, \(violations.count) violations"
    }

    /// Every row that the statement finds is a violation: a statement sees one moment, in which nothing is on its way.
    fileprivate mutating func check<I: Invariant>(_ type: I.Type, in database: Database) async throws {
        checked += 1
        for finding in try await database.all(I(), deadline: .now + Self.within) {
            violations.append(Violation(invariant: "\(I.name)", subject: finding.subject, detail: finding.detail))
        }
    }

    fileprivate mutating func compare(_ agreements: [Agreement], settle: Duration, on loop: EventLoop) async throws {
        var doubtful: [(agreement: Agreement, subjects: Set<String>)] = []
        for agreement in agreements {
            checked += 1
            let found = try await agreement.violations(by: .now + Self.within)
            if !found.isEmpty { doubtful.append((agreement, Set(found.map(\.subject)))) }
        }
        guard !doubtful.isEmpty else { return }
        try await loop.sleep(for: settle)
        for (agreement, subjects) in doubtful {
            let found = try await agreement.violations(by: .now + Self.within).filter { subjects.contains($0.subject) }
            violations += found.sorted { $0.subject < $1.subject }
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
