public import HTTPCore
public import JSON
public import Models

/// An answer.
public struct Response: Sendable {
    /// What follows the head.
    public enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// Written piece by piece; the connection takes the next piece when the peer has room. When the closure throws,
        /// the answer is cut off, so that the peer sees it is incomplete.
        case stream(@Sendable (BodyWriter) async throws -> Void)
    }

    /// The status.
    public var status: HTTPStatus
    /// The fields; `Date`, `Content-Length`, `Transfer-Encoding` and `Connection` are the server's.
    public var headers: HTTPHeaders
    /// The body.
    public var body: Body

    /// Makes an answer.
    public init(status: HTTPStatus, headers: HTTPHeaders = HTTPHeaders(), body: Body = .none) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Bytes of a media type.
    public static func bytes(_ status: HTTPStatus, _ bytes: [UInt8], type: String) -> Response {
        Response(status: status, headers: ["content-type": type], body: .bytes(bytes))
    }

    /// JSON.
    public static func json(_ status: HTTPStatus, _ value: some JSONWritable) -> Response {
        bytes(status, JSON.encode(value), type: "application/json")
    }

    /// Plain text.
    public static func text(_ status: HTTPStatus, _ text: String) -> Response {
        bytes(status, Array(text.utf8), type: "text/plain; charset=utf-8")
    }

    /// A page.
    public static func html(_ status: HTTPStatus, _ page: [UInt8]) -> Response {
        bytes(status, page, type: "text/html; charset=utf-8")
    }

    /// To another address.
    public static func redirect(_ status: HTTPStatus = .seeOther, to location: String) -> Response {
        Response(status: status, headers: ["location": location])
    }

    /// Done, and nothing to say.
    public static let noContent = Response(status: .noContent)

    /// A problem (RFC 9457); with `Retry-After` when trying again makes sense.
    public static func problem(_ problem: Problem) -> Response {
        var response = bytes(HTTPStatus(problem.status), JSON.encode(problem), type: "application/problem+json")
        if let seconds = problem.retryAfterSeconds { response.headers.set("retry-after", String(seconds)) }
        return response
    }

    /// The answer to an error that a handler threw.
    public static func failure(_ error: any Error) -> Response {
        switch error {
        case let error as ProblemError: return problem(error.problem)
        case let error as JSONError:
            return problem(Problem(
                code: error.kind == .malformed ? "malformed_json" : "invalid_request", title: "Invalid request", status: 400,
                detail: "The value at \(error.pointer.isEmpty ? "the top" : error.pointer) \(error.message).",
                errors: [FieldError(pointer: error.pointer, code: error.kind.rawValue, detail: error.message)]))
        default:
            return problem(Problem(
                code: "internal_error", title: "Internal error", status: 500,
                detail: "Something went wrong here; it has been logged."))
        }
    }
}

/// Where the body of a streamed answer is written.
public struct BodyWriter: Sendable {
    let connection: ServerConnection

    /// Sends bytes, and returns when the kernel has taken them.
    ///
    /// - Throws: `PeerGone` when the peer left or stalls.
    public func write(_ bytes: [UInt8]) async throws {
        try await connection.writeBodyPart(bytes)
    }
}
