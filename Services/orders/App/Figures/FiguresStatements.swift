import Models
import Postgres

/// What a store sold in a span of time, exact. The bounds are moments or days on the store's clock.
struct FiguresOfStore: Statement {
    static let name: StaticString = "figures_of_store"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        WITH zone AS (
            SELECT coalesce(
                (SELECT time_zone FROM orders WHERE store_id = $1 AND paid_at IS NOT NULL ORDER BY paid_at DESC LIMIT 1),
                'UTC') AS name
        ), span AS (
            SELECT coalesce($2, $4::text::date::timestamp AT TIME ZONE zone.name, '-infinity') AS from_at,
                coalesce($3, ($5::text::date + 1)::timestamp AT TIME ZONE zone.name, 'infinity') AS to_at
            FROM zone
        ), paid AS (
            SELECT count(*) AS orders, coalesce(sum(item_count), 0)::bigint AS items,
                coalesce(sum(total), 0)::bigint AS revenue, min(currency) AS currency
            FROM orders, span
            WHERE store_id = $1 AND paid_at >= from_at AND paid_at < to_at
        ), refund AS (
            SELECT coalesce(sum(refunds.amount), 0)::bigint AS amount
            FROM refunds
            JOIN payments ON payments.id = refunds.payment_id AND payments.state = 'paid'
            JOIN orders ON orders.id = refunds.order_id, span
            WHERE orders.store_id = $1 AND refunds.state = 'succeeded'
                AND refunds.completed_at >= from_at AND refunds.completed_at < to_at
        )
        SELECT
            CASE WHEN from_at = '-infinity' THEN 'epoch' ELSE from_at END,
            CASE WHEN to_at = 'infinity' THEN $6 ELSE to_at END,
            (SELECT count(*) FROM orders WHERE store_id = $1 AND placed_at >= from_at AND placed_at < to_at),
            paid.orders,
            (SELECT count(*) FROM orders WHERE store_id = $1 AND completed_at >= from_at AND completed_at < to_at),
            paid.items, paid.revenue, refund.amount, coalesce(paid.currency, 'CNY')
        FROM span, paid, refund
        """
    let storeID: StoreID
    let from: FiguresBound?
    let to: FiguresBound?
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(storeID.uuid)
        parameters.append(from?.moment)
        parameters.append(to?.moment)
        parameters.append(from?.day)
        parameters.append(to?.day)
        parameters.append(now)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> StoreFigures {
        let from: Timestamp = try row.next()
        let to: Timestamp = try row.next()
        let placed: Int = try row.next()
        let paid: Int = try row.next()
        let completed: Int = try row.next()
        let items: Int = try row.next()
        let revenue: Int64 = try row.next()
        let refunds: Int64 = try row.next()
        let currency = try row.currency()
        return StoreFigures(
            from: from, to: to, ordersPlaced: placed, ordersPaid: paid, ordersCompleted: completed, itemsSold: items,
            revenue: Money(minorUnits: revenue, currency: currency),
            refunds: Money(minorUnits: refunds, currency: currency))
    }
}

extension StoreFigures {
    /// The same with what was taken at the counter.
    func with(_ tills: [TillFigures]) -> StoreFigures {
        StoreFigures(
            from: from, to: to, ordersPlaced: ordersPlaced, ordersPaid: ordersPaid, ordersCompleted: ordersCompleted,
            itemsSold: itemsSold, revenue: revenue, refunds: refunds, tills: tills)
    }
}

/// What each member of staff took and gave at the counter in the span of the figures.
struct TillsOfStore: Statement {
    static let name: StaticString = "tills_of_store"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        WITH zone AS (
            SELECT coalesce(
                (SELECT time_zone FROM orders WHERE store_id = $1 AND paid_at IS NOT NULL ORDER BY paid_at DESC LIMIT 1),
                'UTC') AS name
        ), span AS (
            SELECT coalesce($2, $4::text::date::timestamp AT TIME ZONE zone.name, '-infinity') AS from_at,
                coalesce($3, ($5::text::date + 1)::timestamp AT TIME ZONE zone.name, 'infinity') AS to_at
            FROM zone
        ), moved AS (
            SELECT staff_id, gateway, amount, 0::bigint AS returned
            FROM payments, span
            WHERE store_id = $1 AND paid_at >= from_at AND paid_at < to_at
            UNION ALL
            SELECT refunds.handed_out_by, payments.gateway, 0, refunds.amount
            FROM refunds
            JOIN payments ON payments.id = refunds.payment_id AND payments.store_id = $1, span
            WHERE refunds.state = 'succeeded' AND refunds.handed_out_by IS NOT NULL
                AND refunds.completed_at >= from_at AND refunds.completed_at < to_at
        )
        SELECT staff_id, coalesce(sum(amount) FILTER (WHERE gateway = 'cash'), 0)::bigint,
            coalesce(sum(amount) FILTER (WHERE gateway = 'terminal'), 0)::bigint,
            coalesce(sum(returned) FILTER (WHERE gateway = 'cash'), 0)::bigint,
            coalesce(sum(returned) FILTER (WHERE gateway = 'terminal'), 0)::bigint, $6
        FROM moved
        GROUP BY staff_id
        ORDER BY staff_id
        LIMIT 500
        """
    let span: FiguresOfStore
    let currency: Currency

    func bind(to parameters: inout Parameters) {
        parameters.append(span.storeID.uuid)
        parameters.append(span.from?.moment)
        parameters.append(span.to?.moment)
        parameters.append(span.from?.day)
        parameters.append(span.to?.day)
        parameters.append(currency.code)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> TillFigures {
        let staff: AccountID = try row.next()
        let sums: [Int64] = [try row.next(), try row.next(), try row.next(), try row.next()]
        let currency = try row.currency()
        func money(_ index: Int) -> Money { Money(minorUnits: sums[index], currency: currency) }
        return TillFigures(
            staffID: staff, cash: money(0), terminal: money(1), cashReturned: money(2), terminalReturned: money(3))
    }
}

/// One end of a span: a moment, or a day on the store's clock.
enum FiguresBound: Sendable, Equatable {
    case moment(Timestamp)
    /// `2026-11-23`, checked.
    case day(String)

    /// Reads RFC 3339 or a day; nil for anything else.
    init?(_ text: String) {
        if let moment = Timestamp(text) {
            self = .moment(moment)
            return
        }
        // A day is what makes a moment when midnight is added.
        guard text.utf8.count == 10, Timestamp(text + "T00:00:00Z") != nil else { return nil }
        self = .day(text)
    }

    var moment: Timestamp? { if case .moment(let moment) = self { moment } else { nil } }
    var day: String? { if case .day(let day) = self { day } else { nil } }
}
