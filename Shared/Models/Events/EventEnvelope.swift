public import JSON

/// An event on its way from one service to another.
public struct EventEnvelope: Hashable, Sendable {
    /// The event's identity: a receiver applies it once.
    public var id: EventID
    /// What happened, in the past tense: `order.paid`.
    public var type: String
    /// Identifier of what it happened to; events of one aggregate arrive in the order of `sequence`.
    public var aggregate: String
    /// Place in the sender's order.
    public var sequence: Int64
    /// When it happened.
    public var occurredAt: Timestamp
    /// W3C trace context of the request that caused it.
    public var traceparent: String?
    /// The payload, a JSON object as text.
    public var data: [UInt8]

    /// Makes an envelope.
    public init(
        id: EventID, type: String, aggregate: String, sequence: Int64, occurredAt: Timestamp, traceparent: String? = nil,
        data: [UInt8]
    ) {
        self.id = id
        self.type = type
        self.aggregate = aggregate
        self.sequence = sequence
        self.occurredAt = occurredAt
        self.traceparent = traceparent
        self.data = data
    }

    /// The payload as a value of `T`. Members it does not know are skipped: the sender may be newer.
    public func payload<T: JSONReadable>(_ type: T.Type) throws(JSONError) -> T {
        try JSON.decode(type, from: data, mode: .lenient)
    }
}

extension EventEnvelope: JSONWritable, JSONReadable {
    /// Writes the envelope with the payload as `data`.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("type", type)
        json.field("aggregate", aggregate)
        json.field("sequence", sequence)
        json.field("occurred_at", occurredAt)
        json.field("traceparent", traceparent)
        json.key("data")
        json.raw(data)
        json.endObject()
    }

    /// Reads the envelope; the payload is kept as text until somebody knows its type.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: EventID?
        var type: String?
        var aggregate: String?
        var sequence: Int64?
        var occurredAt: Timestamp?
        var traceparent: String?
        var data: [UInt8]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "type": type = try json.read()
            case "aggregate": aggregate = try json.read()
            case "sequence": sequence = try json.read()
            case "occurred_at": occurredAt = try json.read()
            case "traceparent": traceparent = try json.read()
            case "data": data = try json.rawValue()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), type: try json.require(&type, "type"),
            aggregate: try json.require(&aggregate, "aggregate"), sequence: try json.require(&sequence, "sequence"),
            occurredAt: try json.require(&occurredAt, "occurred_at"), traceparent: traceparent,
            data: try json.require(&data, "data"))
    }
}
