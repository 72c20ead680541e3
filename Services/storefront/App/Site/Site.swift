import Clients
import Crypto
import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// What pages are served with: finds out who looks, guards forms, and turns replies into bytes.
struct Site: Sendable {
    typealias PageHandler = @Sendable (Visit) async throws -> Reply
    typealias FormHandler = @Sendable (Visit, FormFields) async throws -> Reply

    let kit: Toolkit
    let configuration: StorefrontConfiguration
    let sessions: Sessions
    let guards: FormGuard
    let headers: SecurityHeaders
    let files: StaticFiles
    private let pictures: Pictures
    let clock = DisplayClock()

    init(
        kit: Toolkit, configuration: StorefrontConfiguration, sessions: Sessions, guards: FormGuard, files: StaticFiles
    ) {
        self.kit = kit
        self.configuration = configuration
        self.sessions = sessions
        self.guards = guards
        self.files = files
        headers = SecurityHeaders(cashierOrigins: configuration.cashierOrigins)
        pictures = Pictures(sheet: files.links.art)
    }

    /// A page that is read.
    func page(_ handler: @escaping PageHandler) -> RouteHandler {
        { request, _ in
            let visit = try await visit(request)
            return try await respond(visit) { try await handler(visit) }
        }
    }

    /// A path that nothing is at: a page for browsers, a problem for programs.
    func nothing() -> RouteHandler {
        { request, _ in
            let missing = KitProblems.notFound.error("There is nothing at this path.")
            guard !request.path.hasPrefix(StorefrontAPI.prefix + "/"),
                request.headers["accept"]?.contains("text/html") == true
            else { throw missing }
            let visit = try await visit(request)
            return try await respond(visit) { throw missing }
        }
    }

    /// A form that is sent: only from this site, only with this browser's token.
    func form(_ handler: @escaping FormHandler) -> RouteHandler {
        { request, _ in
            var request = request
            let body = try await request.body.collect(upTo: FormFields.bytesMax)
            let visit = try await visit(request)
            return try await respond(visit) {
                guard let fields = FormFields(body) else { throw PageProblem.unreadableForm }
                guard FormGuard.isSameOrigin(request.headers, authority: request.authority),
                    guards.isGenuine(fields["form_token"], for: visit.binding)
                else { throw PageProblem.forgedForm }
                return try await handler(visit, fields)
            }
        }
    }

    // MARK: Who looks

    func visit(_ request: Request) async throws -> Visit {
        let cookies = Cookies(request.headers.all("cookie"))
        let secret = cookies[CookieName.session]
        var viewer: Viewer?
        if let secret { viewer = try await sessions.find(secret, deadline: request.deadline) }
        let guest = cookies[CookieName.guest].flatMap { $0.utf8.count == 22 ? $0 : nil }
        let language =
            cookies[CookieName.language].flatMap(Language.init(rawValue:))
            ?? Language(accepting: request.headers["accept-language"])
        return Visit(
            request: request, language: language, viewer: viewer, token: try viewer.map(sessions.token),
            binding: viewer == nil ? guest ?? Base64URL.encode(RandomBytes.make(16)) : secret ?? "",
            isNewGuest: viewer == nil && guest == nil, cart: cookies[CookieName.cart].flatMap(CartCookie.init),
            address: clientAddress(request), now: kit.now())
    }

    /// The address that limits count by: the peer, or what a proxy that we trust says of it.
    func clientAddress(_ request: Request) -> String {
        guard configuration.trustedProxies.contains(request.peerAddress),
            let last = request.headers["x-forwarded-for"]?.split(separator: ",").last
        else { return request.peerAddress }
        return String(last.drop { $0 == " " }.prefix(45))
    }

    /// A page of this site as the browser reaches it from elsewhere, or nil when the request names no host.
    ///
    /// The host is what the browser itself asked for; whoever forges it misleads only themselves.
    func outside(_ link: Link, _ request: Request) -> String? {
        if let known = configuration.publicURL { return known + link.text }
        guard let host = request.authority ?? request.headers["host"] else { return nil }
        return (configuration.hasSecureCookies ? "https://" : "http://") + host + link.text
    }

    // MARK: Answers

    private func respond(_ visit: Visit, _ body: () async throws -> Reply) async throws -> Response {
        do {
            return render(try await body(), visit)
        } catch is SignInNeeded {
            let here = Self.here(visit.request)
            return render(.redirect("/sign-in?return=\(here)"), visit)
        } catch let error as ServiceClientError {
            return render(problem(error, visit), visit)
        } catch let error as ProblemError {
            return render(problem(error.problem, visit), visit)
        } catch let error as PostgresError where error.isTransient {
            return render(problemPage(503, nil, visit), visit)
        } catch {
            kit.logger.error(
                "page failed", ("request_id", .string(visit.request.requestID)),
                ("route", .string(visit.request.routePattern)), ("error.type", .errorType(error)))
            return render(problemPage(500, nil, visit), visit)
        }
    }

    /// A neighbour's refusal. Its words are for programs; people read ours, by the status.
    private func problem(_ error: ServiceClientError, _ visit: Visit) -> Reply {
        switch error {
        case .problem(let problem): self.problem(problem, visit)
        case .unavailable, .outcomeUnknown: problemPage(503, nil, visit)
        case .unreadable: problemPage(500, nil, visit)
        }
    }

    private func problem(_ problem: Problem, _ visit: Visit) -> Reply {
        // An expired token or session looks like 401 from a neighbour: the person signs in again.
        if problem.status == 401 { return .redirect("/sign-in?return=\(Self.here(visit.request))") }
        let detail = ProblemWords.say(problem, Words(language: visit.language))
        return problemPage(problem.status, detail, visit)
    }

    func problemPage(_ status: Int, _ detail: String?, _ visit: Visit) -> Reply {
        .page(
            ProblemPage(status: status, detail: detail, requestID: visit.request.requestID).page(context(visit)),
            status: HTTPStatus(status))
    }

    /// What pages are rendered with.
    ///
    /// - Parameter cart: the cart as the page knows it; nil: as the browser's cookie says.
    /// - Parameter token: what stands in forms as their token; nil: the token of this browser.
    func context(_ visit: Visit, cart: CartCookie?? = nil, token: String? = nil) -> PageContext {
        PageContext(
            words: Words(language: visit.language), pictures: pictures, assets: files.links, viewer: visit.viewer,
            here: Self.here(visit.request), formToken: token ?? guards.token(for: visit.binding),
            cartCount: (cart ?? visit.cart)?.count ?? 0, isDevelopment: kit.environment == .development, clock: clock)
    }

    /// Makes a page that serves every visit by a stranger in this language.
    func prepare(_ visit: Visit, _ page: (PageContext) -> WebPage) -> PreparedPage {
        let mark = Base64URL.encode(RandomBytes.make(32))
        let context = context(visit, token: mark)
        return PreparedPage(Frame.render(page(context), context), mark: Array(mark.utf8))
    }

    func render(_ reply: Reply, _ visit: Visit) -> Response {
        var response: Response
        var cookies = reply.cookies
        switch reply.content {
        case .page(let page):
            response = .html(reply.status, Frame.render(page, context(visit, cart: reply.cart)))
            if visit.isNewGuest, page.hasForms {
                cookies.append(SetCookie(name: CookieName.guest, value: visit.binding, maxAge: 86_400 * 14))
            }
            if let cart = reply.cart, cart != visit.cart { cookies.append(cart?.cookie ?? CartCookie.none) }
            response.headers.set("cache-control", "private, no-store")
            response.headers.set("vary", "cookie, accept-language")
        case .prepared(let page):
            response = .html(reply.status, page.bytes(token: guards.token(for: visit.binding)))
            if visit.isNewGuest {
                cookies.append(SetCookie(name: CookieName.guest, value: visit.binding, maxAge: 86_400 * 14))
            }
            response.headers.set("cache-control", "private, no-store")
            response.headers.set("vary", "cookie, accept-language")
        case .redirect(let link):
            response = .redirect(reply.status, to: link.text)
            response.headers.set("cache-control", "no-store")
        }
        for cookie in cookies {
            response.headers.add("set-cookie", cookie.header(isSecure: configuration.hasSecureCookies))
        }
        headers.add(to: &response)
        return response
    }

    /// The path and query of a request for pages; a form's own address when it was sent by POST has no page, so
    /// those lead home.
    static func here(_ request: Request) -> Link {
        guard request.method == .get || request.method == .head else { return "/" }
        var text = request.path
        var separator = "?"
        for (name, value) in request.query.pairs {
            var bytes: [UInt8] = []
            LinkCoding.append(name, to: &bytes)
            bytes.append(UInt8(ascii: "="))
            LinkCoding.append(value, to: &bytes)
            text += separator + String(decoding: bytes, as: UTF8.self)
            separator = "&"
        }
        return Link(returningTo: text) ?? "/"
    }
}

/// Reasons of this site's own to refuse a form.
enum PageProblem {
    static let forgedForm = StorefrontProblems.forgedForm.error("The form is not from this page.")
    static let unreadableForm = KitProblems.invalidRequest.error("The form cannot be read.")
}
