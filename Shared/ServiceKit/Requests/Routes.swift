public import HTTPCore
public import HTTPServer
public import Models

/// Handles a request of a caller whom the route's access rule let through.
public typealias RouteHandler = @Sendable (Request, Caller) async throws -> Response

/// Handles such a request from what is at hand, without waiting for anything.
public typealias ImmediateRouteHandler = @Sendable (Request, Caller) throws -> Response

/// The table of contents of a service: one line a route, each with its access rule.
///
/// ```swift
/// var routes = kit.routes
/// routes.get(OrdersAPI.order, access: .user) { request, caller in … }
/// routes.post(OrdersAPI.accept, access: .staff(parameter: "store_id")) { request, caller in … }
/// ```
public struct Routes: Sendable {
    struct Entry: Sendable {
        let method: HTTPMethod
        let pattern: PathPattern
        let access: Access
        let options: RouteOptions
        let work: Work
    }
    enum Work: Sendable {
        case waiting(RouteHandler)
        case immediate(ImmediateRouteHandler)
    }
    private(set) var entries: [Entry] = []

    /// An empty table; services take ``Toolkit/routes``.
    public init() {}

    public mutating func get(
        _ pattern: PathPattern, access: Access, options: RouteOptions = .standard, _ handler: @escaping RouteHandler
    ) {
        on(.get, pattern, access: access, options: options, handler)
    }

    /// A read that never waits: of what is in memory, such as health, keys and kept pages.
    public mutating func getImmediately(
        _ pattern: PathPattern, access: Access, options: RouteOptions = .standard,
        _ handler: @escaping ImmediateRouteHandler
    ) {
        entries.append(
            Entry(method: .get, pattern: pattern, access: access, options: options, work: .immediate(handler)))
    }

    public mutating func post(
        _ pattern: PathPattern, access: Access, options: RouteOptions = .standard, _ handler: @escaping RouteHandler
    ) {
        on(.post, pattern, access: access, options: options, handler)
    }

    public mutating func put(
        _ pattern: PathPattern, access: Access, options: RouteOptions = .standard, _ handler: @escaping RouteHandler
    ) {
        on(.put, pattern, access: access, options: options, handler)
    }

    public mutating func patch(
        _ pattern: PathPattern, access: Access, options: RouteOptions = .standard, _ handler: @escaping RouteHandler
    ) {
        on(.patch, pattern, access: access, options: options, handler)
    }

    public mutating func delete(
        _ pattern: PathPattern, access: Access, options: RouteOptions = .standard, _ handler: @escaping RouteHandler
    ) {
        on(.delete, pattern, access: access, options: options, handler)
    }

    /// Adds a route of any method.
    public mutating func on(
        _ method: HTTPMethod, _ pattern: PathPattern, access: Access, options: RouteOptions = .standard,
        _ handler: @escaping RouteHandler
    ) {
        entries.append(
            Entry(method: method, pattern: pattern, access: access, options: options, work: .waiting(handler)))
    }

    /// What is wrong with the table: writes that anyone could call.
    var errors: [String] {
        entries.filter { $0.method != .get && $0.method != .head && !$0.access.allowsWrites }.map {
            "\($0.method) \($0.pattern) changes something and names no authentication"
        }
    }
}

/// What differs from the usual on one route.
public struct RouteOptions: Sendable {
    /// How long a request may run; nil: the configured deadline.
    public var deadline: Duration?
    /// Whether the route may be refused when the service is overloaded. Health and metrics are not.
    public var isSheddable: Bool
    /// Whether each request gets a log line.
    public var isLogged: Bool

    public init(deadline: Duration? = nil, isSheddable: Bool = true, isLogged: Bool = true) {
        self.deadline = deadline
        self.isSheddable = isSheddable
        self.isLogged = isLogged
    }

    /// The configured deadline, sheddable, logged.
    public static let standard = RouteOptions()
}
