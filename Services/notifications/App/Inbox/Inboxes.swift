import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// A person's own messages.
struct Inboxes: Sendable {
    private static let limitDefault = 20
    private static let limitMax = 100

    let kit: Toolkit

    /// `GET /v1/inbox?limit&cursor`, newest first.
    func list(_ request: Request, _ caller: Caller) async throws -> Response {
        let account = try Self.account(caller)
        var limit = Self.limitDefault
        if let text = request.query["limit"] {
            guard let number = Int(text), (1...Self.limitMax).contains(number) else {
                throw NotificationsProblems.invalidField("limit", "must be 1 to \(Self.limitMax)")
            }
            limit = number
        }
        var before = Int64.max
        if let cursor = request.query["cursor"] {
            guard let position = Int64(try Cursor.decode(cursor, count: 1)[0]) else {
                throw KitProblems.invalidCursorKind.error("The cursor was not made by this list.")
            }
            before = position
        }
        let rows = try await kit.database.all(
            MessagesOf(accountID: account, before: before, limit: limit + 1), deadline: request.deadline)
        let shown = Array(rows.prefix(limit))
        let next = rows.count > limit ? shown.last.map { Cursor.encode(String($0.position)) } : nil
        var answer = Response.json(.ok, Page(items: shown.map(\.message), nextCursor: next))
        answer.headers.set("cache-control", "no-store")
        return answer
    }

    /// `POST /v1/inbox/{message_id}/read`. Repeating it is harmless by nature, so it takes no Idempotency-Key.
    func markRead(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try request.parameters.require("message_id", as: MessageID.self)
        let mark = MarkMessageRead(id: id, accountID: try Self.account(caller), at: kit.now())
        guard try await kit.database.first(mark, deadline: request.deadline) != nil else {
            throw NotificationsProblems.noSuchMessage
        }
        return .noContent
    }

    static func account(_ caller: Caller) throws -> AccountID {
        guard let account = caller.accountID else { throw KitProblems.forbidden.error("Only people have an inbox.") }
        return account
    }
}
