public import Models
public import ServiceKit
import CLinux

/// Tokens for component tests: accepted by a service whose neighbours are ``FakeNeighbour``s, which publish this key
/// under every issuer's address.
public enum TestTokens {
    /// The key behind all test tokens of this process.
    public static let mint: TokenMint = {
        do { return try TokenMint(kid: "test") } catch { preconditionFailure("no test key: \(error)") }
    }()

    /// A person's token.
    public static func user(
        _ account: AccountID, stores: [StoreID: StaffRole] = [:], isOperator: Bool = false
    ) throws -> String {
        try mint.token(claims(issuer: "storefront", subject: account.description, stores, isOperator))
    }

    /// A service's token.
    public static func service(_ name: String) throws -> String {
        try mint.token(claims(issuer: name, subject: name, [:], false))
    }

    private static func claims(
        issuer: String, subject: String, _ stores: [StoreID: StaffRole], _ isOperator: Bool
    ) -> TokenClaims {
        let now = clinux_realtime_ns() / 1_000_000_000
        return TokenClaims(
            issuer: issuer, subject: subject, issuedAt: now, expiresAt: now + TokenClaims.lifetimeSecondsMax,
            stores: stores, isOperator: isOperator)
    }
}
