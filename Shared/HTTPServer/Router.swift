public import HTTPCore
public import Models

/// Answers a request. Runs on the event loop of its connection: it must not block.
public typealias Handler = @Sendable (Request) async throws -> Response

/// Answers a request from what is at hand. A handler that never waits is spared the looks at the executor that every
/// call of an asynchronous one costs, about a twentieth of the cheapest request. It may change the request, which spares
/// middleware a copy.
public typealias ImmediateHandler = @Sendable (inout Request) throws -> Response

/// Something around a handler: it may look at the request, change it, answer itself, or pass it on.
public typealias Middleware = @Sendable (Request, Handler) async throws -> Response

/// Finds the handler of a path.
///
/// A tree of segments laid out in one array. A literal segment wins over a parameter; when the literal's branch leads
/// nowhere, the parameter's is tried: with `/orders/new` and `/orders/{id}/lines`, the path `/orders/new/lines` finds
/// the second. GET serves HEAD. Two routes for one method and pattern are a programmer's error and end the start.
public struct Router: Sendable {
    /// What answers the requests of a route.
    public enum Work: Sendable {
        /// It may wait.
        case waiting(Handler)
        /// It never waits.
        case immediate(ImmediateHandler)
    }

    /// An object, so that finding one copies one reference.
    final class Route: Sendable {
        let method: HTTPMethod
        let pattern: String
        let segments: PathPattern
        let parameterNames: [String]
        let isSheddable: Bool
        let work: Work

        init(
            method: HTTPMethod, pattern: PathPattern, parameterNames: [String], isSheddable: Bool, work: Work
        ) {
            self.method = method
            self.pattern = pattern.text
            segments = pattern
            self.parameterNames = parameterNames
            self.isSheddable = isSheddable
            self.work = work
        }
    }

    private struct Node: Sendable {
        var literals: [(bytes: [UInt8], node: Int)] = []
        var parameter: Int?
        var routes: [Route] = []
    }

    private var nodes = [Node()]

    /// Sees the answers to requests that no route takes (404, 405, OPTIONS, a malformed path), and may change them: for
    /// logs and metrics.
    public var unmatched: (@Sendable (Request, Response) -> Response)?
    /// Sees what never became a request: malformed bytes, limits, deadlines of a head. With the address of the peer.
    public var refused: (@Sendable (RequestRefusal, String) -> Void)?

    /// When requests are refused because too much waits; nil: never.
    public var shedding: LoadShedding?

    /// What became of looking for a path.
    enum Match {
        case route(Route, PathParameters)
        /// The path exists, for these methods.
        case otherMethods([HTTPMethod])
        case nothing
        /// The path is not one: a broken escape, a dot segment, an encoded slash.
        case malformed
    }

    /// No routes.
    public init() {}

    /// Adds a route whose handler may wait.
    ///
    /// - Parameter isSheddable: whether ``shedding`` applies to it. False for what must answer under any load, such as
    ///   health checks.
    public mutating func on(
        _ method: HTTPMethod, _ pattern: PathPattern, isSheddable: Bool = true, _ handler: @escaping Handler
    ) {
        on(method, pattern, isSheddable: isSheddable, work: .waiting(handler))
    }

    /// Adds a route.
    public mutating func on(_ method: HTTPMethod, _ pattern: PathPattern, isSheddable: Bool = true, work: Work) {
        var node = 0
        var names: [String] = []
        for segment in pattern.segments {
            switch segment {
            case .literal(let text): node = literalChild(of: node, Array(text.utf8))
            case .parameter(let name):
                names.append(name)
                node = parameterChild(of: node)
            }
        }
        precondition(
            !nodes[node].routes.contains { $0.method == method }, "two routes for \(method) \(pattern)")
        nodes[node].routes.append(
            Route(method: method, pattern: pattern, parameterNames: names, isSheddable: isSheddable, work: work))
    }

    /// Adds a route.
    public mutating func on(_ method: HTTPMethod, _ pattern: String, _ handler: @escaping Handler) {
        on(method, PathPattern(pattern), handler)
    }

    private mutating func literalChild(of node: Int, _ bytes: [UInt8]) -> Int {
        if let child = nodes[node].literals.first(where: { $0.bytes == bytes }) { return child.node }
        nodes.append(Node())
        nodes[node].literals.append((bytes, nodes.count - 1))
        return nodes.count - 1
    }

    private mutating func parameterChild(of node: Int) -> Int {
        if let child = nodes[node].parameter { return child }
        nodes.append(Node())
        nodes[node].parameter = nodes.count - 1
        return nodes.count - 1
    }

    /// Every route, for documents and tests.
    public var table: [(method: HTTPMethod, pattern: PathPattern)] {
        nodes.flatMap { $0.routes.map { ($0.method, $0.segments) } }
    }

    // MARK: Matching

    func match(_ method: HTTPMethod, _ path: String) -> Match {
        var path = path
        return path.withUTF8 { bytes in
            guard bytes.first == UInt8(ascii: "/") else { return .nothing }
            var mustDecode = false
            for byte in bytes {
                // A backslash is in no URL, and some take it for a slash: nothing here has one in its name.
                if byte == UInt8(ascii: "\\") { return .nothing }
                if byte == UInt8(ascii: "%") || byte == UInt8(ascii: ".") { mustDecode = true }
            }
            if mustDecode { return matchDecoded(method, bytes) }
            var captured: [Range<Int>] = []
            guard let node = find(0, bytes, from: 1, &captured) else { return .nothing }
            return pick(method, node, captured, of: bytes)
        }
    }

    /// The slow way, for paths with escapes or dots: decoded segment by segment, after splitting.
    private func matchDecoded(_ method: HTTPMethod, _ bytes: UnsafeBufferPointer<UInt8>) -> Match {
        let text = String(decoding: bytes, as: UTF8.self)
        var segments: [String] = []
        for part in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let segment = PercentCoding.pathSegment(part.utf8) else { return .malformed }
            segments.append(segment)
        }
        // A slash cannot be in a decoded segment, so joined text splits again into the same segments.
        var joined = "/" + segments.joined(separator: "/")
        return joined.withUTF8 { bytes in
            var captured: [Range<Int>] = []
            guard let node = find(0, bytes, from: 1, &captured) else { return .nothing }
            return pick(method, node, captured, of: bytes)
        }
    }

    private func find(
        _ node: Int, _ path: UnsafeBufferPointer<UInt8>, from start: Int, _ captured: inout [Range<Int>]
    ) -> Int? {
        guard start < path.count else { return nodes[node].routes.isEmpty ? nil : node }
        var end = start
        while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
        // A slash at the very end would be an empty last segment, which no pattern has.
        guard end > start, end + 1 != path.count else { return nil }
        for index in nodes[node].literals.indices where nodes[node].literals[index].bytes.count == end - start {
            guard nodes[node].literals[index].bytes.elementsEqual(path[start..<end]) else { continue }
            if let found = find(nodes[node].literals[index].node, path, from: end + 1, &captured) { return found }
        }
        guard let parameter = nodes[node].parameter else { return nil }
        captured.append(start..<end)
        if let found = find(parameter, path, from: end + 1, &captured) { return found }
        captured.removeLast()
        return nil
    }

    private func pick(
        _ method: HTTPMethod, _ node: Int, _ captured: [Range<Int>], of path: UnsafeBufferPointer<UInt8>
    ) -> Match {
        let routes = nodes[node].routes
        let route = routes.first { $0.method == method }
            ?? (method == .head ? routes.first { $0.method == .get } : nil)
        guard let route else {
            var methods = routes.map(\.method)
            if methods.contains(.get), !methods.contains(.head) { methods.append(.head) }
            return .otherMethods(methods + [.options])
        }
        guard !captured.isEmpty else { return .route(route, PathParameters()) }
        let values = zip(route.parameterNames, captured).map { name, range in
            (name: name, value: String(decoding: UnsafeBufferPointer(rebasing: path[range]), as: UTF8.self))
        }
        return .route(route, PathParameters(values))
    }
}
