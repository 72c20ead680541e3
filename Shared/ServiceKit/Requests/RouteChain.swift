import EventLoop
import HTTPCore
import HTTPServer
import Models

/// What a request passes on one route, made at start with its handles in it: nothing is looked up per request.
struct RouteChain: Sendable {
    private let entry: Routes.Entry
    private let pipeline: Pipeline
    private let route: RouteMetrics
    private let limit: Int64
    private let isSheddable: Bool
    private let log: [UInt8]?

    init(_ entry: Routes.Entry, _ pipeline: Pipeline) {
        self.entry = entry
        self.pipeline = pipeline
        route = RouteMetrics(method: entry.method, pattern: entry.pattern.description, metrics: pipeline.metrics)
        limit = (entry.options.deadline ?? pipeline.deadline).wholeNanoseconds
        isSheddable = entry.options.isSheddable
        log = entry.options.isLogged ? pipeline.accessLogMembers(route) : nil
    }

    /// A route that never waits stays so when nobody has to prove who calls.
    var work: Router.Work {
        let needsProof = entry.access.needsProof
        switch entry.work {
        case .immediate(let handler) where !needsProof: return .immediate { answer(&$0, handler) }
        case .immediate(let handler): return waiting(needsProof) { try handler($0, $1) }
        case .waiting(let handler): return waiting(needsProof, handler)
        }
    }

    private func answer(_ request: inout Request, _ handler: ImmediateRouteHandler) -> Response {
        let started = begin(&request)
        var response: Response
        if isSheddable, !pipeline.shedder.enter() {
            response = pipeline.shedder.answer
        } else {
            defer { if isSheddable { pipeline.shedder.leave() } }
            do { response = try handler(request, .anonymous) } catch { response = failure(error, request) }
        }
        pipeline.finish(&response, request, route, started: started, log: log)
        return response
    }

    // The same once more, in one closure: each asynchronous function between here and the handler would cost as much as
    // all that is left out above.
    private func waiting(_ needsProof: Bool, _ handler: @escaping RouteHandler) -> Router.Work {
        let access = entry.access
        return .waiting { request in
            var request = request
            let started = begin(&request)
            var response: Response
            if isSheddable, !pipeline.shedder.enter() {
                response = pipeline.shedder.answer
            } else {
                defer { if isSheddable { pipeline.shedder.leave() } }
                do {
                    // Most reads are public: they are spared the asynchronous call.
                    let caller = needsProof ? try await pipeline.authenticator.caller(of: request, access) : .anonymous
                    response = try await handler(request, caller)
                } catch {
                    response = failure(error, request)
                }
            }
            pipeline.finish(&response, request, route, started: started, log: log)
            return response
        }
    }

    private func begin(_ request: inout Request) -> Instant {
        let started = Instant.now
        Tracing.adopt(&request)
        request.deadline = deadline(of: request, started: started)
        return started
    }

    private func failure(_ error: any Error, _ request: Request) -> Response {
        .problem(pipeline.mapping.problem(for: error, requestID: request.requestID, route: route.pattern))
    }

    /// The earlier of what the caller still allows and the route's own limit.
    private func deadline(of request: Request, started: Instant) -> Instant {
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
