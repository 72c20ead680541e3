/// Eight bytes at a time: where a run of characters that need no attention ends.
enum JSONScan {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// The index of the first quote, backslash or control character in `from..<to`, or `to`.
    @inline(__always)
    static func endOfPlainRun(_ base: UnsafePointer<UInt8>, from: Int, to: Int) -> Int {
        var index = from
        while index + 8 <= to {
            let word = UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self)
            let found = specials(UInt64(littleEndian: word))
            if found != 0 { return index + found.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < to {
            let byte = base[index]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return index }
            index += 1
        }
        return to
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
}
