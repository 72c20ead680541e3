import Clients
import EventLoop
import Models
import Postgres
import ServiceKit

/// How a draft ended.
enum PlacingOutcome: Sendable {
    /// It is an order now.
    case placed
    /// An order with its identity or under its key exists, or another placing took its slot: look.
    case known
    /// Its customer has as many unpaid orders as allowed.
    case capped
    /// Catalog refused the reservation.
    case refused(OrdersError)
}

/// Places what arrives together: one look, one reservation call and one insert for a whole batch, each draft with an
/// outcome of its own. A lone draft waits for nobody.
final class Placing: Sendable {
    /// 256 drafts: one insert of 15 ms, well inside a customer's patience.
    static let batchMax = 256
    /// Two batches at once: while PostgreSQL commits one, catalog reserves the next.
    private static let batchesInFlightMax = 2

    private let reserving: Batcher<OrderDraft, PlacingOutcome?>
    private let inserting: Batcher<OrderDraft, PlacingOutcome>

    init(kit: Toolkit, catalog: CatalogClient, unpaidMax: Int) {
        let sizes = kit.metrics.histogram(
            "order_placing_batch_size", help: "Orders placed by one statement.", bounds: [1, 4, 16, 64, 256])
        let reservations = Reservations(kit: kit, catalog: catalog, unpaidMax: unpaidMax)
        reserving = Batcher(limit: Self.batchMax, inFlightMax: Self.batchesInFlightMax) { drafts in
            try await reservations.reserve(drafts)
        }
        inserting = Batcher(limit: Self.batchMax, inFlightMax: Self.batchesInFlightMax, sizes: sizes) { drafts in
            try await Self.insert(drafts, kit, unpaidMax)
        }
    }

    /// Places one draft.
    ///
    /// - Throws: what stopped the whole batch (no database, no catalog); `BatcherError` when too much waits.
    func place(_ draft: OrderDraft, deadline: Instant) async throws -> PlacingOutcome {
        if let ended = try await reserving.submit(draft, deadline: deadline) { return ended }
        return try await inserting.submit(draft, deadline: deadline)
    }

    private static func insert(
        _ drafts: [OrderDraft], _ kit: Toolkit, _ unpaidMax: Int
    ) async throws -> [Result<PlacingOutcome, any Error>] {
        // Repeated requests of one order may meet in a batch: the first is tried, the others look afterwards.
        var distinct: [OrderID: OrderDraft] = [:]
        for draft in drafts where distinct[draft.order.id] == nil { distinct[draft.order.id] = draft }
        kit.fault("after-reserving-before-placing")
        let statement = InsertOrders(drafts: Array(distinct.values), unpaidMax: unpaidMax)
        let results = try await kit.database.all(statement)
        let byID = Dictionary(results.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var capped: [OrderID] = []
        var tried: Set<OrderID> = []
        let outcomes = drafts.map { draft -> Result<PlacingOutcome, any Error> in
            let isFirst = tried.insert(draft.order.id).inserted
            guard let result = byID[draft.order.id] else { return .success(.known) }
            if result.isPlaced { return .success(isFirst ? .placed : .known) }
            guard result.hasSlot else {
                if isFirst { capped.append(draft.order.id) }
                return .success(.capped)
            }
            return .success(.known)
        }
        // Refused after its stock was taken (two placings of one customer at once): give it back.
        if !capped.isEmpty { try await kit.database.execute(ReleaseReservations(ids: capped, now: kit.now())) }
        return outcomes
    }
}

/// The first half of placing: who may, and catalog's answer.
struct Reservations: Sendable {
    let kit: Toolkit
    let catalog: CatalogClient
    let unpaidMax: Int

    /// Nil for drafts whose stock is held now.
    func reserve(_ drafts: [OrderDraft]) async throws -> [Result<PlacingOutcome?, any Error>] {
        var outcomes = [Result<PlacingOutcome?, any Error>](repeating: .success(nil), count: drafts.count)
        let looks = try await kit.database.all(LookBeforePlacing(drafts: drafts))
        var asked: [OrderID: PlacedOrder] = [:]
        var waiting: [Int] = []
        for look in looks {
            let order = drafts[look.position].order
            if look.isKnown {
                outcomes[look.position] = .success(.known)
            } else if unpaidMax > 0, look.unpaid >= unpaidMax {
                outcomes[look.position] = .success(.capped)
            } else {
                // Repeated requests of one order may meet in a batch: they are asked for once.
                asked[order.id] = order
                waiting.append(look.position)
            }
        }
        guard !asked.isEmpty else { return outcomes }
        let answers = try await ask(Array(asked.values))
        for position in waiting {
            outcomes[position] =
                answers[drafts[position].order.id] ?? .failure(OrdersError.neighbourUnavailable("catalog"))
        }
        return outcomes
    }

    private func ask(
        _ orders: [PlacedOrder]
    ) async throws -> [OrderID: Result<PlacingOutcome?, any Error>] {
        let requests = orders.map { order in
            ReservationRequest(
                orderID: order.id, storeID: order.storeID, expiresAt: order.expiresAt,
                lines: order.lines.map { line in
                    ReservationLine(skuID: line.skuID, quantity: line.quantity, unitPrice: line.unitPrice)
                })
        }
        let results: [ReservationResult]
        do {
            results = try await catalog.reserve(requests, .background())
        } catch {
            throw OrdersError.neighbourUnavailable("catalog")
        }
        let byID = Dictionary(results.map { ($0.orderID, $0) }, uniquingKeysWith: { first, _ in first })
        return Dictionary(uniqueKeysWithValues: orders.compactMap { order in
            byID[order.id].map { (order.id, .success(Self.outcome($0, order))) }
        })
    }

    private static func outcome(_ result: ReservationResult, _ order: PlacedOrder) -> PlacingOutcome? {
        let sku = result.skuID ?? order.lines[0].skuID
        switch result.outcome {
        case .reserved: return nil
        case .outOfStock: return .refused(.outOfStock(sku, available: result.available ?? 0))
        case .unknownSKU: return .refused(.outOfStock(sku, available: 0))
        case .priceChanged:
            guard let current = result.price, let line = order.lines.first(where: { $0.skuID == sku }) else {
                return .refused(.quoteExpired)
            }
            return .refused(.priceChanged(sku, quoted: line.unitPrice, current: current))
        // Its stock was given back already (an earlier try that nobody finished): only a new quote helps.
        case .conflict: return .refused(.quoteExpired)
        }
    }
}
