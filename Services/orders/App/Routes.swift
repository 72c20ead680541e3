import Clients
import Models
import ServiceKit

/// Every use case, made once.
struct Parts: Sendable {
    let kit: Toolkit
    let carts: Carts
    let makeQuote: MakeQuote
    let placeOrder: PlaceOrder
    let readOrder: ReadOrder
    let listOrders: ListOrders
    let startPayment: StartPayment
    let receiveNotification: ReceiveNotification
    let resolvePayments: ResolvePayments
    let cancelOrder: CancelOrder
    let requestRefund: RequestRefund
    let sendRefunds: SendRefunds
    let stockFailures: StockFailures
    let assembler: OrderAssembler

    init(_ configuration: OrdersService.Configuration, _ kit: Toolkit, gateway: any PaymentGateway) {
        let catalog = CatalogClient(kit: kit)
        let tokens = QuoteTokens(secret: configuration.quoteKey.value)
        let assembler = OrderAssembler(pickupCodes: PickupCodes(secret: configuration.quoteKey.value))
        let settle = SettlePayment(kit: kit)
        let complete = CompleteRefund(kit: kit)
        let end = EndOrder(kit: kit)
        self.kit = kit
        self.assembler = assembler
        carts = Carts(kit: kit)
        makeQuote = MakeQuote(kit: kit, catalog: catalog, tokens: tokens, hours: configuration.openingHours)
        placeOrder = PlaceOrder(
            kit: kit, tokens: tokens,
            placing: Placing(kit: kit, catalog: catalog, unpaidMax: configuration.unpaidMax),
            unpaidMax: configuration.unpaidMax, paymentWindow: configuration.paymentWindow)
        readOrder = ReadOrder(kit: kit, assembler: assembler)
        listOrders = ListOrders(kit: kit)
        startPayment = StartPayment(kit: kit, gateway: gateway, settle: settle)
        receiveNotification = ReceiveNotification(kit: kit, gateway: gateway, settle: settle, completeRefund: complete)
        resolvePayments = ResolvePayments(gateway: gateway, settle: settle)
        cancelOrder = CancelOrder(kit: kit, assembler: assembler, end: end)
        requestRefund = RequestRefund(kit: kit, end: end)
        sendRefunds = SendRefunds(gateway: gateway, complete: complete)
        stockFailures = StockFailures(kit: kit, end: end)
    }

    /// The table of contents.
    func routes() -> Routes {
        var routes = kit.routes
        routes.post(OrdersAPI.carts, access: .anyCaller, carts.create)
        routes.get(OrdersAPI.cart, access: .anyCaller, carts.read)
        routes.put(OrdersAPI.cartLine, access: .anyCaller, carts.setLine)
        routes.delete(OrdersAPI.cartLine, access: .anyCaller, carts.removeLine)
        routes.post(OrdersAPI.quotes, access: .anyCaller, makeQuote.handle)

        routes.post(OrdersAPI.orders, access: .user, placeOrder.handle)
        routes.get(OrdersAPI.orders, access: .user, listOrders.handle)
        routes.get(OrdersAPI.order, access: .user, readOrder.handle)
        routes.post(OrdersAPI.orderPayments, access: .user, startPayment.handle)
        routes.post(OrdersAPI.orderCancel, access: .user, cancelOrder.handle)
        routes.post(OrdersAPI.orderReview, access: .user, ReviewOrder(kit: kit).handle)

        routes.post(OrdersAPI.orderAccept, access: .user, move(.accept))
        routes.post(OrdersAPI.orderPrepare, access: .user, move(.prepare))
        routes.post(OrdersAPI.orderReady, access: .user, move(.makeReady))
        routes.post(OrdersAPI.orderRefunds, access: .user, requestRefund.handle)
        let staff = Access.staff(parameter: "store_id")
        routes.get(OrdersAPI.storeBoard, access: staff, ReadBoard(kit: kit).handle)
        routes.post(OrdersAPI.storeCollections, access: staff, CollectOrder(kit: kit, assembler: assembler).handle)
        routes.get(OrdersAPI.storeFigures, access: staff, ReadFigures(kit: kit).handle)

        routes.post(OrdersAPI.weChatNotifications, access: .gatewaySignature, receiveNotification.handle)
        routes.post(OrdersAPI.events, access: .service(["catalog"]), stockFailures.handle)
        return routes
    }

    /// Background work; the toolkit adds the outbox relays.
    func jobs() -> [Job] {
        [
            Job(name: "ExpireUnpaidOrders", every: .seconds(2), run: ExpireUnpaidOrders.tick),
            Job(name: "ResolvePayments", every: .seconds(2), run: resolvePayments.tick),
            Job(name: "SendRefunds", every: .seconds(2), wakeOn: "refunds", run: sendRefunds.tick),
            Job(name: "SweepCarts", every: .seconds(600), run: Carts.sweep),
        ]
    }

    private func move(_ move: OrderMove) -> RouteHandler {
        MoveFulfilment(kit: kit, assembler: assembler, move: move).handle
    }
}
