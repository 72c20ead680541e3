import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/orders/{order_id}/review`: the customer judges a completed order, once; catalog shows it.
struct ReviewOrder: Sendable {
    /// 16 KiB: 2,000 characters of four bytes, escaped.
    private static let bodyBytesMax = 16_384

    let kit: Toolkit

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try request.parameters.require("order_id", as: OrderID.self)
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        let input = try JSON.decode(NewReview.self, from: body, mode: .strict)
        return try await kit.idempotency.run(request, caller, body: body) { tx in
            guard let record = try await tx.first(LockOrder(id: id)), record.placed.customerID == caller.accountID else {
                throw OrdersError.notFound("order")
            }
            guard record.states.order == .completed else { throw OrdersError.notReviewable }
            let now = kit.now()
            let review = OrderReview(
                id: .make(at: now), orderID: id, rating: input.rating, text: input.text, createdAt: now)
            var data = record.eventData(record.states)
            data.review = OrderEventReview(id: review.id, rating: review.rating, text: review.text)
            let insert = InsertReview(
                review: review, actor: Actor(caller, on: record), traceparent: request.traceparent,
                data: JSON.encode(data), eventID: .make(at: now))
            guard try await tx.execute(insert) > 0 else { throw OrdersError.alreadyReviewed }
            return .json(.created, review)
        }
    }
}
