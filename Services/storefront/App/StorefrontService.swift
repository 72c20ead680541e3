import Clients
import HTTPServer
import JSON
import Models
public import Postgres
public import ServiceKit

/// The website and the only public door: pages, the public API, accounts, sessions, roles.
public enum StorefrontService: Service {
    public typealias Configuration = StorefrontConfiguration

    public static let name = "storefront"
    public static let databaseVariable = "STOREFRONT_DATABASE_URL"
    public static let defaultPort = 7000
    /// Each live page holds one, at both ends.
    public static let connectionsMax = 12_000
    public static let neighbours = ["catalog", "orders", "notifications"]
    public static let migrations = Migration.all(in: [
        ("0001_create_accounts.sql", PackageResources._001_create_accounts_sql),
        ("0002_create_sign_in.sql", PackageResources._002_create_sign_in_sql),
    ])
    public static let openAPI = PackageResources.openapi_yaml
    public static let problems = StorefrontProblems.kinds

    public static func configuration(_ reader: inout ConfigurationReader) -> StorefrontConfiguration {
        StorefrontConfiguration(&reader)
    }

    public static func compose(_ configuration: Configuration, _ kit: Toolkit) async throws -> Composition {
        let sessions = Sessions(kit: kit, configuration: configuration)
        let site = Site(
            kit: kit, configuration: configuration, sessions: sessions,
            guards: FormGuard(rootKey: configuration.rootKey.value),
            files: try StaticFiles(folder: configuration.staticFolder))
        let signIn = SignIn(
            kit: kit, configuration: configuration, sessions: sessions, messages: NotificationsClient(kit: kit))
        let callers = APICallers(site: site)
        var routes = kit.routes
        PageRoutes(kit: kit, site: site, signIn: signIn, sessions: sessions).add(to: &routes)
        OwnAPI(
            signIn: SignInAPI(callers: callers, signIn: signIn, sessions: sessions), staff: StaffAPI(callers: callers)
        ).add(to: &routes)
        APIRoutes.add(
            to: &routes, Forwarding(kit: kit, callers: callers, sessions: sessions),
            StreamProxy(kit: kit, callers: callers, sessions: sessions))
        let sweep = Job(name: "SweepSignIns", every: .seconds(600)) { kit in
            _ = try await kit.database.execute(SweepSignIns(now: kit.now()))
            return .idle
        }
        return Composition(
            routes: routes, jobs: [sweep], problem: { StorefrontProblems.problem(for: $0) })
    }

    /// Who calls is found out by the handlers: a page shows strangers the way in, a form says why it was refused,
    /// and the API answers with a problem. `RouteTests` proves for every route that strangers get nothing.
    static let inHandler = Authenticator { _ in .anonymous }
}
