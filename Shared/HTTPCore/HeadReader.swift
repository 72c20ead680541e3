/// Takes a complete request head apart (RFC 9112 sections 3, 5 and 6). Lines are known to end with CRLF and to hold no
/// control characters but tabs.
struct HeadReader {
    private let buffer: UnsafeBufferPointer<UInt8>
    private var index: Int
    private let start: Int
    private let end: Int
    private let limits: HTTPLimits
    /// The places of the fields; the parser keeps the array's memory from one head to the next.
    private(set) var entries: [HeaderBlock.Entry]
    private var special = SpecialFields()

    init(
        _ buffer: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int, limits: HTTPLimits,
        entries: consuming [HeaderBlock.Entry] = []
    ) {
        self.entries = entries
        self.buffer = buffer
        self.start = start
        self.end = end
        self.limits = limits
        index = start
    }

    mutating func head() throws(RequestRefusal) -> RequestHead {
        let (method, target, minorVersion) = try requestLine()
        entries.removeAll(keepingCapacity: true)
        entries.reserveCapacity(16)
        while index < end - 2 { try takeField() }
        let (path, query, authority) = try Self.split(target, buffer, method)
        try checkHost(minorVersion)
        let block = HeaderBlock(bytes: UnsafeBufferPointer(rebasing: buffer[start..<end]), entries: entries)
        let framing = try special.framing(minorVersion)
        let host = special.hostRange.map { String(decoding: buffer[$0], as: UTF8.self) }
        return RequestHead(
            method: method, path: path, rawQuery: query, minorVersion: minorVersion,
            headers: HTTPHeaders(received: block), authority: authority ?? host, framing: framing,
            keepsAlive: special.keepsAlive(minorVersion), expectsContinue: try special.expectsContinue(minorVersion),
            byteCount: end)
    }

    // MARK: The request line

    /// The first line. The version is judged before the method: the preface of HTTP/2 looks like a method nobody knows.
    mutating func requestLine() throws(RequestRefusal) -> (HTTPMethod, target: Range<Int>, minorVersion: Int) {
        let method = try takeMethod()
        let target = try takeTarget()
        let minorVersion = try takeVersion()
        guard let method else {
            throw RequestRefusal(.notImplemented, "The method is not one this server knows.")
        }
        return (method, target, minorVersion)
    }

    private mutating func takeMethod() throws(RequestRefusal) -> HTTPMethod? {
        let from = index
        while index < end, ASCII.isToken(buffer[index]) { index += 1 }
        guard index > from, buffer[index] == 0x20 else {
            throw RequestRefusal(.badRequest, "The request line does not begin with a method and one space.")
        }
        let name = UnsafeBufferPointer(rebasing: buffer[from..<index])
        index += 1
        return HTTPMethod.known(name)
    }

    private mutating func takeTarget() throws(RequestRefusal) -> Range<Int> {
        let from = index
        while index < end, buffer[index] > 0x20, buffer[index] < 0x7F { index += 1 }
        guard index > from, buffer[index] == 0x20 else {
            throw RequestRefusal(.badRequest, "The request target is empty or has characters that must be encoded.")
        }
        let target = from..<index
        index += 1
        return target
    }

    /// `HTTP/1.x` and the end of the line. A higher minor version is served as 1.1 (RFC 9110 section 2.5).
    private mutating func takeVersion() throws(RequestRefusal) -> Int {
        let expected = StaticString("HTTP/")
        guard index + 10 <= end, (0..<5).allSatisfy({ buffer[index + $0] == expected.utf8Start[$0] }),
            ASCII.isDigit(buffer[index + 5]), buffer[index + 6] == UInt8(ascii: "."),
            ASCII.isDigit(buffer[index + 7]), buffer[index + 8] == 0x0D
        else { throw RequestRefusal(.badRequest, "The request line does not end with an HTTP version.") }
        guard buffer[index + 5] == UInt8(ascii: "1") else {
            throw RequestRefusal(.versionNotSupported, "Only HTTP/1.0 and HTTP/1.1 are spoken here.")
        }
        let isZero = buffer[index + 7] == UInt8(ascii: "0")
        index += 10
        return isZero ? 0 : 1
    }

    // MARK: Header fields

    private mutating func takeField() throws(RequestRefusal) {
        guard entries.count < limits.headerCountMax else {
            throw RequestRefusal(.headersTooLarge, "More than \(limits.headerCountMax) header fields.")
        }
        let nameStart = index
        // A line that begins with white space would continue the one before (obs-fold): refused, section 5.2.
        while ASCII.isToken(buffer[index]) { index += 1 }
        let nameEnd = index
        guard nameEnd > nameStart, buffer[index] == UInt8(ascii: ":") else {
            throw RequestRefusal(.badRequest, "A header field has no name, or white space before its colon.")
        }
        index += 1
        while buffer[index] == 0x20 || buffer[index] == 0x09 { index += 1 }
        let valueStart = index
        while buffer[index] != 0x0D { index += 1 }
        var valueEnd = index
        while valueEnd > valueStart, buffer[valueEnd - 1] == 0x20 || buffer[valueEnd - 1] == 0x09 { valueEnd -= 1 }
        index += 2
        entries.append(HeaderBlock.Entry(
            nameStart: UInt16(nameStart - start), nameEnd: UInt16(nameEnd - start),
            valueStart: UInt16(valueStart - start), valueEnd: UInt16(valueEnd - start)))
        try special.note(
            name: UnsafeBufferPointer(rebasing: buffer[nameStart..<nameEnd]),
            value: UnsafeBufferPointer(rebasing: buffer[valueStart..<valueEnd]), at: valueStart)
    }

    /// Section 3.2: exactly one `Host` in HTTP/1.1, at most one in 1.0, and a host must look like one.
    private func checkHost(_ minorVersion: Int) throws(RequestRefusal) {
        guard special.hostCount == 1 || (special.hostCount == 0 && minorVersion == 0) else {
            throw RequestRefusal(.badRequest, "A request has exactly one Host field.")
        }
        if let host = special.hostRange, !Self.isAuthority(buffer, host) {
            throw RequestRefusal(.badRequest, "The Host field is no host.")
        }
    }

    // MARK: The target

    /// The four forms of section 3.2.
    private static func split(
        _ target: Range<Int>, _ buffer: UnsafeBufferPointer<UInt8>, _ method: HTTPMethod
    ) throws(RequestRefusal) -> (path: String, query: String?, authority: String?) {
        var bytes = buffer[target]
        var authority: String?
        if method == .connect { throw RequestRefusal(.notImplemented, "This server is no tunnel.") }
        guard !bytes.contains(UInt8(ascii: "#")) else {
            throw RequestRefusal(.badRequest, "A request target has no fragment.")
        }
        if bytes.first != UInt8(ascii: "/") {
            if bytes.count == 1, bytes.first == UInt8(ascii: "*") {
                guard method == .options else {
                    throw RequestRefusal(.badRequest, "The target * is only for OPTIONS.")
                }
                return ("*", nil, nil)
            }
            (authority, bytes) = try absoluteForm(bytes)
        }
        let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        let path = bytes.isEmpty || mark == bytes.startIndex ? "/" : String(decoding: bytes[..<mark], as: UTF8.self)
        let query = mark < bytes.endIndex ? String(decoding: bytes[(mark + 1)...], as: UTF8.self) : nil
        return (path, query, authority)
    }

    /// `http://host/path`: a server must accept it (section 3.2.2); its authority counts, not the Host field.
    private static func absoluteForm(
        _ bytes: Slice<UnsafeBufferPointer<UInt8>>
    ) throws(RequestRefusal) -> (String, Slice<UnsafeBufferPointer<UInt8>>) {
        for scheme in ["http://", "https://"] {
            let count = scheme.utf8.count
            guard bytes.count > count, zip(bytes, scheme.utf8).allSatisfy({ ASCII.lower($0) == $1 }) else { continue }
            let rest = bytes.dropFirst(count)
            let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            let authority = rest[..<end]
            guard !authority.isEmpty, isAuthority(authority.base, authority.startIndex..<authority.endIndex)
            else { break }
            return (String(decoding: authority, as: UTF8.self), rest[end...])
        }
        throw RequestRefusal(.badRequest, "The request target is neither a path nor an absolute URL.")
    }

    /// A host name, IPv4 or bracketed IPv6 address, with an optional port; no user name (RFC 9110 section 4.2.4).
    ///
    /// A host name is a reg-name of RFC 3986 section 3.2.2: unreserved, percent-encoded, sub-delims. Without the comma,
    /// because a list of hosts is what a proxy makes of two Host fields. An empty one is invalid (RFC 9110 section 4.2.1).
    private static func isAuthority(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
        var index = range.lowerBound
        let end = range.upperBound
        guard index < end, bytes[index] == UInt8(ascii: "[") else {
            while index < end, isHostCharacter(bytes[index]) { index += 1 }
            return index > range.lowerBound && isPort(bytes, from: index, to: end)
        }
        index += 1
        while index < end, isAddressCharacter(bytes[index]) { index += 1 }
        guard index < end, bytes[index] == UInt8(ascii: "]"), index > range.lowerBound + 1 else { return false }
        return isPort(bytes, from: index + 1, to: end)
    }

    private static func isAddressCharacter(_ byte: UInt8) -> Bool {
        ASCII.hexValue(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }

    private static func isHostCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "#"): false
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ";"), UInt8(ascii: "="): true
        default: ASCII.isToken(byte)
        }
    }

    /// Nothing, or a colon and a number of 16 bits, which may be missing (RFC 3986 section 3.2.3).
    private static func isPort(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> Bool {
        if start == end { return true }
        guard bytes[start] == UInt8(ascii: ":"), end - start <= 6 else { return false }
        var port = 0
        var index = start + 1
        while index < end {
            guard ASCII.isDigit(bytes[index]) else { return false }
            port = port * 10 + Int(bytes[index] - UInt8(ascii: "0"))
            index += 1
        }
        return port <= 65_535
    }
}
