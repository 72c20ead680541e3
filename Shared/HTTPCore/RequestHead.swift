/// How a request's body is delimited (RFC 9112 section 6).
public enum BodyFraming: Hashable, Sendable {
    case none
    case length(Int)
    case chunked
}

/// The head of a request, checked.
public final class RequestHead: Sendable {
    /// The method.
    public let method: HTTPMethod
    /// The path as sent, still percent-encoded, without the query; `*` for the asterisk form.
    public let path: String
    /// The query as sent, without the question mark; nil when there is none.
    public let rawQuery: String?
    /// 0 or 1: HTTP/1.0 or HTTP/1.1.
    public let minorVersion: Int
    /// All fields.
    public let headers: HTTPHeaders
    /// The authority the request is for: of the absolute form, else of `Host`; nil for HTTP/1.0 without it.
    public let authority: String?
    /// How the body is delimited.
    public let framing: BodyFraming
    /// Whether the connection may serve another request afterwards (RFC 9112 section 9.3).
    public let keepsAlive: Bool
    /// The client waits for `100 Continue` before it sends the body.
    public let expectsContinue: Bool
    /// Bytes of the message up to the body.
    public let byteCount: Int

    /// A head of HTTP/1.1 that was not received: for tests of handlers.
    public convenience init(
        method: HTTPMethod, path: String, rawQuery: String?, headers: HTTPHeaders, authority: String?
    ) {
        self.init(
            method: method, path: path, rawQuery: rawQuery, minorVersion: 1, headers: headers, authority: authority,
            framing: .none, keepsAlive: true, expectsContinue: false, byteCount: 0)
    }

    init(
        method: HTTPMethod, path: String, rawQuery: String?, minorVersion: Int, headers: HTTPHeaders,
        authority: String?, framing: BodyFraming, keepsAlive: Bool, expectsContinue: Bool, byteCount: Int
    ) {
        self.method = method
        self.path = path
        self.rawQuery = rawQuery
        self.minorVersion = minorVersion
        self.headers = headers
        self.authority = authority
        self.framing = framing
        self.keepsAlive = keepsAlive
        self.expectsContinue = expectsContinue
        self.byteCount = byteCount
    }
}

/// Why a request is refused before anybody looks at what it wants. The connection is closed after the answer.
public struct RequestRefusal: Error, Hashable, Sendable {
    /// The status to answer with.
    public var status: HTTPStatus
    /// What is wrong, for people.
    public var detail: String

    /// Makes a refusal.
    public init(_ status: HTTPStatus, _ detail: String) {
        self.status = status
        self.detail = detail
    }
}
