import Models
import Postgres

/// Stores an order's review and counts it into the store's average, once however often it is told.
struct InsertReview: Statement {
    static let name: StaticString = "insert_review"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH inserted AS (
            INSERT INTO reviews (id, store_id, order_id, customer_id, rating, content, created_at)
            SELECT $1, t.id, $3, $4, $5, $6, $7
            FROM stores AS t
            WHERE t.id = $2
            ON CONFLICT DO NOTHING
            RETURNING store_id, rating
        )
        UPDATE stores AS t
        SET rating_sum = t.rating_sum + i.rating, rating_count = t.rating_count + 1
        FROM inserted AS i
        WHERE t.id = i.store_id
        """
    let review: ReviewedOrder
    let at: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(review.id)
        parameters.append(review.storeID)
        parameters.append(review.orderID)
        parameters.append(review.customerID)
        parameters.append(Int32(review.rating))
        parameters.append(review.text)
        parameters.append(at)
    }
}

/// A page of a store's reviews, newest first.
struct StoreReviews: Statement {
    static let name: StaticString = "store_reviews"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT id, rating, content, created_at
        FROM reviews
        WHERE store_id = $1 AND (created_at, id) < ($2, $3)
        ORDER BY created_at DESC, id DESC
        LIMIT $4
        """
    let storeID: StoreID
    let before: (at: Timestamp, id: UUID128)
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(storeID)
        parameters.append(before.at)
        parameters.append(before.id)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Review {
        Review(
            id: try row.next(), rating: Int(try row.next(Int32.self)), text: try row.next(),
            createdAt: try row.next())
    }
}
