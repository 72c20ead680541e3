public import EventLoop
public import HTTPCore
public import HTTPServer

/// Request ids, trace context and deadlines between services.
enum Tracing {
    /// Milliseconds that the caller still allows.
    static let deadlineHeader = "linli-deadline-ms"

    /// Gives the request its id and its place in the trace.
    static func adopt(_ request: inout Request) {
        let trace = request.header("traceparent").flatMap(TraceParent.init).map { $0.child() } ?? .make()
        request.trace = TraceIdentity(
            high: trace.traceHigh, low: trace.traceLow, span: trace.span, flags: trace.flags)
        request.requestID = TraceParent.makeRequestID()
    }
}

/// What a call to a neighbour inherits from the work it is part of.
public struct CallContext: Sendable {
    /// The trace, as a header value.
    public var traceparent: String?
    /// When the whole work must be done.
    public var deadline: Instant

    public init(traceparent: String? = nil, deadline: Instant) {
        self.traceparent = traceparent
        self.deadline = deadline
    }

    /// For jobs: a new trace and `duration` from now.
    public static func background(_ duration: Duration = .seconds(10)) -> CallContext {
        CallContext(traceparent: TraceParent.make().description, deadline: .now + duration)
    }

    /// Adds the headers that carry this context.
    public func write(to headers: inout HTTPHeaders) {
        if let traceparent { headers.set("traceparent", traceparent) }
        let left = max(0, (deadline - Instant.now).wholeMilliseconds)
        headers.set(Tracing.deadlineHeader, String(left))
    }
}

extension Request {
    /// The trace context as a header value; made when somebody asks.
    public var traceparent: String? {
        trace.map { TraceParent(traceHigh: $0.high, traceLow: $0.low, span: $0.span, flags: $0.flags).description }
    }

    /// What calls made for this request inherit.
    public var callContext: CallContext { CallContext(traceparent: traceparent, deadline: deadline) }
}
