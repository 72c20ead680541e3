import Clients
import HTTPServer
import Models
import ServiceKit

/// What a store's merchant is owed: statements for managers, and the operator's forms.
struct SettlementHandlers: Sendable {
    let site: Site
    let catalog: CatalogClient
    let orders: OrdersClient
    private let door: ConsoleDoor

    init(site: Site, catalog: CatalogClient, orders: OrdersClient) {
        self.site = site
        self.catalog = catalog
        self.orders = orders
        door = ConsoleDoor(catalog: catalog)
    }

    func list(_ visit: Visit) async throws -> Reply {
        let (id, authority) = try door.enter(visit, as: .manager)
        let context = visit.context
        async let store = catalog.store(id, context)
        async let terms = orders.settlementTerms(id, context, authority: authority)
        let cursor = visit.request.query["cursor"]
        let statements = try await orders.settlements(store: id, cursor: cursor, context, authority: authority)
        let page = SettlementsPage(
            store: try await store, terms: try await terms, statements: statements, isFirst: cursor == nil)
        return .page(page.page(site.context(visit)))
    }

    func show(_ visit: Visit) async throws -> Reply {
        let (id, authority) = try door.enter(visit, as: .manager)
        let statement = try visit.request.parameters.require("settlement_id", as: SettlementID.self)
        let context = visit.context
        async let store = catalog.store(id, context)
        async let settlement = orders.settlement(statement, context, authority: authority)
        let cursor = visit.request.query["cursor"]
        let lines = try await orders.settlementLines(statement, cursor: cursor, context, authority: authority)
        let page = SettlementPage(
            store: try await store, settlement: try await settlement, lines: lines, isFirst: cursor == nil,
            isOperator: visit.viewer?.isOperator == true, key: CheckoutPages.makeKey(), message: door.message(visit))
        return .page(page.page(site.context(visit)))
    }

    func confirm(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        try await change(visit, fields) { id, key, authority in
            _ = try await orders.confirmSettlement(id, key: key, visit.context, authority: authority)
        }
    }

    func payOut(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        try await change(visit, fields) { id, key, authority in
            guard let reference = fields.trimmed("reference"), reference.utf8.count <= 64,
                reference.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
            else {
                throw ProblemError(Problem(code: "invalid_reference", title: "", status: 422, detail: ""))
            }
            _ = try await orders.payOutSettlement(
                id, NewPayout(reference: reference), key: key, visit.context, authority: authority)
        }
    }

    private func change(
        _ visit: Visit, _ fields: FormFields, _ body: (SettlementID, String, Authority) async throws -> Void
    ) async throws -> Reply {
        let (store, authority) = try door.enter(visit, as: .manager)
        let id = try visit.request.parameters.require("settlement_id", as: SettlementID.self)
        guard visit.viewer?.isOperator == true else { throw KitProblems.notFound.error("There is no such page.") }
        guard let key = CheckoutPages.key(fields) else { throw PageProblem.unreadableForm }
        let page: Link = "/console/\(store.description)/settlements/\(id.description)"
        return try await door.done(page) {
            try await body(id, key, authority)
            return "\(continuing: page)?done=settlement"
        }
    }
}
