import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// One-time codes by text message. In development they go to the mailbox; in production there is no provider yet, and
/// the service says so instead of swallowing a code.
struct TextMessages: Sendable {
    private static let bodyBytesMax = 4_096
    private static let shownMax = 20

    let kit: Toolkit

    /// `POST /v1/messages/sms` (service `storefront`).
    func send(_ request: Request, _ caller: Caller) async throws -> Response {
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        let message = try JSON.decode(CodeMessage.self, from: body, mode: .strict)
        try Self.check(message)
        guard kit.environment == .development else {
            throw NotificationsProblems.textMessagesUnavailable.error("No provider of text messages is configured.")
        }
        return try await kit.idempotency.run(request, caller, body: body) { tx in
            let now = kit.now()
            _ = try await tx.execute(
                InsertTextMessage(
                    message: MailboxMessage(
                        id: .make(at: now), phone: message.phone, text: Self.words(message), code: message.code,
                        createdAt: now)))
            return Response(status: .accepted)
        }
    }

    /// `GET /v1/development/mailbox?phone`: newest first; in production there is no such resource.
    func mailbox(_ request: Request, _: Caller) async throws -> Response {
        guard kit.environment == .development else { throw NotificationsProblems.noMailbox }
        let messages = try await kit.database.all(
            TextMessagesTo(phone: request.query["phone"], limit: Self.shownMax), deadline: request.deadline)
        var answer = Response.json(.ok, Page(items: messages, nextCursor: nil))
        answer.headers.set("cache-control", "no-store")
        return answer
    }

    /// What is wrong with a message, all at once. The values are not repeated in the answer: a code is a secret.
    static func check(_ message: CodeMessage) throws {
        var errors: [FieldError] = []
        func require(_ isTrue: Bool, _ pointer: String, _ detail: String) {
            if !isTrue { errors.append(FieldError(pointer: pointer, code: "invalid", detail: detail)) }
        }
        require(isPhone(message.phone), "/phone", "must be 11 digits, or + and 7 to 15 digits (E.164)")
        require(
            (4...8).contains(message.code.utf8.count) && isDigits(message.code.utf8[...]), "/code",
            "must be 4 to 8 digits")
        require(["zh", "en"].contains(message.language), "/language", "must be zh or en")
        guard errors.isEmpty else { throw NotificationsProblems.invalid("The message cannot be sent.", errors) }
    }

    private static func isPhone(_ text: String) -> Bool {
        guard text.utf8.first == UInt8(ascii: "+") else { return text.utf8.count == 11 && isDigits(text.utf8[...]) }
        return (8...16).contains(text.utf8.count) && isDigits(text.utf8.dropFirst())
    }

    private static func isDigits(_ text: Substring.UTF8View) -> Bool {
        text.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    static func words(_ message: CodeMessage) -> String {
        message.language == "en"
            ? "[Linli] Your code is \(message.code). It is valid for 5 minutes. Tell nobody."
            : "【邻里】验证码 \(message.code)，5 分钟内有效，请勿告诉他人。"
    }
}
