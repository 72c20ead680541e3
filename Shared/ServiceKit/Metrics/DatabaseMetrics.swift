import Postgres

/// How busy the database's connections are, read at each scrape.
struct DatabaseMetrics: Sendable {
    private let ready: Gauge
    private let inFlight: Gauge
    private let waiting: Gauge
    private let leased: Gauge
    private let leaseWaiters: Gauge
    private let lost: Gauge

    init(_ metrics: Metrics) {
        ready = metrics.gauge("postgres_connections_ready", help: "Connections that can take statements.")
        inFlight = metrics.gauge("postgres_statements_in_flight", help: "Statements on the wire.")
        waiting = metrics.gauge("postgres_statements_waiting", help: "Statements waiting to be sent.")
        leased = metrics.gauge("postgres_connections_leased", help: "Connections leased to transactions.")
        leaseWaiters = metrics.gauge("postgres_lease_waiters", help: "Callers waiting for a connection.")
        lost = metrics.gauge("postgres_connections_lost", help: "Connections lost since the start.")
    }

    func show(_ statistics: DatabaseStatistics) {
        ready.set(statistics.readyConnections)
        inFlight.set(statistics.inFlightStatements)
        waiting.set(statistics.waitingStatements)
        leased.set(statistics.leasedConnections)
        leaseWaiters.set(statistics.leaseWaiters)
        lost.set(statistics.lostConnections)
    }
}
