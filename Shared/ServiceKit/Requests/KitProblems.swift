public import Models

/// A kind of problem for the page at `/problems/{code}`.
public struct ProblemKind: Sendable, Hashable {
    /// The stable code, `kebab` or `snake` as on the wire: `out_of_stock`.
    public let code: String
    /// The constant title.
    public let title: String
    /// The HTTP status it comes with.
    public let status: Int
    /// What it means and what the caller can do.
    public let meaning: String

    public init(code: String, title: String, status: Int, meaning: String) {
        self.code = code
        self.title = title
        self.status = status
        self.meaning = meaning
    }

    /// A problem of this kind.
    public func problem(_ detail: String, retryAfterSeconds: Int? = nil) -> Problem {
        Problem(
            code: code, title: title, status: status, detail: detail, retryAfterSeconds: retryAfterSeconds)
    }

    /// The same as an error to throw from a handler.
    public func error(_ detail: String, retryAfterSeconds: Int? = nil) -> ProblemError {
        ProblemError(problem(detail, retryAfterSeconds: retryAfterSeconds))
    }
}

/// The problems that every service may answer with.
public enum KitProblems {
    public static let unauthenticated = ProblemKind(
        code: "unauthenticated", title: "Not signed in", status: 401,
        meaning: "The request has no valid token. Sign in again, or fetch a new token.")
    public static let forbidden = ProblemKind(
        code: "forbidden", title: "Not allowed", status: 403,
        meaning: "The caller is known but may not do this.")
    public static let notFound = ProblemKind(
        code: "not_found", title: "Not found", status: 404,
        meaning: "There is no such thing, or it is not yours.")
    public static let invalidCursorKind = ProblemKind(
        code: "invalid_cursor", title: "Invalid cursor", status: 400,
        meaning: "The cursor was not made by this list. Start from the first page.")
    public static let idempotencyKeyMissing = ProblemKind(
        code: "idempotency_key_missing", title: "Idempotency-Key is missing", status: 400,
        meaning: "This request creates or moves something, so it needs an Idempotency-Key header.")
    public static let idempotencyKeyInvalid = ProblemKind(
        code: "idempotency_key_invalid", title: "Idempotency-Key is invalid", status: 400,
        meaning: "The key must have 1 to 255 visible ASCII characters.")
    public static let idempotencyKeyReused = ProblemKind(
        code: "idempotency_key_reused", title: "Idempotency-Key was used for another request", status: 422,
        meaning: "The key belongs to a request with another method, path or body. Use a new key.")
    public static let idempotencyKeyInUse = ProblemKind(
        code: "idempotency_key_in_use", title: "The same request is still running", status: 409,
        meaning: "A request with this key has not finished. Try again with the same key.")
    public static let tooManyRequestsKind = ProblemKind(
        code: "too_many_requests", title: "Too many requests", status: 429,
        meaning: "The limit was reached. Wait as long as Retry-After says.")
    public static let overloaded = ProblemKind(
        code: "overloaded", title: "Too busy", status: 503,
        meaning: "The service refused the request early to keep its speed. Nothing was done; try again.")
    public static let unavailable = ProblemKind(
        code: "unavailable", title: "Temporarily unavailable", status: 503,
        meaning: "Something this service needs cannot be reached. Repeat the request with the same key.")
    public static let deadlineExceeded = ProblemKind(
        code: "deadline_exceeded", title: "Took too long", status: 504,
        meaning: "The time that the caller allows is over. Repeat the request with the same key.")
    public static let invalidRequest = ProblemKind(
        code: "invalid_request", title: "Invalid request", status: 400,
        meaning: "The request cannot be read; `errors` names each place at fault.")
    public static let badRequest = ProblemKind(
        code: "bad_request", title: "Bad request", status: 400,
        meaning: "The bytes are no HTTP request, or more than the server takes. The status says which.")
    public static let malformedPath = ProblemKind(
        code: "malformed_path", title: "Malformed path", status: 400,
        meaning: "The path has a broken escape, a control character, an encoded slash or a dot segment.")
    public static let methodNotAllowed = ProblemKind(
        code: "method_not_allowed", title: "Method not allowed", status: 405,
        meaning: "There is something at this path, but not for this method; Allow names those there are.")
    public static let malformedJSON = ProblemKind(
        code: "malformed_json", title: "Malformed JSON", status: 400,
        meaning: "The body is not JSON (RFC 8259); `errors` names the place.")
    public static let contentTooLarge = ProblemKind(
        code: "content_too_large", title: "Content too large", status: 413,
        meaning: "The body has more bytes than this route takes.")
    public static let internalError = ProblemKind(
        code: "internal_error", title: "Internal error", status: 500,
        meaning: "A mistake of ours. It was logged under the request id.")

    /// All of the above.
    public static let kinds: [ProblemKind] = [
        unauthenticated, forbidden, notFound, invalidCursorKind, idempotencyKeyMissing, idempotencyKeyInvalid,
        idempotencyKeyReused, idempotencyKeyInUse, tooManyRequestsKind, overloaded, unavailable, deadlineExceeded,
        invalidRequest, badRequest, malformedPath, methodNotAllowed, malformedJSON, contentTooLarge, internalError,
    ]

    static var invalidCursor: ProblemError { invalidCursorKind.error("The cursor was not made by this list.") }

    /// 429 with `Retry-After`.
    public static func tooManyRequests(retryAfterSeconds: Int) -> ProblemError {
        tooManyRequestsKind.error("Too many tries. Wait \(retryAfterSeconds) s.", retryAfterSeconds: retryAfterSeconds)
    }
}
