import Models
import Postgres

/// The review of an order, if there is one.
struct ReviewOfOrder: Statement {
    static let name: StaticString = "review_of_order"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT id, order_id, rating::bigint, content, created_at FROM order_reviews WHERE order_id = $1
        """
    let id: OrderID

    func bind(to parameters: inout Parameters) { parameters.append(id.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> OrderReview {
        OrderReview(
            id: try row.next(), orderID: try row.next(), rating: try row.next(), text: try row.next(),
            createdAt: try row.next())
    }
}

/// Stores a review with its story and events; affects no row when the order has one.
struct InsertReview: Statement {
    static let name: StaticString = "insert_review"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH review AS (
            INSERT INTO order_reviews (order_id, id, rating, content, created_at)
            VALUES ($1, $2, $3::bigint, $4, $5)
            ON CONFLICT (order_id) DO NOTHING
            RETURNING order_id
        ), told AS (
            INSERT INTO order_story (order_id, at, actor, actor_id, move, trace)
            SELECT order_id, $5, $6, $7, 'reviewed', $8 FROM review
        )
        INSERT INTO outbox (event_id, consumer, type, aggregate, occurred_at, traceparent, data)
        SELECT $9, consumer.name, 'order.reviewed', $10, $5, $8, $11
        FROM review
        CROSS JOIN (VALUES ('catalog'), ('notifications')) AS consumer (name)
        """
    let review: OrderReview
    let actor: Actor
    let traceparent: String?
    let data: [UInt8]
    let eventID: EventID

    func bind(to parameters: inout Parameters) {
        parameters.append(review.orderID.uuid)
        parameters.append(review.id.uuid)
        parameters.append(Int64(review.rating))
        parameters.append(review.text)
        parameters.append(review.createdAt)
        parameters.append(actor.kind)
        parameters.append(actor.accountID?.uuid)
        parameters.append(traceparent)
        parameters.append(eventID.uuid)
        parameters.append(review.orderID.description)
        parameters.append(JSONBytes(data))
    }
}
