/// The head of a response, as a client reads it.
public struct ResponseHead: Sendable {
    /// The status.
    public var status: HTTPStatus
    /// All fields.
    public var headers: HTTPHeaders
    /// How the body is delimited.
    public var framing: ResponseFraming
    /// Whether the connection may be used again once the body has been read.
    public var keepsAlive: Bool
    /// Bytes of the message up to the body.
    public var byteCount: Int
}

/// How a response's body is delimited (RFC 9112 section 6.3).
public enum ResponseFraming: Hashable, Sendable {
    case none
    case length(Int)
    case chunked
    /// Until the server closes the connection.
    case untilClose
}

/// The peer does not speak HTTP as we understand it.
public struct MalformedResponse: Error, Hashable, Sendable {
    /// What is wrong.
    public var detail: String
}

/// Reads response heads from bytes as they come.
public struct ResponseParser: Sendable {
    /// Longest head of a response, in bytes.
    private static let headBytesMax = 65_535
    private var scanned = 0

    /// A parser for one response.
    public init() {}

    /// Looks for a response head at the start of `buffer`; nil while it is incomplete. Interim responses (1xx) are
    /// returned like others; the caller skips them.
    ///
    /// - Parameter isHead: the request was HEAD, so no body follows whatever the fields say.
    public mutating func next(
        _ buffer: UnsafeBufferPointer<UInt8>, isHead: Bool
    ) throws(MalformedResponse) -> ResponseHead? {
        guard let end = findEnd(buffer) else {
            guard buffer.count <= Self.headBytesMax else { throw MalformedResponse(detail: "a head without end") }
            return nil
        }
        guard end <= Self.headBytesMax else { throw MalformedResponse(detail: "too large a head") }
        scanned = 0
        return try parse(buffer, end, isHead: isHead)
    }

    private mutating func findEnd(_ buffer: UnsafeBufferPointer<UInt8>) -> Int? {
        var index = max(0, scanned - 3)
        while index + 3 < buffer.count {
            if buffer[index + 3] > 0x0D {
                index += 4
                continue
            }
            if buffer[index] == 0x0D, buffer[index + 1] == 0x0A, buffer[index + 2] == 0x0D, buffer[index + 3] == 0x0A {
                return index + 4
            }
            index += 1
        }
        scanned = buffer.count
        return nil
    }

    private func parse(
        _ buffer: UnsafeBufferPointer<UInt8>, _ end: Int, isHead: Bool
    ) throws(MalformedResponse) -> ResponseHead {
        let expected = StaticString("HTTP/1.")
        guard end > 15, (0..<7).allSatisfy({ buffer[$0] == expected.utf8Start[$0] }), ASCII.isDigit(buffer[7]),
            buffer[8] == 0x20, let code = Int(String(decoding: buffer[9..<12], as: UTF8.self)), (100...599).contains(code),
            buffer[12] == 0x20 || buffer[12] == 0x0D, Self.hasOnlyWholeLines(buffer, end)
        else { throw MalformedResponse(detail: "no status line") }
        let minorVersion = buffer[7] == UInt8(ascii: "0") ? 0 : 1
        var index = 12
        while buffer[index] != 0x0D { index += 1 }
        index += 2
        var entries: [HeaderBlock.Entry] = []
        while index < end - 2 { entries.append(try Self.entry(buffer, &index, end)) }
        let bytes = UnsafeBufferPointer(rebasing: buffer[..<end])
        let headers = HTTPHeaders(received: HeaderBlock(bytes: bytes, entries: entries))
        let status = HTTPStatus(code)
        let framing = try Self.framing(headers, isHead || status.forbidsBody)
        let keepsAlive = !headers.hasToken("connection", "close") && framing != .untilClose
            && (minorVersion == 1 || headers.hasToken("connection", "keep-alive"))
        return ResponseHead(
            status: status, headers: headers, framing: framing, keepsAlive: keepsAlive, byteCount: end)
    }

    /// Whether control characters stand nowhere but as CRLF at line ends, and as tabs.
    private static func hasOnlyWholeLines(_ buffer: UnsafeBufferPointer<UInt8>, _ end: Int) -> Bool {
        var index = 0
        while index < end {
            let byte = buffer[index]
            if byte == 0x0D {
                guard index + 1 < end, buffer[index + 1] == 0x0A else { return false }
                index += 1
            } else if byte < 0x20 && byte != 0x09 || byte == 0x7F {
                return false
            }
            index += 1
        }
        return true
    }

    private static func entry(
        _ buffer: UnsafeBufferPointer<UInt8>, _ index: inout Int, _ end: Int
    ) throws(MalformedResponse) -> HeaderBlock.Entry {
        let nameStart = index
        while ASCII.isToken(buffer[index]) { index += 1 }
        let nameEnd = index
        guard nameEnd > nameStart, buffer[index] == UInt8(ascii: ":") else {
            throw MalformedResponse(detail: "a header field without name")
        }
        index += 1
        while buffer[index] == 0x20 || buffer[index] == 0x09 { index += 1 }
        let valueStart = index
        while buffer[index] != 0x0D { index += 1 }
        var valueEnd = index
        while valueEnd > valueStart, buffer[valueEnd - 1] == 0x20 || buffer[valueEnd - 1] == 0x09 { valueEnd -= 1 }
        guard index + 1 < end, buffer[index + 1] == 0x0A else { throw MalformedResponse(detail: "a bare CR") }
        index += 2
        return HeaderBlock.Entry(
            nameStart: UInt16(nameStart), nameEnd: UInt16(nameEnd), valueStart: UInt16(valueStart),
            valueEnd: UInt16(valueEnd))
    }

    private static func framing(_ headers: HTTPHeaders, _ isBodyless: Bool) throws(MalformedResponse) -> ResponseFraming {
        if isBodyless { return .none }
        let lengths = headers.all("content-length")
        if let coding = headers["transfer-encoding"] {
            guard HTTPHeaders.equalNames(coding, "chunked"), lengths.isEmpty else {
                throw MalformedResponse(detail: "a transfer coding that is not chunked alone")
            }
            return .chunked
        }
        guard let length = lengths.first else { return .untilClose }
        guard lengths.count == 1, !length.isEmpty, length.utf8.allSatisfy(ASCII.isDigit), let count = Int(length) else {
            throw MalformedResponse(detail: "no plain Content-Length")
        }
        return count == 0 ? .none : .length(count)
    }
}
