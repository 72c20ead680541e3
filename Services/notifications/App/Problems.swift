import Models
import ServiceKit

/// The problems of the service: the only file that chooses status codes.
enum NotificationsProblems {
    static let textMessagesUnavailable = ProblemKind(
        code: "text_messages_unavailable", title: "Text messages cannot be sent", status: 503,
        meaning: "No provider of text messages is configured. Codes reach people only in development.")

    static let kinds = [textMessagesUnavailable]

    static var noSuchMessage: ProblemError { KitProblems.notFound.error("There is no such message.") }
    static var noMailbox: ProblemError { KitProblems.notFound.error("There is no such resource.") }

    /// 400 about one place of the request.
    static func invalidField(_ pointer: String, _ detail: String) -> ProblemError {
        invalid("\(pointer) \(detail).", [FieldError(pointer: pointer, code: "invalid", detail: detail)])
    }

    /// 400 with the places at fault.
    static func invalid(_ detail: String, _ errors: [FieldError]) -> ProblemError {
        let kind = KitProblems.invalidRequest
        return ProblemError(
            Problem(code: kind.code, title: kind.title, status: kind.status, detail: detail, errors: errors))
    }
}
