import HTTPServer
import Models
import ServiceKit

extension CatalogService {
    /// The table of contents: every route with who may call it.
    static func routes(_ kit: Toolkit) -> Routes {
        let now: @Sendable () -> Timestamp = { kit.now() }
        let timeZones = TimeZones(database: kit.database)
        var routes = kit.routes

        routes.get(CatalogAPI.stores, access: .public, ListStores(database: kit.database, now: now).handle)
        routes.get(CatalogAPI.store, access: .public, GetStore(database: kit.database, now: now).handle)
        routes.get(CatalogAPI.storeWindow, access: .public, GetWindow(database: kit.database, now: now).handle)
        routes.get(CatalogAPI.storeItems, access: .public, ListItems(database: kit.database).handle)
        routes.get(CatalogAPI.storeReviews, access: .public, ListReviews(database: kit.database).handle)
        routes.get(CatalogAPI.item, access: .public, GetItem(database: kit.database).handle)
        routes.get(CatalogAPI.cities, access: .public, ListCities(database: kit.database).handle)
        routes.get(CatalogAPI.merchant, access: .public, GetMerchant(database: kit.database).handle)

        routes.post(
            CatalogAPI.priceChecks, access: .service(["orders"]),
            CheckPrices(database: kit.database, now: now).handle)
        routes.post(
            CatalogAPI.reservations, access: .service(["orders"]),
            ReserveStock(database: kit.database, metrics: kit.metrics, now: now).handle)
        routes.get(
            CatalogAPI.reservation, access: .service(["orders"]), GetReservation(database: kit.database).handle)
        routes.post(CatalogAPI.events, access: .service(["orders"]), TakeOrderEvents(kit: kit).handle)

        routes.post(CatalogAPI.merchants, access: .platformOperator, CreateMerchant(kit: kit).handle)
        routes.post(CatalogAPI.stores, access: .platformOperator, CreateStore(kit: kit, timeZones: timeZones).handle)
        routes.post(
            CatalogAPI.storeImports, access: .platformOperator, ImportStores(kit: kit, timeZones: timeZones).handle)
        routes.post(CatalogAPI.items, access: .user, CreateItem(kit: kit).handle)
        routes.patch(CatalogAPI.sku, access: .user, ChangeSKU(kit: kit).handle)
        routes.post(CatalogAPI.stockAdjustments, access: .user, ChangeStock(kit: kit).handle)
        routes.get(
            CatalogAPI.storeStock, access: .staff(parameter: "store_id"), ListStock(database: kit.database).handle)
        routes.get(
            CatalogAPI.storeStockLedger, access: .staff(parameter: "store_id"),
            ListStockLedger(database: kit.database).handle)
        return routes
    }
}
