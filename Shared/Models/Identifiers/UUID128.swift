/// A UUID as two words: comparing and hashing cost no memory, and it is 16 bytes on every wire.
public struct UUID128: Hashable, Comparable, Sendable {
    /// The first eight bytes, most significant first.
    public let high: UInt64
    /// The last eight bytes.
    public let low: UInt64

    /// Makes a UUID of its two words.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Orders as the bytes do, which for version 7 is the order of time.
    public static func < (left: UUID128, right: UUID128) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    /// A UUID of version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then 74 random bits.
    public static func version7(at time: Timestamp) -> UUID128 {
        var random = SystemRandomNumberGenerator()
        return version7(at: time, using: &random)
    }

    /// The same with the caller's source of randomness, for tests.
    public static func version7(at time: Timestamp, using random: inout some RandomNumberGenerator) -> UUID128 {
        let milliseconds = UInt64(max(0, time.microseconds / 1_000))
        return UUID128(
            high: milliseconds << 16 | 0x7000 | (random.next() & 0x0FFF),
            low: (random.next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000)
    }

    /// When a version 7 UUID was made, to the millisecond.
    public var time: Timestamp { Timestamp(microseconds: Int64(high >> 16) * 1_000) }

    /// Reads `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`; nil for any other text.
    public init?(_ text: String) {
        let utf8 = Array(text.utf8)
        guard utf8.count == 36 else { return nil }
        var words: [UInt64] = [0, 0]
        var digits = 0
        for (index, byte) in utf8.enumerated() {
            if [8, 13, 18, 23].contains(index) {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            words[digits / 16] = words[digits / 16] << 4 | UInt64(digit)
            digits += 1
        }
        self.init(high: words[0], low: words[1])
    }
}

extension UUID128: CustomStringConvertible {
    /// The usual 36 characters, lower case.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for nibble in 0..<32 {
            if [8, 12, 16, 20].contains(nibble) { text.append(UInt8(ascii: "-")) }
            let word = nibble < 16 ? high : low
            text.append(digits[Int(word >> UInt64(60 - 4 * (nibble % 16)) & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
