/// How a request's body is delimited (RFC 9112 section 6).
public enum BodyFraming: Hashable, Sendable {
    case none
    case length(Int)
    case chunked
}

/// The head of a request, checked.
public struct RequestHead: Sendable {
    /// The method.
    public var method: HTTPMethod
    /// The path as sent, still percent-encoded, without the query; `*` for the asterisk form.
    public var path: String
    /// The query as sent, without the question mark; nil when there is none.
    public var rawQuery: String?
    /// 0 or 1: HTTP/1.0 or HTTP/1.1.
    public var minorVersion: Int
    /// All fields.
    public var headers: HTTPHeaders
    /// The authority the request is for: of the absolute form, else of `Host`; nil for HTTP/1.0 without it.
    public var authority: String?
    /// How the body is delimited.
    public var framing: BodyFraming
    /// Whether the connection may serve another request afterwards (RFC 9112 section 9.3).
    public var keepsAlive: Bool
    /// The client waits for `100 Continue` before it sends the body.
    public var expectsContinue: Bool
    /// Bytes of the message up to the body.
    public var byteCount: Int
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
