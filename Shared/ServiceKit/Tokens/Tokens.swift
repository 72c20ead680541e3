import Crypto
import EventLoop
import HTTPClient
import JSON
public import Models
import Postgres

/// Issues this service's ES256 tokens and verifies those of all services, offline.
///
/// People's tokens come from the storefront alone; any other service speaks only for itself. Issuers are known by
/// configuration (the neighbours' addresses), so a token cannot choose where its key is fetched from.
public struct Tokens: Sendable {
    /// The service that authenticates people.
    public static let userIssuer = "storefront"
    /// 30 s: how far the clocks of two machines may differ.
    private static let clockSkewSeconds: Int64 = 30
    /// 4 KiB: a token with a hundred stores still fits, and it must fit into a header.
    private static let tokenBytesMax = 4_096

    private let service: String
    private let keys: SigningKeys
    private let issuers: [String: IssuerKeys]
    private let cache = VerifiedTokenCache()
    private let ownToken = Locked<(text: String, renewAt: Int64)>(("", 0))
    private let clock: WallClock

    init(service: String, keys: SigningKeys, issuers: [String: IssuerKeys], clock: WallClock) {
        self.service = service
        self.keys = keys
        self.issuers = issuers
        self.clock = clock
    }

    private var nowSeconds: Int64 { clock.now().microseconds / 1_000_000 }

    /// A token that says "this is the service itself", for calls to neighbours. Cached for half its life.
    public func serviceToken() throws -> String {
        let now = nowSeconds
        let cached = ownToken.withLock { $0 }
        if cached.renewAt > now { return cached.text }
        let text = try issue(
            TokenClaims(
                issuer: service, subject: service, issuedAt: now, expiresAt: now + TokenClaims.lifetimeSecondsMax))
        ownToken.withLock { $0 = (text, now + TokenClaims.lifetimeSecondsMax / 2) }
        return text
    }

    /// A token for a person whom this service has authenticated (the storefront alone is believed).
    ///
    /// - Parameter lifetimeSeconds: at most ``TokenClaims/lifetimeSecondsMax``.
    public func userToken(
        _ account: AccountID, stores: [StoreID: StaffRole] = [:], isOperator: Bool = false,
        lifetimeSeconds: Int64 = TokenClaims.lifetimeSecondsMax
    ) throws -> String {
        let now = nowSeconds
        return try issue(
            TokenClaims(
                issuer: service, subject: account.description, issuedAt: now,
                expiresAt: now + min(lifetimeSeconds, TokenClaims.lifetimeSecondsMax), stores: stores,
                isOperator: isOperator))
    }

    /// Signs claims with the current key (RFC 7515 compact form).
    func issue(_ claims: TokenClaims) throws -> String {
        guard let active = keys.current(at: clock.now()) else { throw TokenError.keysUnavailable }
        return try Self.sign(claims, kid: active.kid, key: active.key)
    }

    static func sign(_ claims: TokenClaims, kid: String, key: P256PrivateKey) throws -> String {
        let header = Base64URL.encode(JSON.encode(TokenHeader(algorithm: "ES256", keyID: kid)))
        let signed = header + "." + Base64URL.encode(JSON.encode(claims))
        return signed + "." + Base64URL.encode(try key.sign([UInt8](signed.utf8)))
    }

    /// Whom a token proves. A token seen before costs a look-up.
    public func verify(_ token: String) async throws(TokenError) -> Caller {
        let now = nowSeconds
        if let caller = cache.caller(of: token, at: now) { return caller }
        let claims = try await claims(of: token, at: now)
        let caller = try Self.caller(of: claims)
        cache.insert(token, caller: caller, expiresAt: claims.expiresAt)
        return caller
    }

    private func claims(of token: String, at now: Int64) async throws(TokenError) -> TokenClaims {
        guard token.utf8.count <= Self.tokenBytesMax else { throw .malformed }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let headerBytes = Base64URL.decode(String(parts[0])),
            let claimBytes = Base64URL.decode(String(parts[1])),
            let signature = Base64URL.decode(String(parts[2]))
        else { throw .malformed }
        let header: TokenHeader = try Self.decode(headerBytes)
        // The algorithm is ours to fix, never the token's to choose (RFC 8725, section 3.1).
        guard header.algorithm == "ES256" else { throw .unsupportedAlgorithm }
        let claims: TokenClaims = try Self.decode(claimBytes)
        let key = try await verifyingKey(issuer: claims.issuer, kid: header.keyID)
        let signed = [UInt8](token.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count))
        guard signature.count == 64, key.isValidSignature(signature, for: signed) else { throw .badSignature }
        guard claims.audience == TokenClaims.audience else { throw .wrongAudience }
        guard claims.issuedAt <= now + Self.clockSkewSeconds else { throw .notYetValid }
        let lifetime = claims.expiresAt.subtractingReportingOverflow(claims.issuedAt)
        guard !lifetime.overflow, lifetime.partialValue > 0,
            lifetime.partialValue <= TokenClaims.lifetimeSecondsMax
        else { throw .badLifetime }
        guard claims.expiresAt > now else { throw .expired }
        return claims
    }

    private func verifyingKey(issuer: String, kid: String) async throws(TokenError) -> P256PublicKey {
        if issuer == service {
            guard let key = keys.verifyingKey(kid) else { throw .unknownKey }
            return key
        }
        guard let issuer = issuers[issuer] else { throw .unknownIssuer }
        return try await issuer.key(kid)
    }

    private static func decode<Value: JSONReadable>(_ bytes: [UInt8]) throws(TokenError) -> Value {
        do { return try JSON.decode(Value.self, from: bytes, mode: .lenient) } catch { throw .malformed }
    }

    private static func caller(of claims: TokenClaims) throws(TokenError) -> Caller {
        if let account = AccountID(claims.subject) {
            guard claims.issuer == userIssuer else { throw .wrongSubject }
            return .user(account, stores: claims.stores, operator: claims.isOperator)
        }
        guard claims.subject == claims.issuer else { throw .wrongSubject }
        return .service(claims.issuer, onBehalfOf: nil)
    }

    /// Loads and rotates the signing keys.
    func refreshKeys() async throws { try await keys.refresh(at: clock.now()) }

    /// The body of `/.well-known/jwks.json`.
    var published: PublishedKeys { keys.published }
}

/// Tokens that were verified and have not expired: verifying costs 60 us, finding 1.
///
/// Known by 128 bits of their SHA-256, so that a token takes some 80 bytes instead of 500 and none lies in memory.
private final class VerifiedTokenCache: Sendable {
    private struct Entry {
        let caller: Caller
        let expiresAt: Int64
    }
    /// 65,536 tokens are about 6 MB: everybody who buys in the same five minutes.
    private static let entriesMax = 65_536
    private let entries = Locked<[UUID128: Entry]>([:])

    func caller(of token: String, at now: Int64) -> Caller? {
        let digest = Self.digest(of: token)
        return entries.withLock { entries in
            guard let entry = entries[digest], entry.expiresAt > now else { return nil }
            return entry.caller
        }
    }

    func insert(_ token: String, caller: Caller, expiresAt: Int64) {
        let digest = Self.digest(of: token)
        entries.withLock { entries in
            // Full: forget everything rather than track ages; the live tokens come back at one verification each.
            if entries.count >= Self.entriesMax { entries.removeAll(keepingCapacity: true) }
            entries[digest] = Entry(caller: caller, expiresAt: expiresAt)
        }
    }

    private static func digest(of token: String) -> UUID128 {
        let hash = SHA256.hash([UInt8](token.utf8))
        func word(_ range: Range<Int>) -> UInt64 { hash[range].reduce(0) { $0 << 8 | UInt64($1) } }
        return UUID128(high: word(0..<8), low: word(8..<16))
    }
}
