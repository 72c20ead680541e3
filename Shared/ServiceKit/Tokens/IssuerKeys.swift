import Crypto
import EventLoop
import HTTPClient
import HTTPCore
import JSON

/// The published keys of one issuer, cached; fetched again when a token names a key that is not known.
final class IssuerKeys: Sendable {
    /// Five seconds: how often strangers with invented key names may make us ask the issuer.
    private static let refetchInterval = Duration.seconds(5)
    /// Five minutes: a key that the issuer withdrew is trusted no longer than this.
    private static let freshness = Duration.seconds(300)
    private static let fetchDeadline = Duration.seconds(3)

    private struct State {
        var keys: [String: P256PublicKey] = [:]
        var fetchedAt: Instant?
        var triedAt: Instant?
        var isFetching = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private enum Step {
        case found(P256PublicKey)
        case unknown
        case fetch
        case wait
    }

    private let fetch: @Sendable () async throws -> PublishedKeys
    private let state = Locked(State())

    /// - Parameter fetch: gets the issuer's keys over HTTP.
    init(fetch: @escaping @Sendable () async throws -> PublishedKeys) { self.fetch = fetch }

    /// The keys at `url` + `/.well-known/jwks.json`.
    convenience init(url: String, http: HTTPClient) {
        self.init {
            let response = try await http.send(
                ClientRequest(
                    method: .get, url: url + "/.well-known/jwks.json", deadline: .now + Self.fetchDeadline))
            guard response.status == .ok else { throw TokenError.keysUnavailable }
            return try JSON.decode(PublishedKeys.self, from: response.body, mode: .lenient)
        }
    }

    /// The key named `kid`.
    func key(_ kid: String) async throws(TokenError) -> P256PublicKey {
        switch step(kid, mayFetch: true) {
        case .found(let key): return key
        case .unknown: throw .unknownKey
        case .fetch: await refetch()
        case .wait: await othersFetch()
        }
        switch step(kid, mayFetch: false) {
        case .found(let key): return key
        case .unknown, .fetch, .wait:
            throw state.withLock { $0.fetchedAt == nil } ? .keysUnavailable : .unknownKey
        }
    }

    private func step(_ kid: String, mayFetch: Bool) -> Step {
        state.withLock { state in
            let now = Instant.now
            let isFresh = state.fetchedAt.map { now - $0 < Self.freshness } ?? false
            let wasTried = state.triedAt.map { now - $0 < Self.refetchInterval } ?? false
            if let key = state.keys[kid] {
                // An issuer that is away must not slow down everyone whose key is known: one try now and then.
                guard mayFetch, !isFresh, !wasTried, !state.isFetching else { return .found(key) }
            } else {
                guard mayFetch else { return .unknown }
                if state.isFetching { return .wait }
                // Keys that were fetched just now do not have it; a fetch that failed is tried again at once.
                if wasTried, isFresh { return .unknown }
            }
            state.isFetching = true
            state.triedAt = now
            return .fetch
        }
    }

    private func refetch() async {
        // A failed fetch keeps the keys we have; the next unknown name tries again.
        let fetched = try? await fetch()
        let waiting = state.withLock { state in
            if let fetched {
                state.keys = [:]
                for key in fetched.keys {
                    if let parsed = Self.parse(key) { state.keys[key.keyID] = parsed }
                }
                state.fetchedAt = .now
            }
            state.isFetching = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    private func othersFetch() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state -> Bool in
                guard state.isFetching else { return true }
                state.waiting.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    private static func parse(_ key: PublishedKey) -> P256PublicKey? {
        guard let x = Base64URL.decode(key.x), let y = Base64URL.decode(key.y), x.count == 32, y.count == 32 else {
            return nil
        }
        // A key that is no point of the curve verifies nothing.
        return try? P256PublicKey(x963Representation: [0x04] + x + y)
    }
}
