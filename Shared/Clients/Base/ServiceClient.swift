public import HTTPClient
public import HTTPCore
public import JSON
public import Models
public import ServiceKit

/// Whose rights a call carries.
public enum Authority: Sendable {
    /// This service's own.
    case service
    /// This service's own, acting for a person (header `on-behalf-of`).
    case serviceFor(AccountID)
    /// A person's: their token is passed on as it came.
    case user(token: String)
    /// Nobody's: public reads.
    case none
}

/// Why a call to a neighbour gave no answer.
public enum ServiceClientError: Error, Sendable {
    /// The neighbour answered with a problem.
    case problem(Problem)
    /// The neighbour did not get the request, or could not serve it: nothing was done, or the call was safe to repeat.
    case unavailable(service: String)
    /// The neighbour may or may not have done it: ask again under the same key.
    case outcomeUnknown(service: String)
    /// The answer is not what the contract says.
    case unreadable(service: String, status: Int)

    /// The neighbour's problem code, if it answered with one.
    public var problemCode: String? {
        if case .problem(let problem) = self { problem.code } else { nil }
    }
}

/// The base of the typed clients: address, token, trace, deadline, problems and JSON in one place.
///
/// A typed client wraps it:
///
/// ```swift
/// public struct CatalogClient: Sendable {
///     let base: ServiceClient
///     public init(kit: Toolkit) { base = ServiceClient("catalog", kit: kit) }
///     public func store(_ id: StoreID, _ context: CallContext) async throws(ServiceClientError) -> Store {
///         try await base.get(CatalogAPI.store.path(id), context, authority: .none)
///     }
/// }
/// ```
public struct ServiceClient: Sendable {
    /// The called service's name, for errors.
    public let service: String
    private let url: String
    private let http: HTTPClient
    private let serviceToken: @Sendable () throws -> String

    /// A client of `service`, which the caller names among its neighbours.
    public init(_ service: String, kit: Toolkit) {
        let tokens = kit.tokens
        self.init(service, url: kit.url(of: service), http: kit.http) { try tokens.serviceToken() }
    }

    /// A client of the service at `url` (tools and tests).
    public init(
        _ service: String, url: String, http: HTTPClient, serviceToken: @escaping @Sendable () throws -> String
    ) {
        self.service = service
        self.url = url
        self.http = http
        self.serviceToken = serviceToken
    }

    /// Reads. Repeated by the client when the connection fails.
    public func get<Answer: JSONReadable>(
        _ path: String, as type: Answer.Type = Answer.self, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Answer {
        try decode(try await send(.get, path, body: nil, context, authority: authority, idempotencyKey: nil))
    }

    /// Writes and reads the answer. With a key (or a body that is its own key) the client may repeat it.
    public func send<Answer: JSONReadable>(
        _ method: HTTPMethod, _ path: String, _ body: some JSONWritable, as type: Answer.Type = Answer.self,
        _ context: CallContext, authority: Authority, idempotencyKey: String? = nil, isRepeatable: Bool = false
    ) async throws(ServiceClientError) -> Answer {
        try decode(
            try await send(
                method, path, body: JSON.encode(body), context, authority: authority, idempotencyKey: idempotencyKey,
                isRepeatable: isRepeatable))
    }

    /// The raw exchange: any 2xx or 304 answer, or an error.
    ///
    /// - Parameter isRepeatable: the write may safely arrive twice (it has its own identity in the body).
    public func send(
        _ method: HTTPMethod, _ path: String, body: [UInt8]?, _ context: CallContext, authority: Authority,
        idempotencyKey: String? = nil, isRepeatable: Bool = false, headers extra: HTTPHeaders = HTTPHeaders()
    ) async throws(ServiceClientError) -> ClientResponse {
        let isSafe = method == .get || method == .head || isRepeatable || idempotencyKey != nil
        let response: ClientResponse
        do {
            var headers = extra
            headers.set("accept", "application/json")
            if body != nil { headers.set("content-type", "application/json") }
            if let idempotencyKey { headers.set("idempotency-key", idempotencyKey) }
            try authorize(&headers, authority)
            context.write(to: &headers)
            response = try await http.send(
                ClientRequest(
                    method: method, url: url + path, headers: headers, body: body ?? [], deadline: context.deadline,
                    idempotent: isSafe))
        } catch {
            let isUndone = (error as? HTTPClientError)?.isCertainlyUndone ?? true
            throw isSafe || isUndone ? .unavailable(service: service) : .outcomeUnknown(service: service)
        }
        if (200..<300).contains(response.status.code) || response.status.code == 304 { return response }
        guard let problem = try? JSON.decode(Problem.self, from: response.body, mode: .lenient) else {
            throw response.status.code >= 500
                ? .unavailable(service: service) : .unreadable(service: service, status: response.status.code)
        }
        // 502, 503, 504: the neighbour says itself that it did not do it.
        throw (502...504).contains(response.status.code) ? .unavailable(service: service) : .problem(problem)
    }

    private func authorize(_ headers: inout HTTPHeaders, _ authority: Authority) throws {
        switch authority {
        case .none: break
        case .user(let token): headers.set("authorization", "Bearer " + token)
        case .service: headers.set("authorization", "Bearer " + (try serviceToken()))
        case .serviceFor(let account):
            headers.set("authorization", "Bearer " + (try serviceToken()))
            headers.set("on-behalf-of", account.description)
        }
    }

    /// What an answer says, in the neighbour's own newer words too.
    func decode<Answer: JSONReadable>(_ response: ClientResponse) throws(ServiceClientError) -> Answer {
        do {
            return try JSON.decode(Answer.self, from: response.body, mode: .lenient)
        } catch {
            throw .unreadable(service: service, status: response.status.code)
        }
    }
}
