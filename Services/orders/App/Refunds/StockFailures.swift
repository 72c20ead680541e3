import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/events` from catalog. `stock.commit_failed`: a paid order's stock is gone; the order ends and all its
/// money goes back.
struct StockFailures: Sendable {
    static let eventType = "stock.commit_failed"

    let kit: Toolkit
    let end: EndOrder

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        try await kit.inbox.handle(request, caller) { event, tx in
            guard event.type == Self.eventType else { return }
            let failure = try JSON.decode(StockCommitFailed.self, from: event.data, mode: .lenient)
            guard let record = try await tx.first(LockOrder(id: failure.orderID)) else { return }
            // Paid, or its deposit was.
            guard record.states.order == .open, record.paid > 0 else { return }
            try await end.run(
                record, record.isPayable ? .cancel : .abort, by: .catalog, reason: "The store has run out of it.", traceparent: event.traceparent,
                tx)
        }
    }
}
