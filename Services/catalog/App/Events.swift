import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/events` (service `orders`): what became of orders, each event applied once, all of a delivery set-based.
struct TakeOrderEvents: Sendable {
    let kit: Toolkit

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        try await kit.inbox.handleBatch(request, caller) { events, tx in try await apply(events, tx) }
    }

    private func apply(_ events: [EventEnvelope], _ tx: Transaction) async throws {
        var steps: [SettleReservations.Step] = []
        var reviews: [(event: EventEnvelope, review: ReviewedOrder)] = []
        for event in events {
            switch event.type {
            // A deposit makes the goods the customer's; the payment of the rest finds them committed.
            case OrderEvents.paid, OrderEvents.depositPaid: steps.append(try step(event, .commit))
            case OrderEvents.cancelled, OrderEvents.expired: steps.append(try step(event, .release))
            case OrderEvents.reviewed: reviews.append((event, try ReviewedOrder(event)))
            default: break  // Nothing of the catalog's: the sender need not know who cares.
            }
        }
        let logger = kit.logger
        let settle = SettleReservations(now: { kit.now() }) { orderID in
            logger.warning("stock of a paid order is gone", ("order_id", .text(orderID.description)))
        }
        try await settle.apply(steps, tx)
        for (event, review) in reviews {
            _ = try await tx.execute(InsertReview(review: review, at: event.occurredAt))
        }
    }

    private func step(
        _ event: EventEnvelope, _ move: SettleReservations.Move
    ) throws -> SettleReservations.Step {
        guard let orderID = OrderID(event.aggregate) else {
            throw CatalogProblems.invalidField("/aggregate", "must be the identifier of an order")
        }
        return SettleReservations.Step(orderID: orderID, move: move, traceparent: event.traceparent)
    }
}
