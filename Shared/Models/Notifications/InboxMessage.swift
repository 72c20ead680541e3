public import JSON

/// A message in a person's inbox, in both languages: the website shows the reader's.
public struct InboxMessage: Sendable, Hashable {
    /// Identity.
    public var id: MessageID
    /// What happened, as the event that caused it: `order.ready`.
    public var kind: String
    /// One line.
    public var title: LocalizedText
    /// A few sentences.
    public var body: LocalizedText
    /// The order it is about.
    public var orderID: OrderID?
    /// The store it is about.
    public var storeID: StoreID?
    /// When it was written.
    public var createdAt: Timestamp
    /// When it was read; nil: not yet.
    public var readAt: Timestamp?

    /// Makes a message.
    public init(
        id: MessageID, kind: String, title: LocalizedText, body: LocalizedText, orderID: OrderID? = nil,
        storeID: StoreID? = nil, createdAt: Timestamp, readAt: Timestamp? = nil
    ) {
        self.id = id
        self.kind = kind
        self.title = title
        self.body = body
        self.orderID = orderID
        self.storeID = storeID
        self.createdAt = createdAt
        self.readAt = readAt
    }
}

extension InboxMessage: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("kind", kind)
        json.field("title", title)
        json.field("body", body)
        json.field("order_id", orderID)
        json.field("store_id", storeID)
        json.field("created_at", createdAt)
        json.field("read_at", readAt)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: MessageID?
        var kind: String?
        var title: LocalizedText?
        var body: LocalizedText?
        var orderID: OrderID?
        var storeID: StoreID?
        var createdAt: Timestamp?
        var readAt: Timestamp?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "kind": kind = try json.read()
            case "title": title = try json.read()
            case "body": body = try json.read()
            case "order_id": orderID = try json.read()
            case "store_id": storeID = try json.read()
            case "created_at": createdAt = try json.read()
            case "read_at": readAt = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), kind: try json.require(&kind, "kind"),
            title: try json.require(&title, "title"), body: try json.require(&body, "body"), orderID: orderID,
            storeID: storeID, createdAt: try json.require(&createdAt, "created_at"), readAt: readAt)
    }
}
