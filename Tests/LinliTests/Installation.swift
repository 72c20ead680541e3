import Catalog
import EventLoop
import Models
import Notifications
import Orders
import PaymentsSim
import Postgres
import ServiceKit
import Storefront
import TestSupport

@testable import LinliCommand

/// The five databases after a short, flawless day: one order collected and refunded in part, one waiting for its
/// payment, one expired whose money came too late. Another merchant uses the same gateway.
struct Installation: Sendable {
    enum Book: Sendable { case catalog, orders, payments, notifications, storefront }

    private let databases: [Book: TestDatabase]

    /// The order that went all the way, as the API names it.
    static let collected = OrderID(uuid: uuid("a1")).description
    static let unpaid = OrderID(uuid: uuid("b1")).description
    static let expired = OrderID(uuid: uuid("c1")).description
    static let payment = PaymentID(uuid: uuid("d1")).description
    static let latePayment = PaymentID(uuid: uuid("d2")).description
    static let refund = RefundID(uuid: uuid("e1")).description
    static let noodles = SKUID(uuid: uuid("11")).description
    static let tea = SKUID(uuid: uuid("12")).description
    static let customer = AccountID(uuid: uuid("41")).description

    static func orderID(_ end: String) -> String { OrderID(uuid: uuid(end)).description }
    static func paymentID(_ end: String) -> String { PaymentID(uuid: uuid(end)).description }

    static func refundID(_ end: String) -> String { RefundID(uuid: uuid(end)).description }

    private static func uuid(_ end: String) -> UUID128 {
        UUID128("00000000-0000-7000-8000-0000000000\(end)") ?? UUID128(high: 0, low: 0)
    }

    static func with(_ body: (Installation) async throws -> Void) async throws {
        try await TestDatabase.with(migrations: KitMigrations.all + CatalogService.migrations) { catalog in
            try await TestDatabase.with(migrations: KitMigrations.all + OrdersService.migrations) { orders in
                try await TestDatabase.with(migrations: KitMigrations.all + PaymentsSimService.migrations) { payments in
                    try await TestDatabase.with(
                        migrations: KitMigrations.all + NotificationsService.migrations
                    ) { notifications in
                        try await TestDatabase.with(
                            migrations: KitMigrations.all + StorefrontService.migrations
                        ) { storefront in
                            let installation = Installation(databases: [
                                .catalog: catalog, .orders: orders, .payments: payments,
                                .notifications: notifications, .storefront: storefront,
                            ])
                            try await installation.fill()
                            try await body(installation)
                        }
                    }
                }
            }
        }
    }

    /// Runs a script on one of the databases, past triggers: what is planted is what rules forbid.
    func plant(_ book: Book, _ script: String) async throws {
        try await databases[book]?.run("SET session_replication_role = replica; " + Self.expanded(script))
    }

    func audit() async throws -> VerifyReport {
        let loop = TestPostgres.group.all[0]
        return try await VerifyCommand.audit(
            try books(), merchants: Merchants(weChat: "m", alipay: "a", card: "u"), settle: .milliseconds(1), on: loop)
    }

    private func books() throws -> Books {
        func database(_ book: Book) throws -> Database {
            guard let test = databases[book] else { throw CommandError("no such book") }
            return test.database
        }
        return Books(
            catalog: try database(.catalog), orders: try database(.orders), payments: try database(.payments),
            notifications: try database(.notifications), storefront: try database(.storefront))
    }

    /// `@a1` stands for the identifier that ends so; `#payment`, `#late` and `#refund` for numbers at the gateway.
    private static func expanded(_ script: String) -> String {
        script.replacing("#payment", with: payment).replacing("#late", with: latePayment)
            .replacing("#refund", with: refund).replacing("#alipaid", with: paymentID("d5"))
            .replacing("#aliback", with: refundID("e5"))
            .replacing("#cardpaid", with: paymentID("d6").replacing("_", with: ""))
            .replacing("#cardback", with: refundID("e6").replacing("_", with: ""))
            .replacing(/@(\w\w)/) { "'00000000-0000-7000-8000-0000000000\($0.1)'::uuid" }
    }

    private func fill() async throws {
        try await plant(.storefront, "INSERT INTO accounts VALUES (@41, '13800000041', now());")
        try await plant(.catalog, Self.catalogScript)
        try await plant(.orders, Self.ordersScript)
        try await plant(.payments, Self.paymentsScript)
        try await plant(
            .notifications,
            """
            INSERT INTO messages (id, account_id, event_id, kind, title_zh, title_en, body_zh, body_en, order_id,
                created_at)
            VALUES (@81, @41, @91, 'paid', '', '', '', '', @a1, now()),
                (@82, @41, @92, 'ready', '', '', '', '', @a1, now());
            """)
    }

    private static let catalogScript = """
        INSERT INTO merchants VALUES (@02, 'm', '面', 'Noodles', 'restaurant', now());
        INSERT INTO stores (id, merchant_id, number, kind, name_zh, name_en, description_zh, description_en, address,
            city, province, latitude, longitude, source_latitude, source_longitude, datum, time_zone, hours, accepting_orders,
            created_at, updated_at)
        VALUES (@01, @02, '1', 'restaurant', '面', 'Noodles', '', '', 'a', '上海市', '31', 31, 121, 31, 121, 'WGS-84',
            'Asia/Shanghai', '{}', true, now(), now());
        INSERT INTO categories VALUES (@31, @01, '面', 'Noodles', now());
        INSERT INTO items (id, store_id, category_id, code, name_zh, name_en, description_zh, description_en, picture,
            created_at)
        VALUES (@21, @01, @31, 'i', '面', 'Noodles', '', '', '', now());
        INSERT INTO skus VALUES
            (@11, @01, @21, 1, 'n', '面', 'Noodles', 1500, 'CNY', now(), now()),
            (@12, @01, @21, 2, 't', '茶', 'Tea', 800, 'CNY', now(), now());
        INSERT INTO stock VALUES (@01, @11, 98, 1, 0), (@01, @12, 49, 0, 0);
        INSERT INTO stock_ledger (store_id, sku_id, batch, cause, on_hand_delta, reserved_delta, at) VALUES
            (@01, @11, 1, 'opening', 100, 0, now()), (@01, @12, 1, 'opening', 50, 0, now()),
            (@01, @11, 2, 'reserve', 0, 2, now()), (@01, @12, 2, 'reserve', 0, 1, now()),
            (@01, @11, 3, 'commit', -2, -2, now()), (@01, @12, 3, 'commit', -1, -1, now()),
            (@01, @11, 4, 'reserve', 0, 1, now()), (@01, @12, 5, 'reserve', 0, 1, now()),
            (@01, @12, 6, 'release', 0, -1, now());
        INSERT INTO reservations VALUES
            (@a1, @01, 'committed', now(), ARRAY[@11, @12], '{2,1}', '{2,3}'),
            (@b1, @01, 'held', now() + interval '20 minutes', ARRAY[@11], '{1}', '{4}'),
            (@c1, @01, 'released', now(), ARRAY[@12], '{1}', '{5,6}'),
            (@f1, @01, 'expired', now(), ARRAY[@12], '{1}', '{}');
        """

    private static let ordersScript = """
        INSERT INTO orders (id, customer_id, store_id, merchant_id, request_key, request_digest, placed_at, expires_at,
            subtotal, discount_total, total, refunded, item_count, unpaid_slot, queue_number, paid_at, completed_at,
            payment_state, order_state, fulfilment_state, currency, store_name_zh, store_name_en, time_zone, paid)
        VALUES
            (@a1, @41, @01, @02, @a1, @a1, now(), now() + interval '15 minutes', 3800, 0, 3800, 500, 3, NULL, 1, now(),
                now(), 'partly_refunded', 'completed', 'collected', 'CNY', '面', 'Noodles', 'Asia/Shanghai', 3800),
            (@b1, @41, @01, @02, @b1, @b1, now(), now() + interval '15 minutes', 1500, 0, 1500, 0, 1, 1, NULL, NULL,
                NULL, 'unpaid', 'open', 'waiting', 'CNY', '面', 'Noodles', 'Asia/Shanghai', 0),
            (@c1, @41, @01, @02, @c1, @c1, now() - interval '1 hour', now() - interval '45 minutes', 800, 0, 800, 0, 1,
                NULL, NULL, NULL, NULL, 'unpaid', 'expired', 'waiting', 'CNY', '面', 'Noodles', 'Asia/Shanghai', 0);
        INSERT INTO order_lines VALUES
            (@a1, 1, @01, @11, @21, 2, 1500, 0, 3000, '面', 'Noodles', '面', 'Noodles', NULL),
            (@a1, 2, @01, @12, @21, 1, 800, 0, 800, '茶', 'Tea', '茶', 'Tea', NULL),
            (@b1, 1, @01, @11, @21, 1, 1500, 0, 1500, '面', 'Noodles', '面', 'Noodles', NULL),
            (@c1, 1, @01, @12, @21, 1, 800, 0, 800, '茶', 'Tea', '茶', 'Tea', NULL);
        INSERT INTO payments (id, order_id, gateway, channel, state, amount, currency, refunded, transaction_id,
            created_at, expires_at, paid_at, check_at)
        VALUES (@d1, @a1, 'wechat', 'h5', 'paid', 3800, 'CNY', 500, 'T1', now(), now(), now(), now()),
            (@d2, @c1, 'wechat', 'h5', 'late', 800, 'CNY', 800, 'T2', now(), now(), now(), now()),
            (@d5, @c1, 'alipay', 'h5', 'late', 300, 'CNY', 300, 'A5', now(), now(), now(), now()),
            (@d6, @c1, 'card', 'h5', 'late', 400, 'CNY', 400, 'Q6', now(), now(), now(), now());
        INSERT INTO refunds (id, order_id, payment_id, amount, currency, reason, state, created_at, completed_at,
            check_at)
        VALUES (@e1, @a1, @d1, 500, 'CNY', 'cold', 'succeeded', now(), now(), now()),
            (@e2, @c1, @d2, 800, 'CNY', 'late', 'requested', now(), NULL, now()),
            (@e5, @c1, @d5, 300, 'CNY', 'late', 'succeeded', now(), now(), now()),
            (@e6, @c1, @d6, 400, 'CNY', 'late', 'processing', now(), NULL, now());
        INSERT INTO reconciliations (gateway, day, state, check_at, billed_payments, billed_paid, billed_refunds,
            billed_refunded, booked_payments, booked_paid, booked_refunds, booked_refunded)
        VALUES ('wechat', '2026-11-22', 'compared', now(), 2, 4600, 1, 500, 2, 4600, 1, 500),
            ('alipay', '2026-11-22', 'compared', now(), 1, 300, 1, 300, 1, 300, 1, 300),
            ('card', '2026-11-22', 'compared', now(), 1, 400, 0, 0, 1, 400, 0, 0);
        INSERT INTO bill_lines VALUES
            ('wechat', '2026-11-22', 1, 'payment', '#payment', @d1, NULL, 'T1', 3800, now(), true),
            ('wechat', '2026-11-22', 2, 'payment', '#late', @d2, NULL, 'T2', 800, now(), true),
            ('wechat', '2026-11-22', 3, 'refund', '#refund', NULL, @e1, 'R1', 500, now(), true),
            ('alipay', '2026-11-22', 1, 'payment', '#alipaid', @d5, NULL, 'A5', 300, now(), true),
            ('alipay', '2026-11-22', 2, 'refund', '#aliback', NULL, @e5, 'A5', 300, now(), true),
            ('card', '2026-11-22', 1, 'payment', '#cardpaid', @d6, NULL, 'Q6', 400, now(), true);
        INSERT INTO order_story (order_id, at, actor, move)
        SELECT id, now(), 'system', move
        FROM (VALUES (@a1, 'paid'), (@a1, 'accepted'), (@a1, 'preparing'), (@a1, 'ready'), (@a1, 'collected'),
            (@a1, 'refund_requested'), (@a1, 'refunded'), (@c1, 'expired'), (@c1, 'paid_late')) AS story (id, move);
        INSERT INTO settlement_postings (cause, order_id, payment_id, refund_id, store_id, merchant_id,
            platform_rate_bps, leader_rate_bps, currency, amount, merchant_share, platform_share, leader_share, taken, at,
            day)
        VALUES ('sale', @a1, @d1, NULL, @01, @02, 60, 0, 'CNY', 3800, 3777, 23, 0, 0, now(), '2026-11-01'),
            ('refund', @a1, @d1, @e1, @01, @02, 60, 0, 'CNY', -500, -497, -3, 0, 0, now(), '2026-11-02');
        INSERT INTO settlement_days VALUES ('2026-11-01', now());
        INSERT INTO settlements (id, payee_kind, payee_id, day, currency, orders, sales, refunds, commission, taken,
            carried_over, net, state, made_at, confirmed_at, confirmed_by)
        VALUES
            (@51, 'merchant', @02, '2026-11-01', 'CNY', 1, 3800, 0, 23, 0, 0, 3777, 'paid_out', now(), now(), @41),
            (@52, 'platform', '00000000-0000-0000-0000-000000000000', '2026-11-01', 'CNY', 1, 3800, 0, 23, 0, 0, 23,
                'open', now(), NULL, NULL);
        INSERT INTO settlement_payouts VALUES (@51, 3777, 'CNY', 'B1', now(), @41);
        """

    private static let paymentsScript = """
        INSERT INTO wechat_transactions (mchid, out_trade_no, appid, trade_type, description, attach, notify_url, total,
            currency, openid, token, state, transaction_id, created_at, expires_at, paid_at, refunded)
        VALUES
            ('m', '#payment', 'a', 'MWEB', '', '', '', 3800, 'CNY', '', 't1', 'REFUND', 'T1', now(), now(), now(), 500),
            ('m', '#late', 'a', 'MWEB', '', '', '', 800, 'CNY', '', 't2', 'SUCCESS', 'T2', now(), now(), now(), 0),
            ('m', 'never-paid', 'a', 'MWEB', '', '', '', 1500, 'CNY', '', 't3', 'NOTPAY', NULL, now(), now(), NULL, 0),
            ('n', 'not-ours', 'a', 'MWEB', '', '', '', 700, 'CNY', '', 't4', 'SUCCESS', 'T4', now(), now(), now(), 0);
        INSERT INTO wechat_refunds (mchid, out_refund_no, out_trade_no, refund_id, amount, total, reason, notify_url,
            status, created_at, completed_at, requested_by, due_at)
        VALUES ('m', '#refund', '#payment', 'R1', 500, 3800, '', '', 'SUCCESS', now(), now(), 'm', now());
        INSERT INTO alipay_trades (app_id, out_trade_no, seller_id, product, token, trade_no, subject, body, passback,
            total, notify_url, return_url, buyer_id, state, created_at, expires_at, paid_at, refunded)
        VALUES ('a', '#alipaid', 's', 'wap', 'k1', 'A5', '', '', '', 300, '', '', '', 'TRADE_CLOSED', now(), now(), now(), 300),
            ('b', 'not-ours', 's', 'wap', 'k2', 'A9', '', '', '', 300, '', '', '', 'TRADE_SUCCESS', now(), now(), now(), 0);
        INSERT INTO alipay_refunds VALUES ('a', '#alipaid', '#aliback', 300, 300, 2, '', now());
        INSERT INTO unionpay_transactions (mer_id, order_id, txn_time, kind, query_id, orig_query_id, amount, front_url,
            back_url, reserved, token, state, created_at, expires_at, settled_at)
        VALUES ('u', '#cardpaid', '20261122130000', 'pay', 'Q6', NULL, 400, '', '', '', 'k3', 'SUCCESS', now(), now(), now()),
            ('u', '#cardback', '20261122130100', 'refund', 'Q7', 'Q6', 400, '', '', '', 'k4', 'OPEN', now(), now(), NULL);
        INSERT INTO ledger_postings (kind, reference, at) VALUES
            ('payment', 'm:#payment', now()), ('payment', 'm:#late', now()), ('refund', 'm:#refund', now()),
            ('payment', 'n:not-ours', now()), ('payment', 'alipay:#alipaid:a', now()),
            ('refund', 'alipay:#alipaid:a:#aliback', now()), ('payment', 'card:u:#cardpaid:20261122130000', now());
        INSERT INTO ledger_entries VALUES
            (1, 'customers', 'CNY', -3800), (1, 'merchant:m', 'CNY', 3777), (1, 'fees', 'CNY', 23),
            (2, 'customers', 'CNY', -800), (2, 'merchant:m', 'CNY', 795), (2, 'fees', 'CNY', 5),
            (3, 'customers', 'CNY', 500), (3, 'merchant:m', 'CNY', -497), (3, 'fees', 'CNY', -3),
            (4, 'customers', 'CNY', -700), (4, 'merchant:n', 'CNY', 700),
            (5, 'customers', 'CNY', -300), (5, 'alipay:s', 'CNY', 300),
            (6, 'customers', 'CNY', 300), (6, 'alipay:s', 'CNY', -300),
            (7, 'customers', 'CNY', -400), (7, 'card:u', 'CNY', 400);
        """
}
