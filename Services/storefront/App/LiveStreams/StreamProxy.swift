import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import ServiceKit

/// Passes live event streams of the notifications service on to browsers.
///
/// A stream ends after ten minutes and the browser comes back by itself with `Last-Event-ID`: so a session that ended
/// or a role that was taken away stops hearing soon, and replicas share the streams anew.
struct StreamProxy: Sendable {
    private static let life = Duration.seconds(600)
    /// Two heartbeats of the notifications service (15 s) and a bit.
    private static let silenceMax = Duration.seconds(40)
    /// For the answer to begin.
    private static let openingMax = Duration.seconds(10)
    static let options = RouteOptions(deadline: .seconds(660), isSheddable: false)

    let kit: Toolkit
    let callers: APICallers
    let sessions: Sessions
    private let http: HTTPClient
    private let seats = StreamSeats()

    init(kit: Toolkit, callers: APICallers, sessions: Sessions) {
        self.kit = kit
        self.callers = callers
        self.sessions = sessions
        // A stream keeps its connection for minutes: streams have a client of their own, so that however many pages
        // are open, one-time codes and the inbox still get through to the same service.
        var options = HTTPClientOptions()
        options.connectionsPerHostMax = 20_000
        http = HTTPClient(group: kit.loops, options: options)
    }

    func handler(_ request: Request, _ caller: Caller) async throws -> Response {
        let viewer = try await callers.require(request)
        let seat = try seats.take(viewer.accountID, loops: kit.loops)
        var headers: HTTPHeaders = [
            "accept": "text/event-stream", "authorization": "Bearer " + (try sessions.token(for: viewer)),
        ]
        if let last = request.headers["last-event-id"] { headers.set("last-event-id", last) }
        CallContext(traceparent: request.traceparent, deadline: .now + Self.life).write(to: &headers)
        let end = Instant.now + Self.life
        let source = try await http.open(
            ClientRequest(
                method: .get, url: kit.url(of: "notifications") + Forwarding.target(request), headers: headers,
                deadline: .now + Self.openingMax, idempotent: true))
        guard source.status == .ok else {
            return try await Self.refusal(source)
        }
        seat.hold(source)
        var answer = Response(status: .ok, headers: ["content-type": "text/event-stream", "cache-control": "no-store"])
        answer.headers.set("x-accel-buffering", "no")
        answer.body = .stream { writer in
            do {
                while Instant.now < end, let piece = try await source.next(until: min(end, .now + Self.silenceMax)) {
                    try await writer.write(piece)
                }
            } catch {
                // A silent source, a lost one or a browser that left: the stream is over either way.
            }
            await seat.end()
        }
        return answer
    }

    /// The neighbour's refusal, as it came: at most 64 KiB.
    private static func refusal(_ source: ClientStream) async throws -> Response {
        var body: [UInt8] = []
        while body.count < 65_536, let piece = try await source.next(until: .now + .seconds(5)) { body += piece }
        await source.close()
        var headers = HTTPHeaders()
        headers.set("content-type", source.headers["content-type"] ?? "application/problem+json")
        return Response(status: source.status, headers: headers, body: .bytes(body))
    }
}
