import Clients
import HTTPCore
import HTTPServer
import Models
import ServiceKit

/// The cart's page and the forms that change it.
struct CartPages: Sendable {
    /// Pages of a menu that are read to find what is in a cart.
    private static let menuPagesMax = 5

    let site: Site
    let catalog: CatalogClient
    let carts: Carts

    func show(_ visit: Visit) async throws -> Reply {
        guard let cart = try await carts.find(visit), !cart.lines.isEmpty else {
            var reply = Reply.page(CartPage(cart: .empty, store: nil, trouble: nil).page(site.context(visit)))
            reply.cart = .some(nil)
            return reply
        }
        var reply = Reply.page(try await page(cart, visit).page(site.context(visit)))
        reply.cart = cart.cookie
        return reply
    }

    private func page(_ cart: Cart, _ visit: Visit) async throws -> CartPage {
        let context = visit.context
        async let store = catalog.store(cart.storeID, context)
        let items = try await items(of: cart, visit)
        let view = CartView(cart, items: items)
        let found = try await store
        let t = Words(language: visit.language)
        var trouble: String?
        if !found.summary.isOpenNow || !found.summary.isAcceptingOrders {
            trouble = t[.storeClosedText].description
        } else if view.lines.contains(where: { ($0.available ?? 0) < $0.quantity }) {
            trouble = t[.soldOutText].description
        } else if view.lines.count < cart.lines.count {
            trouble = t[.someItemsGone].description
        }
        return CartPage(cart: view, store: found, trouble: trouble)
    }

    /// The store's items, page by page until everything in the cart was found.
    private func items(of cart: Cart, _ visit: Visit) async throws -> [Item] {
        var wanted = Set(cart.lines.map(\.skuID))
        var found: [Item] = []
        var cursor: String?
        for _ in 0..<Self.menuPagesMax {
            let page = try await catalog.items(
                of: cart.storeID, limit: ShopPages.itemsLimit, cursor: cursor, visit.context)
            found += page.items
            for item in page.items { wanted.subtract(item.skus.map(\.id)) }
            cursor = page.nextCursor
            if wanted.isEmpty || cursor == nil { break }
        }
        return found
    }

    /// The quantity buttons: `set` is `sku:quantity`.
    func change(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let parts = fields["set"].split(separator: ":")
        guard parts.count == 2, let sku = SKUID(parts[0]), let quantity = Int(parts[1]),
            (0...Carts.quantityMax).contains(quantity), let store = StoreID(fields["store"])
        else { throw PageProblem.unreadableForm }
        let back = Link(returningTo: fields["return"]) ?? "/cart"
        let change = try await carts.set(sku, to: quantity, store: store, replacing: fields["replace"] == "1", visit)
        switch change {
        case .cart(let cart):
            // Without scripts the page loads anew: it opens again where the button was.
            let place: Link = back.text.contains("#") ? back : "\(continuing: back)#step-\(sku.description)"
            return .redirect(place, cookies: [cart.cookie.cookie])
        case .otherStore(let cart):
            let other = try await catalog.store(cart.storeID, visit.context)
            let page = OtherStorePage(store: other.summary.name, sku: sku, quantity: quantity, newStore: store)
            return .page(page.page(site.context(visit)), status: .conflict)
        }
    }

    /// The next thing put in starts a new cart; the old one is forgotten by the orders service in time.
    func clear(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        .redirect("/cart", cookies: [CartCookie.none])
    }
}
