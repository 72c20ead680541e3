import HTTPClient
import HTTPCore
import JSON
public import Models
public import ServiceKit

/// The catalog as its neighbours and tools see it: one method an endpoint.
///
/// Problems that a caller may meet are `ServiceClientError.problem`, told apart by `problemCode`.
public struct CatalogClient: Sendable {
    private let base: ServiceClient

    /// A client of the catalog that the kit's settings name.
    public init(kit: Toolkit) { base = ServiceClient("catalog", kit: kit) }

    /// A client over a base of one's own (tools and tests).
    public init(base: ServiceClient) { self.base = base }

    // MARK: Public reads

    /// What a list of stores is narrowed to.
    public struct StoreFilter: Sendable, Hashable {
        /// Nearest to this place first.
        public var place: Coordinates?
        /// Only of this city.
        public var city: String?
        /// Only those whose name, address, city or number contain this.
        public var text: String?
        /// Only of this kind.
        public var kind: StoreKind?
        /// Only those that are open now.
        public var openOnly: Bool

        /// Makes a filter; without arguments it is all stores.
        public init(
            place: Coordinates? = nil, city: String? = nil, text: String? = nil, kind: StoreKind? = nil,
            openOnly: Bool = false
        ) {
            self.place = place
            self.city = city
            self.text = text
            self.kind = kind
            self.openOnly = openOnly
        }
    }

    /// A page of stores, nearest first when the filter has a place.
    public func stores(
        _ filter: StoreFilter = StoreFilter(), limit: Int = 20, cursor: String? = nil, _ context: CallContext
    ) async throws(ServiceClientError) -> Page<StoreSummary> {
        let path = Self.path(
            CatalogAPI.stores.path(),
            [
                ("lat", filter.place.map { "\($0.latitude)" }), ("lng", filter.place.map { "\($0.longitude)" }),
                ("city", filter.city), ("q", filter.text), ("kind", filter.kind?.rawValue),
                ("open_now", filter.openOnly ? "true" : nil), ("limit", "\(limit)"), ("cursor", cursor),
            ])
        return try await base.get(path, context, authority: .none)
    }

    /// One store. Problem `not_found`.
    public func store(_ id: StoreID, _ context: CallContext) async throws(ServiceClientError) -> Store {
        try await base.get(CatalogAPI.store.path(id), context, authority: .none)
    }

    /// A store's window and its version, or nil when it is still `known`, a version of an earlier answer. Problem
    /// `not_found`.
    public func window(
        of store: StoreID, known: String? = nil, _ context: CallContext
    ) async throws(ServiceClientError) -> (window: StoreWindow, version: String?, byteCount: Int)? {
        var headers = HTTPHeaders()
        if let known { headers.set("if-none-match", known) }
        let answer = try await base.send(
            .get, CatalogAPI.storeWindow.path(store), body: nil, context, authority: .none, headers: headers)
        if known != nil, answer.status == .notModified { return nil }
        return (try base.decode(answer), answer.headers["etag"], answer.body.count)
    }

    /// A page of a store's menu. Problem `not_found`.
    public func items(
        of store: StoreID, category: CategoryID? = nil, text: String? = nil, limit: Int = 50, cursor: String? = nil,
        _ context: CallContext
    ) async throws(ServiceClientError) -> Page<Item> {
        let path = Self.path(
            CatalogAPI.storeItems.path(store),
            [("category", category?.description), ("q", text), ("limit", "\(limit)"), ("cursor", cursor)])
        return try await base.get(path, context, authority: .none)
    }

    /// One item. Problem `not_found`.
    public func item(_ id: ItemID, _ context: CallContext) async throws(ServiceClientError) -> Item {
        try await base.get(CatalogAPI.item.path(id), context, authority: .none)
    }

    /// A page of a store's reviews, newest first. Problem `not_found`.
    public func reviews(
        of store: StoreID, limit: Int = 20, cursor: String? = nil, _ context: CallContext
    ) async throws(ServiceClientError) -> Page<Review> {
        let path = Self.path(CatalogAPI.storeReviews.path(store), [("limit", "\(limit)"), ("cursor", cursor)])
        return try await base.get(path, context, authority: .none)
    }

    /// A page of the cities that have stores, most stores first.
    public func cities(
        limit: Int = 100, cursor: String? = nil, _ context: CallContext
    ) async throws(ServiceClientError) -> Page<CityCount> {
        let path = Self.path(CatalogAPI.cities.path(), [("limit", "\(limit)"), ("cursor", cursor)])
        return try await base.get(path, context, authority: .none)
    }

    // MARK: For the orders service

    /// The present prices and availability of SKUs. Problem `not_found` when there is no such store.
    public func prices(
        of skuIDs: [SKUID], in store: StoreID, _ context: CallContext
    ) async throws(ServiceClientError) -> PriceCheck {
        try await base.send(
            .post, CatalogAPI.priceChecks.path(), PriceCheckRequest(storeID: store, skuIDs: skuIDs), context,
            authority: .service, isRepeatable: true)
    }

    /// Takes stock for up to 500 orders; one result a request, in its order. Safe to repeat: the order is the identity.
    public func reserve(
        _ requests: [ReservationRequest], _ context: CallContext
    ) async throws(ServiceClientError) -> [ReservationResult] {
        let answer: ReservationResults = try await base.send(
            .post, CatalogAPI.reservations.path(), ReservationBatch(reservations: requests), context,
            authority: .service, isRepeatable: true)
        guard answer.results.count == requests.count else { throw .unreadable(service: base.service, status: 200) }
        return answer.results
    }

    /// The reservation of an order. Problem `not_found`.
    public func reservation(
        of order: OrderID, _ context: CallContext
    ) async throws(ServiceClientError) -> Reservation {
        try await base.get(CatalogAPI.reservation.path(order), context, authority: .service)
    }

    // MARK: For people who manage

    /// Makes a merchant, or answers with the one of this code.
    public func create(
        _ merchant: NewMerchant, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Merchant {
        try await base.send(
            .post, CatalogAPI.merchants.path(), merchant, context, authority: authority, idempotencyKey: key)
    }

    /// Makes a store, or answers with the one of this merchant and number.
    public func create(
        _ store: NewStore, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Store {
        try await base.send(
            .post, CatalogAPI.stores.path(), store, context, authority: authority, idempotencyKey: key)
    }

    /// Makes an item, or answers with the one of this store and code. Problem `sku_code_taken`.
    public func create(
        _ item: NewItem, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Item {
        try await base.send(
            .post, CatalogAPI.items.path(), item, context, authority: authority, idempotencyKey: key)
    }

    /// Changes a SKU and answers with its item. Problem `not_found`.
    public func change(
        _ sku: SKUID, _ change: SKUChange, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Item {
        try await base.send(
            .patch, CatalogAPI.sku.path(sku), change, context, authority: authority, isRepeatable: true)
    }

    /// Changes stock on hand. Problem `stock_below_reserved`.
    public func adjust(
        _ adjustment: StockAdjustment, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> StockAdjusted {
        try await base.send(
            .post, CatalogAPI.stockAdjustments.path(), adjustment, context, authority: authority, idempotencyKey: key)
    }

    /// A page of what a store has.
    public func stock(
        of store: StoreID, limit: Int = 100, cursor: String? = nil, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Page<StockLevel> {
        let path = Self.path(CatalogAPI.storeStock.path(store), [("limit", "\(limit)"), ("cursor", cursor)])
        return try await base.get(path, context, authority: authority)
    }

    /// A page of a store's stock ledger, newest first.
    public func stockLedger(
        of store: StoreID, sku: SKUID? = nil, limit: Int = 100, cursor: String? = nil, _ context: CallContext,
        authority: Authority
    ) async throws(ServiceClientError) -> Page<StockLedgerLine> {
        let path = Self.path(
            CatalogAPI.storeStockLedger.path(store),
            [("sku_id", sku?.description), ("limit", "\(limit)"), ("cursor", cursor)])
        return try await base.get(path, context, authority: authority)
    }

    /// Imports up to 1,000 rows of a merchant's store list. Safe to repeat.
    public func `import`(
        _ rows: StoreImport, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> StoreImportReport {
        try await base.send(
            .post, CatalogAPI.storeImports.path(), rows, context, authority: authority, isRepeatable: true)
    }

    private static func path(_ path: String, _ query: [(name: String, value: String?)]) -> String {
        let pairs = query.compactMap { pair in
            pair.value.map { "\(pair.name)=\(PathPattern.percentEncoded($0))" }
        }
        return pairs.isEmpty ? path : path + "?" + pairs.joined(separator: "&")
    }
}
