import EventLoop
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/orders`: verify the quote, reserve in catalog, write the order.
///
/// Nothing is lost or done twice when this dies anywhere: the order's identity is the quote's and was known before,
/// the reservation is idempotent by it and expires by itself, the insert happens once, and whoever repeats the request
/// finds what the first one did.
struct PlaceOrder: Sendable {
    /// 256 KiB: a token of 100 lines with long names and notes.
    private static let bodyBytesMax = 262_144
    /// A placing that met another of the same customer takes the next free slot; five tries outlast any such crowd.
    private static let triesMax = 5

    let kit: Toolkit
    let tokens: QuoteTokens
    let placing: Placing
    let unpaidMax: Int
    let paymentWindow: Duration

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        guard let customer = caller.accountID else { throw KitProblems.forbidden.error("Only customers place orders.") }
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        let ticket = try kit.idempotency.ticket(request, caller, body: body)
        let input = try JSON.decode(PlaceOrderRequest.self, from: body, mode: .strict)
        let quote = try tokens.content(of: input.quoteToken, for: customer)
        let draft = try draft(quote, customer, PlacementKey(ticket), request)
        return try await place(draft, quoteExpiresAt: quote.expiresAt, request)
    }

    private func draft(
        _ quote: QuoteContent, _ customer: AccountID, _ key: PlacementKey, _ request: Request
    ) throws -> OrderDraft {
        let now = kit.now()
        let priced = try Pricing.sums(of: quote.lines)
        let order = PlacedOrder(
            id: OrderID(uuid: quote.id.uuid), customerID: customer, storeID: quote.storeID,
            merchantID: quote.merchantID, storeName: quote.storeName, timeZone: quote.timeZone, lines: priced.lines,
            subtotal: priced.subtotal, discountTotal: priced.discountTotal, total: priced.total, placedAt: now,
            expiresAt: now + paymentWindow, traceparent: request.traceparent)
        return OrderDraft(order: order, key: key, eventID: .make(at: now))
    }

    private func place(
        _ draft: OrderDraft, quoteExpiresAt: Timestamp, _ request: Request
    ) async throws -> Response {
        guard quoteExpiresAt > draft.order.placedAt else {
            return try await answered(draft, request) ?? { throw OrdersError.quoteExpired }()
        }
        for _ in 0..<Self.triesMax {
            let outcome = try await placing.place(draft, deadline: request.deadline)
            kit.fault("after-placing-before-answer")
            switch outcome {
            case .placed: return Self.response(draft.order)
            case .known:
                if let response = try await answered(draft, request) { return response }
            case .capped:
                return try await answered(draft, request) ?? { throw OrdersError.tooManyUnpaid(max: unpaidMax) }()
            case .refused(let error):
                // Only what another request may have done is looked up: catalog refuses nothing it has given before.
                guard error == .quoteExpired else { throw error }
                return try await answered(draft, request) ?? { throw error }()
            }
        }
        throw OrdersError.busy
    }

    /// The answer to a request that was made before, or that cannot succeed because of an earlier one.
    private func answered(_ draft: OrderDraft, _ request: Request) async throws -> Response? {
        let placements = try await kit.database.all(
            PlacementsLike(id: draft.order.id, key: draft.key.key), deadline: request.deadline)
        for placement in placements where placement.key.key == draft.key.key {
            guard placement.order.id == draft.order.id, placement.key.digest == draft.key.digest else {
                throw OrdersError.keyReused
            }
            let lines = try await kit.database.all(LinesOfOrder(id: draft.order.id), deadline: request.deadline)
            var response = Self.response(placement.order.with(lines: lines))
            response.headers.set("idempotency-replayed", "true")
            return response
        }
        guard placements.isEmpty else { throw OrdersError.quoteAlreadyUsed }
        return nil
    }

    private static func response(_ order: PlacedOrder) -> Response {
        var response = Response.json(.created, order.order)
        response.headers.set("location", OrdersAPI.order.path(order.id))
        return response
    }
}
