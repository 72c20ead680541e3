import Clients
import Models
public import ServiceKit

extension OrdersService {
    /// The settings; the README lists them with units and defaults.
    public struct Configuration: Sendable {
        /// ORDERS_QUOTE_KEY: signs quotes and derives pickup codes.
        let quoteKey: Redacted<[UInt8]>
        /// ORDERS_UNPAID_MAX: unpaid orders a customer may have at once; 0: no limit.
        let unpaidMax: Int
        /// ORDERS_PAYMENT_SECONDS: how long an order waits for its payment.
        let paymentWindow: Duration
        /// ORDERS_OPENING_HOURS: `enforced` or `ignored`.
        let openingHours: OpeningHoursRule
        /// ORDERS_PLATFORM_RATE_BPS: the platform's part where a store has agreed on nothing else.
        let settlementRates: SettlementRates
        /// The WeChat Pay merchant.
        let weChat: WeChatSettings
        /// The Alipay merchant; nil: not offered.
        let alipay: AlipayConfiguration?
        /// The UnionPay merchant; nil: not offered.
        let card: UnionPayConfiguration?
    }

    public static func configuration(_ reader: inout ConfigurationReader) -> Configuration {
        Configuration(
            quoteKey: reader.secret(
                reader.optional("ORDERS_QUOTE_KEY") == nil ? "KEY_ENCRYPTION_KEY" : "ORDERS_QUOTE_KEY", bytes: 32),
            unpaidMax: reader.int("ORDERS_UNPAID_MAX", default: 5, in: 0...1_000),
            paymentWindow: reader.seconds("ORDERS_PAYMENT_SECONDS", default: 900, in: 60...3_600),
            openingHours: reader.choice("ORDERS_OPENING_HOURS", default: OpeningHoursRule.enforced),
            settlementRates: SettlementRates(
                platformBps: reader.int("ORDERS_PLATFORM_RATE_BPS", default: 60, in: 0...10_000)),
            weChat: WeChatSettings.read(&reader), alipay: AlipayGateway.settings(&reader),
            card: CardGateway.settings(&reader))
    }
}
