import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// `GET /v1/streams/me` and `GET /v1/streams/stores/{store_id}`: server-sent events (WHATWG HTML, section 9.2).
///
/// A stream begins with what came after `Last-Event-ID`, if the client names one, and goes on live. An event is sent
/// once: what was read from the table is not sent again when the dispatcher brings it.
struct LiveStreams: Sendable {
    /// Streams stay open; shutdown and slow readers end them.
    static let options = RouteOptions(deadline: .seconds(86_400), isSheddable: false)
    private static let missedMax = 1_000
    /// How soon a client comes back, in milliseconds.
    private static let retry = "retry: 2000\n"
    /// WHATWG HTML, section 9.2.7: a comment line about every 15 seconds.
    private static let heartbeat = Array(": beat\n\n".utf8)

    let database: Database
    let hub: LiveHub

    func mine(_ request: Request, _ caller: Caller) async throws -> Response {
        try stream(.account(try Inboxes.account(caller)), request)
    }

    func ofStore(_ request: Request, _: Caller) async throws -> Response {
        try stream(.store(try request.parameters.require("store_id", as: StoreID.self)), request)
    }

    private func stream(_ channel: LiveChannel, _ request: Request) throws -> Response {
        var last: Int64?
        if let text = request.headers["last-event-id"], !text.isEmpty {
            guard let id = Int64(text), id >= 0 else {
                throw NotificationsProblems.invalidField("Last-Event-ID", "must be the id of an event")
            }
            last = id
        }
        var answer = Response(status: .ok, headers: ["content-type": "text/event-stream", "cache-control": "no-store"])
        answer.headers.set("x-accel-buffering", "no")
        answer.body = .stream { [last] writer in
            // Before the table is read, so that nothing falls between the two.
            let subscriber = hub.subscribe(to: channel)
            defer { hub.unsubscribe(subscriber, from: channel) }
            let sent = try await begin(channel, after: last, subscriber, writer)
            try await goOn(after: sent, subscriber, writer)
        }
        return answer
    }

    /// Sends what was missed; returns the event after which the stream goes on live.
    private func begin(
        _ channel: LiveChannel, after last: Int64?, _ subscriber: LiveSubscriber, _ writer: BodyWriter
    ) async throws -> Int64 {
        let position = subscriber.position
        guard let last else {
            // An id without data: nothing happens in the client, but it knows where to go on should it be cut off now.
            try await writer.write(Array("\(Self.retry)id: \(position)\n\n".utf8))
            return position
        }
        let kept = try await database.one(KeptLiveEvents())
        guard kept.canResume(after: last, position: position) else {
            try await writer.write(Array("\(Self.retry)id: \(position)\nevent: resync\ndata: {}\n\n".utf8))
            return position
        }
        try await writer.write(Array("\(Self.retry)\n".utf8))
        var sent = last
        var page: [LiveEvent]
        repeat {
            page = try await database.all(MissedLiveEvents(channel: channel, after: sent, limit: Self.missedMax))
            let bytes = page.flatMap(\.frame)
            if !bytes.isEmpty { try await writer.write(bytes) }
            sent = page.last?.id ?? sent
        } while page.count == Self.missedMax
        return sent
    }

    private func goOn(after begin: Int64, _ subscriber: LiveSubscriber, _ writer: BodyWriter) async throws {
        var sent = begin
        while true {
            switch await subscriber.next() {
            case .end: return
            case .heartbeat: try await writer.write(Self.heartbeat)
            case .events(let events):
                let new = events.filter { $0.id > sent }
                guard let newest = new.last else { continue }
                try await writer.write(new.count == 1 ? newest.frame : new.flatMap(\.frame))
                sent = newest.id
            }
        }
    }
}

/// Which live events the table still has.
struct KeptRange: Sendable, Equatable {
    /// nil: the table is empty.
    let oldest: Int64?
    /// 0: the table is empty.
    let newest: Int64

    /// Whether a client that has heard everything until `last` can go on without a gap.
    ///
    /// - Parameter position: the newest event that this process handed out. Another replica may have been ahead, and
    ///   the table may have been emptied since; but an id that neither knows is from another database.
    func canResume(after last: Int64, position: Int64) -> Bool {
        guard last <= max(newest, position) else { return false }
        guard let oldest else { return last == position }
        return last >= oldest - 1
    }
}
