import JSON
import Models
import Postgres

/// Before stock is asked for: which drafts are known already, and how many unpaid orders their customers have.
///
/// Scalar subqueries, not `EXISTS`: those could be planned as one hash over all orders while the table is young.
struct LookBeforePlacing: Statement {
    struct Row: Sendable {
        /// The draft, counted from 0.
        let position: Int
        let isKnown: Bool
        let unpaid: Int
    }
    static let name: StaticString = "look_before_placing"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT position - 1,
            coalesce(
                (SELECT true FROM orders WHERE orders.id = draft.id),
                (SELECT true FROM orders WHERE orders.request_key = draft.key),
                false),
            (SELECT count(*) FROM orders WHERE orders.customer_id = draft.customer_id AND unpaid_slot > 0)
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) WITH ORDINALITY AS draft (id, key, customer_id, position)
        ORDER BY position
        """
    let drafts: [OrderDraft]

    func bind(to parameters: inout Parameters) {
        parameters.append(drafts.map(\.order.id.uuid))
        parameters.append(drafts.map(\.key.key))
        parameters.append(drafts.map(\.order.customerID.uuid))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(position: try row.next(), isKnown: try row.next(), unpaid: try row.next())
    }
}

/// An order with the request that placed it.
struct Placement: Sendable {
    let order: PlacedOrder
    let key: PlacementKey
}

/// The order of an identity, and the order of a key; each with the end that it had when it was placed, whatever a
/// deposit changed since.
struct PlacementsLike: Statement {
    static let name: StaticString = "placements_like"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT request_key, request_digest,
            id, customer_id, store_id, merchant_id, store_name_zh, store_name_en, time_zone, currency, subtotal,
            discount_total, total, placed_at, coalesce(first_expires_at, expires_at), trace, payment_state,
            order_state, fulfilment_state, refunded, item_count::bigint, paid_at, queue_number::bigint,
            pickup_attempt::bigint, paid, deposit, balance_due_at
        FROM orders
        WHERE id = $1 OR request_key = $2
        """
    let id: OrderID
    let key: UUID128

    func bind(to parameters: inout Parameters) {
        parameters.append(id.uuid)
        parameters.append(key)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Placement {
        let key = PlacementKey(key: try row.next(), digest: try row.next())
        return Placement(order: try OrderRecord(&row).placed, key: key)
    }
}

/// Tells catalog to give back what was reserved for orders that were not placed after all. An order that another
/// placing of the same request wrote meanwhile keeps its stock.
struct ReleaseReservations: Statement {
    static let name: StaticString = "release_reservations"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO outbox (event_id, consumer, type, aggregate, occurred_at, data)
        SELECT event_id, 'catalog', 'order.cancelled', aggregate, $3, data::jsonb
        FROM unnest($1::uuid[], $2::text[], $4::text[], $5::uuid[]) AS release (event_id, aggregate, data, order_id)
        WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.id = release.order_id)
        """
    let ids: [OrderID]
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(ids.map { _ in EventID.make(at: now).uuid })
        parameters.append(ids.map(\.description))
        parameters.append(now)
        parameters.append(ids.map { String(decoding: JSON.encode(ReleaseNotice(orderID: $0)), as: UTF8.self) })
        parameters.append(ids.map(\.uuid))
    }
}

/// What catalog needs to give a reservation back.
struct ReleaseNotice: JSONWritable {
    let orderID: OrderID

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("order_id", orderID)
        json.endObject()
    }
}
