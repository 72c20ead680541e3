import Clients
import Models
import ServiceKit

/// The problems that only the storefront has, and what a neighbour's silence looks like to its callers.
enum StorefrontProblems {
    static let wrongCode = ProblemKind(
        code: "wrong_code", title: "Wrong code", status: 422,
        meaning: "The one-time code is wrong, was used, or has expired. Type it again or ask for a new one.")
    static let signInLocked = ProblemKind(
        code: "sign_in_locked", title: "Too many wrong codes", status: 429,
        meaning: "This number is locked after too many wrong codes. Wait as long as Retry-After says.")
    static let forgedForm = ProblemKind(
        code: "forged_form", title: "Not from this page", status: 403,
        meaning: "The request was not made by this site for this browser, or is too old. Reload and try again.")

    static let kinds = [wrongCode, signInLocked, forgedForm]

    static func problem(for error: any Error) -> Problem? {
        switch error {
        case let error as ServiceClientError:
            switch error {
            case .problem(let problem): problem
            case .unavailable, .outcomeUnknown:
                KitProblems.unavailable.problem("A neighbouring service does not answer.", retryAfterSeconds: 1)
            case .unreadable: KitProblems.internalError.problem("A neighbouring service gave an unreadable answer.")
            }
        case is SignInNeeded: KitProblems.unauthenticated.problem("Sign in first.")
        default: nil
        }
    }
}
