public import HTTPServer
import HTTPCore
import JSON
public import Models
public import Postgres

/// Receives other services' events and applies each exactly once.
///
/// The event's identity goes into table `inbox` in the transaction of its effect, so that a redelivery finds it.
/// A delivery is first tried as one transaction; when an event of it fails, all are done again one by one, so that a
/// bad event holds up only the later events of its own aggregate.
public struct Inbox: Sendable {
    /// Thirty days: no relay redelivers later, except by hand.
    static let retentionSeconds: Int64 = 30 * 86_400
    /// 4 MiB: 200 events of 20 KB.
    private static let bodyBytesMax = 4 << 20
    /// The most events in one delivery.
    static let eventsMax = 500

    private let database: Database
    private let logger: Logger

    init(database: Database, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    /// Handles `POST /v1/events`: calls `effect` for each event that is new, in order, in a transaction.
    ///
    /// Register the route with `access: .service([…])`. `effect` ignores types that it does not know, throws
    /// `ProblemError` or `JSONError` when the event itself is at fault, and anything else when it should come again.
    /// It may be called twice for one event, each time in a transaction of its own of which one at most commits.
    public func handle(
        _ request: Request, _ caller: Caller, _ effect: (EventEnvelope, Transaction) async throws -> Void
    ) async throws -> Response {
        try await handleBatch(request, caller) { events, transaction in
            for event in events { try await effect(event, transaction) }
        }
    }

    /// The same for set-based effects: `effect` gets all new events of the delivery at once (or a single one).
    public func handleBatch(
        _ request: Request, _ caller: Caller, _ effect: ([EventEnvelope], Transaction) async throws -> Void
    ) async throws -> Response {
        guard case .service(let source, _) = caller else {
            throw KitProblems.forbidden.error("Only services deliver events.")
        }
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        let delivery = try JSON.decode(EventDelivery.self, from: body, mode: .lenient)
        guard delivery.events.count <= Self.eventsMax else {
            throw KitProblems.invalidRequest.error("A delivery has at most \(Self.eventsMax) events.")
        }
        let receipt = try await receive(delivery.events, from: source, effect)
        return .json(.ok, receipt)
    }

    private func receive(
        _ events: [EventEnvelope], from source: String, _ effect: ([EventEnvelope], Transaction) async throws -> Void
    ) async throws -> EventReceipt {
        do {
            return EventReceipt(results: try await apply(events, from: source, effect))
        } catch {
            // A database that is away fails the whole delivery: the relay comes back.
            if let error = error as? PostgresError, error.isTransient { throw error }
            guard events.count > 1 || Self.isRejection(error) else { throw error }
        }
        var results: [EventReceipt.Line] = []
        var stopped: Set<String> = []
        for event in events {
            guard !stopped.contains(event.aggregate) else {
                results.append(.init(id: event.id, outcome: .blocked))
                continue
            }
            do {
                results += try await apply([event], from: source, effect)
            } catch {
                let line = refusal(of: event, error)
                results.append(line)
                stopped.insert(event.aggregate)
            }
        }
        return EventReceipt(results: results)
    }

    private func apply(
        _ events: [EventEnvelope], from source: String, _ effect: ([EventEnvelope], Transaction) async throws -> Void
    ) async throws -> [EventReceipt.Line] {
        let fresh = try await database.transaction { transaction in
            let ids = Set(try await transaction.all(ReceiveInboxEvents(events: events, source: source)))
            let fresh = events.filter { ids.contains($0.id) }
            if !fresh.isEmpty { try await effect(fresh, transaction) }
            return ids
        }
        return events.map { .init(id: $0.id, outcome: fresh.contains($0.id) ? .applied : .duplicate) }
    }

    private static func isRejection(_ error: any Error) -> Bool {
        if let error = error as? ProblemError { return (400..<500).contains(error.problem.status) }
        return error is JSONError
    }

    private func refusal(of event: EventEnvelope, _ error: any Error) -> EventReceipt.Line {
        let isRejection = Self.isRejection(error)
        logger.warning(
            "event was not applied", ("event_id", .text(event.id)), ("type", .string(event.type)),
            ("rejected", .bool(isRejection)), ("error.type", .errorType(error)))
        guard isRejection else { return .init(id: event.id, outcome: .failed) }
        return .init(id: event.id, outcome: .rejected, code: (error as? ProblemError)?.problem.code ?? "invalid_event")
    }
}
