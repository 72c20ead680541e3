import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/events` (service `orders`): every event becomes a live event for the customer and the store, and many a
/// message in the customer's inbox; all of a delivery in three statements, once however often it is delivered.
struct TakeOrderEvents: Sendable {
    /// What is told live. Others are the sender's business, and taken without being read: it may be newer than we are.
    static let known: Set<String> = [
        OrderEvents.placed, OrderEvents.paid, OrderEvents.accepted, OrderEvents.preparing, OrderEvents.ready,
        OrderEvents.collected, OrderEvents.cancelled, OrderEvents.expired, OrderEvents.refunded, OrderEvents.reviewed,
        OrderEvents.depositPaid,
    ]

    let kit: Toolkit

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        try await kit.inbox.handleBatch(request, caller) { events, tx in try await apply(events, tx) }
    }

    private func apply(_ events: [EventEnvelope], _ tx: Transaction) async throws {
        let now = kit.now()
        var messages: [NewMessage] = []
        var live: [NewLiveEvent] = []
        for event in events where Self.known.contains(event.type) {
            let order = try event.payload(OrderEventData.self)
            if let words = MessageTemplate.words(for: event.type, order) {
                messages.append(NewMessage(id: .make(at: now), event: event, order: order, words: words))
            }
            let data = LiveEvents.data(of: order)
            live.append(NewLiveEvent(channel: .account(order.customerID), type: event.type, data: data))
            live.append(NewLiveEvent(channel: .store(order.storeID), type: event.type, data: data))
        }
        if !messages.isEmpty { _ = try await tx.execute(InsertMessages(messages: messages)) }
        if !live.isEmpty {
            _ = try await tx.one(LockLiveEvents())
            _ = try await tx.execute(InsertLiveEvents(events: live, at: now))
        }
    }
}
