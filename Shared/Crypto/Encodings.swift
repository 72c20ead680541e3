/// Lower-case hexadecimal.
public enum Hex {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Two characters a byte.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes; nil for an odd length or other characters. Both cases are read.
    public static func decode(_ text: String) -> [UInt8]? {
        let characters = Array(text)
        guard characters.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: characters.count, by: 2) {
            guard let high = characters[index].hexDigitValue, let low = characters[index + 1].hexDigitValue else {
                return nil
            }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}

/// Base64 with padding (RFC 4648 section 4); reading is strict.
public enum Base64 {
    private static let coding = Base64Coding(alphabet: "+/", isPadded: true)

    /// The text.
    public static func encode(_ bytes: [UInt8]) -> String { coding.encode(bytes) }
    /// The bytes; nil for anything but the one text that encodes them.
    public static func decode(_ text: String) -> [UInt8]? { coding.decode(text) }
}

/// Base64 for URLs, without padding (RFC 4648 section 5, as RFC 7515 uses it); reading is strict.
public enum Base64URL {
    private static let coding = Base64Coding(alphabet: "-_", isPadded: false)

    /// The text.
    public static func encode(_ bytes: [UInt8]) -> String { coding.encode(bytes) }
    /// The bytes; nil for anything but the one text that encodes them.
    public static func decode(_ text: String) -> [UInt8]? { coding.decode(text) }
}

private struct Base64Coding: Sendable {
    private let digits: [UInt8]
    private let values: [UInt8]
    private let isPadded: Bool
    private static let invalid: UInt8 = 255

    init(alphabet last: String, isPadded: Bool) {
        digits = Array(("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + last).utf8)
        var values = [UInt8](repeating: Self.invalid, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        self.values = values
        self.isPadded = isPadded
    }

    func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group = UInt32(bytes[start]) << 16
            if count > 1 { group |= UInt32(bytes[start + 1]) << 8 }
            if count > 2 { group |= UInt32(bytes[start + 2]) }
            for index in 0...count { text.append(digits[Int(group >> UInt32(18 - 6 * index) & 63)]) }
            if isPadded { for _ in count..<3 { text.append(UInt8(ascii: "=")) } }
        }
        return String(decoding: text, as: UTF8.self)
    }

    func decode(_ text: String) -> [UInt8]? {
        var symbols = Array(text.utf8)
        if isPadded {
            guard symbols.count.isMultiple(of: 4) else { return nil }
            for _ in 0..<2 where symbols.last == UInt8(ascii: "=") { symbols.removeLast() }
        }
        guard symbols.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(symbols.count * 3 / 4)
        var group: UInt32 = 0, bits: UInt32 = 0
        for symbol in symbols {
            let value = values[Int(symbol)]
            guard value != Self.invalid else { return nil }
            group = group << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: group >> bits))
                group &= (1 << bits) - 1
            }
        }
        // Bits that encode nothing must be zero, or two texts would mean the same bytes.
        return group == 0 ? bytes : nil
    }
}
