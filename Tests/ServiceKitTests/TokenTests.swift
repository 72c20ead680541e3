import Crypto
import EventLoop
import JSON
import Models
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import ServiceKit

/// A wall clock that a test turns by hand.
private final class HandClock: Sendable {
    private let micros = Mutex<Int64>(1_700_000_000_000_000)
    var clock: WallClock { WallClock { Timestamp(microseconds: self.micros.withLock { $0 }) } }
    var seconds: Int64 { micros.withLock { $0 } / 1_000_000 }
    func advance(_ seconds: Int64) { micros.withLock { $0 += seconds * 1_000_000 } }
}

@Suite(.timeLimit(.minutes(1))) struct TokenTests {
    private let account = AccountID.make(at: Timestamp(microseconds: 1_700_000_000_000_000))
    private let time = HandClock()

    private func verifier(_ test: TestDatabase, trusting mints: [TokenMint]) async throws -> Tokens {
        let keys = SigningKeys(
            database: test.database, encryptionKey: Redacted([UInt8](repeating: 7, count: 32)),
            logger: Logger(service: "orders", level: .error))
        let issuer = IssuerKeys {
            try JSON.decode(PublishedKeys.self, from: TokenMint.published(mints), mode: .lenient)
        }
        let tokens = Tokens(
            service: "orders", keys: keys, issuers: ["storefront": issuer, "catalog": issuer], clock: time.clock)
        try await tokens.refreshKeys()
        return tokens
    }

    private func claims(_ change: (inout TokenClaims) -> Void = { _ in }) -> TokenClaims {
        var claims = TokenClaims(
            issuer: "storefront", subject: account.description, issuedAt: time.seconds, expiresAt: time.seconds + 300)
        change(&claims)
        return claims
    }

    @Test func `a good token proves the person with stores and roles`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            let mint = try TokenMint(kid: "k1")
            let tokens = try await verifier(test, trusting: [mint])
            let store = StoreID.make(at: Timestamp(microseconds: 1_700_000_000_000_000))
            let token = try mint.token(claims { $0.stores = [store: .manager] })
            let expected = Caller.user(account, stores: [store: .manager], operator: false)
            let value1 = try await tokens.verify(token)
            #expect(value1 == expected)
            let value2 = try await tokens.verify(token)
            #expect(value2 == expected, "from the cache")
            time.advance(301)
            await #expect(throws: TokenError.expired) { try await tokens.verify(token) }
        }
    }

    @Test func `every broken token is refused for its own reason`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            let mint = try TokenMint(kid: "k1")
            let stranger = try TokenMint(kid: "k1")
            let unknown = try TokenMint(kid: "k9")
            let tokens = try await verifier(test, trusting: [mint])
            let good = try mint.token(claims())
            let body = String(decoding: JSON.encode(claims()), as: UTF8.self)
            let parts = good.split(separator: ".").map(String.init)
            let unsigned = Base64URL.encode([UInt8](#"{"alg":"none"}"#.utf8)) + "." + parts[1] + "."
            let cases: [(String, TokenError)] = [
                (unsigned, .unsupportedAlgorithm),
                (try mint.token(header: #"{"alg":"HS256","kid":"k1"}"#, claims: body), .unsupportedAlgorithm),
                (try mint.token(header: #"{"alg":"es256","kid":"k1"}"#, claims: body), .unsupportedAlgorithm),
                (try stranger.token(claims()), .badSignature),
                (try unknown.token(claims()), .unknownKey),
                (String(good.dropLast(10)), .badSignature),
                (parts[0] + "." + parts[1], .malformed),
                (good + ".x", .malformed),
                ("", .malformed),
                (String(repeating: "a", count: 10_000), .malformed),
                (parts[0] + "." + Base64URL.encode([UInt8](body.replacing("300", with: "301").utf8)) + "." + parts[2],
                    .badSignature),
                (try mint.token(claims { $0.expiresAt = $0.issuedAt - 1; $0.issuedAt -= 10 }), .expired),
                (try mint.token(claims { $0.issuedAt += 31; $0.expiresAt += 31 }), .notYetValid),
                (try mint.token(claims { $0.expiresAt += 1 }), .badLifetime),
                (try mint.token(claims { $0.expiresAt = .max; $0.issuedAt = .min }), .badLifetime),
                (try mint.token(claims { $0.audience = "other" }), .wrongAudience),
                (try mint.token(claims { $0.issuer = "evil" }), .unknownIssuer),
                (try mint.token(claims { $0.issuer = "catalog" }), .wrongSubject),
                (try mint.token(claims { $0.subject = "catalog" }), .wrongSubject),
            ]
            for (token, expected) in cases {
                await #expect(throws: expected, "\(expected)") { try await tokens.verify(token) }
            }
            let value3 = try await tokens.verify(good)
            #expect(value3 == .user(account, stores: [:], operator: false))
        }
    }

    @Test func `a key that appears later is fetched, a flood of unknown names is not passed on`() async throws {
        let fetches = Mutex(0)
        let mints = Mutex<[TokenMint]>([])
        let issuer = IssuerKeys {
            fetches.withLock { $0 += 1 }
            return try JSON.decode(
                PublishedKeys.self, from: TokenMint.published(mints.withLock { $0 }), mode: .lenient)
        }
        let mint = try TokenMint(kid: "k1")
        mints.withLock { $0 = [mint] }
        _ = try await issuer.key("k1")
        for number in 0..<50 { await #expect(throws: TokenError.unknownKey) { try await issuer.key("no\(number)") } }
        #expect(fetches.withLock { $0 } == 1)
    }

    @Test func `keys that cannot be fetched are not the caller's fault, and the next request tries again`()
        async throws
    {
        struct Down: Error {}
        let isDown = Mutex(true)
        let mint = try TokenMint(kid: "k1")
        let issuer = IssuerKeys {
            if isDown.withLock({ $0 }) { throw Down() }
            return try JSON.decode(PublishedKeys.self, from: TokenMint.published([mint]), mode: .lenient)
        }
        await #expect(throws: TokenError.keysUnavailable) { try await issuer.key("k1") }
        isDown.withLock { $0 = false }
        _ = try await issuer.key("k1")
    }

    @Test func `keys rotate: published before they sign, gone after their last token`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            let first = try await verifier(test, trusting: [])
            let second = try await verifier(test, trusting: [])
            #expect(first.published == second.published, "replicas share one first key")
            let old = try first.serviceToken()
            let value4 = try await second.verify(old)
            #expect(value4 == .service("orders", onBehalfOf: nil))
            time.advance(SigningKeys.rotationSeconds)
            try await first.refreshKeys()
            #expect(first.published.keys.count == 2)
            let stillOld = try first.serviceToken()
            #expect(Self.kid(stillOld) == Self.kid(old), "the new key is published, not used")
            try await second.refreshKeys()
            time.advance(SigningKeys.publicationLeadSeconds + 200)
            let new = try first.serviceToken()
            #expect(Self.kid(new) != Self.kid(old))
            let value5 = try await second.verify(new)
            #expect(value5 == .service("orders", onBehalfOf: nil))
            time.advance(SigningKeys.retirementSeconds)
            try await first.refreshKeys()
            #expect(first.published.keys.count == 1)
        }
    }

    @Test func `private keys are sealed in the database, and another sealing key makes a new one`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all) { test in
            let tokens = try await verifier(test, trusting: [])
            let stored = try await test.database.all(AllSigningKeys())
            #expect(stored.count == 1)
            #expect(stored[0].privateKeySealed.count > 32)
            let keys = SigningKeys(
                database: test.database, encryptionKey: Redacted([UInt8](repeating: 8, count: 32)),
                logger: Logger(service: "orders", level: .error) { _ in })
            time.advance(SigningKeys.publicationLeadSeconds + 1)
            try await keys.refresh(at: time.clock.now())
            let value6 = try await test.database.all(AllSigningKeys()).count
            #expect(value6 == 2)
            #expect(keys.published.keys.count == 2)
            #expect(keys.current(at: time.clock.now())?.kid != nil)
            #expect(tokens.published.keys.count == 1)
        }
    }

    private static func kid(_ token: String) -> String? {
        guard let header = token.split(separator: ".").first, let bytes = Base64URL.decode(String(header)) else {
            return nil
        }
        return try? JSON.decode(TokenHeader.self, from: bytes, mode: .lenient).keyID
    }
}
