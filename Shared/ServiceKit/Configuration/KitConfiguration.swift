import EventLoop

/// The settings that every service has.
public struct KitConfiguration: Sendable {
    /// PORT: the port to listen on; 0 lets the kernel choose (tests).
    public let port: Int
    /// HOST: the address to listen on. Default 127.0.0.1.
    public let host: String
    /// `<NAME>_DATABASE_URL`.
    public let databaseURL: Redacted<String>
    /// LINLI_ENVIRONMENT. Default production.
    public let environment: RunEnvironment
    /// LOOPS: event loop threads. Default 1.
    public let loops: Int
    /// KEY_ENCRYPTION_KEY: seals private signing keys at rest.
    public let keyEncryptionKey: Redacted<[UInt8]>
    /// LOG_LEVEL. Default info.
    public let logLevel: LogLevel
    /// REQUESTS_IN_FLIGHT_MAX: above it requests are shed with 503. Default 1,024 a loop.
    public let requestsInFlightMax: Int
    /// QUEUE_WAIT_MAX_MS: requests are shed with 503 while accepted ones wait longer. Default: the service's own.
    public let queueWaitMax: Duration
    /// CONNECTIONS_MAX: further ones are closed at once. Default: the service's own.
    public let connectionsMax: Int
    /// REQUEST_DEADLINE_SECONDS: the longest a request may run. Default 10 s.
    public let requestDeadline: Duration
    /// SHUTDOWN_SECONDS: how long shutdown waits for requests under way. Default 30 s.
    public let shutdownDeadline: Duration
    /// The addresses of neighbours by service name.
    public let neighbourURLs: [String: String]
    let chaos: Chaos

    /// The services of the platform, each with the variable of its address.
    public static let addressVariables: [(service: String, variable: String)] = [
        ("catalog", "CATALOG_URL"), ("orders", "ORDERS_URL"), ("payments-sim", "PAYMENTS_URL"),
        ("notifications", "NOTIFICATIONS_URL"), ("storefront", "STOREFRONT_URL"),
    ]

    /// Reads the settings of `service`; errors are in the reader.
    static func read<S: Service>(_ service: S.Type, _ reader: inout ConfigurationReader) -> KitConfiguration {
        let environment = reader.choice("LINLI_ENVIRONMENT", default: RunEnvironment.production)
        let loops = reader.int("LOOPS", default: 1, in: 1...64)
        var addresses: [String: String] = [:]
        for (name, variable) in addressVariables where name != S.name {
            if S.neighbours.contains(name) || reader.optional(variable) != nil {
                addresses[name] = reader.url(variable)
            }
        }
        return KitConfiguration(
            port: reader.int("PORT", default: S.defaultPort, in: 0...65_535),
            host: reader.string("HOST", default: "127.0.0.1"),
            databaseURL: reader.databaseURL(S.databaseVariable),
            environment: environment,
            loops: loops,
            keyEncryptionKey: reader.secret("KEY_ENCRYPTION_KEY", bytes: 32),
            logLevel: reader.choice("LOG_LEVEL", default: LogLevel.info),
            requestsInFlightMax: reader.int("REQUESTS_IN_FLIGHT_MAX", default: 1_024 * loops, in: 1...1_000_000),
            queueWaitMax: .milliseconds(
                reader.int("QUEUE_WAIT_MAX_MS", default: Int(S.queueWaitMax.wholeMilliseconds), in: 1...60_000)),
            connectionsMax: reader.int("CONNECTIONS_MAX", default: S.connectionsMax, in: 1...1_000_000),
            requestDeadline: reader.seconds("REQUEST_DEADLINE_SECONDS", default: 10, in: 1...300),
            shutdownDeadline: reader.seconds("SHUTDOWN_SECONDS", default: 30, in: 0...600),
            neighbourURLs: addresses,
            chaos: Chaos.read(&reader, isDevelopment: environment == .development))
    }
}
