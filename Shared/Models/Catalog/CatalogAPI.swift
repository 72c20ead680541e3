/// The paths of the catalog service: the same constants make its route table and its client's requests.
public enum CatalogAPI {
    /// `GET` the stores of a search, nearest first when a place is given; `POST` a new store.
    public static let stores = PathPattern("/v1/stores")
    /// `GET` one store with its opening hours.
    public static let store = PathPattern("/v1/stores/{store_id}")
    /// `GET` all that a store's page shows at first sight, with its version.
    public static let storeWindow = PathPattern("/v1/stores/{store_id}/window")
    /// `GET` a page of a store's items with their SKUs.
    public static let storeItems = PathPattern("/v1/stores/{store_id}/items")
    /// `GET` a page of a store's reviews, newest first.
    public static let storeReviews = PathPattern("/v1/stores/{store_id}/reviews")
    /// `GET` what a store has of each SKU (its staff only).
    public static let storeStock = PathPattern("/v1/stores/{store_id}/stock")
    /// `GET` the lines of a store's stock ledger, newest first (its staff only).
    public static let storeStockLedger = PathPattern("/v1/stores/{store_id}/stock-ledger")
    /// `GET` one item with its SKUs.
    public static let item = PathPattern("/v1/items/{item_id}")
    /// `POST` a new item with its SKUs and their first stock.
    public static let items = PathPattern("/v1/items")
    /// `PATCH` the price or the name of a SKU.
    public static let sku = PathPattern("/v1/skus/{sku_id}")
    /// `GET` the cities that have stores, with their number.
    public static let cities = PathPattern("/v1/cities")
    /// `POST` a new merchant.
    public static let merchants = PathPattern("/v1/merchants")
    /// `GET` one merchant.
    public static let merchant = PathPattern("/v1/merchants/{merchant_id}")
    /// `POST`: the present prices and availability of SKUs (service `orders`).
    public static let priceChecks = PathPattern("/v1/price-checks")
    /// `POST` reservations for a batch of orders (service `orders`).
    public static let reservations = PathPattern("/v1/reservations")
    /// `GET` the reservation of one order (service `orders`).
    public static let reservation = PathPattern("/v1/reservations/{order_id}")
    /// `POST` changes of stock on hand, with their cause (staff).
    public static let stockAdjustments = PathPattern("/v1/stock/adjustments")
    /// `POST` rows of a store list (operator).
    public static let storeImports = PathPattern("/v1/imports/stores")
    /// `POST` events of neighbours (service `orders`).
    public static let events = PathPattern("/v1/events")
}
