import EventLoop
import HTTPClient
import HTTPServer
import JSON
import Models
import Postgres

/// Turns what a handler threw into an answer: the service's own mapping first, then what all services share.
struct ProblemMapping: Sendable {
    let service: @Sendable (any Error) -> Problem?
    let logger: Logger

    /// The problem for `error`. Errors that nobody expected are logged here, once, by type: their text may hold data.
    func problem(for error: any Error, requestID: String, route: String) -> Problem {
        if let problem = service(error) ?? Self.known(error) { return problem }
        if let error = error as? PostgresError {
            // Its description carries no values of rows or parameters.
            logger.error(
                "request failed", ("request_id", .string(requestID)), ("route", .string(route)),
                ("error.type", .errorType(error)), ("error.database", .string(error.description)))
        } else {
            logger.error(
                "request failed", ("request_id", .string(requestID)), ("route", .string(route)),
                ("error.type", .errorType(error)))
        }
        return KitProblems.internalError.problem("Something went wrong on our side. Request \(requestID).")
    }

    private static func known(_ error: any Error) -> Problem? {
        switch error {
        case let error as ProblemError: error.problem
        case let error as JSONError: problem(error)
        case is PeerGone: KitProblems.invalidRequest.problem("The request ended before its body did.")
        case let error as PostgresError where error.isTransient:
            KitProblems.unavailable.problem("The database cannot be reached just now.", retryAfterSeconds: 1)
        case let error as PostgresError where error.sqlState == .characterNotInRepertoire:
            KitProblems.invalidRequest.problem("A text has a character that cannot be stored.")
        case let error as BatcherError:
            switch error {
            case .full: KitProblems.overloaded.problem("Too much is waiting.", retryAfterSeconds: 1)
            case .deadlinePassed: KitProblems.deadlineExceeded.problem("The time for this request is over.")
            case .wrongResultCount: nil
            }
        case is HTTPClientError:
            KitProblems.unavailable.problem("A neighbouring service cannot be reached.", retryAfterSeconds: 1)
        case is CancellationError: KitProblems.deadlineExceeded.problem("The request was cancelled.")
        case let error as TokenError where error == .keysUnavailable:
            KitProblems.unavailable.problem("Tokens cannot be checked just now.", retryAfterSeconds: 1)
        case is BlockingPoolError: KitProblems.overloaded.problem("Too much is waiting.", retryAfterSeconds: 1)
        default: nil
        }
    }

    private static func problem(_ error: JSONError) -> Problem {
        let kind = error.kind == .malformed ? KitProblems.malformedJSON : KitProblems.invalidRequest
        let place = error.pointer.isEmpty ? "the top" : error.pointer
        var problem = kind.problem("The value at \(place) \(error.message).")
        problem.errors = [FieldError(pointer: error.pointer, code: error.kind.rawValue, detail: error.message)]
        return problem
    }
}
