/// A cookie to set. Every cookie of ours is HttpOnly and SameSite=Lax: no script reads one, no other site sends one
/// with a form.
struct SetCookie: Sendable {
    let name: StaticString
    let value: String
    /// Seconds; 0 deletes it.
    let maxAge: Int

    func header(isSecure: Bool) -> String {
        "\(name)=\(value); Path=/; Max-Age=\(maxAge); HttpOnly; SameSite=Lax" + (isSecure ? "; Secure" : "")
    }
}

/// The names of our cookies.
enum CookieName {
    static let session: StaticString = "linli_session"
    /// Binds form tokens of people who are not signed in.
    static let guest: StaticString = "linli_guest"
    /// `crt_….3`: the cart of this browser and how many things are in it.
    static let cart: StaticString = "linli_cart"
    static let language: StaticString = "linli_lang"
    /// One year, in seconds.
    static let year = 31_536_000
}

/// The cookies of a request (RFC 6265 section 4.2.1).
struct Cookies: Sendable {
    private let headers: [String]

    init(_ headers: [String]) { self.headers = headers }

    subscript(_ name: StaticString) -> String? {
        guard !headers.isEmpty else { return nil }
        let wanted = name.description
        for header in headers {
            for pair in header.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                guard let equals = pair.firstIndex(of: "=") else { continue }
                if pair[..<equals] == wanted { return String(pair[pair.index(after: equals)...]) }
            }
        }
        return nil
    }
}
