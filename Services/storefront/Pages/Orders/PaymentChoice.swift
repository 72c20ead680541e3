import Models

/// Who shall move the money: the ways to pay that the installation offers, as buttons of a form.
enum PaymentChoice {
    /// - Parameter chosen: what the customer paid with last; nil: the first.
    static func fieldset(_ methods: [GatewayName], chosen: GatewayName? = nil, _ c: PageContext) -> HTML {
        let chosen = methods.first { $0 == chosen } ?? methods.first
        return """
            <fieldset class="pick"><legend class="strong">\(c.words[.paymentMethod])</legend>\
            \(HTML.each(methods) { gateway in
                """
                <label><input type="radio" name="gateway" value="\(gateway.rawValue)"\
                \(if: gateway == chosen, " checked")>\(c.icon("wallet"))\
                <span>\(c.words[name(of: gateway)])</span></label>
                """
            })</fieldset>
            """
    }

    static func name(of gateway: GatewayName) -> Phrase {
        switch gateway {
        case .wechat: .wechatPay
        case .alipay: .alipay
        case .card: .bankCard
        case .cash: .cash
        case .terminal: .terminal
        case .points: .points
        }
    }
}
