/// The fields that decide how a message is read; everything else is left to who asks for it.
struct SpecialFields {
    private(set) var hostCount = 0
    private(set) var hostRange: Range<Int>?
    private var contentLength: Int?
    private var transferEncodingCount = 0
    private var isChunked = false
    private var hasClose = false
    private var hasKeepAlive = false
    private var hasExpectContinue = false
    private var hasOtherExpectation = false

    mutating func note(
        name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>, at start: Int
    ) throws(RequestRefusal) {
        switch name.count {
        case 4 where Self.equals(name, "host"):
            hostCount += 1
            hostRange = start..<start + value.count
        case 6 where Self.equals(name, "expect"):
            if Self.equals(value, "100-continue") { hasExpectContinue = true } else { hasOtherExpectation = true }
        case 10 where Self.equals(name, "connection"): noteConnection(value)
        case 14 where Self.equals(name, "content-length"): try noteContentLength(value)
        case 17 where Self.equals(name, "transfer-encoding"):
            transferEncodingCount += 1
            isChunked = Self.equals(value, "chunked")
        default: break
        }
    }

    /// RFC 9112 section 6.3. Stricter than it allows: `Content-Length` twice, even if equal, and any transfer coding but
    /// `chunked`, are refused, because intermediaries read them in different ways.
    func framing(_ minorVersion: Int) throws(RequestRefusal) -> BodyFraming {
        if transferEncodingCount > 0 {
            guard contentLength == nil else {
                throw RequestRefusal(.badRequest, "Content-Length and Transfer-Encoding exclude each other.")
            }
            guard minorVersion == 1, transferEncodingCount == 1, isChunked else {
                throw RequestRefusal(.badRequest, "The only transfer coding is chunked, in HTTP/1.1, once.")
            }
            return .chunked
        }
        guard let contentLength, contentLength > 0 else { return .none }
        return .length(contentLength)
    }

    func keepsAlive(_ minorVersion: Int) -> Bool {
        !hasClose && (minorVersion == 1 || hasKeepAlive)
    }

    /// RFC 9110 section 10.1.1: ignored in HTTP/1.0; an expectation nobody knows is answered 417.
    func expectsContinue(_ minorVersion: Int) throws(RequestRefusal) -> Bool {
        guard minorVersion == 1 else { return false }
        guard !hasOtherExpectation else {
            throw RequestRefusal(.expectationFailed, "The only expectation that can be met is 100-continue.")
        }
        return hasExpectContinue
    }

    private mutating func noteConnection(_ value: UnsafeBufferPointer<UInt8>) {
        for part in value.split(separator: UInt8(ascii: ",")) {
            var token = part
            while let first = token.first, first == 0x20 || first == 0x09 { token.removeFirst() }
            while let last = token.last, last == 0x20 || last == 0x09 { token.removeLast() }
            let bytes = UnsafeBufferPointer(rebasing: token)
            if Self.equals(bytes, "close") { hasClose = true }
            if Self.equals(bytes, "keep-alive") { hasKeepAlive = true }
        }
    }

    private mutating func noteContentLength(_ value: UnsafeBufferPointer<UInt8>) throws(RequestRefusal) {
        guard contentLength == nil else {
            throw RequestRefusal(.badRequest, "Content-Length stands twice.")
        }
        guard !value.isEmpty, value.allSatisfy(ASCII.isDigit) else {
            throw RequestRefusal(.badRequest, "Content-Length is not a plain number.")
        }
        var length = 0
        for digit in value {
            let (product, high) = length.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
            guard !high, !carry else { throw RequestRefusal(.badRequest, "Content-Length is too large a number.") }
            length = sum
        }
        contentLength = length
    }

    private static func equals(_ bytes: UnsafeBufferPointer<UInt8>, _ lower: StaticString) -> Bool {
        guard bytes.count == lower.utf8CodeUnitCount else { return false }
        for index in 0..<bytes.count where ASCII.lower(bytes[index]) != lower.utf8Start[index] { return false }
        return true
    }
}
