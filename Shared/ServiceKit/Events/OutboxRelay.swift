import EventLoop
import HTTPClient
import HTTPCore
import JSON
import Models
import Postgres

/// Delivers one consumer's events: leases shards, posts a batch, writes down what became of it.
///
/// Delivery is at least once: a relay that dies between the post and the note leaves the events undelivered, the
/// lease runs out, and the next relay posts them again; the receiver's inbox drops what it knows. Order within an
/// aggregate holds because one shard has one holder, events go out by sequence, and nothing overtakes an event of
/// its aggregate that was refused.
struct OutboxRelay: Sendable {
    /// 200 events a post: about 100 KB, well under the receiver's body limit.
    static let batchMax = 200
    /// Three times the post's deadline, so that a holder that lives never loses its lease.
    static let leaseMilliseconds: Int64 = 30_000
    static let postDeadline = Duration.seconds(10)
    /// Eight refusals by the receiver (about a minute) make a dead letter. Failing to reach it never does.
    static let triesMax: Int64 = 8
    /// 2 s: how late at most a relay notices that its receiver is back.
    static let restMillisecondsMax: Int64 = 2_000

    let consumer: String
    let url: String
    let database: Database
    let http: HTTPClient
    let tokens: Tokens
    let logger: Logger
    let deadLetters: Counter
    let delivered: Counter
    let chaos: Chaos

    /// What the receiver made of one post.
    private enum Answer {
        case receipt([EventReceipt.Line])
        /// All of it was taken, without a receipt.
        case taken
        /// The post itself is at fault (4xx).
        case refused(Int)
        /// The receiver could not be reached, or could not serve.
        case unreachable(String)
    }

    /// One bounded batch.
    func run() async throws -> JobProgress {
        let leases = try await database.all(
            LeaseOutboxShards(consumer: consumer, leaseMilliseconds: Self.leaseMilliseconds))
        guard !leases.isEmpty else { return .idle }
        let pending = try await database.all(
            PendingOutboxEvents(consumer: consumer, shards: leases.map(\.shard), limit: Int64(Self.batchMax)))
        let due = Self.due(pending)
        guard !due.isEmpty else {
            try await settle(leases, Settlement())
            return .idle
        }
        let settlement = await deliver(due, failures: leases.map(\.failures).max() ?? 0)
        chaos.fault("after-delivery-before-mark")
        try await settle(leases, settlement)
        // Fewer than a full batch means that all was read; what came meanwhile has set the wake-up.
        return pending.count == Self.batchMax && !settlement.delivered.isEmpty ? .more : .idle
    }

    /// The events that may go now: none after one of its aggregate that still waits.
    static func due(_ pending: [PendingEvent]) -> [EventEnvelope] {
        var waiting: Set<String> = []
        return pending.compactMap { event in
            if !event.isDue { waiting.insert(event.envelope.aggregate) }
            return waiting.contains(event.envelope.aggregate) ? nil : event.envelope
        }
    }

    /// What to write down after a delivery.
    struct Settlement: Sendable {
        var delivered: [Int64] = []
        var refused: [OutboxRefusal] = []
        var restMilliseconds: Int64 = 0
    }

    private func deliver(_ events: [EventEnvelope], failures: Int64) async -> Settlement {
        switch await post(events) {
        case .taken: return Settlement(delivered: events.map(\.sequence))
        case .receipt(let lines): return Self.settlement(events, lines)
        case .unreachable(let error): return rest(after: failures, error)
        case .refused(let status):
            guard events.count > 1 else {
                return Settlement(refused: [.init(sequence: events[0].sequence, counts: true, error: "HTTP \(status)")])
            }
            return await deliverOneByOne(events, failures: failures)
        }
    }

    /// Finds the event that makes the receiver refuse the whole post.
    private func deliverOneByOne(_ events: [EventEnvelope], failures: Int64) async -> Settlement {
        var settlement = Settlement()
        var stopped: Set<String> = []
        let limit = Instant.now + Self.postDeadline
        for event in events where !stopped.contains(event.aggregate) {
            // The lease must outlive the last post; the rest stays for the next round.
            guard Instant.now < limit else { break }
            let step = await deliver([event], failures: failures)
            settlement.delivered += step.delivered
            settlement.refused += step.refused
            if step.delivered.isEmpty { stopped.insert(event.aggregate) }
            if step.restMilliseconds > 0 {
                settlement.restMilliseconds = step.restMilliseconds
                break
            }
        }
        return settlement
    }

    /// Reads a receipt: events without a line were not applied.
    static func settlement(_ events: [EventEnvelope], _ lines: [EventReceipt.Line]) -> Settlement {
        var settlement = Settlement()
        let outcomes = Dictionary(lines.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for event in events {
            switch outcomes[event.id]?.outcome {
            case .applied, .duplicate: settlement.delivered.append(event.sequence)
            case .rejected:
                let code = outcomes[event.id]?.code ?? "rejected"
                settlement.refused.append(.init(sequence: event.sequence, counts: true, error: code))
            case .failed, nil:
                settlement.refused.append(.init(sequence: event.sequence, counts: false, error: "failed"))
            case .blocked: break
            }
        }
        return settlement
    }

    private func rest(after failures: Int64, _ error: String) -> Settlement {
        let backOff = min(Self.restMillisecondsMax, 100 << min(failures, 5))
        // Half to whole, at random: replicas that failed together do not come back together.
        let jittered = Int64.random(in: backOff / 2...backOff)
        logger.warning("events could not be delivered", ("consumer", .string(consumer)), ("reason", .string(error)))
        return Settlement(restMilliseconds: jittered)
    }

    private func post(_ events: [EventEnvelope]) async -> Answer {
        do {
            var headers = HTTPHeaders()
            headers.set("content-type", "application/json")
            headers.set("authorization", "Bearer " + (try tokens.serviceToken()))
            let response = try await http.send(
                ClientRequest(
                    method: .post, url: url + "/v1/events", headers: headers,
                    body: JSON.encode(EventDelivery(events: events)), deadline: .now + Self.postDeadline,
                    idempotent: true))
            switch response.status.code {
            case 200 where !response.body.isEmpty:
                guard let receipt = try? JSON.decode(EventReceipt.self, from: response.body, mode: .lenient) else {
                    return .unreachable("the receipt cannot be read")
                }
                return .receipt(receipt.results)
            case 200..<300: return .taken
            // A receiver that is set up wrong, or busy: the events are not at fault, so they wait.
            case 401, 403, 404, 405, 408, 429: return .unreachable("HTTP \(response.status.code)")
            case 400..<500: return .refused(response.status.code)
            default: return .unreachable("HTTP \(response.status.code)")
            }
        } catch {
            return .unreachable(String(describing: type(of: error)))
        }
    }

    private func settle(_ leases: [OutboxLease], _ settlement: Settlement) async throws {
        let dead = try await database.one(
            SettleOutboxDelivery(
                consumer: consumer, leases: leases, delivered: settlement.delivered, refused: settlement.refused,
                triesMax: Self.triesMax, restMilliseconds: settlement.restMilliseconds))
        delivered.increment(by: settlement.delivered.count)
        guard dead > 0 else { return }
        deadLetters.increment(by: Int(dead))
        logger.error("events became dead letters", ("consumer", .string(consumer)), ("count", .int(dead)))
    }
}
