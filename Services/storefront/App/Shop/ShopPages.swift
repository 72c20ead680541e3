import Clients
import HTTPServer
import Models
import ServiceKit

/// The pages where people find things: stores near them, a store, an item.
struct ShopPages: Sendable {
    /// A page of a list of stores.
    private static let storesLimit = 24
    /// A menu is shown whole up to this many items.
    static let itemsLimit = 100
    private static let reviewsLimit = 10

    let site: Site
    let catalog: CatalogClient
    let carts: Carts
    private let cities = CitiesCache()

    init(site: Site, catalog: CatalogClient, carts: Carts) {
        self.site = site
        self.catalog = catalog
        self.carts = carts
    }

    func home(_ visit: Visit) async throws -> Reply {
        let query = visit.request.query
        var search = HomePage.Search()
        search.words = Self.short(query["q"])
        search.city = Self.short(query["city"])
        search.kind = query["kind"].flatMap(StoreKind.init(rawValue:))
        search.onlyOpen = query["open_now"] == "true"
        search.cursor = query["cursor"]
        if let latitude = try query.double("lat", in: -90...90),
            let longitude = try query.double("lng", in: -180...180)
        {
            search.place = Coordinates(latitude: latitude, longitude: longitude)
        }
        let filter = CatalogClient.StoreFilter(
            place: search.place, city: search.city.isEmpty ? nil : search.city,
            text: search.words.isEmpty ? nil : search.words, kind: search.kind, openOnly: search.onlyOpen)
        let context = visit.context
        async let cities = self.cities.get(catalog, context, now: visit.now)
        let stores = try await catalog.stores(filter, limit: Self.storesLimit, cursor: search.cursor, context)
        let page = HomePage(search: search, stores: stores.items, next: stores.nextCursor, cities: await cities)
        return .page(page.page(site.context(visit)))
    }

    func store(_ visit: Visit) async throws -> Reply {
        let id = try visit.request.parameters.require("store_id", as: StoreID.self)
        let context = visit.context
        let words = Self.short(visit.request.query["q"])
        let cursor = visit.request.query["cursor"]
        async let store = catalog.store(id, context)
        async let reviews = catalog.reviews(of: id, limit: Self.reviewsLimit, context)
        async let cart = carts.current(visit)
        let items = try await catalog.items(
            of: id, text: words.isEmpty ? nil : words, limit: Self.itemsLimit, cursor: cursor, context)
        let known = await cart
        let page = StorePage(
            store: try await store, items: items.items, next: items.nextCursor, reviews: try await reviews.items,
            cart: CartView(known, items: items.items), words: words, now: visit.now)
        var reply = Reply.page(page.page(site.context(visit)))
        if let known { reply.cart = known.cookie }
        return reply
    }

    func item(_ visit: Visit) async throws -> Reply {
        let id = try visit.request.parameters.require("item_id", as: ItemID.self)
        async let cart = carts.current(visit)
        let item = try await catalog.item(id, visit.context)
        let store = try await catalog.store(item.storeID, visit.context)
        let page = ItemPage(item: item, store: store, cart: CartView(await cart, items: [item]))
        return .page(page.page(site.context(visit)))
    }

    /// What people type into searches, cut to what a field of ours can hold.
    private static func short(_ text: String?) -> String { String((text ?? "").prefix(80)) }
}

extension Cart {
    /// What the browser keeps of it.
    var cookie: CartCookie { CartCookie(id: id, count: lines.reduce(0) { $0 + $1.quantity }) }
}
