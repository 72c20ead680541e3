import HTTPServer
import Models
public import Postgres
public import ServiceKit

/// Merchants, stores, items, stock, reservations and reviews.
public enum CatalogService: Service {
    public static let name = "catalog"
    public static let databaseVariable = "CATALOG_DATABASE_URL"
    public static let defaultPort = 7_001
    public static let neighbours = ["orders", "storefront"]
    public static let migrations = Migration.all(in: [
        ("0001_create_stores.sql", PackageResources._001_create_stores_sql),
        ("0002_create_items.sql", PackageResources._002_create_items_sql),
        ("0003_create_stock.sql", PackageResources._003_create_stock_sql),
        ("0004_create_reviews.sql", PackageResources._004_create_reviews_sql),
        ("0005_create_store_versions.sql", PackageResources._005_create_store_versions_sql),
    ])
    public static let openAPI = PackageResources.openapi_yaml
    public static let problems = CatalogProblems.kinds

    public static func configuration(_ reader: inout ConfigurationReader) -> CatalogConfiguration {
        let grace = reader.int("RESERVATION_GRACE_SECONDS", default: 300, in: 1...86_400)
        return CatalogConfiguration(reservationGrace: .seconds(grace))
    }

    public static func compose(_ configuration: CatalogConfiguration, _ kit: Toolkit) async throws -> Composition {
        let expire = ExpireOldReservations(
            database: kit.database, grace: configuration.reservationGrace, now: { kit.now() })
        let job = Job(name: "ExpireReservations", every: .seconds(30)) { _ in try await expire.run() }
        return Composition(routes: routes(kit), jobs: [job], eventConsumers: ["orders"])
    }
}
