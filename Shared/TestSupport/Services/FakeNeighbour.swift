public import EventLoop
public import HTTPCore
public import HTTPServer
import JSON
import Models
import ServiceKit

/// A request that a ``FakeNeighbour`` got.
public struct RecordedRequest: Sendable {
    public let method: HTTPMethod
    public let path: String
    public let headers: HTTPHeaders
    public let body: [UInt8]
}

/// A real HTTP server in place of a *neighbouring* service, for component tests: it answers as told, records what it
/// is asked, and publishes the test key, so that ``TestTokens`` of its name are believed.
///
/// Our own service under test and PostgreSQL are never faked.
public final class FakeNeighbour: Sendable {
    /// Answers one request, whose body is read already.
    public typealias Answer = @Sendable (RecordedRequest) async throws -> Response

    private struct State {
        var requests: [RecordedRequest] = []
        var answers: [String: Answer] = [:]
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }
    private let state: Locked<State>
    private let server: HTTPServer

    /// `http://127.0.0.1:<port>`.
    public var url: String { "http://127.0.0.1:\(server.boundPort)" }

    /// Starts a server on a free port; unknown paths are answered with 404.
    public init(on group: EventLoopGroup = TestPostgres.group) async throws {
        let state = Locked(State())
        self.state = state
        var router = Router()
        router.on(.get, "/.well-known/jwks.json") { _ in
            Response(
                status: .ok, headers: ["content-type": "application/json"],
                body: .bytes(TokenMint.published([TestTokens.mint])))
        }
        let handler: Handler = { request in try await Self.answer(request, state) }
        // The fake knows its paths only at run time, so it matches by depth and looks them up itself.
        for depth in 1...6 {
            let pattern = (1...depth).map { "/{p\($0)}" }.joined()
            for method in [HTTPMethod.get, .post, .put, .patch, .delete] {
                router.on(method, PathPattern(pattern), handler)
            }
        }
        server = HTTPServer(address: "127.0.0.1", port: 0, router: router)
        try await server.start(on: group)
    }

    /// Sets the answer for a method and path (without query), replacing an earlier one.
    public func on(_ method: HTTPMethod, _ path: String, _ answer: @escaping Answer) {
        state.withLock { $0.answers["\(method) \(path)"] = answer }
    }

    /// What it was asked so far, key requests aside.
    public var requests: [RecordedRequest] { state.withLock { $0.requests } }

    /// Waits until it was asked `count` times in all.
    public func waitForRequests(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state -> Bool in
                if state.requests.count >= count { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if isDone { continuation.resume() }
        }
    }

    /// Stops listening: from now on it is "down".
    public func stop() async { await server.drain(deadline: .now + .seconds(1)) }

    private static func answer(_ request: Request, _ state: Locked<State>) async throws -> Response {
        var request = request
        let body = try await request.body.collect(upTo: 16 << 20)
        let recorded = RecordedRequest(
            method: request.method, path: request.path, headers: request.headers, body: body)
        let (answer, woken) = state.withLock { state in
            state.requests.append(recorded)
            let count = state.requests.count
            let woken = state.waiters.filter { $0.count <= count }.map(\.continuation)
            state.waiters.removeAll { $0.count <= count }
            return (state.answers["\(request.method) \(request.path)"], woken)
        }
        defer { for continuation in woken { continuation.resume() } }
        guard let answer else { return .problem(KitProblems.notFound.problem("The fake was told no answer.")) }
        return try await answer(recorded)
    }
}
