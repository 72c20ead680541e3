import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/reservations` (service `orders`): takes stock for orders, each all or nothing.
///
/// Requests that arrive together, in one turn of the loop or while a statement runs, become one statement; each caller
/// gets the answers to its own orders. The order's identity makes a repetition harmless, so no Idempotency-Key is
/// needed: it would cost a row an order.
struct ReserveStock: Sendable {
    private let database: Database
    private let batcher: Batcher<[ReservationRequest], [ReservationResult]>

    init(database: Database, metrics: Metrics, now: @escaping @Sendable () -> Timestamp) {
        self.database = database
        let reserver = StockReserver(database: database, now: now)
        let sizes = metrics.histogram(
            "reservation_batch_size", help: "Requests that one reservation statement carried",
            bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256])
        // One at a time: statements for one hot SKU would only wait for each other's row lock, and bigger batches
        // cost less an order.
        batcher = Batcher(limit: 256, inFlightMax: 1, sizes: sizes) { requests in
            let answers = try await reserver.reserve(requests.flatMap(\.self))
            var rest = answers[...]
            var results: [Result<[ReservationResult], any Error>] = []
            for request in requests {
                results.append(.success(Array(rest.prefix(request.count))))
                rest = rest.dropFirst(request.count)
            }
            return results
        }
    }

    func handle(_ request: Request, _: Caller) async throws -> Response {
        let (_, batch) = try await request.json(ReservationBatch.self, upTo: BodyLimits.large)
        let results = try await batcher.submit(batch.reservations, deadline: request.deadline)
        return .json(.ok, ReservationResults(results: results))
    }
}

/// Runs rounds of the reservation statement until every request has its exact answer.
struct StockReserver: Sendable {
    /// 512 orders a statement: beyond that a bigger batch is no cheaper an order, only later.
    static let roundLimit = 512
    /// A deadlock or serialization failure ends a statement without effect; more than a few in a row are no accident.
    static let tries = 5

    let database: Database
    let now: @Sendable () -> Timestamp

    func reserve(_ requests: [ReservationRequest]) async throws -> [ReservationResult] {
        var plan = ReservationPlan(requests)
        while !plan.open.isEmpty {
            plan.apply(try await round(plan.round(limit: Self.roundLimit)))
            if !plan.unconfirmed.isEmpty {
                plan.confirm(try await database.all(FindReservations(orderIDs: plan.unconfirmedOrders)))
            }
        }
        return plan.answers
    }

    private func round(_ drafts: [ReservationDraft]) async throws -> ReservationAnswer {
        let statement = ReserveStockBatch(drafts: drafts, at: now())
        var tries = 1
        while true {
            do {
                return Self.answer(try await database.all(statement))
            } catch {
                let isRetryable = error.sqlState?.isRetryableTransaction ?? false
                guard isRetryable, tries < Self.tries else { throw error }
                tries += 1
            }
        }
    }

    private static func answer(_ lines: [ReserveStockBatch.Line]) -> ReservationAnswer {
        var answer = ReservationAnswer()
        for line in lines {
            switch line {
            case .held(let orderID): answer.held.insert(orderID)
            case .refused(let refused): answer.refused[refused.orderID, default: []].append(refused)
            case .known(let stored): answer.known[stored.orderID] = stored
            }
        }
        return answer
    }
}

/// `GET /v1/reservations/{order_id}` (service `orders`, operators).
struct GetReservation: Sendable {
    let database: Database

    func handle(_ request: Request, _: Caller) async throws -> Response {
        let orderID = try request.parameters.require("order_id", as: OrderID.self)
        let found = try await database.first(FindReservations(orderIDs: [orderID]), deadline: request.deadline)
        guard let stored = found else { throw KitProblems.notFound.error("There is no reservation of this order.") }
        return .json(
            .ok,
            Reservation(
                id: ReservationID(uuid: orderID.uuid), orderID: orderID, storeID: stored.storeID, state: stored.state,
                expiresAt: stored.expiresAt, lines: stored.lines))
    }
}
