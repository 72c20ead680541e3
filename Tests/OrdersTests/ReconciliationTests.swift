import EventLoop
import HTTPClient
import HTTPCore
import JSON
import Models
import ServiceKit
import TestSupport
import Testing

@testable import Orders

/// The gateways' bills against the orders, with the real database.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ReconciliationTests {
    private func operatorToken(_ shop: Shop) throws -> String {
        try TestTokens.user(.make(at: shop.kit.now()), isOperator: true)
    }

    /// Asks for a day and runs the job until it is compared.
    private func reconcile(_ shop: Shop, _ gateway: GatewayName = .wechat) async throws -> Reconciliation {
        let token = try operatorToken(shop)
        let answer = try await shop.orders.send(
            .post, OrdersAPI.reconciliations.path(), json: NewReconciliation(gateway: gateway, day: FakeBills.day),
            token: token)
        guard answer.status == .accepted else { throw UnexpectedAnswer(answer) }
        let job = shop.parts.reconcileBills
        var read: Reconciliation = try answer.decoded()
        #expect(read.state == .waiting)
        _ = try await shop.until({ _ = try await job.tick(shop.kit) }) {
            read = try await day(shop, gateway)
            return read.state == .compared || read.trouble != nil
        }
        return read
    }

    private func day(_ shop: Shop, _ gateway: GatewayName) async throws -> Reconciliation {
        try await shop.orders.send(
            .get, OrdersAPI.reconciliation.path(gateway.rawValue, FakeBills.day), token: try operatorToken(shop)
        ).decoded()
    }

    private func differences(_ shop: Shop, _ gateway: GatewayName = .wechat) async throws -> [ReconciliationDifference] {
        let path = OrdersAPI.reconciliationDifferences.path(gateway.rawValue, FakeBills.day)
        let page: Page<ReconciliationDifference> = try await shop.orders.send(
            .get, path, token: try operatorToken(shop)
        ).decoded()
        return page.items
    }

    @Test func `a bill that agrees has no differences, however often it is compared`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer(), manager = try shop.staff(.manager)
            let paid = try await shop.paidOrder(customer), other = try await shop.paidOrder(try shop.customer())
            let fen = paid.payment.amount.minorUnits + other.payment.amount.minorUnits
            let refund = try await shop.orders.send(
                .post, OrdersAPI.orderRefunds.path(paid.order.id),
                json: NewRefund(amount: Money(minorUnits: 100), reason: "少了一份"), token: manager.token)
            #expect(refund.status == .created)
            #expect(
                try await shop.refundUntil {
                    try await shop.read(customer, paid.order.id).states.payment == .partlyRefunded
                })
            let sums = ReconciliationSums(
                payments: 2, paid: Money(minorUnits: fen), refunds: 1, refunded: Money(minorUnits: 100))
            for _ in 0..<2 {
                let found = try await reconcile(shop)
                #expect(found.state == .compared)
                #expect(found.billed == sums)
                #expect(found.booked == sums)
                #expect(try await differences(shop).isEmpty)
            }
        }
    }

    @Test func `what is missing here, missing there, or of another amount is listed, once`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let right = try await shop.paidOrder(customer)
            let hidden = try await shop.paidOrder(customer), changed = try await shop.paidOrder(customer)
            shop.weChat.state.withLock {
                $0.bill.hidden = [hidden.payment.id.description]
                $0.bill.changed = [changed.payment.id.description: 1]
                $0.bill.extra = [FakeBills.Row(number: "somebody_elses", fen: 777)]
            }
            let expected: Set<DifferenceKind> = [.missingAtGateway, .amountDiffers, .missingHere]
            var first: [ReconciliationDifference] = []
            for round in 0..<2 {
                let found = try await reconcile(shop)
                #expect(found.openDifferences == 3)
                let amount = right.payment.amount.minorUnits
                #expect(found.billed.paid.minorUnits == amount + 1 + 777)
                #expect(found.booked.paid.minorUnits == 3 * amount)
                let listed = try await differences(shop)
                #expect(Set(listed.map(\.kind)) == expected)
                #expect(listed.allSatisfy { $0.state == .open && $0.entry == .payment })
                if round == 0 { first = listed } else { #expect(listed == first) }
            }
            let byKind = Dictionary(uniqueKeysWithValues: first.map { ($0.kind, $0) })
            #expect(byKind[.missingAtGateway]?.paymentID == hidden.payment.id)
            #expect(byKind[.missingAtGateway]?.orderID == hidden.order.id)
            #expect(byKind[.missingAtGateway]?.theirs == nil)
            #expect(byKind[.amountDiffers]?.paymentID == changed.payment.id)
            #expect(byKind[.amountDiffers]?.theirs == Money(minorUnits: 1))
            #expect(byKind[.missingHere]?.number == "somebody_elses")
            #expect(byKind[.missingHere]?.ours == nil)
            // The gateway mends its bill: nothing is open any more, and what was found stays on record.
            shop.weChat.state.withLock { $0.bill = FakeWeChat.Bill() }
            #expect(try await reconcile(shop).openDifferences == 0)
            let ended = try await differences(shop)
            #expect(ended.map(\.state) == [.resolved, .resolved, .resolved])
            #expect(ended.allSatisfy { $0.endedAt != nil })
        }
    }

    @Test func `an amount that was changed here is found`() async throws {
        try await Shop.open { shop in
            let paid = try await shop.paidOrder(try shop.customer())
            try await shop.orders.test.run("UPDATE payments SET amount = amount + 1")
            #expect(try await reconcile(shop).openDifferences == 1)
            let found = try await differences(shop)
            #expect(found.map(\.kind) == [.amountDiffers])
            #expect(found.first?.ours?.minorUnits == paid.payment.amount.minorUnits + 1)
        }
    }

    @Test func `a payment of which no news came is settled by the bill`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let payment = try await shop.startPayment(customer, order.id)
            // Given up here: nobody asks about it any more.
            try await shop.orders.test.run("UPDATE payments SET check_at = 'infinity', state = 'closed'")
            shop.weChat.pay(payment.id)
            for _ in 0..<2 {
                let found = try await reconcile(shop)
                #expect((found.openDifferences, found.healedDifferences) == (0, 1))
                #expect(found.billed == found.booked)
                #expect(found.booked.payments == 1)
            }
            #expect(try await shop.read(customer, order.id).states.payment == .paid)
            #expect(try await shop.count(.paid) == 1)
            let healed = try await differences(shop)
            #expect(healed.map(\.state) == [.healed])
            #expect(healed.first?.note == "payment_applied")
        }
    }

    @Test func `a refund that is done at the gateway is completed by the bill`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer(), manager = try shop.staff(.manager)
            let paid = try await shop.paidOrder(customer)
            shop.weChat.state.withLock { $0.refundState = "PROCESSING" }
            _ = try await shop.orders.send(
                .post, OrdersAPI.orderRefunds.path(paid.order.id),
                json: NewRefund(amount: Money(minorUnits: 100), reason: "少了一份"), token: manager.token)
            #expect(
                try await shop.refundUntil { shop.weChat.state.withLock { $0.refunds.count == 1 } })
            try await shop.orders.test.run("UPDATE refunds SET check_at = 'infinity'")
            shop.weChat.state.withLock { $0.refundState = "SUCCESS" }
            #expect(try await reconcile(shop).openDifferences == 0)
            #expect(try await shop.read(customer, paid.order.id).states.payment == .partlyRefunded)
        }
    }

    /// An order whose payment's news never came, and was given up.
    private func unheard(_ shop: Shop, _ customer: Person) async throws -> OrderID {
        let order = try await shop.place(customer)
        let payment = try await shop.startPayment(customer, order.id)
        try await shop.orders.test.run("UPDATE payments SET check_at = 'infinity', state = 'closed'")
        shop.weChat.pay(payment.id)
        return order.id
    }

    /// Has the day looked at again at once, as its next time would.
    private func again(_ shop: Shop) async throws {
        try await shop.orders.test.run("UPDATE reconciliations SET check_at = 'epoch'")
    }

    @Test func `a difference is healed and marked in one, or neither`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await unheard(shop, customer)
            // Whatever stops the mark, as a death between the two would.
            try await shop.orders.test.run(
                """
                CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''stopped''; END';
                CREATE TRIGGER stop BEFORE UPDATE ON reconciliation_differences FOR EACH ROW
                WHEN (NEW.state = 'healed') EXECUTE FUNCTION stop();
                """)
            let token = try operatorToken(shop), job = shop.parts.reconcileBills
            _ = try await shop.orders.send(
                .post, OrdersAPI.reconciliations.path(), json: NewReconciliation(gateway: .wechat, day: FakeBills.day),
                token: token)
            #expect(
                try await shop.until({ _ = try? await job.tick(shop.kit) }) {
                    try await differences(shop).map(\.state) == [.open]
                })
            // A whole run, which is stopped.
            try await again(shop)
            _ = try? await job.tick(shop.kit)
            #expect(try await shop.read(customer, order).states.payment == .unpaid)
            #expect(try await shop.count(.paid) == 0)
            try await shop.orders.test.run("DROP TRIGGER stop ON reconciliation_differences")
            #expect(
                try await shop.until({
                    try await again(shop)
                    _ = try await job.tick(shop.kit)
                }) { try await day(shop, .wechat).state == .compared })
            #expect(try await shop.read(customer, order).states.payment == .paid)
            #expect(try await shop.count(.paid) == 1)
            #expect(try await differences(shop).map(\.state) == [.healed])
        }
    }

    @Test func `a gateway that does not answer while a day is healed is asked again`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await unheard(shop, customer)
            shop.weChat.state.withLock { $0.isSilent = true }
            let waiting = try await reconcile(shop)
            #expect((waiting.state, waiting.trouble) == (.fetched, "gateway_unavailable"))
            #expect(try await differences(shop).map(\.state) == [.open])
            shop.weChat.state.withLock { $0.isSilent = false }
            let job = shop.parts.reconcileBills
            #expect(
                try await shop.until({
                    try await again(shop)
                    _ = try await job.tick(shop.kit)
                }) { try await day(shop, .wechat).state == .compared })
            #expect(try await shop.read(customer, order).states.payment == .paid)
            #expect(try await differences(shop).map(\.state) == [.healed])
        }
    }

    @Test(arguments: [GatewayName.alipay, .card]) func `bills of the other gateways are compared and heal alike`(
        _ gateway: GatewayName
    ) async throws {
        try await Shop.open { shop in
            let customer = try shop.customer(), manager = try shop.staff(.manager)
            let order = try await shop.place(customer), lost = try await shop.place(customer)
            let payment = try await shop.startPayment(customer, order.id, gateway: gateway)
            let unheard = try await shop.startPayment(customer, lost.id, gateway: gateway)
            try await shop.orders.test.run("UPDATE payments SET check_at = 'infinity'")
            shop.gateways.pay(payment)
            shop.gateways.pay(unheard)
            _ = try await shop.notify(gateway, try shop.gateways.notification(of: payment))
            _ = try await shop.orders.send(
                .post, OrdersAPI.orderRefunds.path(order.id),
                json: NewRefund(amount: Money(minorUnits: 100), reason: "少了一份"), token: manager.token)
            #expect(
                try await shop.refundUntil {
                    try await shop.read(customer, order.id).states.payment == .partlyRefunded
                })
            shop.gateways.state.withLock { $0.extraBilled = [FakeBills.Row(number: "somebodyelses", fen: 777)] }
            for _ in 0..<2 {
                let found = try await reconcile(shop, gateway)
                #expect(found.state == .compared)
                #expect((found.openDifferences, found.healedDifferences) == (1, 1))
                #expect(found.billed.payments == 3)
                #expect(found.booked.payments == 2)
                #expect(found.billed.paid.minorUnits == found.booked.paid.minorUnits + 777)
                #expect(found.billed.refunded == Money(minorUnits: 100))
                #expect(found.booked.refunded == Money(minorUnits: 100))
            }
            #expect(try await shop.read(customer, lost.id).states.payment == .paid)
            #expect(try await differences(shop, gateway).map(\.kind).allSatisfy { $0 == .missingHere })
        }
    }

    @Test func `money of another amount is never applied`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            let payment = try await shop.startPayment(customer, order.id)
            try await shop.orders.test.run("UPDATE payments SET check_at = 'infinity'")
            shop.weChat.pay(payment.id)
            shop.weChat.state.withLock { $0.trades[payment.id.description]?.total = 1 }
            let found = try await reconcile(shop)
            #expect((found.openDifferences, found.healedDifferences) == (1, 0))
            #expect(try await differences(shop).map(\.kind) == [.missingHere])
            #expect(try await shop.read(customer, order.id).states.payment == .unpaid)
        }
    }

    @Test func `a bill that is not the one whose hash was signed, or is incomplete, is not believed`() async throws {
        try await Shop.open { shop in
            _ = try await shop.paidOrder(try shop.customer())
            shop.weChat.state.withLock { $0.bill.isForged = true }
            var found = try await reconcile(shop)
            #expect(found.state == .waiting)
            #expect(found.trouble == "not_signed_by_gateway")
            shop.weChat.state.withLock { $0.bill = FakeWeChat.Bill(isShort: true) }
            found = try await reconcile(shop)
            #expect(found.state == .waiting)
            #expect(found.trouble == "mismatch:totals")
            #expect(found.billed.payments == 0)
            #expect(try await differences(shop).isEmpty)
        }
    }

    @Test func `only operators look, at days that were`() async throws {
        try await Shop.open(["ALIPAY_APP_ID": "", "UNIONPAY_MER_ID": ""]) { shop in
            let input = NewReconciliation(gateway: .wechat, day: FakeBills.day)
            for person in [try shop.customer(), try shop.staff(.manager)] {
                let answers = [
                    try await shop.orders.send(
                        .post, OrdersAPI.reconciliations.path(), json: input, token: person.token),
                    try await shop.orders.send(.get, OrdersAPI.reconciliations.path(), token: person.token),
                    try await shop.orders.send(
                        .get, OrdersAPI.reconciliationDifferences.path("wechat", FakeBills.day), token: person.token),
                ]
                #expect(answers.allSatisfy { $0.status == .forbidden })
            }
            let token = try operatorToken(shop)
            func post(_ gateway: GatewayName, _ day: String) async throws -> ClientResponse {
                try await shop.orders.send(
                    .post, OrdersAPI.reconciliations.path(), json: NewReconciliation(gateway: gateway, day: day),
                    token: token)
            }
            #expect(try await post(.wechat, "2999-01-01").code == "day_not_begun")
            #expect(try await post(.alipay, FakeBills.day).code == "method_not_offered")
            #expect(try await post(.wechat, "2026-02-30").status == .badRequest)
            for path in ["wechat/2020-01-01", "wechat/nonsense", "cash/2026-11-23"] {
                #expect(try await shop.orders.send(.get, "/v1/reconciliations/" + path, token: token).status == .notFound)
            }
            for day in ["2026-11-20", "2026-11-21", "2026-11-22"] { #expect(try await post(.wechat, day).status == .accepted) }
            var days: [String] = [], cursor = ""
            repeat {
                let page: Page<Reconciliation> = try await shop.orders.send(
                    .get, OrdersAPI.reconciliations.path() + "?limit=2" + cursor, token: token
                ).decoded()
                days += page.items.map(\.day)
                cursor = page.nextCursor.map { "&cursor=" + $0 } ?? ""
            } while !cursor.isEmpty
            #expect(days == ["2026-11-22", "2026-11-21", "2026-11-20"])
        }
    }
}
