public import EventLoop
public import HTTPClient
import HTTPCore
public import Models
public import Postgres

/// A service of the platform: what the runtime needs to know to start it.
///
/// See the README for a whole service in one page.
public protocol Service {
    /// The settings, read once at start.
    associatedtype Configuration: Sendable
    /// The executable's name: `orders`. Also the issuer of its tokens.
    static var name: String { get }
    /// The environment variable that holds its database's address: `ORDERS_DATABASE_URL`.
    static var databaseVariable: String { get }
    /// The port when PORT is not set.
    static var defaultPort: Int { get }
    /// Its own schema, in order.
    static var migrations: [Migration] { get }
    /// The OpenAPI 3.1 document, served at `/openapi.yaml`.
    static var openAPI: [UInt8] { get }
    /// The services that it calls or whose tokens it accepts: their addresses must be configured.
    static var neighbours: [String] { get }
    /// The most connections at once when CONNECTIONS_MAX is not set. Services with event streams need more than others.
    static var connectionsMax: Int { get }
    /// How long accepted requests may wait before others are refused, when QUEUE_WAIT_MAX_MS is not set.
    static var queueWaitMax: Duration { get }
    /// The problems of its own, for the pages at `/problems/{code}`.
    static var problems: [ProblemKind] { get }
    /// Reads the settings. Errors are collected by the reader; do not throw.
    static func configuration(_ reader: inout ConfigurationReader) -> Configuration
    /// Builds routes and jobs: the only place that knows everything.
    static func compose(_ configuration: Configuration, _ kit: Toolkit) async throws -> Composition
}

extension Service {
    public static var neighbours: [String] { [] }
    public static var problems: [ProblemKind] { [] }
    public static var queueWaitMax: Duration { .milliseconds(100) }
    public static var connectionsMax: Int { HTTPLimits().connectionsMax }
}

/// What a service is made of, once composed.
public struct Composition: Sendable {
    /// The table of routes, filled from ``Toolkit/routes``.
    public var routes: Routes
    /// Background work beside the toolkit's own.
    public var jobs: [Job]
    /// The services that events are relayed to (names as in ``Service/neighbours``).
    public var eventConsumers: [String]
    /// Turns the service's own errors into problems (`Problems.swift`); nil for errors that it does not know.
    public var problem: @Sendable (any Error) -> Problem?
    /// Runs when shutdown begins, before the requests under way are waited for: end open event streams here.
    public var onDrain: @Sendable () async -> Void
    /// Runs at shutdown after the last request and job, before the database closes.
    public var onShutdown: @Sendable () async -> Void

    public init(
        routes: Routes, jobs: [Job] = [], eventConsumers: [String] = [],
        problem: @escaping @Sendable (any Error) -> Problem? = { _ in nil },
        onDrain: @escaping @Sendable () async -> Void = {}, onShutdown: @escaping @Sendable () async -> Void = {}
    ) {
        self.routes = routes
        self.jobs = jobs
        self.eventConsumers = eventConsumers
        self.problem = problem
        self.onDrain = onDrain
        self.onShutdown = onShutdown
    }
}

/// What every part of a service may use. A value: copy it, pass it on.
public struct Toolkit: Sendable {
    /// The service's name.
    public let service: String
    public let environment: RunEnvironment
    public let database: Database
    /// The client for neighbours and gateways.
    public let http: HTTPClient
    public let logger: Logger
    public let metrics: Metrics
    /// Issues this service's tokens and verifies everyone's.
    public let tokens: Tokens
    public let idempotency: Idempotency
    public let outbox: Outbox
    public let inbox: Inbox
    public let clock: WallClock
    public let loops: EventLoopGroup
    let chaos: Chaos
    let neighbourURLs: [String: String]

    /// An empty table of routes to fill in `compose`.
    public var routes: Routes { Routes() }

    /// The present time, in µs.
    public func now() -> Timestamp { clock.now() }

    /// The address of a neighbour named in ``Service/neighbours``, without a trailing slash.
    public func url(of neighbour: String) -> String {
        guard let url = neighbourURLs[neighbour] else {
            preconditionFailure("\(service) does not name \(neighbour) in its neighbours")
        }
        return url
    }

    /// A labelled point where a test may kill the process. Costs nothing unless configured. See ``Chaos``.
    public func fault(_ label: StaticString) { chaos.fault(label) }
}

/// Where a process runs: development shows what production hides (the one-time code mailbox, fault points).
public enum RunEnvironment: String, Sendable, CaseIterable {
    case production, development
}

/// The wall clock, replaceable in tests.
public struct WallClock: Sendable {
    private let read: @Sendable () -> Timestamp

    /// A clock that asks `read`.
    public init(_ read: @escaping @Sendable () -> Timestamp) { self.read = read }

    /// The machine's clock.
    public static let system = WallClock { Timestamp(microseconds: SystemTime.microseconds()) }

    public func now() -> Timestamp { read() }
}
