public import JSON
public import Models

/// What a relay posts to `/v1/events`: events of one service in order.
public struct EventDelivery: JSONModel {
    public var events: [EventEnvelope]

    public init(events: [EventEnvelope]) { self.events = events }

    public init(from json: inout JSONReader) throws(JSONError) {
        var events: [EventEnvelope]?
        try json.object { json, key throws(JSONError) in
            switch key {
            case "events": events = try json.array(of: EventEnvelope.self)
            default: try json.unknown(key)
            }
        }
        self.events = try json.require(&events, "events")
    }

    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("events", events)
        json.endObject()
    }
}

/// What became of one event at the receiver.
public enum EventOutcome: String, Sendable, CaseIterable {
    /// Applied now.
    case applied
    /// Known already; nothing was done.
    case duplicate
    /// The event itself is at fault: delivering it again will not help. Counts toward the dead letter limit.
    case rejected
    /// The receiver could not now; deliver again.
    case failed
    /// An earlier event of the same aggregate was not applied, so this one waits.
    case blocked
}

/// The receiver's answer: one result an event, in the order of delivery.
public struct EventReceipt: JSONModel {
    /// The result of one event.
    public struct Line: JSONModel {
        public var id: EventID
        public var outcome: EventOutcome
        /// The problem code when rejected.
        public var code: String?

        public init(id: EventID, outcome: EventOutcome, code: String? = nil) {
            self.id = id
            self.outcome = outcome
            self.code = code
        }

        public init(from json: inout JSONReader) throws(JSONError) {
            var id: EventID?
            var outcome: EventOutcome?
            var code: String?
            try json.object { json, key throws(JSONError) in
                switch key {
                case "id": id = try json.read()
                // An outcome that this version does not know means "not applied": deliver again.
                case "outcome": outcome = EventOutcome(rawValue: try json.string()) ?? .failed
                case "code": code = try json.string()
                default: try json.unknown(key)
                }
            }
            self.id = try json.require(&id, "id")
            self.outcome = try json.require(&outcome, "outcome")
            self.code = code
        }

        public func write(to json: inout JSONWriter) {
            json.beginObject()
            json.field("id", id)
            json.field("outcome", outcome.rawValue)
            json.field("code", code)
            json.endObject()
        }
    }

    public var results: [Line]

    public init(results: [Line]) { self.results = results }

    public init(from json: inout JSONReader) throws(JSONError) {
        var results: [Line]?
        try json.object { json, key throws(JSONError) in
            switch key {
            case "results": results = try json.array(of: Line.self)
            default: try json.unknown(key)
            }
        }
        self.results = try json.require(&results, "results")
    }

    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("results", results)
        json.endObject()
    }
}
