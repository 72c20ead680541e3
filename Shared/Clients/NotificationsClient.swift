import HTTPCore
import JSON
public import Models
public import ServiceKit

/// The notifications service as its neighbours see it: one method an endpoint.
public struct NotificationsClient: Sendable {
    private let base: ServiceClient

    /// A client of the notifications service that the kit's settings name.
    public init(kit: Toolkit) { base = ServiceClient("notifications", kit: kit) }

    /// A client over a base of one's own (tools and tests).
    public init(base: ServiceClient) { self.base = base }

    /// Sends a one-time code (service `storefront`).
    public func send(
        _ message: CodeMessage, key: String, _ context: CallContext
    ) async throws(ServiceClientError) {
        _ = try await base.send(
            .post, NotificationsAPI.textMessages.path(), body: JSON.encode(message), context, authority: .service,
            idempotencyKey: key)
    }

    /// A page of one's own inbox, newest first.
    public func inbox(
        limit: Int = 20, cursor: String? = nil, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) -> Page<InboxMessage> {
        var path = NotificationsAPI.inbox.path() + "?limit=\(limit)"
        if let cursor { path += "&cursor=" + PathPattern.percentEncoded(cursor) }
        return try await base.get(path, context, authority: authority)
    }

    /// A message was read. Doing it again changes nothing.
    public func markRead(
        _ id: MessageID, key: String, _ context: CallContext, authority: Authority
    ) async throws(ServiceClientError) {
        _ = try await base.send(
            .post, NotificationsAPI.inboxRead.path(id), body: nil, context, authority: authority, idempotencyKey: key)
    }

    /// The text messages to a number, newest first; problem `not_found` in production.
    public func mailbox(
        phone: String?, _ context: CallContext
    ) async throws(ServiceClientError) -> Page<MailboxMessage> {
        var path = NotificationsAPI.developmentMailbox.path()
        if let phone { path += "?phone=" + PathPattern.percentEncoded(phone) }
        return try await base.get(path, context, authority: .none)
    }
}
