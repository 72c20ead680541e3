import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import Models
import ServiceKit

/// Passes requests of the public API on to the service that owns them, with a short-lived token of the caller.
///
/// Bodies and answers go through as bytes: the shapes are the services' own, as are their problems. Nothing that a
/// client could use to pass for somebody else goes through; only the headers named here do.
struct Forwarding: Sendable {
    /// 1 MiB: an import of 2,000 stores is the largest body there is.
    private static let bodyBytesMax = 1 << 20
    private static let answerHeaders = [
        "content-type", "etag", "cache-control", "retry-after", "idempotency-replayed", "location", "vary",
        "content-disposition",
    ]

    /// Whose rights the neighbour sees.
    enum Rights: Sendable {
        /// Nobody's: public reads.
        case none
        /// The person's; 401 when nobody is signed in.
        case person
        /// The person's, or for guests the storefront's own: carts.
        case personOrGuest
    }

    let kit: Toolkit
    let callers: APICallers
    let sessions: Sessions

    func handler(_ service: String, _ rights: Rights) -> RouteHandler {
        let base = kit.url(of: service)
        return { request, _ in
            var request = request
            let token = try await token(request, rights)
            let body = request.method == .get ? [] : try await request.body.collect(upTo: Self.bodyBytesMax)
            let answer = try await kit.http.send(
                ClientRequest(
                    method: request.method == .head ? .get : request.method, url: base + Self.target(request),
                    headers: headers(request, token), body: body, deadline: request.deadline,
                    idempotent: request.method == .get || request.headers.contains("idempotency-key")))
            return Self.response(answer)
        }
    }

    private func token(_ request: Request, _ rights: Rights) async throws -> String? {
        switch rights {
        case .none:
            try callers.addressLimiter.require(callers.site.clientAddress(request))
            return nil
        case .person:
            return try sessions.token(for: try await callers.require(request))
        case .personOrGuest:
            if let viewer = try await callers.find(request) { return try sessions.token(for: viewer) }
            return try kit.tokens.serviceToken()
        }
    }

    private func headers(_ request: Request, _ token: String?) -> HTTPHeaders {
        var headers = HTTPHeaders()
        for name in ["content-type", "accept", "if-none-match", "idempotency-key", "accept-language"] {
            if let value = request.headers[name] { headers.set(name, value) }
        }
        if let token { headers.set("authorization", "Bearer " + token) }
        request.callContext.write(to: &headers)
        return headers
    }

    private static func response(_ answer: ClientResponse) -> Response {
        var headers = HTTPHeaders()
        for name in answerHeaders {
            if let value = answer.headers[name] { headers.set(name, value) }
        }
        headers.set("x-content-type-options", "nosniff")
        if headers["cache-control"] == nil { headers.set("cache-control", "no-store") }
        let isEmpty = answer.body.isEmpty || answer.status.forbidsBody
        return Response(status: answer.status, headers: headers, body: isEmpty ? .none : .bytes(answer.body))
    }

    /// The service's own path: ours without `/api`, and the query as it was understood.
    static func target(_ request: Request) -> String {
        var text = String(request.path.dropFirst(StorefrontAPI.prefix.count))
        var separator = "?"
        for (name, value) in request.query.pairs {
            text += separator + PathPattern.percentEncoded(name) + "=" + PathPattern.percentEncoded(value)
            separator = "&"
        }
        return text
    }
}
