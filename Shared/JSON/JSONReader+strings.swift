extension JSONReader {
    /// Reads a text.
    public mutating func string() throws(JSONError) -> String {
        guard try begin() == UInt8(ascii: "\"") else { throw wrongType("must be text") }
        let start = index + 1
        let stop = JSONScan.endOfPlainRun(base, from: start, to: count)
        guard stop < count else { throw malformed("a text has no end") }
        guard base[stop] == UInt8(ascii: "\"") else { return try escapedString(from: start) }
        index = stop + 1
        return try text(start, stop)
    }

    /// Reads a member's name without making a `String` of it.
    mutating func keyString() throws(JSONError) -> JSONKey {
        let start = index + 1
        let stop = JSONScan.endOfPlainRun(base, from: start, to: count)
        guard stop < count else { throw malformed("a text has no end") }
        guard base[stop] == UInt8(ascii: "\"") else { return JSONKey(try escapedString(from: start)) }
        index = stop + 1
        let bytes = UnsafeBufferPointer(start: base + start, count: stop - start)
        if !bytes.allSatisfy({ $0 < 0x80 }) { return JSONKey(try text(start, stop)) }
        return JSONKey(plain: bytes)
    }

    private func text(_ start: Int, _ stop: Int) throws(JSONError) -> String {
        let bytes = UnsafeBufferPointer(start: base + start, count: stop - start)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw malformed("a text is not valid UTF-8")
        }
        return text
    }

    /// The slow way, for texts with escapes.
    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var bytes: [UInt8] = []
        var from = start
        while true {
            let stop = JSONScan.endOfPlainRun(base, from: from, to: count)
            bytes.append(contentsOf: UnsafeBufferPointer(start: base + from, count: stop - from))
            index = stop
            guard stop < count else { throw malformed("a text has no end") }
            switch base[stop] {
            case UInt8(ascii: "\""):
                index = stop + 1
                guard let text = String(validating: bytes, as: UTF8.self) else {
                    throw malformed("a text is not valid UTF-8")
                }
                return text
            case UInt8(ascii: "\\"):
                try appendEscaped(to: &bytes)
                from = index
            default: throw malformed("a control character in a text must be escaped")
            }
        }
    }

    private mutating func appendEscaped(to bytes: inout [UInt8]) throws(JSONError) {
        index += 1
        guard index < count else { throw malformed("a text has no end") }
        let byte = base[index]
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"): bytes.append(contentsOf: String(Character(try unicodeEscape())).utf8)
        default: throw malformed("an unknown escape in a text")
        }
    }

    /// `\uXXXX`, two of them for a character beyond the basic plane; a lone surrogate is no character (RFC 8259
    /// section 8.2 leaves it open; what cannot be stored is refused here).
    private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let first = try fourHexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800...0xDBFF).contains(first), index + 1 < count, base[index] == UInt8(ascii: "\\"),
            base[index + 1] == UInt8(ascii: "u")
        else { throw malformed("half a surrogate pair in a text") }
        index += 2
        let second = try fourHexDigits()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw malformed("half a surrogate pair in a text") }
        return scalar
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
        guard index + 4 <= count else { throw malformed("four hexadecimal digits are expected") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            let byte = base[index]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw malformed("four hexadecimal digits are expected")
            }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }
}
