import Clients
import HTTPCore
import HTTPServer
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
    let offlinePayment: TakeOfflinePayment
    let handOutRefund: HandOutRefund
    let agreeDeposit: AgreeDeposit
    let gateways: PaymentGateways
    let receiveNotification: @Sendable (GatewayName) -> ReceiveNotification
    let resolvePayments: ResolvePayments
    let cancelOrder: CancelOrder
    let requestRefund: RequestRefund
    let sendRefunds: SendRefunds
    let stockFailures: StockFailures
    let settleCompletedOrders: SettleCompletedOrders
    let reconcileBills: ReconcileBills
    let makeSettlements: MakeSettlements
    let settlementTerms: SettlementTermsDesk
    let assembler: OrderAssembler

    init(_ configuration: OrdersService.Configuration, _ kit: Toolkit, gateways: PaymentGateways) {
        let catalog = CatalogClient(kit: kit)
        let tokens = QuoteTokens(secret: configuration.quoteKey.value)
        let assembler = OrderAssembler(pickupCodes: PickupCodes(secret: configuration.quoteKey.value))
        let settle = SettlePayment(kit: kit)
        let complete = CompleteRefund(kit: kit)
        let end = EndOrder(kit: kit)
        offlinePayment = TakeOfflinePayment(kit: kit, settle: settle)
        handOutRefund = HandOutRefund(kit: kit, complete: complete)
        agreeDeposit = AgreeDeposit(kit: kit, assembler: assembler)
        self.kit = kit
        self.gateways = gateways
        self.assembler = assembler
        carts = Carts(kit: kit)
        makeQuote = MakeQuote(kit: kit, catalog: catalog, tokens: tokens, hours: configuration.openingHours)
        placeOrder = PlaceOrder(
            kit: kit, tokens: tokens,
            placing: Placing(kit: kit, catalog: catalog, unpaidMax: configuration.unpaidMax),
            unpaidMax: configuration.unpaidMax, paymentWindow: configuration.paymentWindow)
        readOrder = ReadOrder(kit: kit, assembler: assembler)
        listOrders = ListOrders(kit: kit)
        startPayment = StartPayment(
            kit: kit, gateways: gateways, settle: settle, points: PayWithPoints(kit: kit, settle: settle))
        let refusals = kit.metrics.counter(
            "gateway_notifications_refused_total", help: "Notifications that were forged or fit no payment.")
        receiveNotification = { name in
            ReceiveNotification(
                kit: kit, gateways: gateways, name: name, settle: settle, completeRefund: complete, refusals: refusals)
        }
        resolvePayments = ResolvePayments(gateways: gateways, settle: settle)
        cancelOrder = CancelOrder(kit: kit, assembler: assembler, end: end)
        requestRefund = RequestRefund(kit: kit, end: end)
        sendRefunds = SendRefunds(gateways: gateways, complete: complete)
        stockFailures = StockFailures(kit: kit, end: end)
        let heal = HealDifferences(gateways: gateways, settle: settle, complete: complete)
        reconcileBills = ReconcileBills(gateways: gateways, heal: heal)
        let rates = configuration.settlementRates
        settleCompletedOrders = SettleCompletedOrders(defaults: rates)
        makeSettlements = MakeSettlements(kit: kit, defaults: rates)
        settlementTerms = SettlementTermsDesk(kit: kit, defaults: rates)
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
        routes.get(OrdersAPI.points, access: .user, ReadPoints(kit: kit).handle)
        routes.post(OrdersAPI.orderCancel, access: .user, cancelOrder.handle)
        routes.post(OrdersAPI.orderReview, access: .user, ReviewOrder(kit: kit).handle)

        routes.post(OrdersAPI.orderAccept, access: .user, move(.accept))
        routes.post(OrdersAPI.orderPrepare, access: .user, move(.prepare))
        routes.post(OrdersAPI.orderReady, access: .user, move(.makeReady))
        routes.post(OrdersAPI.orderRefunds, access: .user, requestRefund.handle)
        routes.post(OrdersAPI.orderOfflinePayments, access: .user, offlinePayment.handle)
        routes.post(OrdersAPI.orderDeposit, access: .user, agreeDeposit.handle)
        routes.post(OrdersAPI.refundHandedOut, access: .user, handOutRefund.handle)
        let staff = Access.staff(parameter: "store_id")
        routes.get(OrdersAPI.storeBoard, access: staff, ReadBoard(kit: kit).handle)
        routes.get(OrdersAPI.storeUnpaid, access: staff, ReadUnpaid(kit: kit).handle)
        routes.post(OrdersAPI.storeCollections, access: staff, CollectOrder(kit: kit, assembler: assembler).handle)
        routes.get(OrdersAPI.storeFigures, access: staff, ReadFigures(kit: kit).handle)

        let operators = Access.platformOperator
        routes.post(
            OrdersAPI.reconciliations, access: operators, RequestReconciliation(kit: kit, gateways: gateways).handle)
        let reconciliations = ReadReconciliations(kit: kit)
        routes.get(OrdersAPI.reconciliations, access: operators, reconciliations.list)
        routes.get(OrdersAPI.reconciliation, access: operators, reconciliations.day)
        routes.get(OrdersAPI.reconciliationDifferences, access: operators, reconciliations.differences)

        addSettlements(to: &routes)
        routes.get(OrdersAPI.paymentMethods, access: .anyCaller) { _, _ in
            .json(.ok, PaymentMethods(gateways: gateways.names))
        }
        let signed = Access.gatewaySignature
        routes.post(OrdersAPI.weChatNotifications, access: signed, receiveNotification(.wechat).handle)
        routes.post(OrdersAPI.alipayNotifications, access: signed, receiveNotification(.alipay).handle)
        routes.post(OrdersAPI.cardNotifications, access: signed, receiveNotification(.card).handle)
        routes.post(OrdersAPI.events, access: .service(["catalog"]), stockFailures.handle)
        return routes
    }

    private func addSettlements(to routes: inout Routes) {
        let read = ReadSettlements(kit: kit)
        let pay = PayOutSettlements(kit: kit)
        let manager = Access.staff(parameter: "store_id", role: .manager)
        routes.get(OrdersAPI.settlementTerms, access: manager, settlementTerms.read)
        routes.post(OrdersAPI.settlementTerms, access: .platformOperator, settlementTerms.agree)
        routes.get(OrdersAPI.settlements, access: .user, read.list)
        routes.get(OrdersAPI.settlement, access: .user, read.one)
        routes.get(OrdersAPI.settlementLines, access: .user, read.lines)
        routes.get(OrdersAPI.settlementTable, access: .user, read.table)
        routes.post(OrdersAPI.settlementConfirm, access: .platformOperator, pay.confirm)
        routes.post(OrdersAPI.settlementPayout, access: .platformOperator, pay.payOut)
        routes.post(OrdersAPI.settlementRuns, access: .platformOperator, makeSettlements.handle)
    }

    /// Background work; the toolkit adds the outbox relays.
    func jobs() -> [Job] {
        [
            Job(name: "ExpireUnpaidOrders", every: .seconds(2), run: ExpireUnpaidOrders.tick),
            Job(name: "ResolvePayments", every: .seconds(2), run: resolvePayments.tick),
            Job(name: "SendRefunds", every: .seconds(2), wakeOn: "refunds", run: sendRefunds.tick),
            Job(name: "SettleCompletedOrders", every: .seconds(2), run: settleCompletedOrders.tick),
            Job(
                name: "ReconcileBills", every: .seconds(60), wakeOn: "reconciliations", run: reconcileBills.tick),
            Job(name: "PruneBillLines", every: .seconds(3_600), run: PruneBillLines.tick),
            Job(name: "MakeSettlements", every: .seconds(600), run: makeSettlements.tick),
            Job(name: "SweepCarts", every: .seconds(600), run: Carts.sweep),
        ]
    }

    private func move(_ move: OrderMove) -> RouteHandler {
        MoveFulfilment(kit: kit, assembler: assembler, move: move).handle
    }
}
