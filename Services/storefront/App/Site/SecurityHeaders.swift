import HTTPCore
import HTTPServer

/// The headers that every page carries.
struct SecurityHeaders: Sendable {
    private let policy: String

    /// - Parameter cashierOrigins: where a form may lead by way of a redirect; browsers check those too.
    init(cashierOrigins: [String]) {
        let forms = (["'self'"] + cashierOrigins).joined(separator: " ")
        policy =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            + "form-action \(forms); base-uri 'none'; frame-ancestors 'none'"
    }

    func add(to response: inout Response) {
        response.headers.set("content-security-policy", policy)
        response.headers.set("x-content-type-options", "nosniff")
        response.headers.set("referrer-policy", "same-origin")
        response.headers.set("permissions-policy", "geolocation=(self), camera=(), microphone=()")
        response.headers.set("cross-origin-opener-policy", "same-origin")
    }
}
