import Clients
import HTTPServer
import Models
import ServiceKit

/// The counter: staff book cash and slips, agree deposits, hand refunds out.
struct TillHandlers: Sendable {
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

    func show(_ visit: Visit) async throws -> Reply {
        let (id, authority) = try door.enter(visit)
        async let unpaid = orders.unpaidOrders(id, visit.context, authority: authority)
        let store = try await catalog.store(id, visit.context)
        let page = TillPage(
            store: store, unpaid: try await unpaid, now: visit.now, message: door.message(visit),
            makeKey: { CheckoutPages.makeKey() })
        return .page(page.page(site.context(visit)))
    }

    func cash(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let tendered = fields.trimmed("tendered").map { Self.money($0, fields) }
        // What was typed and cannot be read must not become "nobody counted".
        if case .some(.none) = tendered { return try refused(visit, "invalid_amount") }
        return try await book(visit, fields) { amount in
            OfflinePayment(method: .cash, amount: amount, tendered: tendered ?? nil)
        }
    }

    func terminal(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        guard let slip = fields.trimmed("reference"), slip.utf8.count <= 64,
            slip.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return try refused(visit, "slip_mismatch") }
        return try await book(visit, fields) { amount in
            OfflinePayment(method: .terminal, amount: amount, reference: slip)
        }
    }

    func deposit(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let (id, authority) = try door.enter(visit)
        guard let amount = Self.money(fields["amount"], fields) else { return try refused(visit, "invalid_amount") }
        // A day on a calendar: until its end, on the store's clock.
        guard fields["due"].utf8.count == 10, let noon = Timestamp(fields["due"] + "T12:00:00Z") else {
            return try refused(visit, "invalid_deposit")
        }
        let zone = try await catalog.store(id, visit.context).summary.timeZone
        let due = clock.startOfDay(noon, zone: zone) + .seconds(86_399)
        return try await act(visit, fields) { order, key in
            _ = try await orders.agreeDeposit(
                order, NewDeposit(amount: amount, balanceDueAt: due), key: key, visit.context, authority: authority)
            return ""
        }
    }

    func handOut(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let (id, authority) = try door.enter(visit)
        let refund = try visit.request.parameters.require("refund_id", as: RefundID.self)
        guard let key = CheckoutPages.key(fields) else { throw PageProblem.unreadableForm }
        let till: Link = "/console/\(id.description)/till"
        return try await door.done(till) {
            _ = try await orders.handOut(refund, key: key, visit.context, authority: authority)
            return "\(continuing: till)?done=refund"
        }
    }

    private func book(
        _ visit: Visit, _ fields: FormFields, _ payment: (Money) -> OfflinePayment
    ) async throws -> Reply {
        let (_, authority) = try door.enter(visit)
        guard let amount = Self.money(fields["amount"], fields) else { return try refused(visit, "invalid_amount") }
        return try await act(visit, fields) { order, key in
            let made = try await orders.bookOffline(
                order, payment(amount), key: key, visit.context, authority: authority)
            return made.change?.formatted ?? ""
        }
    }

    /// Does something with the order in the path and comes back to the counter.
    private func act(
        _ visit: Visit, _ fields: FormFields, _ body: (OrderID, String) async throws -> String
    ) async throws -> Reply {
        let (id, _) = try door.enter(visit)
        let order = try visit.request.parameters.require("order_id", as: OrderID.self)
        guard let key = CheckoutPages.key(fields) else { throw PageProblem.unreadableForm }
        let till: Link = "/console/\(id.description)/till"
        return try await door.done(till) {
            let more = try await body(order, key)
            return more.isEmpty
                ? "\(continuing: till)?done=till" : "\(continuing: till)?change=\(more)"
        }
    }

    private func refused(_ visit: Visit, _ code: String) throws -> Reply {
        let (id, _) = try door.enter(visit)
        return .redirect("/console/\(id.description)/till?problem=\(code)")
    }

    private static func money(_ text: String, _ fields: FormFields) -> Money? {
        guard let money = PriceField.read(text, Currency(fields["currency"]) ?? .cny), money.minorUnits > 0 else {
            return nil
        }
        return money
    }
}
