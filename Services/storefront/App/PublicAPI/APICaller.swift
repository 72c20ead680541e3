import HTTPCore
import HTTPServer
import Models
import ServiceKit

/// Finds out who calls the public API: a session's secret as a Bearer token, or the browser's cookie.
struct APICallers: Sendable {
    /// Asked with by pages' own scripts when a cookie is the proof and something changes.
    static let formTokenHeader = "x-form-token"

    let site: Site
    let addressLimiter: RateLimiter
    let accountLimiter: RateLimiter

    init(site: Site) {
        self.site = site
        addressLimiter = RateLimiter(limit: site.configuration.requestsPerMinutePerAddress, per: .seconds(60))
        accountLimiter = RateLimiter(limit: site.configuration.requestsPerMinutePerAccount, per: .seconds(60))
    }

    /// The person, or nil when the request proves nobody.
    ///
    /// - Throws: `ProblemError` 401 for a token that is nobody's any more, 403 for a change that another site could
    ///   have made a browser send, 429 over a limit.
    func find(_ request: Request) async throws -> Viewer? {
        try addressLimiter.require(site.clientAddress(request))
        let viewer = try await identify(request)
        if let viewer { try accountLimiter.require(viewer.accountID.description) }
        return viewer
    }

    private func identify(_ request: Request) async throws -> Viewer? {
        if let header = request.headers["authorization"] {
            guard header.hasPrefix("Bearer "),
                let viewer = try await site.sessions.find(String(header.dropFirst(7)), deadline: request.deadline)
            else { throw KitProblems.unauthenticated.error("The token is not valid, or the session has ended.") }
            return viewer
        }
        guard let secret = Cookies(request.headers.all("cookie"))[CookieName.session],
            let viewer = try await site.sessions.find(secret, deadline: request.deadline)
        else { return nil }
        if request.method != .get, request.method != .head {
            guard FormGuard.isSameOrigin(request.headers, authority: request.authority),
                site.guards.isGenuine(request.headers[Self.formTokenHeader] ?? "", for: secret)
            else { throw PageProblem.forgedForm }
        }
        return viewer
    }

    /// The person.
    ///
    /// - Throws: `ProblemError` 401 when the request proves nobody.
    func require(_ request: Request) async throws -> Viewer {
        guard let viewer = try await find(request) else {
            throw KitProblems.unauthenticated.error("Sign in first.")
        }
        return viewer
    }
}
