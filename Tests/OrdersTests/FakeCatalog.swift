import EventLoop
import HTTPCore
import HTTPServer
import JSON
import Models
import ServiceKit
import TestSupport

/// Catalog as orders sees it: one store, a few SKUs, prices and stock that a test changes.
final class FakeCatalog: Sendable {
    struct State: Sendable {
        var prices: [SKUID: Int64]
        var stock: [SKUID: Int]
        var held: [OrderID: [ReservationLine]] = [:]
        var isOpen = true
        var isAccepting = true
        /// Reservation calls, and how many orders each carried.
        var batches: [Int] = []
        var isDown = false
    }
    let neighbour: FakeNeighbour
    let storeID: StoreID
    let merchantID: MerchantID
    let noodles: SKUID
    let tea: SKUID
    let state: Locked<State>

    init() async throws {
        let now = Timestamp(microseconds: 1_764_000_000_000_000)
        neighbour = try await FakeNeighbour()
        storeID = .make(at: now)
        merchantID = .make(at: now)
        noodles = .make(at: now)
        tea = .make(at: now)
        state = Locked(State(prices: [noodles: 2_890, tea: 350], stock: [noodles: 1_000, tea: 2]))
        neighbour.on(.post, "/v1/price-checks") { [state, storeID, merchantID] in
            try Self.prices($0, state, storeID, merchantID)
        }
        neighbour.on(.post, "/v1/reservations") { [state] in try Self.reserve($0, state) }
        neighbour.on(.post, "/v1/events") { try Self.receipt($0) }
    }

    private static func prices(
        _ request: RecordedRequest, _ state: Locked<State>, _ storeID: StoreID, _ merchantID: MerchantID
    ) throws -> Response {
        let input = try JSON.decode(PriceCheckRequest.self, from: request.body, mode: .strict)
        guard input.storeID == storeID else { return .problem(KitProblems.notFound.problem("no store")) }
        let state = state.withLock { $0 }
        let name = LocalizedText(zh: "牛肉面", en: "Beef noodles")
        let check = PriceCheck(
            store: PricedStore(
                id: storeID, merchantID: merchantID, kind: .restaurant, name: LocalizedText(zh: "老王", en: "Wang"),
                timeZone: "Asia/Shanghai", isOpenNow: state.isOpen, isAcceptingOrders: state.isAccepting),
            skus: input.skuIDs.compactMap { sku in
                state.prices[sku].map {
                    PricedSKU(
                        skuID: sku, itemID: ItemID(uuid: sku.uuid), itemName: name, skuName: name,
                        price: Money(minorUnits: $0), available: state.stock[sku] ?? 0)
                }
            }, unknownSKUIDs: input.skuIDs.filter { state.prices[$0] == nil })
        return .json(.ok, check)
    }

    private static func reserve(_ request: RecordedRequest, _ state: Locked<State>) throws -> Response {
        let batch = try JSON.decode(ReservationBatch.self, from: request.body, mode: .strict)
        let results = state.withLock { state -> [ReservationResult]? in
            guard !state.isDown else { return nil }
            state.batches.append(batch.reservations.count)
            return batch.reservations.map { reserve($0, &state) }
        }
        guard let results else { return .text(HTTPStatus(500), "") }
        return .json(.ok, ReservationResults(results: results))
    }

    private static func reserve(_ request: ReservationRequest, _ state: inout State) -> ReservationResult {
        if state.held[request.orderID] != nil { return ReservationResult(orderID: request.orderID, outcome: .reserved) }
        for line in request.lines {
            if let price = line.unitPrice, price.minorUnits != state.prices[line.skuID] {
                return ReservationResult(
                    orderID: request.orderID, outcome: .priceChanged, skuID: line.skuID,
                    price: state.prices[line.skuID].map { Money(minorUnits: $0) })
            }
            let left = state.stock[line.skuID] ?? 0
            guard left >= line.quantity else {
                return ReservationResult(
                    orderID: request.orderID, outcome: .outOfStock, skuID: line.skuID, available: left)
            }
        }
        for line in request.lines { state.stock[line.skuID, default: 0] -= line.quantity }
        state.held[request.orderID] = request.lines
        return ReservationResult(orderID: request.orderID, outcome: .reserved)
    }

    /// Everything is applied.
    static func receipt(_ request: RecordedRequest) throws -> Response {
        let delivery = try JSON.decode(EventDelivery.self, from: request.body, mode: .lenient)
        return .json(
            .ok, EventReceipt(results: delivery.events.map { EventReceipt.Line(id: $0.id, outcome: .applied) }))
    }
}
