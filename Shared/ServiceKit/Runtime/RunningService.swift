import Crypto
public import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import Models
import Postgres

/// Why a service did not start: sentences for the person who starts it.
public struct StartupError: Error, Sendable, CustomStringConvertible {
    public let service: String
    public let reasons: [String]
    /// Whether someone must change the settings or the program first: starting again as it is cannot help.
    public let isPermanent: Bool

    public init(service: String, reasons: [String], isPermanent: Bool = true) {
        self.service = service
        self.reasons = reasons
        self.isPermanent = isPermanent
    }

    public var description: String {
        "\(service) cannot start:\n" + reasons.map { "  - \($0)" }.joined(separator: "\n")
    }
}

/// A started service: what the runtime and the tests hold.
public struct RunningService: Sendable {
    /// The service's toolkit, with its database and metrics.
    public let kit: Toolkit
    /// The port that it listens on.
    public let port: Int
    private let server: HTTPServer
    private let jobs: JobRunner
    private let readiness: Readiness
    private let shutdownDeadline: Duration
    private let onDrain: @Sendable () async -> Void
    private let onShutdown: @Sendable () async -> Void

    /// Thirty seconds: how long a start waits for a database that is not up yet.
    private static let databaseWait = Duration.seconds(30)

    /// Reads the settings, prepares the database, composes the service and starts serving.
    ///
    /// - Parameters:
    ///   - environment: the settings, as environment variables.
    ///   - loops: the loops to run on; nil makes as many as LOOPS says.
    ///   - clock: the wall clock.
    ///   - logger: where log lines go; nil: standard error at LOG_LEVEL.
    /// - Throws: `StartupError` with every wrong setting, or the reason why the database or the port cannot be used.
    public static func start<S: Service>(
        _ service: S.Type, environment: [String: String], loops: EventLoopGroup? = nil, clock: WallClock = .system,
        logger: Logger? = nil
    ) async throws -> RunningService {
        var reader = ConfigurationReader(environment)
        let settings = KitConfiguration.read(service, &reader)
        let configuration = S.configuration(&reader)
        guard reader.errors.isEmpty else {
            throw StartupError(service: S.name, reasons: reader.errors.map(\.description))
        }
        let group = loops ?? EventLoopGroup(count: settings.loops)
        let logger = logger ?? Logger(service: S.name, level: settings.logLevel)
        let database = try await prepareDatabase(service, settings, group, logger)
        let kit = makeToolkit(service, settings, group, database, clock, logger)
        try await kit.tokens.refreshKeys()
        let composition = try await S.compose(configuration, kit)
        return try await serve(service, settings, kit, composition)
    }

    private static func prepareDatabase<S: Service>(
        _ service: S.Type, _ settings: KitConfiguration, _ group: EventLoopGroup, _ logger: Logger
    ) async throws -> Database {
        do {
            var options = DatabaseOptions()
            options.applicationName = "linli-\(S.name)"
            options.onEvent = { event in
                switch event {
                case .connected: logger.debug("database connected")
                case .lost(let reason): logger.warning("database connection lost", ("reason", .string(reason)))
                case .connectFailed(let reason):
                    logger.warning("database cannot be reached", ("reason", .string(reason)))
                }
            }
            let database = try Database.open(url: settings.databaseURL.value, group: group, options: options)
            do {
                try await database.migrate(KitMigrations.all + S.migrations, deadline: .now + databaseWait)
                return database
            } catch {
                await database.close()
                throw error
            }
        } catch {
            var isAway = false
            if case MigrationError.unavailable = error { isAway = true }
            throw StartupError(
                service: S.name, reasons: ["\(S.databaseVariable): \(error)"], isPermanent: !isAway)
        }
    }

    private static func makeToolkit<S: Service>(
        _ service: S.Type, _ settings: KitConfiguration, _ group: EventLoopGroup, _ database: Database,
        _ clock: WallClock, _ logger: Logger
    ) -> Toolkit {
        let http = HTTPClient(group: group)
        let metrics = Metrics()
        ProcessMetrics.register(in: metrics)
        let keys = SigningKeys(database: database, encryptionKey: settings.keyEncryptionKey, logger: logger)
        let issuers = settings.neighbourURLs.mapValues { IssuerKeys(url: $0, http: http) }
        return Toolkit(
            service: S.name, environment: settings.environment, database: database, http: http, logger: logger,
            metrics: metrics, tokens: Tokens(service: S.name, keys: keys, issuers: issuers, clock: clock),
            idempotency: Idempotency(database: database, chaos: settings.chaos), outbox: Outbox(),
            inbox: Inbox(database: database, logger: logger), clock: clock, loops: group, chaos: settings.chaos,
            neighbourURLs: settings.neighbourURLs)
    }

    private static func serve<S: Service>(
        _ service: S.Type, _ settings: KitConfiguration, _ kit: Toolkit, _ composition: Composition
    ) async throws -> RunningService {
        var routes = composition.routes
        guard routes.errors.isEmpty else { throw StartupError(service: S.name, reasons: routes.errors) }
        let readiness = Readiness()
        StandardEndpoints.add(
            to: &routes, kit: kit, readiness: readiness, openAPI: S.openAPI, problems: S.problems)
        let shedder = Shedder(
            limit: settings.requestsInFlightMax, waitMax: settings.queueWaitMax, metrics: kit.metrics,
            logger: kit.logger, furtherWait: { [database = kit.database] in database.expectedWait })
        kit.metrics.sampled("http_requests_running", help: "Requests under way.") { Double(shedder.count) }
        let pipeline = Pipeline(
            logger: kit.logger, metrics: kit.metrics,
            authenticator: TokenAuthenticator(
                tokens: kit.tokens, logger: kit.logger,
                refusals: kit.metrics.counter("tokens_refused_total", help: "Tokens that did not verify.")),
            mapping: ProblemMapping(service: composition.problem, logger: kit.logger),
            shedder: shedder, deadline: settings.requestDeadline)
        var limits = HTTPLimits()
        limits.connectionsMax = settings.connectionsMax
        let server = HTTPServer(
            address: settings.host, port: settings.port, router: pipeline.router(routes), limits: limits)
        do {
            try await server.start(on: kit.loops)
        } catch {
            let place = "\(settings.host):\(settings.port)"
            throw StartupError(service: S.name, reasons: ["HOST and PORT: cannot listen on \(place) (\(error))"])
        }
        let jobs = JobRunner(kit: kit)
        try await KitJobs.prepare(kit, consumers: composition.eventConsumers)
        jobs.start(KitJobs.all(kit, consumers: composition.eventConsumers) + composition.jobs)
        readiness.isServing = true
        kit.logger.info("serving", ("port", .count(server.boundPort)))
        return RunningService(
            kit: kit, port: server.boundPort, server: server, jobs: jobs, readiness: readiness,
            shutdownDeadline: settings.shutdownDeadline, onDrain: composition.onDrain,
            onShutdown: composition.onShutdown)
    }

    /// Fails `/readyz`, stops accepting, finishes what runs (within SHUTDOWN_SECONDS), ends the jobs after their
    /// present batch, and closes the database.
    public func shutDown() async {
        kit.logger.info("shutting down")
        readiness.isServing = false
        let deadline = Instant.now + shutdownDeadline
        await onDrain()
        await server.drain(deadline: deadline)
        await jobs.stop()
        await onShutdown()
        await kit.database.close()
        kit.logger.info("stopped")
        kit.logger.flush()
    }
}
