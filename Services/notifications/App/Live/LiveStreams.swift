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
    private static let opening = Array("retry: 2000\n\n".utf8)

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
            try await send(channel, after: last, subscriber, to: writer)
        }
        return answer
    }

    private func send(
        _ channel: LiveChannel, after last: Int64?, _ subscriber: LiveSubscriber, to writer: BodyWriter
    ) async throws {
        try await writer.write(Self.opening)
        var sent: Int64 = last ?? 0
        if last != nil {
            var page: [LiveEvent]
            repeat {
                page = try await database.all(MissedLiveEvents(channel: channel, after: sent, limit: Self.missedMax))
                let bytes = page.flatMap(\.frame)
                if !bytes.isEmpty { try await writer.write(bytes) }
                sent = page.last?.id ?? sent
            } while page.count == Self.missedMax
        }
        while let frames = await subscriber.next() {
            var bytes: [UInt8] = []
            for frame in frames where frame.id == 0 || frame.id > sent {
                bytes += frame.bytes
                sent = max(sent, frame.id)
            }
            if !bytes.isEmpty { try await writer.write(bytes) }
        }
    }
}
