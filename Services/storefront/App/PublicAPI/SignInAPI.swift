import HTTPCore
import HTTPServer
import JSON
import Models
import ServiceKit

/// Signing in through the public API.
struct SignInAPI: Sendable {
    private static let bodyBytesMax = 4_096

    let callers: APICallers
    let signIn: SignIn
    let sessions: Sessions

    private var site: Site { callers.site }

    /// 202 whether or not the number has an account.
    func sendCode(_ request: Request, _ caller: Caller) async throws -> Response {
        let input: SignInCodeRequest = try await Self.read(request)
        let phone = try Self.phone(input.phone)
        let address = site.clientAddress(request)
        do {
            try await signIn.sendCode(
                to: phone, address: address, language: Language(accepting: request.headers["accept-language"]),
                request.callContext)
        } catch SignInError.wait(let seconds) {
            throw KitProblems.tooManyRequests(retryAfterSeconds: seconds)
        }
        return Response(status: .accepted)
    }

    func open(_ request: Request, _ caller: Caller) async throws -> Response {
        let input: SignInRequest = try await Self.read(request)
        try callers.addressLimiter.require(site.clientAddress(request))
        let phone = try Self.phone(input.phone)
        guard SignInRules.isCode(input.code) else {
            throw Self.invalid("/code", "must be six digits")
        }
        do {
            let opened = try await signIn.open(
                phone, code: input.code, device: DeviceName.of(request.headers["user-agent"]), replacing: nil,
                deadline: request.deadline)
            var response = Response.json(
                .created, SignedIn(token: opened.secret, account: Self.account(opened.viewer)))
            response.headers.set("cache-control", "no-store")
            return response
        } catch let error as SignInError {
            throw error == .locked
                ? StorefrontProblems.signInLocked.error(
                    "Too many wrong codes. Ask for a new one later.",
                    retryAfterSeconds: Int(signIn.limits.lockSeconds))
                : StorefrontProblems.wrongCode.error("The code is wrong, was used, or has expired.")
        }
    }

    func close(_ request: Request, _ caller: Caller) async throws -> Response {
        let viewer = try await callers.require(request)
        try await sessions.end(viewer.sessionID, deadline: request.deadline)
        return .noContent
    }

    func me(_ request: Request, _ caller: Caller) async throws -> Response {
        var response = Response.json(.ok, Self.account(try await callers.require(request)))
        response.headers.set("cache-control", "private, no-store")
        return response
    }

    private static func account(_ viewer: Viewer) -> Account {
        var stores: [String: String] = [:]
        for (store, role) in viewer.stores { stores[store.description] = role.rawValue }
        return Account(
            id: viewer.accountID, phone: viewer.maskedPhone, stores: stores, isOperator: viewer.isOperator,
            createdAt: viewer.memberSince)
    }

    // Never inlined: inlined into a handler it crashes Swift 6.3's optimiser (coroutine splitting, swifterror).
    @inline(never)
    static func read<Input: JSONReadable>(_ request: Request) async throws -> Input {
        var request = request
        return try JSON.decode(
            Input.self, from: try await request.body.collect(upTo: bodyBytesMax), mode: .strict)
    }

    static func phone(_ text: String) throws -> Phone {
        guard let phone = Phone(text) else { throw invalid("/phone", "must be a mobile number") }
        return phone
    }

    static func invalid(_ pointer: String, _ detail: String) -> ProblemError {
        ProblemError(
            Problem(
                code: KitProblems.invalidRequest.code, title: KitProblems.invalidRequest.title, status: 422,
                detail: "\(pointer.dropFirst()) \(detail).",
                errors: [FieldError(pointer: pointer, code: "invalid", detail: detail)]))
    }
}
