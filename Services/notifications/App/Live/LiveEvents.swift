import JSON
import Models

/// Whose streams hear an event.
enum LiveChannel: Sendable, Hashable {
    case account(AccountID)
    case store(StoreID)

    /// The text that is stored and compared.
    var text: String {
        switch self {
        case .account(let id): id.description
        case .store(let id): id.description
        }
    }
}

/// A live event about to be stored.
struct NewLiveEvent: Sendable {
    let channel: LiveChannel
    let type: String
    let data: String
}

/// One event on its way to streams: its frame is rendered once and shared by all that hear it.
struct LiveEvent: Sendable {
    /// Grows in the order of commits.
    let id: Int64
    let channel: String
    /// The event as text/event-stream (WHATWG HTML, section 9.2).
    let frame: [UInt8]

    init(id: Int64, channel: String, type: String, data: String) {
        self.id = id
        self.channel = channel
        frame = Array("id: \(id)\nevent: \(type)\ndata: \(data)\n\n".utf8)
    }
}

enum LiveEvents {
    /// The NOTIFY channel that wakes every replica's dispatcher.
    static let channel = "live_events"

    /// Where the order stands: what a page needs to know that it must look again. One line of JSON.
    static func data(of order: OrderEventData) -> String {
        var json = JSONWriter()
        json.beginObject()
        json.field("order_id", order.orderID)
        json.field("number", order.number)
        json.field("store_id", order.storeID)
        json.field("states", order.states)
        json.field("queue_number", order.queueNumber)
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
