import EventLoop
import HTTPClient
import HTTPCore
import JSON
import Models
import Postgres
import ServiceKit
import TestSupport
import Testing
@testable import Notifications

/// A notifications service with everything a test does to it: events in, streams out.
struct Bench: Sendable {
    let service: ServiceHarness

    static let now = Timestamp(microseconds: 1_795_411_446_000_000)

    /// Runs `body` against a service on a fresh database.
    static func with(
        environment: [String: String] = [:], _ body: (Bench) async throws -> Void
    ) async throws {
        try await ServiceHarness.with(NotificationsService.self, environment: environment) { service in
            try await body(Bench(service: service))
        }
    }

    /// Delivers events as the relay of orders does.
    @discardableResult
    func deliver(_ events: [EventEnvelope]) async throws -> [EventOutcome] {
        let answer = try await service.send(
            .post, NotificationsAPI.events.path(), json: EventDelivery(events: events),
            token: try TestTokens.service("orders"))
        #expect(answer.status == .ok)
        return try answer.decoded(EventReceipt.self).results.map(\.outcome)
    }

    /// A page of a person's inbox.
    func inbox(_ account: AccountID, _ query: String = "") async throws -> Page<InboxMessage> {
        let answer = try await service.send(
            .get, NotificationsAPI.inbox.path() + query, token: try TestTokens.user(account))
        #expect(answer.status == .ok)
        return try answer.decoded()
    }

    /// Opens a person's stream and waits until it is subscribed.
    func listen(_ account: AccountID, after last: String? = nil) async throws -> Listener {
        try await Listener(service, NotificationsAPI.myStream.path(), try TestTokens.user(account), after: last)
    }

    /// Opens a store's stream as staff of it.
    func listen(_ store: StoreID, after last: String? = nil) async throws -> Listener {
        let token = try TestTokens.user(.make(at: Self.now), stores: [store: .clerk])
        return try await Listener(service, NotificationsAPI.storeStream.path(store), token, after: last)
    }
}

/// An order, and the events that tell of it.
struct SampleOrder: Sendable {
    let id = OrderID.make(at: Bench.now)
    var customer = AccountID.make(at: Bench.now)
    var store = StoreID.make(at: Bench.now)
    var number = "A001"

    var data: OrderEventData {
        OrderEventData(
            orderID: id, number: number, storeID: store, storeName: LocalizedText(zh: "面馆", en: "Noodles"),
            customerID: customer, states: OrderStates(payment: .paid, order: .open, fulfilment: .waiting),
            total: Money(minorUnits: 2_390), itemCount: 1)
    }

    func event(
        _ type: String, sequence: Int64 = 1, _ change: (inout OrderEventData) -> Void = { _ in }
    ) -> EventEnvelope {
        var data = data
        change(&data)
        return EventEnvelope(
            id: .make(at: Bench.now), type: type, aggregate: id.description, sequence: sequence,
            occurredAt: Bench.now, data: JSON.encode(data))
    }
}

/// A client of an event stream: reads the wire, as a browser's EventSource does.
final class Listener {
    struct Event: Equatable {
        var id: String?
        var type: String?
        var data: String?
        /// Text after a leading colon: heartbeats.
        var comment: String?
    }

    let status: HTTPStatus
    private let stream: ClientStream
    private var text = ""
    /// As a browser keeps it.
    private(set) var lastEventID: String?
    /// The event of the opening block: `resync` when something may be missing.
    private(set) var openingType: String?

    convenience init(
        _ service: ServiceHarness, _ path: String, _ token: String, after last: String? = nil
    ) async throws {
        try await self.init(service.http, service.url + path, token, after: last)
    }

    init(_ http: HTTPClient, _ url: String, _ token: String, after last: String? = nil) async throws {
        var headers: HTTPHeaders = ["accept": "text/event-stream", "authorization": "Bearer " + token]
        if let last { headers.set("last-event-id", last) }
        stream = try await http.open(
            ClientRequest(method: .get, url: url, headers: headers, deadline: .now + .seconds(20)))
        status = stream.status
        lastEventID = last
        guard status == .ok else { return }
        #expect(stream.headers["content-type"] == "text/event-stream")
        // The opening block is written when the stream is subscribed.
        openingType = try #require(try await block()).type
    }

    /// The next event with data; heartbeats and blocks without data are passed over. nil at the end.
    func next() async throws -> Event? {
        while let event = try await block() {
            if event.data != nil { return event }
        }
        return nil
    }

    /// The next events, by type.
    func types(_ count: Int) async throws -> [String] {
        var types: [String] = []
        while types.count < count, let event = try await next() { types.append(event.type ?? "message") }
        return types
    }

    /// The next comment.
    func comment() async throws -> String? {
        while let event = try await block() {
            if let comment = event.comment { return comment }
        }
        return nil
    }

    func close() async { await stream.close() }

    /// Everything until the next empty line.
    private func block() async throws -> Event? {
        while true {
            if let end = text.range(of: "\n\n") {
                let lines = text[..<end.lowerBound].split(separator: "\n")
                text = String(text[end.upperBound...])
                return parse(lines)
            }
            guard let bytes = try await stream.next(until: .now + .seconds(20)) else { return nil }
            text += String(decoding: bytes, as: UTF8.self)
        }
    }

    private func parse(_ lines: [Substring]) -> Event {
        var event = Event()
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = String(line[line.index(after: colon)...].drop { $0 == " " })
            switch line[..<colon] {
            case "": event.comment = value
            case "id": (event.id, lastEventID) = (value, value)
            case "event": event.type = value
            case "data": event.data = value
            default: break
            }
        }
        return event
    }
}

extension String {
    /// The first occurrence of `text`.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
