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

    @Test func `the till books cash with change, slips, deposits and refunds that were handed out`() async throws {
        try await with { _, street, _, clerk in
            let id = street.store.summary.id
            let at = Timestamp(microseconds: 1_700_000_000_000_000)
            let (order, refund) = (OrderID.make(at: at), RefundID.make(at: at))
            let summary = OrderSummary(
                id: order, number: "261123-ABCDEFGH", storeID: id, storeName: street.store.summary.name,
                states: OrderStates(payment: .unpaid, order: .open, fulfilment: .waiting),
                total: Money(minorUnits: 5_780), itemCount: 2, firstItemName: street.items[0].name, placedAt: at,
                expiresAt: at, amountDue: Money(minorUnits: 1_000))
            let waiting = Refund(
                id: refund, orderID: order, paymentID: .make(at: at), amount: Money(minorUnits: 500), reason: "<b>凉了",
                state: .requested, createdAt: at, gateway: .cash)
            let payment = Payment(
                id: .make(at: at), orderID: order, gateway: .cash, channel: .counter, state: .paid,
                amount: Money(minorUnits: 1_000), createdAt: at, change: Money(minorUnits: 250))
            street.orders.on(.get, OrdersAPI.storeUnpaid.path(id)) { _ in
                .json(.ok, UnpaidOrders(orders: [summary], refunds: [waiting]))
            }
            street.orders.on(.post, OrdersAPI.orderOfflinePayments.path(order)) { _ in .json(.created, payment) }
            street.orders.on(.post, OrdersAPI.refundHandedOut.path(refund)) { _ in .json(.ok, waiting) }
            let till = try await clerk.get("/console/\(id)/till")
            #expect(till.status == .ok && till.text.contains("261123-ABCDEFGH"))
            #expect(till.text.contains("value=\"10.00\"") && till.text.contains("&lt;b&gt;凉了"))
            let token = Browser.token(in: till)
            let form = [("key", "0123456789abcdef"), ("currency", "CNY"), ("amount", "10")]
            let path = "/console/\(id)/orders/\(order)"
            let cash = try await clerk.post("\(path)/cash", form + [("tendered", "12.5")], token: token)
            #expect(cash.headers["location"] == "/console/\(id)/till?change=2.50")
            var sent = try #require(street.orders.requests.last { $0.path.hasSuffix("/offline-payments") })
            #expect(
                try JSON.decode(OfflinePayment.self, from: sent.body)
                    == OfflinePayment(
                        method: .cash, amount: Money(minorUnits: 1_000), tendered: Money(minorUnits: 1_250)))
            let told = try await clerk.get("/console/\(id)/till?change=2.50")
            #expect(told.text.contains("¥2.50"))
            _ = try await clerk.post("\(path)/terminal", form + [("reference", "T-42")], token: token)
            sent = try #require(street.orders.requests.last { $0.path.hasSuffix("/offline-payments") })
            #expect(try JSON.decode(OfflinePayment.self, from: sent.body).reference == "T-42")
            for (verb, field, problem) in [
                ("cash", ("tendered", "abc"), "invalid_amount"), ("terminal", ("reference", ""), "slip_mismatch"),
                ("deposit", ("due", "soon"), "invalid_deposit"),
            ] {
                let refused = try await clerk.post("\(path)/\(verb)", form + [field], token: token)
                #expect(refused.headers["location"]?.hasSuffix("problem=\(problem)") == true, "\(verb)")
            }
            _ = try await clerk.post("\(path)/deposit", form + [("due", "2026-12-01")], token: token)
            sent = try #require(street.orders.requests.last { $0.path.hasSuffix("/deposit") })
            // The end of the day in Shanghai.
            #expect(
                try JSON.decode(NewDeposit.self, from: sent.body)
                    == NewDeposit(
                        amount: Money(minorUnits: 1_000), balanceDueAt: try #require(Timestamp("2026-12-01T15:59:59Z"))))
            let out = try await clerk.post(
                "/console/\(id)/refunds/\(refund)/handed-out", [("key", "0123456789abcdef")], token: token)
            #expect(out.headers["location"] == "/console/\(id)/till?done=refund")
        }
    }

    @Test func `an order with a deposit says what is due, and points are offered to those who have some`() async throws {
        try await with { harness, street, _, clerk in
            let at = Timestamp(microseconds: 1_700_000_000_000_000)
            let token = try #require(clerk.cookies["linli_session"])
            let me: Account = try await harness.send(.get, "/api/v1/me", token: token).decoded()
            let total = Money(minorUnits: 5_780)
            var order = Order(
                id: .make(at: at), number: "261123-ABCDEFGH", storeID: street.store.summary.id,
                storeName: street.store.summary.name, customerID: me.id, fulfilment: .pickup,
                states: OrderStates(payment: .unpaid, order: .open, fulfilment: .waiting), lines: [],
                totals: OrderTotals(
                    subtotal: total, discountTotal: Money(minorUnits: 0), total: total, refunded: Money(minorUnits: 0)),
                placedAt: at, expiresAt: at, story: [], payments: [], refunds: [],
                deposit: Money(minorUnits: 1_000), balanceDueAt: at)
            let (path, points) = (OrdersAPI.order.path(order.id), Points(balance: 300, items: []))
            street.orders.on(.get, OrdersAPI.points.path()) { _ in .json(.ok, points) }
            street.orders.on(.get, path) { [order] _ in .json(.ok, order) }
            let agreed = try await clerk.get("/orders/\(order.id)")
            #expect(agreed.text.contains("Pay the deposit, ¥10.00"))
            #expect(agreed.text.contains("name=\"gateway\" value=\"points\"") && agreed.text.contains("value=\"3.00\""))
            order.totals.paid = Money(minorUnits: 1_000)
            street.orders.on(.get, path) { [order] _ in .json(.ok, order) }
            let paid = try await clerk.get("/orders/\(order.id)")
            #expect(paid.text.contains("Pay the balance, ¥47.80") && paid.text.contains("Deposit paid. ¥47.80 is due by"))
            #expect(try await clerk.get("/orders/\(order.id)", language: "zh").text.contains("支付余款 ¥47.80"))
            #expect(try await clerk.get("/account/points").text.contains("300 points, worth ¥3.00"))
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
