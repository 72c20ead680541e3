public import EventLoop
public import HTTPCore

/// A request to send.
public struct ClientRequest: Sendable {
    /// The method.
    public var method: HTTPMethod
    /// `http://host[:port]/path?query`.
    public var url: String
    /// Fields; `Host`, `Content-Length` and `Connection` are the client's.
    public var headers: HTTPHeaders
    /// The body; none is sent when empty, unless the method is one that has one.
    public var body: [UInt8]
    /// When the caller stops waiting, retries included.
    public var deadline: Instant
    /// Doing it twice is as good as once: a safe method, or a request with an idempotency key. Only such are retried.
    public var idempotent: Bool

    /// Makes a request. GET, HEAD, PUT, DELETE and OPTIONS are idempotent by definition (RFC 9110 section 9.2.2).
    public init(
        method: HTTPMethod, url: String, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [], deadline: Instant,
        idempotent: Bool = false
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.deadline = deadline
        self.idempotent = idempotent || [.get, .head, .put, .delete, .options].contains(method)
    }
}

/// An answer with its whole body.
public struct ClientResponse: Sendable {
    /// The status.
    public var status: HTTPStatus
    /// The fields.
    public var headers: HTTPHeaders
    /// The body.
    public var body: [UInt8]

    /// Makes an answer, for tests of callers.
    public init(status: HTTPStatus, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Why there is no answer.
public enum HTTPClientError: Error, Hashable, Sendable {
    /// The URL is not one this client can fetch.
    case invalidURL(String)
    /// The host has no address.
    case unresolvable(host: String)
    /// No connection could be made; nothing was sent. The code is an errno value.
    case refused(code: Int32)
    /// The deadline passed. The request may have been carried out.
    case timedOut
    /// The connection broke before the answer was complete. The request may have been carried out.
    case connectionLost
    /// The answer is not HTTP, or larger than allowed.
    case malformedResponse(String)
    /// The host failed again and again just now; nothing was sent.
    case circuitOpen
    /// Too many requests wait for this host; nothing was sent.
    case overloaded

    /// Whether the request certainly was not carried out.
    public var isCertainlyUndone: Bool {
        switch self {
        case .invalidURL, .unresolvable, .refused, .circuitOpen, .overloaded: true
        case .timedOut, .connectionLost, .malformedResponse: false
        }
    }
}

/// How the client behaves; every limit with its unit.
public struct HTTPClientOptions: Sendable {
    /// Connections to one host from one loop.
    public var connectionsPerHostMax = 64
    /// Requests that wait for one of them.
    public var waitingPerHostMax = 4_096
    /// For making a connection, in milliseconds.
    public var connectMilliseconds: Int64 = 2_000
    /// An unused connection is kept so long, in milliseconds: less than servers keep theirs.
    public var idleMilliseconds: Int64 = 20_000
    /// Tries after the first, for idempotent requests.
    public var retriesMax = 2
    /// Pause before the first retry, in milliseconds; doubled each time, with up to as much jitter on top.
    public var retryMilliseconds: Int64 = 20
    /// Failures in a row that open the circuit.
    public var failuresToOpen = 5
    /// How long it stays open before one request may try, in milliseconds.
    public var openMilliseconds: Int64 = 500
    /// Largest body that ``HTTPClient/send(_:)`` collects, in bytes.
    public var bodyBytesMax = 16 << 20

    /// The defaults.
    public init() {}
}
