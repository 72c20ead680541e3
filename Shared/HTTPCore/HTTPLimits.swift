/// What a server accepts. Every limit is here, with its unit; the defaults are those of our trust policy.
public struct HTTPLimits: Sendable {
    /// Longest request line, in bytes; beyond it 414 (RFC 9112 section 3 recommends at least 8,000).
    public var requestLineBytesMax = 8_192
    /// Longest header field line, in bytes; beyond it 431.
    public var headerLineBytesMax = 8_192
    /// Longest head (request line and fields), in bytes; beyond it 431. At most 65,535.
    public var headBytesMax = 16_384
    /// Most header fields; beyond it 431.
    public var headerCountMax = 100
    /// Longest line of a chunk's size and extensions, in bytes; beyond it 400.
    public var chunkLineBytesMax = 256
    /// Bytes of chunk framing beyond a fair share (16 bytes a chunk and twice its data, as Go counts); beyond it 400.
    public var chunkExcessBytesMax = 16_384
    /// Longest trailer section, in bytes; beyond it 431. Trailers are checked and dropped.
    public var trailerBytesMax = 8_192
    /// From the first byte of a request to the end of its head, in milliseconds; beyond it 408.
    public var headMilliseconds: Int64 = 10_000
    /// For the whole body, in milliseconds; beyond it 408.
    public var bodyMilliseconds: Int64 = 30_000
    /// The slowest sender of a body we wait for, in bytes a second, after 5 seconds of grace; below it 408.
    public var bodyBytesPerSecondMin = 500
    /// A kept connection without a request, in milliseconds.
    public var idleMilliseconds: Int64 = 30_000
    /// A peer that takes no bytes of an answer, in milliseconds.
    public var writeStallMilliseconds: Int64 = 15_000
    /// Requests on one connection before it is closed.
    public var requestsPerConnectionMax = 1_000
    /// Pipelined requests answered in a row before other connections get their turn.
    public var pipelineDepthMax = 32
    /// Connections at once; further ones are closed at once.
    public var connectionsMax = 2_000
    /// Connections at once from one address that is not on this machine.
    public var connectionsPerAddressMax = 200
    /// How much of an unread body is read to give the peer a chance to see the answer, in bytes (Go uses the same).
    public var lingerBytesMax = 262_144
    /// How long that may take, in milliseconds.
    public var lingerMilliseconds: Int64 = 500

    /// The defaults.
    public init() {}
}
