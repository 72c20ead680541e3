import Models
public import Postgres
public import ServiceKit

/// Simulated payment gateways: to merchants they answer as the real ones do, to people they show a cashier's page.
public enum PaymentsSimService: Service {
    public static let name = "payments-sim"
    public static let databaseVariable = "PAYMENTS_DATABASE_URL"
    public static let defaultPort = 7003
    public static let migrations = Migration.all(in: [
        ("0001_create_ledger.sql", PackageResources._001_create_ledger_sql),
        ("0002_create_wechat.sql", PackageResources._002_create_wechat_sql),
        ("0003_grow_wechat.sql", PackageResources._003_grow_wechat_sql),
        ("0004_create_alipay.sql", PackageResources._004_create_alipay_sql),
        ("0005_create_unionpay.sql", PackageResources._005_create_unionpay_sql),
    ])
    public static let openAPI = PackageResources.openapi_yaml
    public static let problems = ControlInterface.kinds

    public static func configuration(_ reader: inout ConfigurationReader) -> GatewayConfiguration {
        GatewayConfiguration(&reader)
    }

    public static func compose(_ configuration: GatewayConfiguration, _ kit: Toolkit) async throws -> Composition {
        let clock = BusinessClock(database: kit.database, clock: kit.clock)
        try await clock.load()
        let faults = Faults()
        let wechat = WeChatGateway(configuration: configuration, kit: kit, clock: clock, faults: faults)
        let alipay = AlipayGateway(configuration: configuration, kit: kit, clock: clock, faults: faults)
        let unionPay = UnionPayGateway(configuration: configuration, kit: kit, clock: clock, faults: faults)
        var routes = kit.routes
        wechat.addRoutes(to: &routes)
        CashierPages(name: "wechat", gateway: wechat).addRoutes(to: &routes)
        alipay.addRoutes(to: &routes)
        CashierPages(name: "alipay", gateway: alipay).addRoutes(to: &routes)
        unionPay.addRoutes(to: &routes)
        CardPages(gateway: unionPay).addRoutes(to: &routes)
        if configuration.isControlEnabled {
            ControlInterface(wechat: wechat, alipay: alipay, unionPay: unionPay, clock: clock,
            faults: faults).addRoutes(to: &routes)
        }
        let notifier = Notifier(
            kit: kit, clock: clock, faults: faults, retryScale: configuration.retryScale,
            senders: ["wechat": wechat, "alipay": alipay, "unionpay": unionPay])
        return Composition(
            routes: routes,
            jobs: [
                Job(name: "DeliverNotifications", every: .milliseconds(500), wakeOn: "payments_notifications") { _ in
                    try await notifier.deliverDue()
                },
                Job(name: "CompleteRefunds", every: .milliseconds(500)) { _ in try await wechat.completeRefunds() },
                Job(name: "PassTimeOfAlipay", every: .milliseconds(500)) { _ in try await alipay.passTime() },
                Job(name: "FinishSharing", every: .milliseconds(500)) { _ in try await wechat.finishSharing() },
            ])
    }
}
