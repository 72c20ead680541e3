import Clients
import HTTPServer
import Models
import ServiceKit

/// The store console: only for people who work in the store, checked again by the services.
struct ConsoleHandlers: Sendable {
    /// More stores than one person looks after by hand.
    private static let storesMax = 50

    enum Verb: Sendable { case accept, prepare, ready }

    let site: Site
    let catalog: CatalogClient
    let orders: OrdersClient
    private let clock = DisplayClock()

    init(site: Site, catalog: CatalogClient, orders: OrdersClient) {
        self.site = site
        self.catalog = catalog
        self.orders = orders
    }

    func index(_ visit: Visit) async throws -> Reply {
        guard let viewer = visit.viewer else { throw SignInNeeded() }
        var stores: [Store] = []
        for id in viewer.stores.keys.sorted().prefix(Self.storesMax) {
            // Losing the error is right: a store that the catalog does not know any more is left out.
            if let store = try? await catalog.store(id, visit.context) { stores.append(store) }
        }
        return .page(ConsolePage(stores: stores, isOperator: viewer.isOperator).page(site.context(visit)))
    }

    func board(_ visit: Visit) async throws -> Reply {
        let (id, authority) = try store(visit)
        let context = visit.context
        async let board = orders.board(id, context, authority: authority)
        let store = try await catalog.store(id, context)
        let start = clock.startOfDay(visit.now, zone: store.summary.timeZone)
        let figures = try await orders.figures(
            id, from: start.description, to: (visit.now + .seconds(1)).description, context, authority: authority)
        let page = BoardPage(
            store: store, board: try await board, figures: figures, now: visit.now, message: message(visit),
            makeKey: { CheckoutPages.makeKey() })
        return .page(page.page(site.context(visit)))
    }

    /// What the last form did; only codes and an order's number travel in the address.
    private func message(_ visit: Visit) -> (text: String, tone: Pieces.Tone)? {
        let t = Words(language: visit.language)
        let query = visit.request.query
        if let number = query["redeemed"], Self.isNumber(number) { return (t(.redeemed, number), .good) }
        guard let code = query["problem"] else { return nil }
        switch code {
        case "move_not_allowed": return (t[.alreadyMoved].description, .warn)
        case "too_many_requests":
            return (t(.tooManyPickupTries, query["wait"].flatMap { Int($0) } ?? 900), .bad)
        default:
            let problem = Problem(code: code, title: "", status: 409, detail: "")
            return (ProblemWords.say(problem, t) ?? t[.cannotTitle].description, .bad)
        }
    }

    private static func isNumber(_ text: String) -> Bool {
        text.utf8.count <= 40
            && text.utf8.allSatisfy { $0 == 0x2D || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
    }

    /// accept, prepare, ready.
    func move(_ verb: Verb) -> Site.FormHandler {
        { visit, fields in
            let (storeID, authority) = try store(visit)
            let id = try visit.request.parameters.require("order_id", as: OrderID.self)
            guard let key = CheckoutPages.key(fields) else { throw PageProblem.unreadableForm }
            return try await done(storeID) {
                switch verb {
                case .accept: _ = try await orders.accept(id, key: key, visit.context, authority: authority)
                case .prepare: _ = try await orders.prepare(id, key: key, visit.context, authority: authority)
                case .ready: _ = try await orders.ready(id, key: key, visit.context, authority: authority)
                }
                return "/console/\(storeID.description)"
            }
        }
    }

    func redeem(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let (storeID, authority) = try store(visit)
        guard let key = CheckoutPages.key(fields), let code = fields.trimmed("code") else {
            return .redirect("/console/\(storeID.description)?problem=wrong_pickup_code")
        }
        return try await done(storeID) {
            let order = try await orders.collect(
                storeID, CollectionRequest(code: String(code.prefix(40))), key: key, visit.context,
                authority: authority)
            return "/console/\(storeID.description)?redeemed=\(order.number)"
        }
    }

    private func store(_ visit: Visit) throws -> (StoreID, Authority) {
        let authority = try visit.authority()
        let id = try visit.request.parameters.require("store_id", as: StoreID.self)
        // Whoever does not work here learns nothing of the store's console, not even that it exists.
        guard visit.viewer?.mayRun(id) == true else { throw KitProblems.notFound.error("There is no such page.") }
        return (id, authority)
    }

    private func done(_ store: StoreID, _ body: () async throws -> Link) async throws -> Reply {
        do {
            return .redirect(try await body())
        } catch let error as ServiceClientError {
            guard case .problem(let problem) = error else { throw error }
            let back: Link = "/console/\(store.description)?problem=\(problem.code)"
            guard let wait = problem.retryAfterSeconds else { return .redirect(back) }
            return .redirect("\(continuing: back)&wait=\(wait)")
        }
    }
}
