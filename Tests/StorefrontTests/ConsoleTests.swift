import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Models
import TestSupport
import Testing

@testable import Storefront

@Suite struct ConsoleTests {
    private static let manager = "13912345678"
    private static let clerk = "13812345678"
    private static let settings = ["SIGN_IN_CODES_PER_PHONE_MINUTE": "10"]

    /// A street whose store has a manager and a clerk, both signed in.
    private func with(
        _ body: (ServiceHarness, Street, _ manager: Browser, _ clerk: Browser) async throws -> Void
    ) async throws {
        let street = try await Street()
        try await ServiceHarness.with(
            StorefrontService.self, neighbours: street.neighbours,
            environment: Street.environment.merging(Self.settings) { $1 }
        ) { harness in
            let boss = Browser(harness)
            _ = try await boss.signIn("13800000000", street)
            let token = try #require(boss.cookies["linli_session"])
            for (phone, role) in [(Self.manager, "manager"), (Self.clerk, "clerk")] {
                let grant = StaffGrant(storeID: street.store.summary.id, phone: phone, role: role)
                let answer = try await harness.send(.post, "/api/v1/staff", json: grant, token: token)
                #expect(answer.status == .created)
            }
            let (manager, clerk) = (Browser(harness), Browser(harness))
            _ = try await manager.signIn(Self.manager, street)
            _ = try await clerk.signIn(Self.clerk, street)
            try await body(harness, street, manager, clerk)
        }
    }

    @Test func `a manager sets a price and a clerk does not`() async throws {
        try await with { _, street, manager, clerk in
            let id = street.store.summary.id
            let sku = street.items[0].skus[0].id
            let item = street.items[0]
            street.catalog.on(.get, "/v1/stores/\(id)/stock") { _ in .json(.ok, Models.Page<StockLevel>(items: [])) }
            street.catalog.on(.patch, "/v1/skus/\(sku)") { _ in .json(.ok, item) }
            let shelf = try await manager.get("/console/\(id)/items")
            #expect(shelf.status == .ok && shelf.text.contains("name=\"price\""))
            let path = "/console/\(id)/skus/\(sku)/price"
            let fields = [("price", "17.5"), ("currency", "CNY")]
            let done = try await manager.post(path, fields, token: Browser.token(in: shelf))
            #expect(done.headers["location"] == "/console/\(id)/items?done=price")
            let sent = try #require(street.catalog.requests.last { $0.method == .patch })
            let change = try JSON.decode(SKUChange.self, from: sent.body, mode: .strict)
            #expect(change.price == Money(minorUnits: 1_750))
            let bad = try await manager.post(
                path, [("price", "17,5"), ("currency", "CNY")], token: Browser.token(in: shelf))
            #expect(bad.headers["location"]?.hasSuffix("problem=invalid_price") == true)

            let seen = try await clerk.get("/console/\(id)/items")
            #expect(seen.status == .ok && !seen.text.contains("name=\"price\""))
            let refused = try await clerk.post(path, fields, token: Browser.token(in: seen))
            #expect(refused.status == .notFound)
        }
    }

    @Test func `a new item comes back with what is wrong, each error leading to its field`() async throws {
        try await with { _, street, manager, _ in
            let id = street.store.summary.id
            street.catalog.on(.get, "/v1/stores/\(id)/stock") { _ in .json(.ok, Models.Page<StockLevel>(items: [])) }
            let token = Browser.token(in: try await manager.get("/console/\(id)/items"))
            let answer = try await manager.post(
                "/console/\(id)/items", [("key", "0123456789abcdef"), ("name_zh", "<b>面</b>"), ("price", "x")],
                token: token)
            #expect(answer.status == .unprocessableContent)
            for part in ["#category_zh", "#price", "#stock", "value=\"&lt;b&gt;面&lt;/b&gt;\"", "role=\"alert\""] {
                #expect(answer.text.contains(part), "\(part)")
            }
        }
    }

    @Test func `managers see and change who works in the store, clerks and strangers do not`() async throws {
        try await with { harness, street, manager, clerk in
            let path = "/console/\(street.store.summary.id)/staff"
            let hidden = try await clerk.get(path)
            #expect(hidden.status == .notFound)
            let page = try await manager.get(path)
            #expect(page.text.contains("138****5678") && page.text.contains("139****5678"))
            let wrong = try await manager.post(
                path, [("phone", "12"), ("role", "clerk")], token: Browser.token(in: page))
            #expect(wrong.status == .unprocessableContent && wrong.text.contains("aria-invalid"))
            let token = try #require(clerk.cookies["linli_session"])
            let account: Account = try await harness.send(.get, "/api/v1/me", token: token).decoded()
            let removed = try await manager.post("\(path)/\(account.id)/remove", [], token: Browser.token(in: page))
            #expect(removed.headers["location"]?.hasSuffix("done=staff") == true)
            let gone = try await clerk.get("/console/\(street.store.summary.id)")
            #expect(gone.status == .notFound)
        }
    }

    @Test func `paying leads back to the order`() async throws {
        try await with { harness, street, _, clerk in
            let order = OrderID.make(at: Timestamp(microseconds: 1_700_000_000_000_000))
            let payment = Payment(
                id: .make(at: Timestamp(microseconds: 1)), orderID: order, gateway: .wechat, channel: .h5,
                state: .created,
                amount: Money(minorUnits: 1_800), cashierURL: "http://127.0.0.1:9/cashier/wechat/x",
                createdAt: Timestamp(microseconds: 1))
            street.orders.on(.post, "/v1/orders/\(order)/payments") { _ in .json(.created, payment) }
            let token = Browser.token(in: try await clerk.get("/account"))
            let form = [("key", "0123456789abcdef")]
            let answer = try await clerk.post("/orders/\(order)/pay", form, token: token)
            let back = "\(harness.url)/orders/\(order)"
            #expect(
                answer.headers["location"]
                    == "http://127.0.0.1:9/cashier/wechat/x?redirect_url=\(PathPattern.percentEncoded(back))")
            // Others are told where to lead back when the payment is made; a bank's page takes a form.
            var byCard = payment
            byCard.cashierForm = ["orderId": "\"><b>1", "signature": "abc"]
            street.orders.on(.post, "/v1/orders/\(order)/payments") { [byCard] _ in .json(.created, byCard) }
            let page = try await clerk.post("/orders/\(order)/pay", form + [("gateway", "card")], token: token)
            #expect(page.status == .ok && page.text.contains("action=\"http://127.0.0.1:9/cashier/wechat/x\""))
            #expect(page.text.contains("name=\"orderId\" value=\"&quot;&gt;&lt;b&gt;1\""))
            let asked = try #require(street.orders.requests.last { $0.path.hasSuffix("/payments") })
            #expect(
                try JSON.decode(NewPayment.self, from: asked.body)
                    == NewPayment(gateway: .card, channel: .h5, returnURL: back))
        }
    }

    @Test func `a path that nothing is at is a page for people and a problem for programs`() async throws {
        try await with { harness, _, _, _ in
            let page = try await harness.send(.get, "/no/such/thing", headers: [("accept", "text/html")])
            #expect(page.status == .notFound && page.text.contains("<h1>"))
            let problem = try await harness.send(.get, "/no/such/thing")
            #expect(problem.headers["content-type"] == "application/problem+json")
            let api = try await harness.send(.get, "/api/v1/nothing", headers: [("accept", "text/html")])
            #expect(api.status == .notFound && api.headers["content-type"] == "application/problem+json")
        }
    }

    @Test(arguments: [
        ("12", 1_200), ("12.5", 1_250), ("0.05", 5), (" 9999999.99 ", 999_999_999), ("0", 0),
    ])
    func `a price is read exactly`(text: String, minorUnits: Int64) {
        #expect(PriceField.read(text, .cny) == Money(minorUnits: minorUnits))
    }

    @Test(arguments: ["", "-1", "1.", ".5", "1.234", "1e3", "12,50", "１２", "99999999", "1 2", "+1"])
    func `anything else is no price`(text: String) {
        #expect(PriceField.read(text, .cny) == nil)
    }

    @Test func `changes of stock are whole numbers with a sign`() {
        #expect(PriceField.readChange("+10") == 10)
        #expect(PriceField.readChange(" -3 ") == -3)
        #expect(PriceField.readChange("1000000") == 1_000_000)
        for text in ["0", "", "+", "1.5", "1000001", "--1", "+-1"] { #expect(PriceField.readChange(text) == nil) }
    }

    @Test func `an operator sees how bills and orders agree, and has a day compared; nobody else does`() async throws {
        try await with { harness, street, manager, clerk in
            let boss = Browser(harness)
            _ = try await boss.signIn("13800000000", street)
            let amount = Money(minorUnits: 1_234), none = Money(minorUnits: 0)
            func sums(_ payments: Int, _ paid: Money) -> ReconciliationSums {
                ReconciliationSums(payments: payments, paid: paid, refunds: 0, refunded: none)
            }
            let found = Reconciliation(
                gateway: .alipay, day: "2026-11-22", state: .compared, trouble: nil, billed: sums(1, amount),
                booked: sums(0, none), openDifferences: 1, healedDifferences: 0, comparedAt: Timestamp(microseconds: 0))
            let difference = ReconciliationDifference(
                entry: .payment, kind: .missingHere, state: .open, number: "<b>1</b>", orderID: nil, paymentID: nil,
                refundID: nil, ours: nil, theirs: amount, note: nil, foundAt: Timestamp(microseconds: 0), endedAt: nil)
            let list = OrdersAPI.reconciliations.path(), day = "/v1/reconciliations/alipay/2026-11-22"
            street.orders.on(.get, list) { _ in .json(.ok, Models.Page(items: [found])) }
            street.orders.on(.get, day) { _ in .json(.ok, found) }
            street.orders.on(.get, day + "/differences") { _ in .json(.ok, Models.Page(items: [difference])) }
            street.orders.on(.post, list) { _ in .json(.accepted, found) }

            #expect(try await boss.get("/console").text.contains("/console/reconciliations"))
            let page = try await boss.get("/console/reconciliations")
            #expect(page.status == .ok)
            #expect(page.text.contains("/console/reconciliations/alipay/2026-11-22") && page.text.contains("12.34"))
            let chinese = try await boss.get("/console/reconciliations/alipay/2026-11-22", language: "zh")
            #expect(chinese.text.contains("订单中没有") && chinese.text.contains("&lt;b&gt;1&lt;/b&gt;"))
            let fields = [("key", "0123456789abcdef"), ("gateway", "alipay"), ("day", "2026-11-22")]
            let token = Browser.token(in: page)
            let done = try await boss.post("/console/reconciliations", fields, token: token)
            #expect(done.headers["location"] == "/console/reconciliations?done=asked")
            let sent = try #require(street.orders.requests.last { $0.method == .post })
            #expect(try JSON.decode(NewReconciliation.self, from: sent.body, mode: .strict).gateway == .alipay)
            let bad = try await boss.post(
                "/console/reconciliations", [fields[0], fields[1], ("day", "2026-02-30")], token: token)
            #expect(bad.status == .unprocessableContent && bad.text.contains("day-error"))
            #expect(try await boss.get("/console/reconciliations/cash/2026-11-22").status == .notFound)
            for person in [manager, clerk] {
                #expect(try await !person.get("/console").text.contains("/console/reconciliations"))
                #expect(try await person.get("/console/reconciliations").status == .notFound)
                let own = Browser.token(in: try await person.get("/account"))
                #expect(try await person.post("/console/reconciliations", fields, token: own).status == .notFound)
            }
        }
    }

    @Test func `figures are asked for days that exist`() {
        let days = ["2026-11-22", "2026-11-23"]
        #expect(FiguresSpan(QueryItems("span=week"), days: days).from == "2026-11-22")
        #expect(FiguresSpan(QueryItems("span=all"), days: days).from == nil)
        let own = FiguresSpan(QueryItems("from=2026-01-01&to=2026-02-28"), days: days)
        #expect(own.choice == .days && own.to == "2026-02-28")
        for query in [
            "from=2026-02-30&to=2026-03-01", "from=2026-03-02&to=2026-03-01", "span=%3Cscript%3E", "from=x&to=y",
        ] {
            let span = FiguresSpan(QueryItems(query), days: days)
            #expect(span.choice == .today && span.from == "2026-11-23")
        }
    }
}
