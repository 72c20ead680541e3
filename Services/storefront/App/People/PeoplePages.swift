import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// Signing in and out, the account, the language.
struct PeoplePages: Sendable {
    let site: Site
    let signIn: SignIn
    let sessions: Sessions

    func showSignIn(_ visit: Visit) async throws -> Reply {
        let back = Self.back(visit.request.query["return"] ?? "")
        if visit.viewer != nil { return .redirect(back) }
        return .page(
            SignInPage(step: .phone, typed: "", error: nil, back: back).page(site.context(visit)))
    }

    /// The first form: sends the code and shows the second form.
    func sendCode(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let back = Self.back(fields["return"])
        let typed = fields["phone"]
        let t = Words(language: visit.language)
        guard let phone = Phone(typed) else {
            let page = SignInPage(step: .phone, typed: typed, error: t[.badPhone].description, back: back)
            return .page(page.page(site.context(visit)), status: .unprocessableContent)
        }
        do {
            try await signIn.sendCode(
                to: phone, address: visit.address, language: visit.language, visit.context)
        } catch SignInError.wait(let seconds) {
            let page = SignInPage(step: .phone, typed: typed, error: t(.tooManyCodes, seconds), back: back)
            return .page(page.page(site.context(visit)), status: .tooManyRequests)
        }
        return .page(codePage(phone, error: nil, back).page(site.context(visit)))
    }

    private func codePage(_ phone: Phone, error: String?, _ back: Link) -> SignInPage {
        SignInPage(step: .code(phone: phone.text, masked: phone.masked), typed: "", error: error, back: back)
    }

    /// The second form: opens a session, ends the browser's former one, and goes back to where the person was.
    func openSession(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let back = Self.back(fields["return"])
        let t = Words(language: visit.language)
        guard let phone = Phone(fields["phone"]) else { throw PageProblem.unreadableForm }
        let code = fields["code"].filter { $0 != " " }
        guard SignInRules.isCode(code) else {
            return .page(
                codePage(phone, error: t[.codeFormat].description, back).page(site.context(visit)),
                status: .unprocessableContent)
        }
        do {
            let opened = try await signIn.open(
                phone, code: code, device: DeviceName.of(visit.request.headers["user-agent"]),
                replacing: visit.sessionSecret, deadline: visit.request.deadline)
            return .redirect(
                back,
                cookies: [
                    SetCookie(
                        name: CookieName.session, value: opened.secret,
                        maxAge: Int(site.configuration.sessionLifetimeSeconds)),
                    SetCookie(name: CookieName.guest, value: "", maxAge: 0),
                ])
        } catch let error as SignInError {
            let text = error == .locked ? t[.tooManyTries] : t[.badCode]
            return .page(
                codePage(phone, error: text.description, back).page(site.context(visit)),
                status: error == .locked ? .tooManyRequests : .unprocessableContent)
        }
    }

    func signOut(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        if let viewer = visit.viewer { try await sessions.end(viewer.sessionID, deadline: visit.request.deadline) }
        return .redirect("/", cookies: [SetCookie(name: CookieName.session, value: "", maxAge: 0), CartCookie.none])
    }

    func account(_ visit: Visit) async throws -> Reply {
        guard let viewer = visit.viewer else { throw SignInNeeded() }
        let devices = try await site.kit.database.all(
            SessionsOfAccount(
                accountID: viewer.accountID, now: visit.now, idleSeconds: site.configuration.sessionIdleSeconds),
            deadline: visit.request.deadline)
        return .page(AccountPage(viewer: viewer, devices: devices, now: visit.now).page(site.context(visit)))
    }

    func endOtherSessions(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        guard let viewer = visit.viewer else { throw SignInNeeded() }
        _ = try await site.kit.database.execute(
            EndOtherSessions(accountID: viewer.accountID, keep: viewer.sessionID, now: visit.now),
            deadline: visit.request.deadline)
        return .redirect("/account")
    }

    /// A preference, not a change of anything of worth: a link may set it.
    func language(_ visit: Visit) async throws -> Reply {
        guard let language = Language(rawValue: visit.request.parameters["language"] ?? "") else {
            throw KitProblems.notFound.error("There is no such language.")
        }
        return .redirect(
            Self.back(visit.request.query["return"] ?? ""),
            cookies: [SetCookie(name: CookieName.language, value: language.rawValue, maxAge: CookieName.year)])
    }

    private static func back(_ path: String) -> Link { Link(returningTo: path) ?? "/" }
}
