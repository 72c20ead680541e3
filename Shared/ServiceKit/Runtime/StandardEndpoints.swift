import EventLoop
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import Synchronization

/// Whether this process can serve.
final class Readiness: Sendable {
    private let serving = Atomic<Bool>(false)

    /// Set when migrations are done and the server listens; cleared when shutdown starts.
    var isServing: Bool {
        get { serving.load(ordering: .acquiring) }
        set { serving.store(newValue, ordering: .releasing) }
    }
}

/// The endpoints that every service has.
enum StandardEndpoints {
    /// Adds them. None is shed, logged or authenticated; `/metrics` must not be reachable from outside (the proxy in
    /// front forwards only the storefront).
    static func add(
        to routes: inout Routes, kit: Toolkit, readiness: Readiness, openAPI: [UInt8], problems: [ProblemKind]
    ) {
        let quiet = RouteOptions(isSheddable: false, isLogged: false)
        routes.getImmediately("/healthz", access: .public, options: quiet) { _, _ in .text(.ok, "ok\n") }
        routes.getImmediately("/readyz", access: .public, options: quiet) { _, _ in
            guard readiness.isServing else { return .text(.serviceUnavailable, "not serving\n") }
            guard kit.database.isReady else { return .text(.serviceUnavailable, "database not reachable\n") }
            return .text(.ok, "ready\n")
        }
        let connections = DatabaseMetrics(kit.metrics)
        routes.get("/metrics", access: .public, options: quiet) { _, _ in
            connections.show(await kit.database.statistics())
            return Response(
                status: .ok, headers: ["content-type": "text/plain; version=0.0.4; charset=utf-8"],
                body: .bytes(kit.metrics.render()))
        }
        routes.getImmediately("/openapi.yaml", access: .public, options: quiet) { request, _ in
            Response(status: .ok, headers: ["content-type": "application/yaml"], body: .bytes(openAPI))
                .conditional(for: request)
        }
        routes.getImmediately("/.well-known/jwks.json", access: .public, options: quiet) { _, _ in
            .json(.ok, kit.tokens.published)
        }
        let all = (problems + KitProblems.kinds).map { ($0.code, $0) }
        let kinds = Dictionary(all, uniquingKeysWith: { own, _ in own })
        routes.getImmediately("/problems/{code}", access: .public, options: quiet) { request, _ in
            let code = try request.parameters.require("code", as: String.self)
            guard let kind = kinds[code] else { throw KitProblems.notFound.error("There is no problem of this code.") }
            return .text(.ok, "\(kind.title)\n\ncode: \(kind.code)\nstatus: \(kind.status)\n\n\(kind.meaning)\n")
        }
    }
}
