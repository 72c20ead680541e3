import Crypto
import JSON

/// An issuer without a database: a key in memory, its published form, and tokens of any claims, right or wrong.
/// For tests and tools; services use ``Tokens``.
public struct TokenMint: Sendable {
    /// The name of the key.
    public let kid: String
    private let key: P256PrivateKey
    private let point: [UInt8]

    /// An issuer with a fresh key.
    public init(kid: String) throws {
        self.kid = kid
        key = try P256PrivateKey.generate()
        point = try key.publicKey.x963Representation
    }

    /// Signs `claims` as they are.
    public func token(_ claims: TokenClaims) throws -> String { try Tokens.sign(claims, kid: kid, key: key) }

    /// Signs a token with a header and claims given as JSON text (broken tokens for tests).
    public func token(header: String, claims: String) throws -> String {
        let signed = Base64URL.encode([UInt8](header.utf8)) + "." + Base64URL.encode([UInt8](claims.utf8))
        return signed + "." + Base64URL.encode(try key.sign([UInt8](signed.utf8)))
    }

    /// The body of `/.well-known/jwks.json` for these issuers' keys.
    public static func published(_ mints: [TokenMint]) -> [UInt8] {
        JSON.encode(PublishedKeys(keys: mints.map(\.published)))
    }

    private var published: PublishedKey {
        PublishedKey(
            keyID: kid, x: Base64URL.encode(Array(point[1..<33])), y: Base64URL.encode(Array(point[33..<65])))
    }
}
