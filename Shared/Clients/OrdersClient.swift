import HTTPCore
public import Models
public import ServiceKit

/// The orders service, typed: carts, quotes, orders, payments, the store's side of them.
///
/// Every call carries somebody's rights (`Authority`): a customer's or a member of staff's token, or the storefront's
/// own for a guest's cart. Errors are ``ServiceClientError``; `.problem` holds the service's answer with its code.
public struct OrdersClient: Sendable {
    private let base: ServiceClient

    /// A client for a service that names `orders` among its neighbours.
    public init(kit: Toolkit) { base = ServiceClient("orders", kit: kit) }

    /// A client on a base of one's own (tools and tests).
    public init(base: ServiceClient) { self.base = base }

    // MARK: Carts and quotes

    /// Makes a cart for goods of one store.
    public func createCart(
        _ input: NewCart, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Cart {
        try await base.send(
            .post, OrdersAPI.carts.path(), input, context, authority: authority, idempotencyKey: key)
    }

    /// A cart; the first signed-in customer who asks for a guest's cart becomes its owner.
    public func cart(
        _ id: CartID, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Cart {
        try await base.get(OrdersAPI.cart.path(id), context, authority: authority)
    }

    /// Sets what a cart holds of a SKU.
    public func setCartLine(
        _ id: CartID, _ sku: SKUID, _ input: CartLineInput, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Cart {
        try await base.send(
            .put, OrdersAPI.cartLine.path(id, sku), input, context, authority: authority, isRepeatable: true)
    }

    /// Takes a SKU out of a cart.
    public func removeCartLine(
        _ id: CartID, _ sku: SKUID, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) {
        _ = try await base.send(
            .delete, OrdersAPI.cartLine.path(id, sku), body: nil, context, authority: authority, isRepeatable: true)
    }

    /// Prices goods; the quote's token places the order.
    public func quote(
        _ input: QuoteRequest, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Quote {
        try await base.send(
            .post, OrdersAPI.quotes.path(), input, context, authority: authority, idempotencyKey: key)
    }

    // MARK: The customer's orders

    /// Places the order of a quote. Repeat with the same key after `.unavailable`.
    public func place(
        _ input: PlaceOrderRequest, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Order {
        try await base.send(
            .post, OrdersAPI.orders.path(), input, context, authority: authority, idempotencyKey: key)
    }

    /// One's own orders, newest first. `limit` 1 to 100.
    public func orders(
        cursor: String? = nil, limit: Int = 20, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Page<OrderSummary> {
        var path = OrdersAPI.orders.path() + "?limit=\(limit)"
        if let cursor { path += "&cursor=" + PathPattern.percentEncoded(cursor) }
        return try await base.get(path, context, authority: authority)
    }

    /// One order: the customer's own, or one of a store that the member of staff works for.
    public func order(
        _ id: OrderID, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Order {
        try await base.get(OrdersAPI.order.path(id), context, authority: authority)
    }

    /// The gateways that are offered, in the order to show them in.
    public func paymentMethods(
        _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> [GatewayName] {
        let methods: PaymentMethods = try await base.get(
            OrdersAPI.paymentMethods.path(), context, authority: authority)
        return methods.gateways
    }

    /// A way to pay an order; the open payment again when there is one.
    public func startPayment(
        _ id: OrderID, _ input: NewPayment, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Payment {
        try await base.send(
            .post, OrdersAPI.orderPayments.path(id), input, context, authority: authority, idempotencyKey: key)
    }

    /// One's own points. `limit` 1 to 100 entries.
    public func points(
        cursor: String? = nil, limit: Int = 20, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Points {
        var path = OrdersAPI.points.path() + "?limit=\(limit)"
        if let cursor { path += "&cursor=" + PathPattern.percentEncoded(cursor) }
        return try await base.get(path, context, authority: authority)
    }

    /// Calls an order off.
    public func cancel(
        _ id: OrderID, _ input: CancelRequest, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Order {
        try await base.send(
            .post, OrdersAPI.orderCancel.path(id), input, context, authority: authority, idempotencyKey: key)
    }

    /// Judges a completed order.
    public func review(
        _ id: OrderID, _ input: NewReview, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> OrderReview {
        try await base.send(
            .post, OrdersAPI.orderReview.path(id), input, context, authority: authority, idempotencyKey: key)
    }

    // MARK: The store's side

    /// The paid orders of a store that are not finished, oldest first.
    public func board(
        _ store: StoreID, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Board {
        try await base.get(OrdersAPI.storeBoard.path(store), context, authority: authority)
    }

    /// The store takes an order.
    public func accept(
        _ id: OrderID, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Order {
        try await move(OrdersAPI.orderAccept, id, key, context, authority)
    }

    /// The store begins to make an order.
    public func prepare(
        _ id: OrderID, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Order {
        try await move(OrdersAPI.orderPrepare, id, key, context, authority)
    }

    /// An order can be collected.
    public func ready(
        _ id: OrderID, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Order {
        try await move(OrdersAPI.orderReady, id, key, context, authority)
    }

    /// Hands the order over that a pickup code names.
    public func collect(
        _ store: StoreID, _ input: CollectionRequest, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Order {
        try await base.send(
            .post, OrdersAPI.storeCollections.path(store), input, context, authority: authority, idempotencyKey: key)
    }

    /// Sends a part of an order's money back (a manager of its store).
    public func refund(
        _ id: OrderID, _ input: NewRefund, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Refund {
        try await base.send(
            .post, OrdersAPI.orderRefunds.path(id), input, context, authority: authority, idempotencyKey: key)
    }

    /// The orders of a store that wait for money.
    public func unpaidOrders(
        _ store: StoreID, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> UnpaidOrders {
        try await base.get(OrdersAPI.storeUnpaid.path(store), context, authority: authority)
    }

    /// Books money that staff took at the counter.
    public func bookOffline(
        _ id: OrderID, _ input: OfflinePayment, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Payment {
        try await base.send(
            .post, OrdersAPI.orderOfflinePayments.path(id), input, context, authority: authority, idempotencyKey: key)
    }

    /// Agrees that a part is paid now and the rest later.
    public func agreeDeposit(
        _ id: OrderID, _ input: NewDeposit, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Order {
        try await base.send(
            .post, OrdersAPI.orderDeposit.path(id), input, context, authority: authority, idempotencyKey: key)
    }

    /// Confirms that staff handed the money of a refund out.
    public func handOut(
        _ id: RefundID, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Refund {
        try await base.send(
            .post, OrdersAPI.refundHandedOut.path(id), EmptyRequest(), context, authority: authority,
            idempotencyKey: key)
    }

    /// What a store sold. `from` and `to` are moments (RFC 3339) or days (`2026-11-23`, on the store's clock, `to`
    /// included); without them, everything.
    public func figures(
        _ store: StoreID, from: String? = nil, to: String? = nil, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> StoreFigures {
        var query: [String] = []
        if let from { query.append("from=" + PathPattern.percentEncoded(from)) }
        if let to { query.append("to=" + PathPattern.percentEncoded(to)) }
        let path = OrdersAPI.storeFigures.path(store) + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
        return try await base.get(path, context, authority: authority)
    }

    // MARK: Settlement

    /// How a store's money is divided (a manager of it).
    public func settlementTerms(
        _ store: StoreID, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> SettlementAgreement {
        try await base.get(OrdersAPI.settlementTerms.path(store), context, authority: authority)
    }

    /// Agrees on new terms (operator).
    public func agreeOnTerms(
        _ store: StoreID, _ input: NewSettlementTerms, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> SettlementTerms {
        try await base.send(
            .post, OrdersAPI.settlementTerms.path(store), input, context, authority: authority, idempotencyKey: key)
    }

    /// Statements, newest first: of the store's merchant; without a store, one's own as a leader, or for an operator
    /// everybody's.
    public func settlements(
        store: StoreID? = nil, cursor: String? = nil, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Page<Settlement> {
        var path = OrdersAPI.settlements.path() + "?limit=20"
        if let store { path += "&store_id=\(store)" }
        if let cursor { path += "&cursor=" + PathPattern.percentEncoded(cursor) }
        return try await base.get(path, context, authority: authority)
    }

    /// One statement.
    public func settlement(
        _ id: SettlementID, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Settlement {
        try await base.get(OrdersAPI.settlement.path(id), context, authority: authority)
    }

    /// What a statement is made of.
    public func settlementLines(
        _ id: SettlementID, cursor: String? = nil, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Page<SettlementLine> {
        var path = OrdersAPI.settlementLines.path(id)
        if let cursor { path += "?cursor=" + PathPattern.percentEncoded(cursor) }
        return try await base.get(path, context, authority: authority)
    }

    /// An operator has looked at a statement.
    public func confirmSettlement(
        _ id: SettlementID, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Settlement {
        try await base.send(
            .post, OrdersAPI.settlementConfirm.path(id), EmptyRequest(), context, authority: authority,
            idempotencyKey: key)
    }

    /// The money of a statement has left (operator).
    public func payOutSettlement(
        _ id: SettlementID, _ input: NewPayout, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Settlement {
        try await base.send(
            .post, OrdersAPI.settlementPayout.path(id), input, context, authority: authority, idempotencyKey: key)
    }

    // MARK: Reconciliation

    /// Has a gateway's bill of a day compared, again when it was before; it is done in the background.
    public func reconcile(
        _ input: NewReconciliation, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Reconciliation {
        try await base.send(
            .post, OrdersAPI.reconciliations.path(), input, context, authority: authority, idempotencyKey: key)
    }

    /// The days that were compared or wait for it, newest first. `limit` 1 to 100.
    public func reconciliations(
        cursor: String? = nil, limit: Int = 30, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Page<Reconciliation> {
        var path = OrdersAPI.reconciliations.path() + "?limit=\(limit)"
        if let cursor { path += "&cursor=" + PathPattern.percentEncoded(cursor) }
        return try await base.get(path, context, authority: authority)
    }

    /// A day of a gateway.
    public func reconciliation(
        _ gateway: GatewayName, _ day: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Reconciliation {
        try await base.get(
            OrdersAPI.reconciliation.path(gateway.rawValue, day), context, authority: authority)
    }

    /// What the bill of a day and the orders do not agree on, or did not. `limit` 1 to 100.
    public func differences(
        _ gateway: GatewayName, _ day: String, cursor: String? = nil, limit: Int = 50, _ context: CallContext,
        authority: Authority
    ) async throws(ServiceClientError) -> Page<ReconciliationDifference> {
        var path = OrdersAPI.reconciliationDifferences.path(gateway.rawValue, day) + "?limit=\(limit)"
        if let cursor { path += "&cursor=" + PathPattern.percentEncoded(cursor) }
        return try await base.get(path, context, authority: authority)
    }

    private func move(
        _ pattern: PathPattern, _ id: OrderID, _ key: String, _ context: CallContext, _ authority: Authority
    ) async throws(ServiceClientError) -> Order {
        try await base.send(
            .post, pattern.path(id), EmptyRequest(), context, authority: authority, idempotencyKey: key)
    }
}
