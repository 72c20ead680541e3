public import Postgres
public import ServiceKit

/// The orders service: carts, quotes, orders, payments, refunds, fulfilment and the figures of stores.
public enum OrdersService: Service {
    public static let name = "orders"
    public static let databaseVariable = "ORDERS_DATABASE_URL"
    public static let defaultPort = 7002
    public static let neighbours = ["catalog", "notifications", "storefront"]
    public static let migrations = Migration.all(in: [
        ("0001_create_carts.sql", PackageResources._001_create_carts_sql),
        ("0002_create_orders.sql", PackageResources._002_create_orders_sql),
        ("0003_create_payments.sql", PackageResources._003_create_payments_sql),
        ("0004_add_gateways.sql", PackageResources._004_add_gateways_sql),
        ("0005_create_reconciliation.sql", PackageResources._005_create_reconciliation_sql),
        ("0006_add_tenders.sql", PackageResources._006_add_tenders_sql),
        ("0007_create_settlements.sql", PackageResources._007_create_settlements_sql),
        ("0008_keep_first_expiry.sql", PackageResources._008_keep_first_expiry_sql),
        ("0009_prune_bill_lines.sql", PackageResources._009_prune_bill_lines_sql),
    ])
    /// Placing waits for whole batches, and a sale brings hundreds at once: longer waits than elsewhere are no overload.
    public static let queueWaitMax = Duration.milliseconds(250)
    public static let openAPI = PackageResources.openapi_yaml
    public static let problems = Problems.kinds

    public static func compose(_ configuration: Configuration, _ kit: Toolkit) async throws -> Composition {
        let parts = Parts(configuration, kit, gateways: try PaymentGateways(configuration, kit))
        return Composition(
            routes: parts.routes(), jobs: parts.jobs(), eventConsumers: ["catalog", "notifications"],
            problem: Problems.problem(for:))
    }
}
