import Clients
import HTTPServer
import Models
import ServiceKit

/// One's own orders.
struct OrderPages: Sendable {
    private static let listLimit = 20

    let site: Site
    let catalog: CatalogClient
    let orders: OrdersClient

    func list(_ visit: Visit) async throws -> Reply {
        let cursor = visit.request.query["cursor"]
        let page = try await orders.orders(
            cursor: cursor, limit: Self.listLimit, visit.context, authority: try visit.authority())
        return .page(
            OrdersPage(orders: page.items, next: page.nextCursor, isFirst: cursor == nil, now: visit.now)
                .page(site.context(visit)))
    }

    func show(_ visit: Visit) async throws -> Reply {
        let id = try visit.request.parameters.require("order_id", as: OrderID.self)
        let order = try await orders.order(id, visit.context, authority: try visit.authority())
        // Staff may read the orders of their store, but this page is the customer's.
        guard order.customerID == visit.viewer?.accountID else {
            throw KitProblems.notFound.error("There is no such order.")
        }
        // Losing the error is right: the page is about the order and works without the store's address.
        let store = try? await catalog.store(order.storeID, visit.context)
        let isUnpaid = order.states.order == .open && order.states.payment == .unpaid
        let methods =
            isUnpaid ? try await orders.paymentMethods(visit.context, authority: try visit.authority()) : []
        // Losing the error is right: without points the page offers the other ways to pay.
        let points =
            isUnpaid ? (try? await orders.points(limit: 1, visit.context, authority: try visit.authority())) : nil
        let t = Words(language: visit.language)
        let error = visit.request.query["problem"].flatMap { code in
            ProblemWords.say(Problem(code: code, title: "", status: 409, detail: ""), t)
        }
        let keys = OrderPage.Keys(
            pay: CheckoutPages.makeKey(), points: CheckoutPages.makeKey(), cancel: CheckoutPages.makeKey(),
            review: CheckoutPages.makeKey())
        return .page(
            OrderPage(
                order: order, store: store, methods: methods, points: points?.balance ?? 0, error: error,
                now: visit.now, keys: keys)
                .page(site.context(visit)))
    }

    func points(_ visit: Visit) async throws -> Reply {
        let cursor = visit.request.query["cursor"]
        let points = try await orders.points(cursor: cursor, visit.context, authority: try visit.authority())
        let page = PointsPage(points: points, isFirst: cursor == nil, now: visit.now)
        return .page(page.page(site.context(visit)))
    }

    func cancel(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let reason = fields.trimmed("reason").map { String($0.prefix(300)) }
        return try await act(visit, fields) { id, key, authority in
            _ = try await orders.cancel(
                id, CancelRequest(reason: reason), key: key, visit.context, authority: authority)
        }
    }

    func review(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        guard let rating = Int(fields["rating"]), (1...5).contains(rating) else { throw PageProblem.unreadableForm }
        let text = String(fields["text"].prefix(2_000))
        return try await act(visit, fields) { id, key, authority in
            _ = try await orders.review(
                id, NewReview(rating: rating, text: text), key: key, visit.context, authority: authority)
        }
    }

    /// Does something with the order in the path and comes back to its page, with the reason when it was refused.
    private func act(
        _ visit: Visit, _ fields: FormFields, _ body: (OrderID, String, Authority) async throws -> Void
    ) async throws -> Reply {
        let id = try visit.request.parameters.require("order_id", as: OrderID.self)
        guard let key = CheckoutPages.key(fields) else { throw PageProblem.unreadableForm }
        let page: Link = "/orders/\(id.description)"
        do {
            try await body(id, key, try visit.authority())
            return .redirect(page)
        } catch let error as ServiceClientError {
            guard let code = error.problemCode, code != "not_found" else { throw error }
            return .redirect("\(continuing: page)?problem=\(code)")
        }
    }
}
