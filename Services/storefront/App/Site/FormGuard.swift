import Crypto
import HTTPCore
import HTTPServer

/// Refuses forms that this site did not make for this browser (cross-site request forgery).
///
/// Three fences, each enough alone against the browsers of today: SameSite=Lax cookies, the Origin of the request,
/// and a token in every form, which is an HMAC over the secret of the session (or of the guest's cookie), so a token
/// of another session is worthless.
struct FormGuard: Sendable {
    private let key: [UInt8]

    init(rootKey: [UInt8]) {
        key = Array(HMACSHA256.authenticate(Array("linli storefront form tokens v1".utf8), key: rootKey))
    }

    func token(for binding: String) -> String {
        Base64URL.encode(Array(HMACSHA256.authenticate(Array(binding.utf8), key: key)))
    }

    func isGenuine(_ token: String, for binding: String) -> Bool {
        !binding.isEmpty && ConstantTime.equals(Array(token.utf8), Array(self.token(for: binding).utf8))
    }

    /// Whether the request comes from a page of this site, by what the browser says of its origin.
    ///
    /// `Sec-Fetch-Site` and `Origin` cannot be set by a page. A browser sends at least one of them with a form; a
    /// request with neither is no browser's and has only the token to prove itself.
    static func isSameOrigin(_ headers: HTTPHeaders, authority: String?) -> Bool {
        if let site = headers["sec-fetch-site"], site != "same-origin", site != "none" { return false }
        guard let origin = headers["origin"] else { return true }
        guard let host = headers["host"] ?? authority else { return false }
        return origin == "http://\(host)" || origin == "https://\(host)"
    }
}
