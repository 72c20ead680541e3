import Clients
import HTTPCore
import HTTPServer
import Models
import ServiceKit

/// The pages and forms of the website, one line each.
struct PageRoutes {
    let kit: Toolkit
    let site: Site
    let signIn: SignIn
    let sessions: Sessions

    func add(to routes: inout Routes) {
        let catalog = CatalogClient(kit: kit)
        let orders = OrdersClient(kit: kit)
        let carts = Carts(orders: orders)
        addShop(to: &routes, ShopPages(site: site, catalog: catalog, carts: carts))
        addOrdering(
            to: &routes, CartPages(site: site, catalog: catalog, carts: carts),
            CheckoutPages(site: site, catalog: catalog, orders: orders, carts: carts),
            OrderPages(site: site, catalog: catalog, orders: orders))
        addPeople(to: &routes, PeoplePages(site: site, signIn: signIn, sessions: sessions))
        addConsole(to: &routes, ConsoleHandlers(site: site, catalog: catalog, orders: orders))
        addTill(to: &routes, TillHandlers(site: site, catalog: catalog, orders: orders))
        addBackRooms(
            to: &routes, ShelfHandlers(site: site, catalog: catalog),
            FiguresHandlers(site: site, catalog: catalog, orders: orders), StaffPages(site: site, catalog: catalog))
        addReconciliation(to: &routes, ReconciliationHandlers(site: site, orders: orders))
        addSettlements(to: &routes, SettlementHandlers(site: site, catalog: catalog, orders: orders))
        addInbox(to: &routes, InboxPages(site: site, notifications: NotificationsClient(kit: kit)))
        addFiles(to: &routes)
        // Paths that nothing is at, as deep as people mistype them; every other route is more precise and wins.
        for path in ["/{a}", "/{a}/{b}", "/{a}/{b}/{c}", "/{a}/{b}/{c}/{d}"] {
            routes.get(PathPattern(path), access: .authenticated(by: StorefrontService.inHandler), site.nothing())
        }
    }

    private func addShop(to routes: inout Routes, _ shop: ShopPages) {
        page(&routes, "/", shop.home)
        page(&routes, "/stores", shop.home)
        page(&routes, "/stores/{store_id}", shop.store)
        page(&routes, "/items/{item_id}", shop.item)
    }

    private func addOrdering(
        to routes: inout Routes, _ cart: CartPages, _ checkout: CheckoutPages, _ orders: OrderPages
    ) {
        page(&routes, "/cart", cart.show)
        form(&routes, "/cart", cart.change)
        form(&routes, "/cart/clear", cart.clear)
        page(&routes, "/checkout", checkout.show)
        form(&routes, "/checkout", checkout.place)
        page(&routes, "/orders", orders.list)
        page(&routes, "/account/points", orders.points)
        page(&routes, "/orders/{order_id}", orders.show)
        form(&routes, "/orders/{order_id}/pay", checkout.payAgain)
        form(&routes, "/orders/{order_id}/cancel", orders.cancel)
        form(&routes, "/orders/{order_id}/review", orders.review)
    }

    private func addPeople(to routes: inout Routes, _ people: PeoplePages) {
        page(&routes, "/sign-in", people.showSignIn)
        form(&routes, "/sign-in/code", people.sendCode)
        form(&routes, "/sign-in", people.openSession)
        form(&routes, "/sign-out", people.signOut)
        page(&routes, "/account", people.account)
        form(&routes, "/account/sessions/end-others", people.endOtherSessions)
        page(&routes, "/language/{language}", people.language)
    }

    private func addConsole(to routes: inout Routes, _ console: ConsoleHandlers) {
        page(&routes, "/console", console.index)
        page(&routes, "/console/{store_id}", console.board)
        form(&routes, "/console/{store_id}/collections", console.redeem)
        form(&routes, "/console/{store_id}/orders/{order_id}/accept", console.move(.accept))
        form(&routes, "/console/{store_id}/orders/{order_id}/prepare", console.move(.prepare))
        form(&routes, "/console/{store_id}/orders/{order_id}/ready", console.move(.ready))
    }

    private func addTill(to routes: inout Routes, _ till: TillHandlers) {
        page(&routes, "/console/{store_id}/till", till.show)
        form(&routes, "/console/{store_id}/orders/{order_id}/cash", till.cash)
        form(&routes, "/console/{store_id}/orders/{order_id}/terminal", till.terminal)
        form(&routes, "/console/{store_id}/orders/{order_id}/deposit", till.deposit)
        form(&routes, "/console/{store_id}/refunds/{refund_id}/handed-out", till.handOut)
    }

    private func addBackRooms(
        to routes: inout Routes, _ shelf: ShelfHandlers, _ figures: FiguresHandlers, _ staff: StaffPages
    ) {
        page(&routes, "/console/figures", figures.merchant)
        page(&routes, "/console/{store_id}/figures", figures.store)
        page(&routes, "/console/{store_id}/items", shelf.show)
        form(&routes, "/console/{store_id}/items", shelf.addItem)
        form(&routes, "/console/{store_id}/skus/{sku_id}/price", shelf.setPrice)
        form(&routes, "/console/{store_id}/skus/{sku_id}/stock", shelf.adjustStock)
        page(&routes, "/console/{store_id}/staff", staff.show)
        form(&routes, "/console/{store_id}/staff", staff.grant)
        form(&routes, "/console/{store_id}/staff/{account_id}/remove", staff.remove)
    }

    private func addReconciliation(to routes: inout Routes, _ reconciliation: ReconciliationHandlers) {
        page(&routes, "/console/reconciliations", reconciliation.list)
        form(&routes, "/console/reconciliations", reconciliation.ask)
        page(&routes, "/console/reconciliations/{gateway}/{day}", reconciliation.day)
    }

    private func addSettlements(to routes: inout Routes, _ settlements: SettlementHandlers) {
        page(&routes, "/console/{store_id}/settlements", settlements.list)
        page(&routes, "/console/{store_id}/settlements/{settlement_id}", settlements.show)
        form(&routes, "/console/{store_id}/settlements/{settlement_id}/confirm", settlements.confirm)
        form(&routes, "/console/{store_id}/settlements/{settlement_id}/payout", settlements.payOut)
    }

    private func addInbox(to routes: inout Routes, _ inbox: InboxPages) {
        page(&routes, "/inbox", inbox.list)
        form(&routes, "/inbox/{message_id}/read", inbox.read)
        page(&routes, "/development/mailbox", inbox.mailbox)
    }

    private func addFiles(to routes: inout Routes) {
        let files = site.files
        routes.getImmediately(PathPattern("/static/{hash}/{name}"), access: .public) { request, _ in
            try files.response(
                name: request.parameters["name"] ?? "", hash: request.parameters["hash"], for: request)
        }
        routes.getImmediately(PathPattern("/favicon.ico"), access: .public) { request, _ in
            try files.response(name: "logo.svg", hash: nil, for: request)
        }
        routes.getImmediately(PathPattern("/robots.txt"), access: .public) { request, _ in
            try files.response(name: "robots.txt", hash: nil, for: request)
        }
    }

    private func page(_ routes: inout Routes, _ path: String, _ handler: @escaping Site.PageHandler) {
        routes.get(
            PathPattern(path), access: .authenticated(by: StorefrontService.inHandler), site.page(handler))
    }

    private func form(_ routes: inout Routes, _ path: String, _ handler: @escaping Site.FormHandler) {
        routes.post(
            PathPattern(path), access: .authenticated(by: StorefrontService.inHandler), site.form(handler))
    }
}

/// The part of the public API that the storefront answers itself.
struct OwnAPI {
    let signIn: SignInAPI
    let staff: StaffAPI

    func add(to routes: inout Routes) {
        let own = Access.authenticated(by: StorefrontService.inHandler)
        routes.post(StorefrontAPI.signInCodes, access: .credentials, signIn.sendCode)
        routes.post(StorefrontAPI.signIn, access: .credentials, signIn.open)
        routes.post(StorefrontAPI.signOut, access: own, signIn.close)
        routes.get(StorefrontAPI.me, access: own, signIn.me)
        routes.post(StorefrontAPI.staff, access: own, staff.grant)
        routes.get(StorefrontAPI.storeStaff, access: own, staff.list)
        routes.delete(StorefrontAPI.storeStaffMember, access: own, staff.remove)
    }
}
