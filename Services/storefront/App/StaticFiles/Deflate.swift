/// Compresses static files once at start (RFC 1951 and 1952): LZ77 with hash chains, fixed Huffman codes.
///
/// Small on purpose: a few text files at start need no better ratio, and the standard library has no compressor.
enum Deflate {
    private static let windowMax = 32_768
    private static let matchMin = 3
    private static let matchMax = 258
    private static let chainMax = 128

    /// The bytes in gzip form.
    static func gzip(_ input: [UInt8]) -> [UInt8] {
        var output: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 255]
        var bits = BitWriter()
        // One block, the last (1), with fixed codes (01, least significant bit first).
        bits.append(0b011, 3)
        compress(input, &bits)
        bits.appendCode(0, 7)
        output += bits.finish()
        for value in [crc32(input), UInt32(truncatingIfNeeded: input.count)] {
            for shift in [0, 8, 16, 24] { output.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
        }
        return output
    }

    private static func compress(_ input: [UInt8], _ bits: inout BitWriter) {
        var heads = [Int](repeating: -1, count: 1 << 15)
        var previous = [Int](repeating: -1, count: input.count)
        func hash(_ at: Int) -> Int {
            (Int(input[at]) << 10 ^ Int(input[at + 1]) << 5 ^ Int(input[at + 2])) & 0x7FFF
        }
        func insert(_ at: Int) {
            guard at + matchMin <= input.count else { return }
            let slot = hash(at)
            previous[at] = heads[slot]
            heads[slot] = at
        }
        var at = 0
        while at < input.count {
            let match = at + matchMin <= input.count ? longest(input, at, heads[hash(at)], previous) : (0, 0)
            if match.0 >= matchMin {
                bits.appendMatch(length: match.0, distance: match.1)
                for offset in 0..<match.0 { insert(at + offset) }
                at += match.0
            } else {
                bits.appendLiteral(Int(input[at]))
                insert(at)
                at += 1
            }
        }
    }

    private static func longest(_ input: [UInt8], _ at: Int, _ head: Int, _ previous: [Int]) -> (Int, Int) {
        var best = (0, 0)
        var candidate = head
        var steps = 0
        let limit = min(matchMax, input.count - at)
        while candidate >= 0, at - candidate <= windowMax, steps < chainMax {
            var length = 0
            while length < limit, input[candidate + length] == input[at + length] { length += 1 }
            if length > best.0 { best = (length, at - candidate) }
            if length == limit { break }
            candidate = previous[candidate]
            steps += 1
        }
        return best
    }

    /// RFC 1952 section 8.
    static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        return ~crc
    }
}

/// Bits from the least significant end of each byte (RFC 1951 section 3.1.1).
private struct BitWriter {
    private var bytes: [UInt8] = []
    private var buffer: UInt32 = 0
    private var count = 0

    /// Base and extra bits of length codes 257 to 285 (section 3.2.5).
    private static let lengths: [(base: Int, extra: Int)] = [
        (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0), (11, 1), (13, 1), (15, 1), (17, 1), (19, 2),
        (23, 2), (27, 2), (31, 2), (35, 3), (43, 3), (51, 3), (59, 3), (67, 4), (83, 4), (99, 4), (115, 4), (131, 5),
        (163, 5), (195, 5), (227, 5), (258, 0),
    ]
    /// Base and extra bits of distance codes 0 to 29.
    private static let distances: [(base: Int, extra: Int)] = (0..<30).map { distance($0) }

    private static func distance(_ code: Int) -> (base: Int, extra: Int) {
        guard code >= 4 else { return (code + 1, 0) }
        let extra = code / 2 - 1
        let start = (2 + code % 2) << extra
        return (start + 1, extra)
    }

    mutating func append(_ value: Int, _ width: Int) {
        buffer |= UInt32(value) << UInt32(count)
        count += width
        while count >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: buffer))
            buffer >>= 8
            count -= 8
        }
    }

    /// Huffman codes go in with their most significant bit first.
    mutating func appendCode(_ code: Int, _ width: Int) {
        var reversed = 0
        for bit in 0..<width where code >> bit & 1 == 1 { reversed |= 1 << (width - 1 - bit) }
        append(reversed, width)
    }

    /// The fixed codes of section 3.2.6.
    mutating func appendLiteral(_ symbol: Int) {
        switch symbol {
        case 0...143: appendCode(0x30 + symbol, 8)
        case 144...255: appendCode(0x190 + symbol - 144, 9)
        case 256...279: appendCode(symbol - 256, 7)
        default: appendCode(0xC0 + symbol - 280, 8)
        }
    }

    mutating func appendMatch(length: Int, distance: Int) {
        let code = Self.lengths.lastIndex { $0.base <= length } ?? 0
        appendLiteral(257 + code)
        append(length - Self.lengths[code].base, Self.lengths[code].extra)
        let far = Self.distances.lastIndex { $0.base <= distance } ?? 0
        appendCode(far, 5)
        append(distance - Self.distances[far].base, Self.distances[far].extra)
    }

    mutating func finish() -> [UInt8] {
        if count > 0 { bytes.append(UInt8(truncatingIfNeeded: buffer)) }
        return bytes
    }
}
