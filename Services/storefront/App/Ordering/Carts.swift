import Clients
import Models
import ServiceKit

/// The cart of a browser. Its id, kept in a cookie, is the key to it, for guests too; when somebody signs in the
/// cookie stays, and the orders service makes the cart theirs.
struct Carts: Sendable {
    /// 1 to 999, as the orders service takes it.
    static let quantityMax = 999

    let orders: OrdersClient

    /// The cart, or nil when there is none or the orders service does not answer: browsing goes on without it.
    func current(_ visit: Visit) async -> Cart? { try? await find(visit) }

    /// The cart, or nil when there is none.
    ///
    /// - Throws: `ServiceClientError` when the orders service does not answer: what is in the cart is not known then,
    ///   and it must not be taken for empty.
    func find(_ visit: Visit) async throws(ServiceClientError) -> Cart? {
        guard let known = visit.cart else { return nil }
        do {
            return try await orders.cart(known.id, visit.context, authority: authority(visit))
        } catch {
            guard case .problem(let problem) = error, problem.status == 404 || problem.status == 403 else {
                throw error
            }
            return nil
        }
    }

    /// What came of a change.
    enum Change: Sendable {
        case cart(Cart)
        /// The cart holds goods of another store.
        case otherStore(Cart)
    }

    /// Sets how many of a SKU are in the cart, making a cart when there is none.
    func set(_ sku: SKUID, to quantity: Int, store: StoreID, replacing: Bool, _ visit: Visit) async throws -> Change {
        var cart = try await find(visit)
        if let known = cart, known.storeID != store {
            if !known.lines.isEmpty && !replacing { return .otherStore(known) }
            cart = nil
        }
        let target: Cart
        if let cart {
            target = cart
        } else {
            guard quantity > 0 else { throw KitProblems.notFound.error("There is no such cart.") }
            target = try await orders.createCart(
                NewCart(storeID: store), key: "cart-\(CartID.make(at: visit.now))", visit.context,
                authority: authority(visit))
        }
        guard quantity > 0 else {
            try await orders.removeCartLine(target.id, sku, visit.context, authority: authority(visit))
            var left = target
            left.lines.removeAll { $0.skuID == sku }
            return .cart(left)
        }
        let note = target.lines.first { $0.skuID == sku }?.note
        return .cart(
            try await orders.setCartLine(
                target.id, sku, CartLineInput(quantity: min(quantity, Self.quantityMax), note: note), visit.context,
                authority: authority(visit)))
    }

    /// A guest's cart is the storefront's to handle; a customer's is theirs.
    private func authority(_ visit: Visit) -> Authority {
        if let token = visit.token { .user(token: token) } else { .service }
    }
}
