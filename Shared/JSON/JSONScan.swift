/// Eight bytes at a time: where a run of characters that need no attention ends, and whether bytes are UTF-8.
enum JSONScan {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// A run of characters of a text, up to a quote, a backslash or a control character.
    struct PlainRun {
        /// The index of the first byte that is none of the run, or the end of the text.
        var end: Int
        /// Whether the run may have bytes beyond ASCII, which are not yet known to be UTF-8.
        var mayBeBeyondASCII: Bool
    }

    /// The run that begins at `from` and ends before `to` at the latest.
    @inline(__always)
    static func plainRun(_ base: UnsafePointer<UInt8>, from: Int, to: Int) -> PlainRun {
        var index = from
        var seen: UInt64 = 0
        while index + 8 <= to {
            let word = UInt64(littleEndian: UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self))
            let found = specials(word)
            if found != 0 {
                let length = found.trailingZeroBitCount / 8
                seen |= word & ((1 &<< (UInt64(length) &* 8)) &- 1)
                return PlainRun(end: index + length, mayBeBeyondASCII: seen & highs != 0)
            }
            seen |= word
            index += 8
        }
        while index < to {
            let byte = base[index]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            seen |= UInt64(byte)
            index += 1
        }
        return PlainRun(end: index, mayBeBeyondASCII: seen & highs != 0)
    }

    /// A name of at most seven ASCII bytes with its closing quote, found with one load; nil: look at it the long way.
    @inline(__always)
    static func shortName(_ base: UnsafePointer<UInt8>, at start: Int, to end: Int) -> (word: UInt64, count: Int)? {
        guard start + 8 <= end else { return nil }
        let word = UInt64(littleEndian: UnsafeRawPointer(base + start).loadUnaligned(as: UInt64.self))
        let found = specials(word)
        guard found != 0 else { return nil }
        let count = found.trailingZeroBitCount / 8
        let name = word & ((1 &<< (UInt64(count) &* 8)) &- 1)
        guard base[start + count] == UInt8(ascii: "\""), name & highs == 0 else { return nil }
        return (name, count)
    }

    /// The same for a name of eight to fifteen bytes: `first` are its first eight, `word` the others.
    @inline(__always)
    static func mediumName(
        _ base: UnsafePointer<UInt8>, at start: Int, to end: Int
    ) -> (first: UInt64, word: UInt64, count: Int)? {
        guard start + 16 <= end, let rest = shortName(base, at: start + 8, to: end) else { return nil }
        let first = UInt64(littleEndian: UnsafeRawPointer(base + start).loadUnaligned(as: UInt64.self))
        guard specials(first) == 0, first & highs == 0 else { return nil }
        return (first, rest.word, rest.count + 8)
    }

    /// A mask whose lowest set bit marks the first byte that is `"`, `\` or below 0x20. (Bytes after the first hit may
    /// be marked wrongly by a borrow; only the first is used.)
    @inline(__always)
    private static func specials(_ word: UInt64) -> UInt64 {
        let control = (word &- (ones &* 0x20)) & ~word
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        return (control | ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)) & highs
    }

    /// The text of bytes that are known to be well-formed UTF-8: `String(decoding:as:)` would look through them again.
    @inline(__always)
    static func text(_ bytes: UnsafeBufferPointer<UInt8>, isASCII: Bool) -> String {
        String(copying: UTF8Span(unchecked: Span(_unsafeElements: bytes), isKnownASCII: isASCII))
    }

    /// Whether bytes are well-formed UTF-8 (Unicode 16, table 3-7: no overlong forms, no surrogates, none above U+10FFFF).
    static func isUTF8(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        let count = bytes.count
        var index = 0
        while index < count {
            let lead = base[index]
            if lead < 0x80 {
                index += 1
                continue
            }
            // Nearly all Chinese: three bytes, and the second may be any.
            if index + 4 <= count, lead != 0xE0, lead != 0xED {
                let word = UInt32(littleEndian: UnsafeRawPointer(base + index).loadUnaligned(as: UInt32.self))
                if word & 0x00C0_C0F0 == 0x0080_80E0 {
                    index += 3
                    continue
                }
            }
            let length: Int
            let second: ClosedRange<UInt8>
            switch lead {
            case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
            case 0xE0: (length, second) = (3, 0xA0...0xBF)
            case 0xED: (length, second) = (3, 0x80...0x9F)
            case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
            case 0xF0: (length, second) = (4, 0x90...0xBF)
            case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
            case 0xF4: (length, second) = (4, 0x80...0x8F)
            default: return false
            }
            guard index + length <= count, second.contains(base[index + 1]) else { return false }
            if length > 2, base[index + 2] & 0xC0 != 0x80 { return false }
            if length > 3, base[index + 3] & 0xC0 != 0x80 { return false }
            index += length
        }
        return true
    }
}
