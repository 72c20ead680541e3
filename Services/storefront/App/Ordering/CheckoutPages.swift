import Clients
import Crypto
import HTTPCore
import HTTPServer
import Models
import ServiceKit

/// From the cart to a placed order and to the cashier.
struct CheckoutPages: Sendable {
    /// Refusals of a quote that the cart's page explains line by line.
    private static let cartTroubles: Set<String> = [
        "out_of_stock", "unknown_sku", "store_closed", "store_not_accepting_orders",
    ]

    let site: Site
    let catalog: CatalogClient
    let orders: OrdersClient
    let carts: Carts

    static func makeKey() -> String { Base64URL.encode(RandomBytes.make(16)) }

    func show(_ visit: Visit) async throws -> Reply { try await quoted(visit, notice: nil) }

    private func quoted(_ visit: Visit, notice: String?) async throws -> Reply {
        let authority = try visit.authority()
        guard let cart = try await carts.find(visit), !cart.lines.isEmpty else { return .redirect("/cart") }
        let lines = cart.lines.map { QuoteRequestLine(skuID: $0.skuID, quantity: $0.quantity, note: $0.note) }
        let context = visit.context
        async let store = catalog.store(cart.storeID, context)
        async let methods = orders.paymentMethods(context, authority: authority)
        let quote: Quote
        do {
            quote = try await orders.quote(
                QuoteRequest(storeID: cart.storeID, lines: lines), key: Self.makeKey(), context, authority: authority)
        } catch {
            if let code = error.problemCode, Self.cartTroubles.contains(code) { return .redirect("/cart") }
            throw error
        }
        let page = CheckoutPage(
            quote: quote, store: try await store, methods: try await methods, idempotencyKey: Self.makeKey(),
            notice: notice, now: visit.now)
        return .page(page.page(site.context(visit)), status: notice == nil ? .ok : .conflict)
    }

    /// Places the order and goes on to the cashier. Sent twice with one key, it is one order.
    func place(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let authority = try visit.authority()
        guard let key = Self.key(fields) else { throw PageProblem.unreadableForm }
        let order: Order
        do {
            order = try await orders.place(
                PlaceOrderRequest(quoteToken: fields["quote_token"]), key: key, visit.context, authority: authority)
        } catch {
            guard case .problem(let problem) = error, problem.status == 409 || problem.status == 422 else {
                throw error
            }
            let t = Words(language: visit.language)
            return try await quoted(visit, notice: ProblemWords.say(problem, t) ?? t[.cannotTitle].description)
        }
        var reply = try await pay(order.id, fields, key: "pay-" + key, visit)
        reply.cookies.append(CartCookie.none)
        return reply
    }

    /// The button of an order that is not paid yet.
    func payAgain(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let id = try visit.request.parameters.require("order_id", as: OrderID.self)
        guard let key = Self.key(fields) else { throw PageProblem.unreadableForm }
        return try await pay(id, fields, key: key, visit)
    }

    /// To the gateway's cashier; to the order's page when there is none, where paying can be tried again.
    private func pay(_ id: OrderID, _ fields: FormFields, key: String, _ visit: Visit) async throws -> Reply {
        let page: Link = "/orders/\(id.description)"
        var amount: Money?
        if let text = fields.trimmed("amount") {
            guard let money = PriceField.read(text, .cny), money.minorUnits > 0 else {
                return .redirect("\(continuing: page)?problem=invalid_amount")
            }
            amount = money
        }
        let wanted = NewPayment(
            gateway: GatewayName(rawValue: fields["gateway"]) ?? .wechat, channel: .h5, amount: amount,
            returnURL: site.outside(page, visit.request))
        do {
            let payment = try await orders.startPayment(
                id, wanted, key: key, visit.context, authority: try visit.authority())
            guard let address = payment.cashierURL, let cashier = Link(external: address) else {
                return .redirect(page)
            }
            if let form = payment.cashierForm {
                return .page(CashierFormPage(address: cashier, fields: form, order: page).page(site.context(visit)))
            }
            // WeChat's own parameter for H5 payments: where its page leads when the person is done.
            guard wanted.gateway == .wechat, let back = wanted.returnURL else { return .redirect(cashier) }
            return .redirect("\(continuing: cashier)\(verb: address.contains("?") ? "&" : "?")redirect_url=\(back)")
        } catch let error as ServiceClientError {
            return .redirect("\(continuing: page)?problem=\(error.problemCode ?? "gateway_unavailable")")
        }
    }

    /// The idempotency key that the form was made with: base64url, as ``makeKey()`` makes it.
    static func key(_ fields: FormFields) -> String? {
        let key = fields["key"]
        guard (8...64).contains(key.utf8.count), key.utf8.allSatisfy(isKeyByte) else { return nil }
        return key
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
