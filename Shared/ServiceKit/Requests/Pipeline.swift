import EventLoop
import HTTPCore
import HTTPServer
import Models

/// What every request passes, in this order: request id and trace → access log → metrics → load shedding →
/// deadline → authentication → handler (which calls idempotency where it applies) → problem mapping.
///
/// Each route has a chain of its own (``RouteChain``); here is what they share.
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
            router.on(
                entry.method, entry.pattern, isSheddable: entry.options.isSheddable, work: RouteChain(entry, self).work)
        }
        router.unmatched = unmatched()
        router.refused = refused()
        router.shedding = shedder.rule
        return router
    }

    /// What no route takes is logged and counted as well, under one name: the path is the client's to choose.
    private func unmatched() -> @Sendable (Request, Response) -> Response {
        let route = RouteMetrics(method: HTTPMethod("any"), pattern: "(none)", metrics: metrics)
        let log = accessLogMembers(route)
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

    /// Counts an answer and logs it.
    func finish(
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

    /// What every log line of a route begins with; nil when they are not wanted.
    func accessLogMembers(_ route: RouteMetrics) -> [UInt8]? {
        guard logger.level <= .info else { return nil }
        return logger.prepare(.info, "request", [("method", .string(route.method)), ("route", .string(route.pattern))])
    }
}
