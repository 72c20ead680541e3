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

    static func words(_ message: CodeMessage) -> String {
        message.language == "en"
            ? "[Linli] Your code is \(message.code). It is valid for 5 minutes. Tell nobody."
            : "【邻里】验证码 \(message.code)，5 分钟内有效，请勿告诉他人。"
    }
}
