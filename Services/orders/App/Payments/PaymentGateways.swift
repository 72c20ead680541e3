import ServiceKit

extension PaymentGateways {
    /// Those that have settings.
    ///
    /// - Throws: when a key could not be read, which the configuration reader has told already.
    init(_ configuration: OrdersService.Configuration, _ kit: Toolkit) throws {
        var all: [any PaymentGateway] = [try WeChatGateway(configuration.weChat, kit: kit)]
        if let alipay = configuration.alipay { all.append(AlipayGateway(alipay, kit: kit)) }
        if let card = configuration.card { all.append(CardGateway(card, kit: kit)) }
        self.init(all)
    }
}
