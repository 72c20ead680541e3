import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Models
import TestSupport
import Testing

@testable import Storefront

/// The pages about what a store's merchant is owed.
@Suite struct SettlementPageTests {
    private static let now = Timestamp(microseconds: 1_790_000_000_000_000)

    private static func statement(_ street: Street, _ state: SettlementState) -> Settlement {
        Settlement(
            id: .make(at: now), payeeKind: .merchant, payeeID: street.store.summary.merchantID.description,
            day: "2026-11-22", orders: 2, sales: Money(minorUnits: 30_000), refunds: .zero(),
            commission: Money(minorUnits: 180), taken: Money(minorUnits: 20_000), carriedOver: .zero(),
            net: Money(minorUnits: 9_820), state: state, madeAt: now)
    }

    private func with(
        _ body: (Street, _ boss: Browser, _ manager: Browser, _ clerk: Browser) async throws -> Void
    ) async throws {
        let street = try await Street()
        try await ServiceHarness.with(
            StorefrontService.self, neighbours: street.neighbours,
            environment: Street.environment.merging(["SIGN_IN_CODES_PER_PHONE_MINUTE": "10"]) { $1 }
        ) { harness in
            let boss = Browser(harness)
            _ = try await boss.signIn("13800000000", street)
            let token = try #require(boss.cookies["linli_session"])
            let people = (Browser(harness), Browser(harness))
            for (phone, role) in [("13912345678", "manager"), ("13812345678", "clerk")] {
                let grant = StaffGrant(storeID: street.store.summary.id, phone: phone, role: role)
                #expect(try await harness.send(.post, "/api/v1/staff", json: grant, token: token).status == .created)
            }
            _ = try await people.0.signIn("13912345678", street)
            _ = try await people.1.signIn("13812345678", street)
            try await body(street, boss, people.0, people.1)
        }
    }

    private func serve(_ statement: Settlement, _ street: Street) {
        let order = OrderID.make(at: Self.now)
        let line = SettlementLine(
            orderID: order, orderNumber: "<b>7</b>", cause: .sale, at: Self.now, amount: Money(minorUnits: 30_000),
            commission: Money(minorUnits: 180), taken: Money(minorUnits: 20_000), net: Money(minorUnits: 9_820))
        let agreement = SettlementAgreement(
            defaultPlatformRateBps: 60,
            versions: [
                SettlementTerms(
                    validFrom: Self.now, platformRateBps: 125, leaderAccountID: .make(at: Self.now), leaderRateBps: 1_000)
            ])
        let path = "/v1/settlements/\(statement.id)"
        street.orders.on(.get, "/v1/settlements") { _ in .json(.ok, Models.Page(items: [statement])) }
        street.orders.on(.get, path) { _ in .json(.ok, statement) }
        street.orders.on(.get, path + "/lines") { _ in .json(.ok, Models.Page(items: [line], nextCursor: "abc")) }
        street.orders.on(.get, "/v1/stores/\(street.store.summary.id)/settlement-terms") { _ in .json(.ok, agreement) }
        street.orders.on(.post, path + "/payout") { _ in .json(.ok, statement) }
    }

    @Test func `a manager reads statements and terms in both languages, and a clerk does not`() async throws {
        try await with { street, _, manager, clerk in
            let statement = Self.statement(street, .open)
            serve(statement, street)
            let path = "/console/\(street.store.summary.id)/settlements"
            let list = try await manager.get(path)
            #expect(list.status == .ok)
            for part in ["\(path)/\(statement.id)", "2026-11-22", "¥98.20", "Platform 1.25%", "Leader 10%", "Platform 0.6%"] {
                #expect(list.text.contains(part), "\(part)")
            }
            let page = try await manager.get("\(path)/\(statement.id)", language: "zh")
            #expect(page.status == .ok)
            for part in ["2026-11-22 结算单", "待确认", "&lt;b&gt;7&lt;/b&gt;", "lines.csv", "cursor=abc", "¥200.00"] {
                #expect(page.text.contains(part), "\(part)")
            }
            #expect(!page.text.contains("/confirm\""))
            #expect(try await clerk.get(path).status == .notFound)
            #expect(try await clerk.get("\(path)/\(statement.id)").status == .notFound)
        }
    }

    @Test func `an operator records a payout with the bank's reference, a manager cannot`() async throws {
        try await with { street, boss, manager, _ in
            let statement = Self.statement(street, .confirmed)
            serve(statement, street)
            let path = "/console/\(street.store.summary.id)/settlements/\(statement.id)"
            let page = try await boss.get(path)
            #expect(page.text.contains("action=\"\(path)/payout\"") && page.text.contains("for=\"reference\""))
            let token = Browser.token(in: page)
            let key = ("key", "0123456789abcdef")
            let empty = try await boss.post("\(path)/payout", [key, ("reference", " ")], token: token)
            #expect(empty.headers["location"] == "\(path)?problem=invalid_reference")
            let done = try await boss.post("\(path)/payout", [key, ("reference", " ICBC 17 ")], token: token)
            #expect(done.headers["location"] == "\(path)?done=settlement")
            let sent = try #require(street.orders.requests.last { $0.method == .post })
            #expect(try JSON.decode(NewPayout.self, from: sent.body, mode: .strict) == NewPayout(reference: "ICBC 17"))
            #expect(sent.headers["idempotency-key"] == key.1)
            let seen = try await manager.get(path)
            #expect(seen.status == .ok && !seen.text.contains("/payout\""))
            let own = Browser.token(in: try await manager.get("/account"))
            let refused = try await manager.post("\(path)/payout", [key, ("reference", "1")], token: own)
            #expect(refused.status == .notFound)
        }
    }
}
