import Clients
import HTTPCore
import HTTPServer
import Models
import ServiceKit

/// The gateways' bills against the orders, for operators.
struct ReconciliationHandlers: Sendable {
    let site: Site
    let orders: OrdersClient
    private let clock = DisplayClock()

    init(site: Site, orders: OrdersClient) {
        self.site = site
        self.orders = orders
    }

    /// - Throws: `SignInNeeded`; 404 for everyone else, who learns nothing of the page.
    private func enter(_ visit: Visit) throws -> Authority {
        let authority = try visit.authority()
        guard visit.viewer?.isOperator == true else { throw KitProblems.notFound.error("There is no such page.") }
        return authority
    }

    func list(_ visit: Visit) async throws -> Reply {
        try await list(visit, error: nil, status: .ok)
    }

    private func list(_ visit: Visit, error: Phrase?, status: HTTPStatus) async throws -> Reply {
        let authority = try enter(visit)
        let cursor = visit.request.query["cursor"]
        async let methods = orders.paymentMethods(visit.context, authority: authority)
        let days = try await orders.reconciliations(cursor: cursor, visit.context, authority: authority)
        let page = ReconciliationsPage(
            days: days, isFirst: cursor == nil, gateways: try await methods, today: clock.day(visit.now),
            key: CheckoutPages.makeKey(), error: error, wasAsked: visit.request.query["done"] != nil)
        return .page(page.page(site.context(visit)), status: status)
    }

    func day(_ visit: Visit) async throws -> Reply {
        let authority = try enter(visit)
        guard let gateway = visit.request.parameters["gateway"].flatMap(GatewayName.init(rawValue:)),
            let day = visit.request.parameters["day"], Self.isDay(day)
        else { throw KitProblems.notFound.error("There is no such page.") }
        let cursor = visit.request.query["cursor"]
        async let found = orders.reconciliation(gateway, day, visit.context, authority: authority)
        let differences = try await orders.differences(
            gateway, day, cursor: cursor, visit.context, authority: authority)
        let page = ReconciliationPage(
            day: try await found, differences: differences, isFirst: cursor == nil, key: CheckoutPages.makeKey())
        return .page(page.page(site.context(visit)))
    }

    func ask(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let authority = try enter(visit)
        guard let key = CheckoutPages.key(fields), let gateway = GatewayName(rawValue: fields["gateway"]) else {
            throw PageProblem.unreadableForm
        }
        guard Self.isDay(fields["day"]) else {
            return try await list(visit, error: .badDay, status: .unprocessableContent)
        }
        do {
            _ = try await orders.reconcile(
                NewReconciliation(gateway: gateway, day: fields["day"]), key: key, visit.context, authority: authority)
        } catch {
            guard case .problem(let problem) = error else { throw error }
            switch problem.code {
            case "day_not_begun": return try await list(visit, error: .badDay, status: .unprocessableContent)
            case "bill_pruned": return try await list(visit, error: .prunedDay, status: .unprocessableContent)
            default: throw error
            }
        }
        return .redirect("/console/reconciliations?done=asked")
    }

    private static func isDay(_ text: String) -> Bool {
        text.utf8.count == 10 && Timestamp(text + "T00:00:00Z") != nil
    }
}
