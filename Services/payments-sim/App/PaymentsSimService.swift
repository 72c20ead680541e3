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
    ])
    public static let openAPI = PackageResources.openapi_yaml

    public static func configuration(_ reader: inout ConfigurationReader) -> GatewayConfiguration {
        GatewayConfiguration(&reader)
    }

    public static func compose(_ configuration: GatewayConfiguration, _ kit: Toolkit) async throws -> Composition {
        let clock = BusinessClock(database: kit.database, clock: kit.clock)
        try await clock.load()
        let wechat = WeChatGateway(configuration: configuration, kit: kit, clock: clock)
        var routes = kit.routes
        wechat.addRoutes(to: &routes)
        CashierPages(wechat: wechat).addRoutes(to: &routes)
        if configuration.isControlEnabled {
            ControlInterface(wechat: wechat, clock: clock).addRoutes(to: &routes)
        }
        let notifier = Notifier(configuration: configuration, kit: kit, clock: clock)
        return Composition(
            routes: routes,
            jobs: [
                Job(name: "DeliverNotifications", every: .milliseconds(500), wakeOn: "payments_notifications") { _ in
                    try await notifier.deliverDue()
                },
                Job(name: "CompleteRefunds", every: .milliseconds(500)) { _ in try await wechat.completeRefunds() },
            ])
    }
}
