public import EventLoop
public import HTTPCore
public import Models

/// A request, checked and routed.
public struct Request: Sendable {
    /// What was received, in one object: copying a request copies a reference.
    private let head: RequestHead
    /// The body, read when somebody asks for it.
    public var body: RequestBody
    /// Identifies the request in logs and answers; set by middleware.
    public var requestID: String
    /// Its place in a distributed trace; set by middleware.
    public var trace: TraceIdentity?
    /// When the caller stops waiting; set by middleware.
    public var deadline: Instant
    /// Who calls; set by middleware.
    public var principal: (any Sendable)?

    /// The method; a HEAD that a GET route serves stays HEAD.
    public var method: HTTPMethod { head.method }
    /// The path as sent, still percent-encoded.
    public var path: String { head.path }
    /// The parameters of the query.
    public var query: QueryItems { QueryItems(head.rawQuery) }
    /// The header fields.
    public var headers: HTTPHeaders { head.headers }
    /// The value of the first field of that name; cheaper than to ask a copy of all.
    public func header(_ name: String) -> String? { head.headers[name] }
    /// The parameters of the path.
    public let parameters: PathParameters
    /// The pattern that matched, such as `/v1/orders/{id}`: a name of bounded variety for logs and metrics.
    public let routePattern: String
    /// The host the request is for.
    public var authority: String? { head.authority }
    /// Textual address of the peer.
    public let peerAddress: String

    /// Makes a request, for the server and for tests of handlers.
    public init(
        method: HTTPMethod, path: String, query: QueryItems = QueryItems(nil), headers: HTTPHeaders = HTTPHeaders(),
        parameters: PathParameters = PathParameters(), body: RequestBody = RequestBody([]), routePattern: String = "",
        authority: String? = nil, peerAddress: String = "", deadline: Instant = .distantFuture
    ) {
        self.init(
            head: RequestHead(
                method: method, path: path, rawQuery: query.raw, headers: headers, authority: authority),
            body: body, parameters: parameters, routePattern: routePattern, peerAddress: peerAddress)
        self.deadline = deadline
    }

    init(
        head: RequestHead, body: RequestBody, parameters: PathParameters, routePattern: String,
        peerAddress: String
    ) {
        self.head = head
        self.parameters = parameters
        self.routePattern = routePattern
        self.peerAddress = peerAddress
        self.body = body
        deadline = .distantFuture
        requestID = ""
    }
}

/// A place in a distributed trace (W3C Trace Context): what ``Request`` carries; the toolkit gives it its text.
public struct TraceIdentity: Hashable, Sendable {
    /// The trace, 128 bits.
    public var high: UInt64
    /// Its lower half.
    public var low: UInt64
    /// This step.
    public var span: UInt64
    /// Bit 0: sampled.
    public var flags: UInt8

    /// Makes an identity.
    public init(high: UInt64, low: UInt64, span: UInt64, flags: UInt8) {
        self.high = high
        self.low = low
        self.span = span
        self.flags = flags
    }
}

/// A value that a segment of a path can be.
public protocol PathParameterValue {
    /// Reads the decoded segment; nil when it is none.
    init?(pathParameter text: String)
}

extension String: PathParameterValue {
    public init?(pathParameter text: String) { self = text }
}

extension Int: PathParameterValue {
    public init?(pathParameter text: String) { self.init(text) }
}

extension TypedID: PathParameterValue {
    public init?(pathParameter text: String) { self.init(text) }
}

/// The named segments of a matched path, decoded.
public struct PathParameters: Sendable {
    private var values: [(name: String, value: String)] = []

    /// No parameters.
    public init() {}

    /// Parameters by name, for tests of handlers.
    public init(_ values: [(name: String, value: String)]) {
        self.values = values
    }

    /// The decoded text of a parameter.
    public subscript(_ name: String) -> String? {
        values.first { $0.name == name }?.value
    }

    /// A parameter as a typed value.
    ///
    /// - Throws: `ProblemError` 404 when the text is none: what cannot be named does not exist.
    public func require<T: PathParameterValue>(_ name: String, as type: T.Type) throws -> T {
        guard let text = self[name], let value = T(pathParameter: text) else {
            throw ProblemError(Problem(
                code: "not_found", title: "Not found", status: 404, detail: "There is nothing at this path."))
        }
        return value
    }
}

/// The parameters of a query, decoded on demand.
public struct QueryItems: Sendable {
    /// The query as sent, for signatures over the request target.
    public let raw: String?

    /// The query as sent, without the question mark.
    public init(_ raw: String?) {
        self.raw = raw
    }

    /// All pairs in order; those with a broken encoding are left out.
    public var pairs: [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        _ = first { name, value in
            guard let name = PercentCoding.queryPart(name), let value = PercentCoding.queryPart(value) else { return nil }
            pairs.append((name, value))
            return nil
        }
        return pairs
    }

    /// The value of the first parameter of that name.
    public subscript(_ name: String) -> String? {
        first { PercentCoding.isQueryPart($0, name) ? PercentCoding.queryPart($1) : nil }
    }

    /// What `found` returns for the first pair, still encoded, for which it returns something.
    private func first(_ found: (Substring.UTF8View, Substring.UTF8View) -> String?) -> String? {
        guard let raw else { return nil }
        var rest = Substring(raw).utf8
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.endIndex
            let pair = rest[..<end]
            rest = rest[end...].dropFirst()
            guard !pair.isEmpty else { continue }
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            if let value = found(pair[..<equals], pair[equals...].dropFirst()) { return value }
        }
        return nil
    }

    /// A number.
    ///
    /// - Throws: `ProblemError` 400 naming the parameter when it is there and no finite number in `range`.
    public func double(_ name: String, in range: ClosedRange<Double>) throws -> Double? {
        guard let text = self[name] else { return nil }
        guard let value = Double(text), range.contains(value) else {
            throw Self.invalid(name, "must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// A whole number.
    ///
    /// - Throws: `ProblemError` 400 naming the parameter when it is there and no whole number in `range`.
    public func int(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = self[name] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw Self.invalid(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// `true` or `false` (also `1` and `0`).
    ///
    /// - Throws: `ProblemError` 400 naming the parameter when it is there and neither.
    public func bool(_ name: String) throws -> Bool? {
        switch self[name] {
        case nil: return nil
        case "true", "1": return true
        case "false", "0": return false
        default: throw Self.invalid(name, "must be true or false")
        }
    }

    /// The error for a parameter that breaks a rule; `detail` completes the sentence "the parameter …".
    public static func invalid(_ name: String, _ detail: String) -> ProblemError {
        ProblemError(Problem(
            code: "invalid_request", title: "Invalid request", status: 400, detail: "The parameter \(name) \(detail).",
            errors: [FieldError(pointer: name, code: "invalid", detail: detail)]))
    }
}
