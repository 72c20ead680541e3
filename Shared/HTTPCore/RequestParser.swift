/// Reads request heads from bytes as they come. No I/O; it can be fed any number of bytes at a time.
///
/// In two steps. `scan` looks for the empty line that ends a head and refuses at once what no head may contain (a bare
/// LF, a CR without LF, NUL and other controls): what two parsers could read differently is never waited for. It
/// remembers how far it looked, so a head that comes byte by byte costs no more than one that comes at once. Then the
/// complete head is taken apart in one pass.
public struct RequestParser: Sendable {
    private let limits: HTTPLimits
    /// Bytes already scanned, from the start of the buffer.
    private var scanned = 0
    /// End of the request line, once seen.
    private var lineEnd: Int?
    private var lineStart = 0
    private var isLineChecked = false
    private var entries: [HeaderBlock.Entry] = []

    /// A parser for one connection.
    public init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Looks for a request head at the start of `buffer`, which holds everything received and not yet consumed.
    ///
    /// - Returns: nil while the head is incomplete.
    /// - Throws: the refusal to answer with.
    public mutating func next(_ buffer: UnsafeBufferPointer<UInt8>) throws(RequestRefusal) -> RequestHead? {
        guard let end = try scan(buffer) else {
            try checkRequestLine(buffer)
            return nil
        }
        let first = Self.leadingEmptyLines(buffer)
        scanned = 0
        lineEnd = nil
        lineStart = 0
        isLineChecked = false
        var kept: [HeaderBlock.Entry] = []
        swap(&kept, &entries)
        var reader = HeadReader(buffer, from: first, to: end, limits: limits, entries: kept)
        let head = try reader.head()
        entries = reader.entries
        return head
    }

    /// A request line that can never be right is refused as soon as it is there: who speaks HTTP/0.9 sends no more.
    private mutating func checkRequestLine(_ buffer: UnsafeBufferPointer<UInt8>) throws(RequestRefusal) {
        guard let lineEnd, !isLineChecked else { return }
        isLineChecked = true
        var reader = HeadReader(buffer, from: Self.leadingEmptyLines(buffer), to: lineEnd + 2, limits: limits)
        _ = try reader.requestLine()
    }

    /// RFC 9112 section 2.2: a server should ignore an empty line before the request line; two at most here.
    private static func leadingEmptyLines(_ buffer: UnsafeBufferPointer<UInt8>) -> Int {
        var start = 0
        while start < 4, start + 1 < buffer.count, buffer[start] == 0x0D, buffer[start + 1] == 0x0A { start += 2 }
        return start
    }

    /// The index behind the empty line, or nil while it has not come.
    private mutating func scan(_ buffer: UnsafeBufferPointer<UInt8>) throws(RequestRefusal) -> Int? {
        var index = scanned
        while true {
            index = Self.nextControl(buffer, from: index)
            guard index < buffer.count else { break }
            let byte = buffer[index]
            if byte == 0x09 {
                index += 1
                continue
            }
            guard byte == 0x0D else {
                throw RequestRefusal(.badRequest, "A control character or a line feed without carriage return.")
            }
            guard index + 1 < buffer.count else { break }
            guard buffer[index + 1] == 0x0A else {
                throw RequestRefusal(.badRequest, "A carriage return without line feed.")
            }
            let isEmptyLine = index == lineStart
            try checkLine(length: index - lineStart)
            lineStart = index + 2
            if !isEmptyLine {
                lineEnd = lineEnd ?? index
            } else if lineEnd != nil {
                return index + 2
            } else if lineStart > 4 {
                throw RequestRefusal(.badRequest, "Empty lines instead of a request.")
            }
            index += 2
        }
        scanned = index
        try checkLine(length: buffer.count - lineStart)
        return nil
    }

    private func checkLine(length: Int) throws(RequestRefusal) {
        if lineEnd == nil {
            guard length <= limits.requestLineBytesMax else {
                throw RequestRefusal(.uriTooLong, "The request line has more than \(limits.requestLineBytesMax) bytes.")
            }
        } else {
            guard length <= limits.headerLineBytesMax, lineStart + length <= limits.headBytesMax else {
                throw RequestRefusal(.headersTooLarge, "The header fields are too large.")
            }
        }
    }

    /// The next byte below 0x20 or equal to 0x7F, eight bytes at a time.
    private static func nextControl(_ buffer: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        let ones: UInt64 = 0x0101_0101_0101_0101, highs: UInt64 = 0x8080_8080_8080_8080
        var index = start
        while index + 8 <= buffer.count {
            let word = UInt64(littleEndian: UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self))
            let low = (word &- ones &* 0x20) & ~word
            let delete = word ^ (ones &* 0x7F)
            let found = (low | ((delete &- ones) & ~delete)) & highs
            if found != 0 { return index + found.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < buffer.count {
            let byte = base[index]
            if byte < 0x20 || byte == 0x7F { return index }
            index += 1
        }
        return buffer.count
    }
}
