public import JSON
public import Models

/// Something that happened, to be told to other services.
public struct OutboxEvent: Sendable {
    /// Made before the first try, so that every delivery carries the same identity.
    public let id: EventID
    /// Past tense with a dot: `order.paid`.
    public let type: String
    /// The thing it happened to, as TypeID text: events of one aggregate arrive in order.
    public let aggregate: String
    public let occurredAt: Timestamp
    /// The payload, one JSON value.
    public let data: [UInt8]

    /// An event about `aggregate` with a payload from `Models/Events`.
    public init(
        type: String, aggregate: some CustomStringConvertible, occurredAt: Timestamp, data: some JSONWritable
    ) {
        id = .make(at: occurredAt)
        self.type = type
        self.aggregate = aggregate.description
        self.occurredAt = occurredAt
        self.data = JSON.encode(data)
    }
}
