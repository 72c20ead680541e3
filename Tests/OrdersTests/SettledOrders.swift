import Models
import Postgres
import ServiceKit
import TestSupport

@testable import Orders

/// A completed order, made as rows: random ones by the hundred, at any moment.
struct SettledOrder: Sendable {
    struct Part: Sendable {
        let id: PaymentID
        let gateway: String
        let amount: Int64
        var refunds: [(id: RefundID, amount: Int64)] = []
        var net: Int64 { amount - refunds.reduce(0) { $0 + $1.amount } }
    }
    let id: OrderID
    var storeID: StoreID
    var merchantID: MerchantID
    var placedAt: Timestamp
    let completedAt: Timestamp
    var parts: [Part]
    var total: Int64 { parts.reduce(0) { $0 + $1.amount } }

    /// The statements that store it; rows come from JSON, so columns that it does not know are left empty.
    var script: String {
        let order = """
            {"id":"\(hex(id.uuid))","customer_id":"\(hex(id.uuid))","store_id":"\(hex(storeID.uuid))",
            "merchant_id":"\(hex(merchantID.uuid))","request_key":"\(hex(id.uuid))","request_digest":"\(hex(id.uuid))",
            "placed_at":"\(placedAt)","expires_at":"\(placedAt.after(900))","subtotal":\(total),"discount_total":0,
            "total":\(total),"paid":\(total),"refunded":0,"item_count":1,"paid_at":"\(placedAt)",
            "completed_at":"\(completedAt)","payment_state":"paid","order_state":"completed","fulfilment":"pickup",
            "fulfilment_state":"collected","currency":"CNY","store_name_zh":"店","store_name_en":"Shop",
            "time_zone":"Asia/Shanghai","pickup_attempt":0}
            """
        let payments = parts.map { part in
            """
            {"id":"\(hex(part.id.uuid))","order_id":"\(hex(id.uuid))","gateway":"\(part.gateway)",
            "channel":"\(part.gateway == "cash" ? "counter" : "native")","state":"paid","amount":\(part.amount),
            "currency":"CNY","refunded":0,"created_at":"\(placedAt)","expires_at":"\(placedAt.after(900))",
            "paid_at":"\(placedAt)","check_at":"\(placedAt)","checks":0
            \(part.gateway == "cash" ? #","store_id":"\#(hex(storeID.uuid))","staff_id":"\#(hex(storeID.uuid))""# : "")}
            """
        }
        return """
            INSERT INTO orders SELECT * FROM jsonb_populate_record(NULL::orders, '\(order)');
            INSERT INTO payments SELECT * FROM jsonb_populate_recordset(NULL::payments,
                '[\(payments.joined(separator: ","))]');
            INSERT INTO settlement_due (order_id) VALUES ('\(hex(id.uuid))');

            """
    }

    /// The statements that store a refund which has succeeded.
    func refundScript(_ refund: RefundID, of part: Part, amount: Int64, at: Timestamp) -> String {
        let row = """
            {"id":"\(hex(refund.uuid))","order_id":"\(hex(id.uuid))","payment_id":"\(hex(part.id.uuid))",
            "amount":\(amount),"currency":"CNY","reason":"x","state":"processing","created_at":"\(at)",
            "check_at":"9999-01-01T00:00:00Z","tries":0}
            """
        return """
            INSERT INTO refunds SELECT * FROM jsonb_populate_record(NULL::refunds, '\(row)');
            UPDATE refunds SET state = 'succeeded', completed_at = '\(at)' WHERE id = '\(hex(refund.uuid))';

            """
    }
}

func hex(_ uuid: UUID128) -> String {
    let parts = [uuid.high, uuid.low].map { String($0, radix: 16) }
    return parts.map { String(repeating: "0", count: 16 - $0.count) + $0 }.joined()
}

extension Timestamp {
    func after(_ seconds: Int64) -> Timestamp { Timestamp(microseconds: microseconds + seconds * 1_000_000) }
}

/// What the journal says of each payment.
struct JournalOfPayments: Statement {
    typealias Row = (id: PaymentID, sums: Sums)
    struct Sums: Sendable, Equatable {
        let amount: Int64
        let shares: [Int64]
        let taken: Int64
        let postings: Int
    }
    static let name: StaticString = "test_journal_of_payments"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT payment_id, sum(amount)::bigint, sum(merchant_share)::bigint, sum(platform_share)::bigint,
            sum(leader_share)::bigint, sum(taken)::bigint, count(*)
        FROM settlement_postings
        GROUP BY payment_id
        """

    func bind(to parameters: inout Parameters) {}
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        let id: PaymentID = try row.next()
        return (
            id,
            Sums(
                amount: try row.next(), shares: [try row.next(), try row.next(), try row.next()],
                taken: try row.next(), postings: try row.next())
        )
    }
}

/// The days of the sales of an order, as text.
struct DaysOfPostings: Statement {
    static let name: StaticString = "test_days_of_postings"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT day::text FROM settlement_postings WHERE order_id = $1 ORDER BY id"
    let orderID: OrderID

    func bind(to parameters: inout Parameters) { parameters.append(orderID.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

extension Shop {
    /// Runs the journal's job until nothing is due.
    func book() async throws {
        _ = try await until({ _ = try await parts.settleCompletedOrders.tick(kit) }) {
            try await kit.database.one(CountDue()) == 0
        }
    }

    func journal() async throws -> [PaymentID: JournalOfPayments.Sums] {
        let rows = try await kit.database.all(JournalOfPayments())
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0.sums) })
    }

    /// Lets rows say `cash`, also where the schema does not know the counter yet.
    func allowCash() async throws {
        try await orders.test.run(
            """
            ALTER TABLE payments DROP CONSTRAINT IF EXISTS payments_gateway_check;
            ALTER TABLE payments DROP CONSTRAINT IF EXISTS payments_channel_check
            """)
    }
}

struct CountDue: Statement {
    static let name: StaticString = "test_count_due"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT count(*) FROM settlement_due"

    func bind(to parameters: inout Parameters) {}
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}
