/// The paths of the notifications service: the same constants make its route table and its client's requests.
public enum NotificationsAPI {
    /// `POST` events of neighbours (service `orders`).
    public static let events = PathPattern("/v1/events")
    /// `GET` a page of one's own inbox, newest first.
    public static let inbox = PathPattern("/v1/inbox")
    /// `POST`: a message was read.
    public static let inboxRead = PathPattern("/v1/inbox/{message_id}/read")
    /// `GET` the live events of the person who asks (text/event-stream).
    public static let myStream = PathPattern("/v1/streams/me")
    /// `GET` the live events of a store (its staff; text/event-stream).
    public static let storeStream = PathPattern("/v1/streams/stores/{store_id}")
    /// `POST` a text message with a one-time code (service `storefront`).
    public static let textMessages = PathPattern("/v1/messages/sms")
    /// `GET` the text messages to a phone number, newest first (`?phone=`); in development only, 404 in production.
    public static let developmentMailbox = PathPattern("/v1/development/mailbox")
}
