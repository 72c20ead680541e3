import HTTPCore
import HTTPServer
import Models

/// Proves who calls and whether the route lets them through.
struct TokenAuthenticator: Sendable {
    /// The account that a calling service acts for; believed only beside a service's token.
    static let onBehalfOfHeader = "on-behalf-of"

    /// nil only where there is no database to keep keys in (``BarePipeline``): then no token is believed.
    let tokens: Tokens?
    let logger: Logger
    let refusals: Counter

    /// The caller, if `access` lets them through.
    ///
    /// - Throws: 401 without a valid token, 403 with one that is not enough, 404 when the path names no store.
    func caller(of request: Request, _ access: Access) async throws -> Caller {
        switch access {
        case .public, .gatewaySignature, .credentials: return .anonymous
        case .authenticated(let authenticator): return try await authenticator.authenticate(request)
        case .optional:
            return request.headers["authorization"] == nil ? .anonymous : try await proven(request)
        case .anyCaller: return try await proven(request)
        case .user:
            let caller = try await proven(request)
            guard case .user = caller else { throw Self.forbidden("Only people may do this.") }
            return caller
        case .platformOperator:
            let caller = try await proven(request)
            guard caller.isOperator else { throw Self.forbidden("Only operators of the platform may do this.") }
            return caller
        case .service(let names):
            let caller = try await proven(request)
            guard case .service(let name, _) = caller, names.contains(name) else {
                throw Self.forbidden("This caller may not do this.")
            }
            return caller
        case .staff(let parameter, let role):
            let caller = try await proven(request)
            let store = try request.parameters.require(parameter, as: StoreID.self)
            guard caller.mayAct(for: store, as: role) else {
                throw Self.forbidden("Only staff of this store may do this.")
            }
            return caller
        }
    }

    private func proven(_ request: Request) async throws -> Caller {
        guard let header = request.headers["authorization"], let token = Self.bearer(header) else {
            throw KitProblems.unauthenticated.error("Send a token: Authorization: Bearer ….")
        }
        let caller: Caller
        do {
            guard let tokens else { throw TokenError.keysUnavailable }
            caller = try await tokens.verify(token)
        } catch TokenError.keysUnavailable {
            throw TokenError.keysUnavailable
        } catch {
            refusals.increment()
            // Which check failed is for us alone: it would help a forger.
            logger.debug("token refused", ("error.type", .errorType(error)))
            throw KitProblems.unauthenticated.error("The token is not valid. Fetch a new one.")
        }
        if case .service(let name, _) = caller, let account = request.headers[Self.onBehalfOfHeader] {
            guard let account = AccountID(account) else {
                throw KitProblems.invalidRequest.error("The header on-behalf-of names no account.")
            }
            return .service(name, onBehalfOf: account)
        }
        return caller
    }

    private static func forbidden(_ detail: String) -> ProblemError { KitProblems.forbidden.error(detail) }

    /// The token of an `Authorization` header; the scheme is not case-sensitive (RFC 9110, section 11.1).
    static func bearer(_ header: String) -> String? {
        guard header.utf8.count > 7, header.prefix(7).lowercased() == "bearer " else { return nil }
        return String(header.dropFirst(7))
    }
}
