import EventLoop
import HTTPClient
import HTTPCore
import JSON
import Models

/// The public API, with the patience of a person who knows that a service is being restarted: a request is repeated
/// with the same Idempotency-Key until it is answered, so repeating it never does a thing twice.
struct Door: Sendable {
    /// How long a request is repeated: longer than any restart.
    static let patience = Duration.seconds(120)
    private static let firstPause = Duration.milliseconds(50)
    private static let longestPause = Duration.seconds(2)
    private static let answerWithin = Duration.seconds(10)

    let client: HTTPClient
    let loop: EventLoop
    let base: String

    /// Sends a request and reads the answer. A relative `target` is a path of the public API, below its prefix.
    func call<Answer: JSONReadable>(
        _ method: HTTPMethod, _ target: String, body: (any JSONWritable)? = nil, token: String? = nil,
        key: String? = nil
    ) async throws -> Answer {
        let answer = try await send(method, target, body: body.map { JSON.encode($0) }, token: token, key: key)
        do {
            return try JSON.decode(Answer.self, from: answer.body, mode: .lenient)
        } catch {
            throw DoorError.unreadable("\(method) \(target): \(error.message) at \(error.pointer)")
        }
    }

    /// Sends a request, repeating it as long as there is hope.
    @discardableResult
    func send(
        _ method: HTTPMethod, _ target: String, body: [UInt8]? = nil, contentType: String = "application/json",
        token: String? = nil, key: String? = nil
    ) async throws -> ClientResponse {
        var headers = HTTPHeaders()
        if body != nil { headers.set("content-type", contentType) }
        if let token { headers.set("authorization", "Bearer \(token)") }
        if let key { headers.set("idempotency-key", key) }
        let url = target.hasPrefix("http") ? target : base + StorefrontAPI.prefix + target
        let end = Instant.now + Self.patience
        var pause = Self.firstPause
        while true {
            let (outcome, wait) = await attempt(
                ClientRequest(
                    method: method, url: url, headers: headers, body: body ?? [],
                    deadline: min(end, .now + Self.answerWithin), idempotent: true))
            switch outcome {
            case .success(let answer): return answer
            case .failure(let error):
                let next = max(pause, wait ?? .zero)
                guard error.isPassing, Instant.now + next < end else { throw error }
                try await loop.sleep(for: next)
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    private func attempt(_ request: ClientRequest) async -> (Result<ClientResponse, DoorError>, wait: Duration?) {
        let answer: ClientResponse
        do {
            answer = try await client.send(request)
        } catch {
            return (.failure(.unreachable(url: request.url, why: "\(error)")), nil)
        }
        guard answer.status.code >= 400 else { return (.success(answer), nil) }
        let problem = try? JSON.decode(Problem.self, from: answer.body, mode: .lenient)
        let wait = answer.headers["retry-after"].flatMap { Int64($0) }.map { Duration.seconds($0) }
        let why = problem?.detail ?? problem?.title ?? "no problem body"
        return (
            .failure(
                .problem(
                    status: answer.status.code, code: problem?.code ?? "",
                    detail: "\(request.method) \(request.url): \(why)")),
            wait
        )
    }
}

/// Why the public API could not be used.
enum DoorError: Error {
    /// No answer came.
    case unreachable(url: String, why: String)
    /// The answer was a problem (RFC 9457).
    case problem(status: Int, code: String, detail: String)
    /// The answer was not what the API promises.
    case unreadable(String)

    var message: String {
        switch self {
        case .unreachable(let url, let why): "\(url) does not answer (\(why)); is Linli running? deploy/run starts it"
        case .problem(let status, let code, let detail): "\(status) \(code): \(detail)"
        case .unreadable(let what): "an answer cannot be read: \(what)"
        }
    }

    /// The code of the problem; nil when there was none.
    var code: String? {
        guard case .problem(_, let code, _) = self else { return nil }
        return code
    }

    /// Whether the same request may well succeed later.
    var isPassing: Bool {
        switch self {
        case .unreachable: true
        case .problem(let status, let code, _): status >= 500 || status == 429 || code == "idempotency_key_in_use"
        case .unreadable: false
        }
    }
}

/// An Idempotency-Key of this run.
func newKey() -> String {
    let parts = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }
    return "linli-" + parts.joined()
}
