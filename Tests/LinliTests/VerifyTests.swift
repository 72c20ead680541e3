import Testing

@testable import LinliCommand

/// A fault: where it is planted, how, and what verify must say of it.
struct Fault: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let book: Installation.Book
    let script: String
    /// Invariant and subject of every violation.
    let found: Set<String>

    init(_ description: String, in book: Installation.Book, _ script: String, found: Set<String>) {
        testDescription = description
        self.book = book
        self.script = script
        self.found = found
    }

    private static let collected = Installation.collected, unpaid = Installation.unpaid
    private static let noodles = Installation.noodles, tea = Installation.tea

    static let ofStock = [
        Fault(
            "stock that its ledger does not know", in: .catalog,
            "UPDATE stock SET on_hand = on_hand + 1 WHERE sku_id = @11", found: ["stock_is_its_ledger \(noodles)"]),
        Fault(
            "stock that is gone", in: .catalog, "DELETE FROM stock WHERE sku_id = @12",
            found: ["stock_is_its_ledger \(tea)"]),
        Fault(
            "stock reserved for nobody", in: .catalog,
            "UPDATE stock SET reserved = 2 WHERE sku_id = @12; "
                + "INSERT INTO stock_ledger (store_id, sku_id, batch, cause, on_hand_delta, reserved_delta, at) "
                + "VALUES (@01, @12, 9, 'reserve', 0, 2, now())", found: ["reserved_is_held \(tea)"]),
        Fault(
            "less than nothing", in: .catalog,
            "ALTER TABLE stock DROP CONSTRAINT stock_never_negative; "
                + "UPDATE stock SET on_hand = -1 WHERE sku_id = @12; "
                + "INSERT INTO stock_ledger (store_id, sku_id, batch, cause, on_hand_delta, reserved_delta, at) "
                + "VALUES (@01, @12, 9, 'till_sale', -50, 0, now())", found: ["stock_is_never_negative \(tea)"]),
        Fault(
            "a reservation that never ends", in: .catalog,
            "UPDATE reservations SET expires_at = now() - interval '1 hour' WHERE state = 'held'",
            found: ["no_reservation_is_forgotten \(unpaid)"]),
        Fault(
            "a sold thing that was given back to the shelf", in: .catalog,
            "UPDATE reservations SET state = 'released' WHERE order_id = @a1", found: ["stock_agrees \(collected)"]),
        Fault(
            "stock taken for an order that is none", in: .catalog,
            "UPDATE reservations SET state = 'committed' WHERE order_id = @f1",
            found: ["stock_agrees \(Installation.orderID("f1"))"]),
        Fault(
            "an order without reservation", in: .catalog, "DELETE FROM reservations WHERE order_id = @a1",
            found: ["stock_agrees \(collected)", "goods_agree \(collected)"]),
        Fault(
            "other goods reserved than ordered", in: .catalog,
            "UPDATE reservations SET quantities = '{1,2}' WHERE order_id = @a1", found: ["goods_agree \(collected)"]),
    ]

    static let ofOrders = [
        Fault(
            "an order of other lines than its total", in: .orders,
            "UPDATE orders SET subtotal = 3900, total = 3900, paid = 3900 WHERE id = @a1",
            found: ["totals_are_sums \(collected)", "paid_once_exactly \(collected)"]),
        Fault(
            "an order that lost a line", in: .orders, "DELETE FROM order_lines WHERE order_id = @a1 AND number = 2",
            found: ["totals_are_sums \(collected)", "goods_agree \(collected)"]),
        Fault(
            "an order paid twice", in: .orders,
            "INSERT INTO payments (id, order_id, gateway, channel, state, amount, currency, transaction_id, "
                + "created_at, expires_at, paid_at, check_at) VALUES (@d3, @a1, 'wechat', 'h5', 'paid', 3800, 'CNY', 'T3', now(), "
                + "now(), now(), now())",
            found: [
                "paid_once_exactly \(collected)", "payments_agree \(Installation.paymentID("d3"))",
                "settlements_are_whole \(collected)",
            ]),
        Fault(
            "more given back than refunds say", in: .orders, "UPDATE orders SET refunded = 600 WHERE id = @a1",
            found: ["refunds_are_sums \(collected)"]),
        Fault(
            "a refunded order that says it is not", in: .orders,
            "UPDATE orders SET payment_state = 'paid' WHERE id = @a1", found: ["refunds_are_sums \(collected)"]),
        Fault(
            "a refund that was not set aside", in: .orders, "UPDATE payments SET refunded = 400 WHERE id = @d1",
            found: ["refunds_fit_payments \(Installation.payment)"]),
        Fault(
            "late money that stays", in: .orders,
            "UPDATE refunds SET state = 'failed', completed_at = now() WHERE id = @e2",
            found: ["late_money_goes_back \(Installation.latePayment)"]),
        Fault(
            "a move made twice", in: .orders,
            "INSERT INTO order_story (order_id, at, actor, move) VALUES (@a1, now(), 'staff', 'accepted')",
            found: ["stories_are_legal \(collected)"]),
        Fault(
            "a move nobody made", in: .orders, "DELETE FROM order_story WHERE order_id = @a1 AND move = 'preparing'",
            found: ["stories_are_legal \(collected)"]),
        Fault(
            "a state without its move", in: .orders,
            "UPDATE orders SET order_state = 'cancelled', unpaid_slot = NULL WHERE id = @b1",
            found: ["stories_are_legal \(unpaid)", "stock_agrees \(unpaid)"]),
        Fault(
            "a story of an order that moved on without its state", in: .orders,
            "INSERT INTO order_story (order_id, at, actor, move) VALUES (@b1, now(), 'gateway', 'paid')",
            found: ["stories_are_legal \(unpaid)"]),
        Fault(
            "an unpaid order that does not end", in: .orders,
            "UPDATE orders SET placed_at = now() - interval '2 hours', expires_at = now() - interval '1 hour' "
                + "WHERE id = @b1", found: ["no_order_is_forgotten \(unpaid)"]),
    ]

    private static let merchantDay = "2026-11-01 merchant 00000000-0000-7000-8000-000000000002"

    static let ofSettlements = [
        Fault(
            "a refund that the journal does not know", in: .orders,
            "DELETE FROM settlement_postings WHERE cause = 'refund'", found: ["settlements_are_whole \(collected)"]),
        Fault(
            "a share too large", in: .orders,
            "UPDATE settlement_postings SET merchant_share = -496, platform_share = -4 WHERE cause = 'refund'",
            found: ["shares_are_exact \(Installation.paymentID("d1"))"]),
        Fault(
            "a statement of another sum", in: .orders,
            "UPDATE settlements SET sales = 3900, net = 3877 WHERE id = @51",
            found: ["statements_are_sums \(merchantDay)", "payouts_balance \(merchantDay)"]),
        Fault(
            "a payout of another sum", in: .orders, "UPDATE settlement_payouts SET amount = 3778",
            found: ["payouts_balance \(merchantDay)"]),
        Fault(
            "a debt that was forgotten", in: .orders,
            "INSERT INTO settlement_days VALUES ('2026-11-02', now()), ('2026-11-03', now()); "
                + "INSERT INTO settlements SELECT @53, 'merchant', @02, '2026-11-02', 'CNY', 0, 0, 500, -3, 0, 0, -497, "
                + "'carried', now(), NULL, NULL; "
                + "INSERT INTO settlements SELECT @54, 'platform', id, '2026-11-02', 'CNY', 0, 0, 500, -3, 0, 0, -3, "
                + "'carried', now(), NULL, NULL FROM (SELECT payee_id AS id FROM settlements WHERE id = @52) AS p; "
                + "UPDATE settlements SET carried_over = -1, net = 22 WHERE id = @52",
            found: ["payouts_balance 2026-11-01 platform 00000000-0000-0000-0000-000000000000"]),
    ]

    static let ofMoney = [
        Fault(
            "a posting out of balance", in: .payments,
            "UPDATE ledger_entries SET amount = 24 WHERE posting_id = 1 AND account = 'fees'",
            found: ["postings_balance 1", "accounts_sum_to_zero CNY"]),
        Fault(
            "money posted that never moved", in: .payments,
            "INSERT INTO ledger_postings (kind, reference, at) VALUES ('payment', 'm:ghost', now()); "
                + "INSERT INTO ledger_entries VALUES (8, 'customers', 'CNY', -5), (8, 'merchant:m', 'CNY', 5)",
            found: ["money_is_posted m:ghost"]),
        Fault(
            "money moved that was never posted", in: .payments,
            "DELETE FROM ledger_entries WHERE posting_id = 2; DELETE FROM ledger_postings WHERE id = 2",
            found: [
                "money_is_posted m:\(Installation.latePayment)",
                "bills_agree_with_ledger payment \(Installation.latePayment)",
            ]),
        Fault(
            "a gateway that lost count of refunds", in: .payments,
            "UPDATE wechat_transactions SET refunded = 400 WHERE out_trade_no = '#payment'",
            found: ["gateway_refunds_are_sums \(Installation.payment)"]),
        Fault(
            "another amount at the gateway", in: .payments,
            "UPDATE wechat_transactions SET total = 801 WHERE out_trade_no = '#late'",
            found: ["payments_agree \(Installation.latePayment)", "money_is_posted m:\(Installation.latePayment)"]),
        Fault(
            "money at the gateway that orders does not know", in: .payments,
            "UPDATE wechat_transactions SET state = 'SUCCESS', transaction_id = 'T9', paid_at = now() "
                + "WHERE out_trade_no = 'never-paid'",
            found: ["payments_agree never-paid", "money_is_posted m:never-paid"]),
        Fault(
            "a refund that the gateway did not make", in: .payments,
            "DELETE FROM wechat_refunds; UPDATE wechat_transactions SET refunded = 0; "
                + "DELETE FROM ledger_entries WHERE posting_id = 3; DELETE FROM ledger_postings WHERE id = 3",
            found: [
                "refunds_agree \(Installation.refund)", "bills_agree_with_ledger refund \(Installation.refund)",
            ]),
        Fault(
            "another amount at Alipay", in: .payments, "UPDATE alipay_trades SET total = 301 WHERE app_id = 'a'",
            found: ["payments_agree \(Installation.paymentID("d5"))"]),
        Fault(
            "a refund that Alipay did not make", in: .payments, "DELETE FROM alipay_refunds",
            found: ["refunds_agree \(Installation.refundID("e5"))"]),
        Fault(
            "a card payment that nobody knows at the gateway", in: .payments,
            "DELETE FROM unionpay_transactions WHERE kind = 'pay'",
            found: ["payments_agree \(Installation.paymentID("d6"))"]),
        Fault(
            "a card refund of another amount", in: .payments,
            "UPDATE unionpay_transactions SET amount = 399 WHERE kind = 'refund'",
            found: ["refunds_agree \(Installation.refundID("e6"))"]),
        Fault(
            "a difference that nobody looked at", in: .orders,
            "INSERT INTO reconciliation_differences (gateway, entry, subject, day, kind, number, ours, state, found_at) "
                + "VALUES ('card', 'payment', 'x', '2026-11-22', 'missing_at_gateway', 'x', 5, 'open', now())",
            found: ["bills_agree_with_orders card 2026-11-22"]),
        Fault(
            "sums of a day that differ", in: .orders,
            "UPDATE reconciliations SET booked_paid = booked_paid - 1 WHERE gateway = 'alipay'",
            found: ["bills_agree_with_orders alipay 2026-11-22"]),
        Fault(
            "a bill of another amount than was moved", in: .orders,
            "UPDATE bill_lines SET amount = 299 WHERE gateway = 'alipay' AND entry = 'refund'",
            found: ["bills_agree_with_ledger refund \(Installation.refundID("e5"))"]),
        Fault(
            "a line of a bill that orders no more has paid", in: .orders,
            "UPDATE bill_lines SET amount = 401 WHERE gateway = 'card'",
            found: [
                "bills_agree_with_orders card 2026-11-22",
                "bills_agree_with_ledger payment \(Installation.paymentID("d6").replacing("_", with: ""))",
            ]),
    ]

    static let ofMessages = [
        Fault(
            "a customer who was not told", in: .notifications, "DELETE FROM messages WHERE kind = 'ready'",
            found: ["ready_is_told \(collected)"]),
        Fault(
            "another person who was told", in: .notifications,
            "UPDATE messages SET account_id = @42 WHERE kind = 'ready'", found: ["ready_is_told \(collected)"]),
        Fault(
            "a customer who was told twice", in: .notifications,
            "INSERT INTO messages (id, account_id, event_id, kind, title_zh, title_en, body_zh, body_en, order_id, "
                + "created_at) VALUES (@83, @41, @93, 'ready', '', '', '', '', @a1, now())",
            found: ["messages_are_sent_once \(collected)"]),
        Fault(
            "a customer whom nobody knows", in: .storefront, "DELETE FROM accounts",
            found: ["customers_are_known \(Installation.customer)"]),
        Fault(
            "an event that was given up", in: .catalog,
            "INSERT INTO outbox (event_id, consumer, type, aggregate, occurred_at, data, dead_at) "
                + "VALUES (@99, 'orders', 'stock.commit_failed', 'x', now(), '{}', now())",
            found: ["events_arrive 00000000-0000-7000-8000-000000000099"]),
        Fault(
            "an event that waits too long", in: .orders,
            "INSERT INTO outbox (event_id, consumer, type, aggregate, occurred_at, data) "
                + "VALUES (@99, 'catalog', 'order.paid', 'x', now() - interval '3 minutes', '{}')",
            found: ["events_arrive 00000000-0000-7000-8000-000000000099"]),
    ]
}

// One after another: each case has five databases, and a server has a hundred connections.
@Suite(.serialized)
struct VerifyTests {
    @Test func `a flawless day has no violation`() async throws {
        try await Installation.with { installation in
            let report = try await installation.audit()
            #expect(report.violations == [])
            #expect(report.checked == 35)
            #expect(report.isRight)
            #expect(report.json == #"{"checked":35,"violations":[]}"#)
        }
    }

    @Test func `events on their way are no violation`() async throws {
        try await Installation.with { installation in
            try await installation.plant(
                .orders,
                "INSERT INTO outbox (event_id, consumer, type, aggregate, occurred_at, data) "
                    + "VALUES (@99, 'catalog', 'order.paid', 'x', now(), '{}')")
            #expect(try await installation.audit().violations == [])
        }
    }

    @Test(arguments: Fault.ofStock + Fault.ofOrders + Fault.ofSettlements + Fault.ofMoney + Fault.ofMessages)
    func `a planted fault is found, and named for what it is`(fault: Fault) async throws {
        try await Installation.with { installation in
            try await installation.plant(fault.book, fault.script)
            let report = try await installation.audit()
            #expect(Set(report.violations.map { "\($0.invariant) \($0.subject)" }) == fault.found)
            #expect(!report.isRight)
            #expect(report.violations.allSatisfy { !$0.detail.isEmpty })
        }
    }
}
