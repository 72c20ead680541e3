import EventLoop
import HTTPCore
import HTTPServer
import Models

/// What every request passes, in this order: request id and trace → access log → metrics → load shedding →
/// deadline → authentication → handler (which calls idempotency where it applies) → problem mapping.
///
/// One closure a route, made at start with its handles in it: nothing is looked up per request.
struct Pipeline: Sendable {
    let logger: Logger
    let metrics: Metrics
    let authenticator: TokenAuthenticator
    let mapping: ProblemMapping
    let shedder: Shedder
    let deadline: Duration

    /// Every route with its chain.
    func router(_ routes: Routes) -> Router {
        var router = Router()
        for entry in routes.entries {
            router.on(entry.method, entry.pattern, isSheddable: entry.options.isSheddable, handler(for: entry))
        }
        router.unmatched = unmatched()
        router.refused = refused()
        router.shedding = shedder.rule
        return router
    }

    /// What no route takes is logged and counted as well, under one name: the path is the client's to choose.
    private func unmatched() -> @Sendable (Request, Response) -> Response {
        let route = RouteMetrics(method: HTTPMethod("any"), pattern: "(none)", metrics: metrics)
        let log = logger.level <= .info ? accessLogMembers(route) : nil
        return { request, response in
            let started = Instant.now
            var request = request, response = response
            Tracing.adopt(&request)
            finish(&response, request, route, started: started, log: log)
            return response
        }
    }

    /// Bytes that never became a request: counted by status, logged where details are wanted.
    private func refused() -> @Sendable (RequestRefusal, String) -> Void {
        let counts = metrics
        return { refusal, _ in
            counts.counter(
                "http_refusals_total", help: "Requests refused by the parser or its deadlines.",
                labels: [("status", "\(refusal.status.code)")]).increment()
            logger.debug(
                "request refused", ("status", .count(refusal.status.code)), ("reason", .string(refusal.detail)))
        }
    }

    /// The whole chain for one route.
    func handler(for entry: Routes.Entry) -> Handler {
        let route = RouteMetrics(method: entry.method, pattern: entry.pattern.description, metrics: metrics)
        let limit = (entry.options.deadline ?? deadline).wholeNanoseconds
        let isSheddable = entry.options.isSheddable
        let log = entry.options.isLogged && logger.level <= .info ? accessLogMembers(route) : nil
        let access = entry.access
        let needsProof = access.needsProof
        let handler = entry.handler
        return { request in
            let started = Instant.now
            var request = request
            Tracing.adopt(&request)
            request.deadline = Self.deadline(of: request, started: started, limit: limit)
            var response: Response
            if isSheddable, !shedder.enter() {
                response = shedder.answer
            } else {
                defer { if isSheddable { shedder.leave() } }
                do {
                    // Most reads are public: they are spared the asynchronous call.
                    let caller = needsProof ? try await authenticator.caller(of: request, access) : .anonymous
                    response = try await handler(request, caller)
                } catch {
                    response = .problem(
                        mapping.problem(for: error, requestID: request.requestID, route: route.pattern))
                }
            }
            finish(&response, request, route, started: started, log: log)
            return response
        }
    }

    private func finish(
        _ response: inout Response, _ request: Request, _ route: RouteMetrics, started: Instant, log: [UInt8]?
    ) {
        response.headers.set("x-request-id", request.requestID)
        let elapsed = Instant.now.nanoseconds - started.nanoseconds
        route.record(status: response.status.code, nanoseconds: elapsed)
        guard let log else { return }
        logger.log(prepared: log) { line in
            // Digits only: made here, so nothing to escape.
            line.raw(",\"request_id\":\"")
            line.bytes.append(contentsOf: request.requestID.utf8)
            line.raw("\",\"status\":")
            line.int(Int64(response.status.code))
            line.raw(",\"duration_us\":")
            line.int(elapsed / 1_000)
        }
    }

    private func accessLogMembers(_ route: RouteMetrics) -> [UInt8] {
        logger.prepare(.info, "request", [("method", .string(route.method)), ("route", .string(route.pattern))])
    }

    /// The earlier of what the caller still allows and the route's own limit.
    private static func deadline(of request: Request, started: Instant, limit: Int64) -> Instant {
        guard let text = request.header(Tracing.deadlineHeader), let milliseconds = Int64(text), milliseconds >= 0
        else { return started.adding(nanoseconds: limit) }
        return min(started.adding(milliseconds: min(milliseconds, 3_600_000)), started.adding(nanoseconds: limit))
    }
}

/// The measurements of one route, one handle a status class.
struct RouteMetrics: Sendable {
    let method: String
    let pattern: String
    private let counts: [Counter]
    private let durations: Histogram

    init(method: HTTPMethod, pattern: String, metrics: Metrics) {
        self.method = method.description
        self.pattern = pattern
        let labels = [("method", method.description), ("route", pattern)]
        counts = (1...5).map { statusClass in
            metrics.counter(
                "http_requests_total", help: "Requests answered.", labels: labels + [("status", "\(statusClass)xx")])
        }
        durations = metrics.histogram(
            "http_request_seconds", help: "Time from the parsed head to the answer's head.", labels: labels)
    }

    func record(status: Int, nanoseconds: Int64) {
        counts[min(max(status / 100, 1), 5) - 1].increment()
        durations.record(Double(nanoseconds) / 1e9)
    }
}
