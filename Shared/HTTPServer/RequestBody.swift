import Models

/// The body of a request: bytes that came with the head, or what the connection still has to receive.
public struct RequestBody: Sendable {
    private enum Source: Sendable {
        case bytes([UInt8])
        case connection(ServerConnection, declared: Int?)
    }

    private var source: Source

    /// A body that is there already.
    public init(_ bytes: [UInt8]) {
        source = .bytes(bytes)
    }

    init(from connection: ServerConnection, declared: Int?) {
        source = .connection(connection, declared: declared)
    }

    /// The next bytes as they come; nil at the end. Asking is what sends `100 Continue` to a client that waits for it.
    ///
    /// - Throws: `ProblemError` 400 for a malformed body, 408 for one that comes too slowly; `PeerGone` when the peer
    ///   went away.
    public mutating func next() async throws -> [UInt8]? {
        switch source {
        case .bytes(let bytes):
            source = .bytes([])
            return bytes.isEmpty ? nil : bytes
        case .connection(let connection, _): return try await connection.nextBodyBytes()
        }
    }

    /// The whole body.
    ///
    /// - Throws: as ``next()``, and `ProblemError` 413 for a body of more than `limit` bytes; a declared length is
    ///   refused before anything is read.
    public mutating func collect(upTo limit: Int) async throws -> [UInt8] {
        switch source {
        case .bytes(let bytes):
            guard bytes.count <= limit else { throw Self.tooLarge(limit) }
            return bytes
        case .connection(let connection, let declared):
            if let declared, declared > limit { throw Self.tooLarge(limit) }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(declared ?? 0)
            while let part = try await connection.nextBodyBytes() {
                guard bytes.count + part.count <= limit else { throw Self.tooLarge(limit) }
                bytes.append(contentsOf: part)
            }
            return bytes
        }
    }

    private static func tooLarge(_ limit: Int) -> ProblemError {
        ProblemError(Problem(
            code: "content_too_large", title: "Content too large", status: 413,
            detail: "The body of this request may have at most \(limit) bytes."))
    }
}

/// The peer closed the connection or stopped taking bytes; there is nobody to answer.
public struct PeerGone: Error {}
