import Clients
import HTTPServer
import Models
import ServiceKit

/// The store console's front page and its orders board: only for people who work in the store, checked again by the
/// services.
struct ConsoleHandlers: Sendable {
    /// More stores than one person looks after by hand.
    private static let storesMax = 50
    /// What an operator finds at once.
    private static let foundMax = 24

    enum Verb: Sendable { case accept, prepare, ready }

    let site: Site
    let catalog: CatalogClient
    let orders: OrdersClient
    private let door: ConsoleDoor
    private let clock = DisplayClock()

    init(site: Site, catalog: CatalogClient, orders: OrdersClient) {
        self.site = site
        self.catalog = catalog
        self.orders = orders
        door = ConsoleDoor(catalog: catalog)
    }

    /// One's own stores; operators find any store here.
    func index(_ visit: Visit) async throws -> Reply {
        guard let viewer = visit.viewer else { throw SignInNeeded() }
        let stores = await Self.stores(of: viewer, catalog, visit)
        var found: [StoreSummary] = []
        let words = String((visit.request.query["q"] ?? "").prefix(60))
        if viewer.isOperator, !words.isEmpty || stores.isEmpty {
            found = try await catalog.stores(
                CatalogClient.StoreFilter(text: words.isEmpty ? nil : words), limit: Self.foundMax, visit.context
            ).items
        }
        let page = ConsolePage(
            stores: stores.map(\.summary), found: found, words: words, isOperator: viewer.isOperator)
        return .page(page.page(site.context(visit)))
    }

    /// The stores that a person works for.
    static func stores(of viewer: Viewer, _ catalog: CatalogClient, _ visit: Visit) async -> [Store] {
        var stores: [Store] = []
        for id in viewer.stores.keys.sorted().prefix(storesMax) {
            // Losing the error is right: a store that the catalog does not know any more is left out.
            if let store = try? await catalog.store(id, visit.context) { stores.append(store) }
        }
        return stores
    }

    func board(_ visit: Visit) async throws -> Reply {
        let (id, authority) = try door.enter(visit)
        let context = visit.context
        async let board = orders.board(id, context, authority: authority)
        let store = try await catalog.store(id, context)
        let start = clock.startOfDay(visit.now, zone: store.summary.timeZone)
        let figures = try await orders.figures(
            id, from: start.description, to: (visit.now + .seconds(1)).description, context, authority: authority)
        let page = BoardPage(
            store: store, board: try await board, figures: figures, now: visit.now, message: door.message(visit),
            makeKey: { CheckoutPages.makeKey() })
        return .page(page.page(site.context(visit)))
    }

    /// accept, prepare, ready.
    func move(_ verb: Verb) -> Site.FormHandler {
        { visit, fields in
            let (storeID, authority) = try door.enter(visit)
            let id = try visit.request.parameters.require("order_id", as: OrderID.self)
            guard let key = CheckoutPages.key(fields) else { throw PageProblem.unreadableForm }
            let board: Link = "/console/\(storeID.description)"
            return try await door.done(board) {
                switch verb {
                case .accept: _ = try await orders.accept(id, key: key, visit.context, authority: authority)
                case .prepare: _ = try await orders.prepare(id, key: key, visit.context, authority: authority)
                case .ready: _ = try await orders.ready(id, key: key, visit.context, authority: authority)
                }
                return board
            }
        }
    }

    func redeem(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let (storeID, authority) = try door.enter(visit)
        let board: Link = "/console/\(storeID.description)"
        guard let key = CheckoutPages.key(fields), let code = fields.trimmed("code") else {
            return .redirect("\(continuing: board)?problem=wrong_pickup_code")
        }
        return try await door.done(board) {
            let order = try await orders.collect(
                storeID, CollectionRequest(code: String(code.prefix(40))), key: key, visit.context,
                authority: authority)
            return "\(continuing: board)?redeemed=\(order.number)"
        }
    }
}
