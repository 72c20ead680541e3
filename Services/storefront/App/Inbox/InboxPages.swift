import Clients
import HTTPServer
import Models
import ServiceKit

/// The inbox, and the mailbox of development.
struct InboxPages: Sendable {
    private static let limit = 20

    let site: Site
    let notifications: NotificationsClient

    func list(_ visit: Visit) async throws -> Reply {
        let cursor = visit.request.query["cursor"]
        let page = try await notifications.inbox(
            limit: Self.limit, cursor: cursor, visit.context, authority: try visit.authority())
        return .page(
            InboxPage(messages: page.items, next: page.nextCursor, isFirst: cursor == nil, now: visit.now)
                .page(site.context(visit)))
    }

    func read(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let id = try visit.request.parameters.require("message_id", as: MessageID.self)
        // The message is its own key: reading it twice is reading it.
        try await notifications.markRead(id, key: "read-\(id)", visit.context, authority: try visit.authority())
        return .redirect("/inbox")
    }

    /// 404 in production, before anything is asked.
    func mailbox(_ visit: Visit) async throws -> Reply {
        guard site.kit.environment == .development else { throw KitProblems.notFound.error("There is no such page.") }
        let phone = Phone(visit.request.query["phone"] ?? "")
        let messages = try await notifications.mailbox(phone: phone?.text, visit.context)
        return .page(
            MailboxPage(messages: messages.items, phone: phone?.text ?? "", now: visit.now).page(site.context(visit)))
    }
}
