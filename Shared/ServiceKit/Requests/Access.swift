public import HTTPServer
import Models

/// Who may call a route. Every route names one; the pipeline enforces it before the handler runs.
public enum Access: Sendable {
    /// Anyone, for reads only: a write with this rule stops the start.
    case `public`
    /// Any person with a valid token. The handler still checks that the object is theirs (404 when not).
    case user
    /// A person who works for the store named by the path parameter, or an operator. Others get 403.
    case staff(parameter: String, role: StaffRole = .clerk)
    /// A platform operator.
    case platformOperator
    /// One of these services.
    case service([String])
    /// Anyone with a valid token, person or service.
    case anyCaller
    /// Anyone; a valid token is honoured, a wrong one refused. For reads only.
    case optional
    /// The handler verifies the signature of a payment gateway before it does anything.
    case gatewaySignature
    /// The request carries the credentials themselves (a sign-in); the handler verifies them and limits tries.
    case credentials
    /// An authentication of the service's own, such as the storefront's session cookie.
    case authenticated(by: Authenticator)

    /// Whether the caller must be found out before the handler runs.
    var needsProof: Bool {
        switch self {
        case .public, .gatewaySignature, .credentials: false
        default: true
        }
    }

    /// Whether the rule may stand on a route that changes something.
    var allowsWrites: Bool {
        switch self {
        case .public, .optional: false
        default: true
        }
    }
}

/// Finds out who calls, in a service's own way.
public struct Authenticator: Sendable {
    /// The caller.
    ///
    /// - Throws: `ProblemError` 401 or 403 (``KitProblems``) when the request proves nobody it accepts.
    public let authenticate: @Sendable (Request) async throws -> Caller

    public init(_ authenticate: @escaping @Sendable (Request) async throws -> Caller) {
        self.authenticate = authenticate
    }
}
