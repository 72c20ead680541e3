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

    let site: Site
    let catalog: CatalogClient
    let carts: Carts
    private let cities = CitiesCache()
    private let windows: StoreWindows

    init(site: Site, catalog: CatalogClient, carts: Carts) {
        self.site = site
        self.catalog = catalog
        self.carts = carts
        windows = StoreWindows(catalog: catalog)
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
        let isFirst = words.isEmpty && cursor == nil
        if isFirst, visit.isByStranger {
            let shown = try await windows.now(id, context)
            if visit.request.path == shown.path, visit.request.query.pairs.isEmpty {
                return Reply(content: .prepared(prepared(shown, visit)))
            }
        }
        async let shown = windows.now(id, context)
        async let cart = carts.current(visit)
        let items: Page<Item>
        if isFirst {
            items = try await shown.window.menu
        } else {
            items = try await catalog.items(
                of: id, text: words.isEmpty ? nil : words, limit: Self.itemsLimit, cursor: cursor, context)
        }
        let known = await cart
        let window = try await shown.window
        let page = StorePage(
            store: window.store, items: items.items, next: items.nextCursor, reviews: window.reviews,
            cart: CartView(known, items: items.items), words: words, now: visit.now)
        var reply = Reply.page(page.page(site.context(visit)))
        if let known { reply.cart = known.cookie }
        return reply
    }

    /// The page of a store for anybody who is not signed in and has no cart.
    private func prepared(_ shown: ShownWindow, _ visit: Visit) -> PreparedPage {
        let window = shown.window
        let weekday = site.clock.weekday(visit.now, zone: window.store.summary.timeZone)
        return shown.page(ShownWindow.Look(language: visit.language, weekday: weekday)) {
            site.prepare(visit) { context in
                StorePage(
                    store: window.store, items: window.menu.items, next: window.menu.nextCursor,
                    reviews: window.reviews, cart: .empty, words: "", now: visit.now
                ).page(context)
            }
        }
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
