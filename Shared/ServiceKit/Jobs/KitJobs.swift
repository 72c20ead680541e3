import HTTPClient
import Postgres

/// The toolkit's own jobs: relays, reapers, key rotation.
enum KitJobs {
    /// 1,000 rows a run keep a delete under some 10 ms.
    private static let reapMax: Int64 = 1_000
    /// Seven days: how long delivered events stay for `linli verify` and for people.
    private static let outboxRetentionSeconds: Int64 = 7 * 86_400

    static func all(_ kit: Toolkit, consumers: [String]) -> [Job] {
        consumers.map { relay(to: $0, kit) } + [reaper, keyRotation, backlog(kit, consumers: consumers)]
    }

    /// Makes the leases of the relays.
    static func prepare(_ kit: Toolkit, consumers: [String]) async throws {
        for consumer in consumers { _ = try await kit.database.execute(EnsureOutboxShards(consumer: consumer)) }
    }

    private static func relay(to consumer: String, _ kit: Toolkit) -> Job {
        let labels = [("consumer", consumer)]
        let relay = OutboxRelay(
            consumer: consumer, url: kit.url(of: consumer), database: kit.database, http: kit.http,
            tokens: kit.tokens, logger: kit.logger,
            deadLetters: kit.metrics.counter(
                "outbox_dead_letters_total", help: "Events given up after repeated refusals.", labels: labels),
            delivered: kit.metrics.counter("outbox_delivered_total", help: "Events delivered.", labels: labels),
            chaos: kit.chaos)
        return Job(name: "RelayOutbox-\(consumer)", every: .seconds(1), wakeOn: "outbox") { _ in
            try await relay.run()
        }
    }

    private static let reaper = Job(name: "ReapKitTables", every: .seconds(60)) { kit in
        let keys = try await kit.database.execute(
            ReapIdempotencyKeys(retentionSeconds: Idempotency.retentionSeconds, limit: reapMax))
        let events = try await kit.database.execute(
            ReapOutbox(retentionSeconds: outboxRetentionSeconds, limit: reapMax))
        let notes = try await kit.database.execute(
            ReapInbox(retentionSeconds: Inbox.retentionSeconds, limit: reapMax))
        return max(keys, events, notes) >= Int(reapMax) ? .more : .idle
    }

    private static let keyRotation = Job(name: "RotateSigningKeys", every: .seconds(30)) { kit in
        try await kit.tokens.refreshKeys()
        return .idle
    }

    private static func backlog(_ kit: Toolkit, consumers: [String]) -> Job {
        let gauges = consumers.map { BacklogGauges(consumer: $0, metrics: kit.metrics) }
        return Job(name: "MeasureOutbox", every: .seconds(15)) { kit in
            let lines = try await kit.database.all(OutboxBacklog())
            for gauge in gauges { gauge.show(lines.first { $0.consumer == gauge.consumer }) }
            return .idle
        }
    }
}

/// What waits for one consumer, as metrics.
private struct BacklogGauges: Sendable {
    let consumer: String
    private let pending: Gauge
    private let oldest: Gauge
    private let dead: Gauge

    init(consumer: String, metrics: Metrics) {
        self.consumer = consumer
        let labels = [("consumer", consumer)]
        pending = metrics.gauge("outbox_pending", help: "Events that wait for delivery.", labels: labels)
        oldest = metrics.gauge("outbox_oldest_seconds", help: "Age of the oldest waiting event.", labels: labels)
        dead = metrics.gauge("outbox_dead_letters", help: "Events given up.", labels: labels)
    }

    /// No line means that nothing waits.
    func show(_ line: OutboxBacklog.Line?) {
        pending.set(Int(line?.pending ?? 0))
        oldest.set(Int(line?.oldestSeconds ?? 0))
        dead.set(Int(line?.dead ?? 0))
    }
}
