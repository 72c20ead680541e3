import Clients
import EventLoop
import HTTPCore
import HTTPServer
import Models
import ServiceKit

/// A request for a page, and what is known about who looks.
struct Visit: Sendable {
    let request: Request
    let language: Language
    let viewer: Viewer?
    /// The session's token for neighbours, when someone is signed in.
    let token: String?
    /// What form tokens are bound to: the session's secret, the guest's cookie, or a new guest's.
    let binding: String
    /// Whether `binding` is new and must be set when the page holds a form.
    let isNewGuest: Bool
    let cart: CartCookie?
    let address: String
    let now: Timestamp

    /// Whether nothing is known of who looks but a language.
    var isByStranger: Bool { viewer == nil && cart == nil }

    /// What calls to neighbours inherit.
    var context: CallContext { request.callContext }

    /// A secret cookie's SHA-256, for replacing the session at sign-in.
    var sessionSecret: String? { cookies[CookieName.session] }

    var cookies: Cookies { Cookies(request.headers.all("cookie")) }

    /// Whose rights calls carry. For routes that need a person.
    func authority() throws -> Authority {
        guard let token else { throw SignInNeeded() }
        return .user(token: token)
    }
}

/// The page needs somebody who is signed in.
struct SignInNeeded: Error {}

/// The cart of this browser: its id, which is its key, and how many things are in it for the sign in the frame.
struct CartCookie: Sendable, Equatable {
    let id: CartID
    let count: Int

    init(id: CartID, count: Int) {
        self.id = id
        self.count = count
    }

    init?(_ text: String) {
        let parts = text.split(separator: ".")
        guard parts.count == 2, let id = CartID(parts[0]), let count = Int(parts[1]), (0...99_999).contains(count)
        else { return nil }
        self.init(id: id, count: count)
    }

    var cookie: SetCookie { SetCookie(name: CookieName.cart, value: "\(id).\(count)", maxAge: 86_400 * 14) }

    static let none = SetCookie(name: CookieName.cart, value: "", maxAge: 0)
}

/// What a page handler answers with.
struct Reply: Sendable {
    enum Content: Sendable {
        case page(WebPage)
        /// A page made before, for somebody who is not signed in and has no cart.
        case prepared(PreparedPage)
        case redirect(Link)
    }

    var content: Content
    var status = HTTPStatus.ok
    var cookies: [SetCookie] = []
    /// The cart as the page shows it, when the browser's cookie may say something else: nil inside is "none".
    var cart: CartCookie??

    static func page(_ page: WebPage, status: HTTPStatus = .ok) -> Reply { Reply(content: .page(page), status: status) }

    /// 303: the browser fetches the place with GET, so that reloading does not send the form again.
    static func redirect(_ link: Link, cookies: [SetCookie] = []) -> Reply {
        Reply(content: .redirect(link), status: .seeOther, cookies: cookies)
    }
}
