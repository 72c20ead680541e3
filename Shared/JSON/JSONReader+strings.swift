extension JSONReader {
    /// Reads a text.
    public mutating func string() throws(JSONError) -> String {
        guard try begin() == UInt8(ascii: "\"") else { throw wrongType("must be text") }
        let start = index + 1
        let run = JSONScan.plainRun(base, from: start, to: count)
        guard run.end < count else { throw malformed("a text has no end") }
        guard base[run.end] == UInt8(ascii: "\"") else { return try escapedString(from: start) }
        let bytes = UnsafeBufferPointer(start: base + start, count: run.end - start)
        if run.mayBeBeyondASCII { try checkUTF8(bytes) }
        index = run.end + 1
        return JSONScan.text(bytes, isASCII: !run.mayBeBeyondASCII)
    }

    /// Reads a text that stands for a value, without making a `String` of it: `parse` gets its UTF-8 bytes, and returns
    /// nil for what it does not take.
    @inlinable
    public mutating func parsed<T>(_ parse: (UnsafeBufferPointer<UInt8>) -> T?) throws(JSONError) -> T? {
        if let bytes = try plainText() { return parse(bytes) }
        var text = try string()
        return text.withUTF8(parse)
    }

    /// The bytes of the next text when it stands without escapes; else nothing is taken and nil returned.
    @usableFromInline
    mutating func plainText() throws(JSONError) -> UnsafeBufferPointer<UInt8>? {
        guard try begin() == UInt8(ascii: "\"") else { throw wrongType("must be text") }
        let start = index + 1
        let run = JSONScan.plainRun(base, from: start, to: count)
        guard run.end < count, base[run.end] == UInt8(ascii: "\""), !run.mayBeBeyondASCII else { return nil }
        index = run.end + 1
        return UnsafeBufferPointer(start: base + start, count: run.end - start)
    }

    /// A text with escapes. Strict reading refuses U+0000, which the grammar allows: PostgreSQL stores it in no text, and
    /// one such value would fail everything that is written in one statement with it.
    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        let text = try unescaped(from: start)
        if mode == .strict, text.hasNUL {
            throw JSONError(kind: .invalid, byteOffset: start, message: "must not contain the character U+0000")
        }
        return JSONScan.text(text.bytes, isASCII: text.isASCII)
    }

    /// Reads a member's name without making a `String` of it.
    @inline(__always)
    mutating func keyString() throws(JSONError) -> JSONKey {
        let start = index + 1
        if let short = JSONScan.shortName(base, at: start, to: count) {
            index = start + short.count + 1
            return JSONKey(start: base + start, count: short.count, short: short.word)
        }
        return try longKeyString(from: start)
    }

    private mutating func longKeyString(from start: Int) throws(JSONError) -> JSONKey {
        if let name = JSONScan.mediumName(base, at: start, to: count) {
            index = start + name.count + 1
            return JSONKey(start: base + start, count: name.count, first: name.first, rest: name.word)
        }
        let run = JSONScan.plainRun(base, from: start, to: count)
        guard run.end < count else { throw malformed("a text has no end") }
        guard base[run.end] == UInt8(ascii: "\"") else { return keep(name: try unescaped(from: start).bytes) }
        if run.mayBeBeyondASCII {
            try checkUTF8(UnsafeBufferPointer(start: base + start, count: run.end - start))
        }
        index = run.end + 1
        return JSONKey(start: base + start, count: run.end - start)
    }

    private func checkUTF8(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONError) {
        guard JSONScan.isUTF8(bytes) else { throw malformed("a text is not valid UTF-8") }
    }

    /// What a text with escapes stands for: UTF-8, until the next such text is read.
    private struct Unescaped {
        var bytes: UnsafeBufferPointer<UInt8>
        var isASCII = true
        var hasNUL = false
    }

    /// The slow way, for texts with escapes.
    private mutating func unescaped(from start: Int) throws(JSONError) -> Unescaped {
        // What an escape stands for is never longer than the escape.
        let memory = scratch ?? .allocate(capacity: count - start)
        scratch = memory
        var text = Unescaped(bytes: UnsafeBufferPointer(start: memory, count: 0))
        var length = 0
        var from = start
        while true {
            let run = JSONScan.plainRun(base, from: from, to: count)
            index = run.end
            // A character never spans an escape, so each run is UTF-8 by itself or the text is not.
            if run.mayBeBeyondASCII {
                try checkUTF8(UnsafeBufferPointer(start: base + from, count: run.end - from))
                text.isASCII = false
            }
            (memory + length).update(from: base + from, count: run.end - from)
            length += run.end - from
            guard run.end < count else { throw malformed("a text has no end") }
            switch base[run.end] {
            case UInt8(ascii: "\""):
                index = run.end + 1
                text.bytes = UnsafeBufferPointer(start: memory, count: length)
                return text
            case UInt8(ascii: "\\"):
                let written = try writeEscaped(to: memory + length)
                if memory[length] == 0 { text.hasNUL = true }
                if memory[length] >= 0x80 { text.isASCII = false }
                length += written
                from = index
            default: throw malformed("a control character in a text must be escaped")
            }
        }
    }

    /// Writes what the escape that is next stands for, and returns how many bytes that is.
    private mutating func writeEscaped(to memory: UnsafeMutablePointer<UInt8>) throws(JSONError) -> Int {
        index += 1
        guard index < count else { throw malformed("a text has no end") }
        let byte = base[index]
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): memory.pointee = byte
        case UInt8(ascii: "b"): memory.pointee = 0x08
        case UInt8(ascii: "f"): memory.pointee = 0x0C
        case UInt8(ascii: "n"): memory.pointee = 0x0A
        case UInt8(ascii: "r"): memory.pointee = 0x0D
        case UInt8(ascii: "t"): memory.pointee = 0x09
        case UInt8(ascii: "u"):
            var length = 0
            for unit in try unicodeEscape().utf8 {
                memory[length] = unit
                length += 1
            }
            return length
        default: throw malformed("an unknown escape in a text")
        }
        return 1
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
