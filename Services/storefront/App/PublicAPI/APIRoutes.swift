import HTTPCore
import HTTPServer
import Models
import ServiceKit

/// The public API: what is passed on, to whom, and with whose rights. What the storefront answers itself is in
/// `SignInAPI` and `StaffAPI`.
enum APIRoutes {
    private typealias Line = (HTTPMethod, PathPattern, Forwarding.Rights)

    private static let catalog: [Line] = [
        (.get, CatalogAPI.stores, .none), (.get, CatalogAPI.store, .none), (.get, CatalogAPI.storeItems, .none),
        (.get, CatalogAPI.storeReviews, .none), (.get, CatalogAPI.item, .none), (.get, CatalogAPI.cities, .none),
        (.get, CatalogAPI.merchant, .none),
        (.get, CatalogAPI.storeStock, .person), (.get, CatalogAPI.storeStockLedger, .person),
        (.post, CatalogAPI.merchants, .person), (.post, CatalogAPI.stores, .person),
        (.post, CatalogAPI.items, .person), (.patch, CatalogAPI.sku, .person),
        (.post, CatalogAPI.stockAdjustments, .person), (.post, CatalogAPI.storeImports, .person),
    ]

    private static let orders: [Line] = [
        (.post, OrdersAPI.carts, .personOrGuest), (.get, OrdersAPI.cart, .personOrGuest),
        (.put, OrdersAPI.cartLine, .personOrGuest), (.delete, OrdersAPI.cartLine, .personOrGuest),
        (.post, OrdersAPI.quotes, .person), (.post, OrdersAPI.orders, .person), (.get, OrdersAPI.orders, .person),
        (.get, OrdersAPI.order, .person), (.post, OrdersAPI.orderPayments, .person),
        (.post, OrdersAPI.orderCancel, .person), (.post, OrdersAPI.orderReview, .person),
        (.post, OrdersAPI.orderAccept, .person), (.post, OrdersAPI.orderPrepare, .person),
        (.post, OrdersAPI.orderReady, .person), (.post, OrdersAPI.orderRefunds, .person),
        (.post, OrdersAPI.orderOfflinePayments, .person), (.post, OrdersAPI.refundHandedOut, .person),
        (.get, OrdersAPI.storeUnpaid, .person), (.post, OrdersAPI.orderDeposit, .person),
        (.get, OrdersAPI.points, .person),
        (.get, OrdersAPI.storeBoard, .person), (.post, OrdersAPI.storeCollections, .person),
        (.get, OrdersAPI.storeFigures, .person), (.get, OrdersAPI.paymentMethods, .personOrGuest),
        (.get, OrdersAPI.settlementTerms, .person), (.post, OrdersAPI.settlementTerms, .person),
        (.get, OrdersAPI.settlements, .person), (.get, OrdersAPI.settlement, .person),
        (.get, OrdersAPI.settlementLines, .person), (.get, OrdersAPI.settlementTable, .person),
        (.post, OrdersAPI.settlementConfirm, .person), (.post, OrdersAPI.settlementPayout, .person),
        (.post, OrdersAPI.settlementRuns, .person),
        (.post, OrdersAPI.reconciliations, .person), (.get, OrdersAPI.reconciliations, .person),
        (.get, OrdersAPI.reconciliation, .person), (.get, OrdersAPI.reconciliationDifferences, .person),
    ]

    private static let notifications: [Line] = [
        (.get, NotificationsAPI.inbox, .person), (.post, NotificationsAPI.inboxRead, .person),
    ]

    /// Everything that is passed on: the document describes each (a test compares).
    static var all: [(HTTPMethod, PathPattern)] {
        (catalog + orders + notifications).map { ($0.0, PathPattern(StorefrontAPI.prefix + $0.1.text)) }
            + streams.map { (.get, PathPattern(StorefrontAPI.prefix + $0.text)) }
    }

    private static let streams = [NotificationsAPI.myStream, NotificationsAPI.storeStream]

    static func add(to routes: inout Routes, _ forwarding: Forwarding, _ streams: StreamProxy) {
        for (service, lines) in [("catalog", catalog), ("orders", orders), ("notifications", notifications)] {
            for (method, pattern, rights) in lines {
                routes.on(
                    method, PathPattern(StorefrontAPI.prefix + pattern.text),
                    access: .authenticated(by: StorefrontService.inHandler), forwarding.handler(service, rights))
            }
        }
        for pattern in Self.streams {
            routes.get(
                PathPattern(StorefrontAPI.prefix + pattern.text),
                access: .authenticated(by: StorefrontService.inHandler), options: StreamProxy.options, streams.handler)
        }
    }
}
