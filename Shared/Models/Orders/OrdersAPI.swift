/// The paths of the orders service: the same constants make its route table and its client's requests.
public enum OrdersAPI {
    /// `POST` a new cart.
    public static let carts = PathPattern("/v1/carts")
    /// `GET` a cart.
    public static let cart = PathPattern("/v1/carts/{cart_id}")
    /// `PUT` or `DELETE` what a cart holds of a SKU.
    public static let cartLine = PathPattern("/v1/carts/{cart_id}/lines/{sku_id}")
    /// `POST`: the price of goods, signed.
    public static let quotes = PathPattern("/v1/quotes")
    /// `POST` an order from a quote; `GET` one's own orders, newest first.
    public static let orders = PathPattern("/v1/orders")
    /// `GET` an order.
    public static let order = PathPattern("/v1/orders/{order_id}")
    /// `POST`: a way to pay an order.
    public static let orderPayments = PathPattern("/v1/orders/{order_id}/payments")
    /// `POST`: money that staff took at the counter (staff).
    public static let orderOfflinePayments = PathPattern("/v1/orders/{order_id}/offline-payments")
    /// `POST`: agree a deposit (staff).
    public static let orderDeposit = PathPattern("/v1/orders/{order_id}/deposit")
    /// `POST`: money of a refund was handed out at the counter (staff).
    public static let refundHandedOut = PathPattern("/v1/refunds/{refund_id}/handed-out")
    /// `GET` one's own points.
    public static let points = PathPattern("/v1/points")
    /// `POST`: call an order off.
    public static let orderCancel = PathPattern("/v1/orders/{order_id}/cancel")
    /// `POST`: judge a completed order.
    public static let orderReview = PathPattern("/v1/orders/{order_id}/review")
    /// `POST`: the store takes an order (staff).
    public static let orderAccept = PathPattern("/v1/orders/{order_id}/accept")
    /// `POST`: the store begins to make it (staff).
    public static let orderPrepare = PathPattern("/v1/orders/{order_id}/prepare")
    /// `POST`: it can be collected (staff).
    public static let orderReady = PathPattern("/v1/orders/{order_id}/ready")
    /// `POST`: send money back (a manager of the store).
    public static let orderRefunds = PathPattern("/v1/orders/{order_id}/refunds")
    /// `GET` the paid, unfinished orders of a store (staff).
    public static let storeBoard = PathPattern("/v1/stores/{store_id}/board")
    /// `GET` the orders of a store that wait for money (staff).
    public static let storeUnpaid = PathPattern("/v1/stores/{store_id}/unpaid-orders")
    /// `POST`: hand an order over for its pickup code (staff).
    public static let storeCollections = PathPattern("/v1/stores/{store_id}/collections")
    /// `GET` the figures of a store (staff).
    public static let storeFigures = PathPattern("/v1/stores/{store_id}/figures")
    /// `POST` a day of a gateway to compare; `GET` all days, newest first (operators).
    public static let reconciliations = PathPattern("/v1/reconciliations")
    /// `GET` a day of a gateway (operators).
    public static let reconciliation = PathPattern("/v1/reconciliations/{gateway}/{day}")
    /// `GET` what its bill and the orders do not agree on (operators).
    public static let reconciliationDifferences = PathPattern("/v1/reconciliations/{gateway}/{day}/differences")
    /// `GET` how a store's money is divided (a manager); `POST` new terms (operator).
    public static let settlementTerms = PathPattern("/v1/stores/{store_id}/settlement-terms")
    /// `GET` statements of what payees are owed.
    public static let settlements = PathPattern("/v1/settlements")
    /// `GET` a statement.
    public static let settlement = PathPattern("/v1/settlements/{settlement_id}")
    /// `GET` the orders of a statement.
    public static let settlementLines = PathPattern("/v1/settlements/{settlement_id}/lines")
    /// `GET` the same as a table for spreadsheets.
    public static let settlementTable = PathPattern("/v1/settlements/{settlement_id}/lines.csv")
    /// `POST`: an operator has looked at a statement.
    public static let settlementConfirm = PathPattern("/v1/settlements/{settlement_id}/confirm")
    /// `POST`: the money of a statement has left (operator).
    public static let settlementPayout = PathPattern("/v1/settlements/{settlement_id}/payout")
    /// `POST`: make the statements of a day (operator).
    public static let settlementRuns = PathPattern("/v1/settlement-runs")
    /// `GET`: the gateways that are offered.
    public static let paymentMethods = PathPattern("/v1/payment-methods")
    /// `POST`: notifications of Alipay, authenticated by their signature.
    public static let alipayNotifications = PathPattern("/v1/gateways/alipay/notifications")
    /// `POST`: notifications of UnionPay, authenticated by their signature.
    public static let cardNotifications = PathPattern("/v1/gateways/card/notifications")
    /// `POST`: notifications of WeChat Pay, authenticated by their signature.
    public static let weChatNotifications = PathPattern("/v1/gateways/wechat/notifications")
    /// `POST`: events of neighbours (service `catalog`).
    public static let events = PathPattern("/v1/events")
}
