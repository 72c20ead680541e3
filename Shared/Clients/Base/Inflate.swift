/// Reads DEFLATE (RFC 1951) and its two wrappers: gzip (RFC 1952) and zlib (RFC 1950). Bills come packed so.
public struct Inflate {
    /// Why packed bytes cannot be read.
    public enum Failure: Error, Hashable {
        case truncated
        case invalid
        /// More than the caller takes.
        case tooLarge
        /// The sum at the end does not fit.
        case wrongSum
    }

    private let input: [UInt8]
    private var position: Int
    private var held: UInt32 = 0
    private var heldBits = 0
    private var output: [UInt8] = []
    private let bytesMax: Int

    private init(_ input: [UInt8], from position: Int, bytesMax: Int) {
        self.input = input
        self.position = position
        self.bytesMax = bytesMax
    }

    /// The content of a gzip file of one member.
    public static func gzip(_ bytes: [UInt8], bytesMax: Int) throws(Failure) -> [UInt8] {
        guard bytes.count >= 18 else { throw .truncated }
        guard bytes[0] == 0x1F, bytes[1] == 0x8B, bytes[2] == 8 else { throw .invalid }
        let flags = bytes[3]
        var start = 10
        if flags & 4 != 0 { start += 2 + Int(bytes[start]) + Int(bytes[start + 1]) << 8 }
        for flag: UInt8 in [8, 16] where flags & flag != 0 {
            guard start < bytes.count, let end = bytes[start...].firstIndex(of: 0) else { throw .truncated }
            start = end + 1
        }
        if flags & 2 != 0 { start += 2 }
        var stream = Inflate(bytes, from: start, bytesMax: bytesMax)
        try stream.run()
        guard try stream.tail(4) == CRC32.sum(stream.output) else { throw .wrongSum }
        guard try stream.tail(4) == UInt32(truncatingIfNeeded: stream.output.count) else { throw .wrongSum }
        return stream.output
    }

    /// The content of a zlib stream.
    public static func zlib(_ bytes: [UInt8], bytesMax: Int) throws(Failure) -> [UInt8] {
        guard bytes.count >= 6 else { throw .truncated }
        guard bytes[0] & 0x0F == 8, (Int(bytes[0]) << 8 + Int(bytes[1])) % 31 == 0, bytes[1] & 0x20 == 0 else {
            throw .invalid
        }
        var stream = Inflate(bytes, from: 2, bytesMax: bytesMax)
        try stream.run()
        var first: UInt32 = 1, second: UInt32 = 0
        for byte in stream.output {
            first = (first + UInt32(byte)) % 65_521
            second = (second + first) % 65_521
        }
        guard try stream.tail(4).byteSwapped == second << 16 | first else { throw .wrongSum }
        return stream.output
    }

    /// The content of bare DEFLATE.
    static func raw(_ bytes: [UInt8], from start: Int, bytesMax: Int) throws(Failure) -> [UInt8] {
        var stream = Inflate(bytes, from: start, bytesMax: bytesMax)
        try stream.run()
        return stream.output
    }

    // MARK: Bits

    private mutating func bits(_ count: Int) throws(Failure) -> Int {
        while heldBits < count {
            guard position < input.count else { throw .truncated }
            held |= UInt32(input[position]) << UInt32(heldBits)
            position += 1
            heldBits += 8
        }
        let value = held & (1 << UInt32(count) - 1)
        held >>= UInt32(count)
        heldBits -= count
        return Int(value)
    }

    /// Little-endian, after the last block; what is left of its last byte is nothing.
    private mutating func tail(_ count: Int) throws(Failure) -> UInt32 {
        position -= heldBits / 8
        (held, heldBits) = (0, 0)
        guard position + count <= input.count else { throw .truncated }
        let value = (0..<count).reduce(UInt32(0)) { $0 | UInt32(input[position + $1]) << UInt32(8 * $1) }
        position += count
        return value
    }

    // MARK: Blocks

    private mutating func run() throws(Failure) {
        var isLast = false
        repeat {
            isLast = try bits(1) == 1
            switch try bits(2) {
            case 0: try stored()
            case 1: try compressed(Self.fixedLengths, Self.fixedDistances)
            case 2:
                let codes = try dynamicCodes()
                try compressed(codes.lengths, codes.distances)
            default: throw .invalid
            }
        } while !isLast
    }

    private mutating func stored() throws(Failure) {
        let sizes = try tail(4), count = Int(sizes & 0xFFFF)
        guard sizes & 0xFFFF == ~(sizes >> 16) & 0xFFFF else { throw .invalid }
        guard position + count <= input.count else { throw .truncated }
        guard output.count + count <= bytesMax else { throw .tooLarge }
        output += input[position..<position + count]
        position += count
    }

    /// A Huffman code: how many symbols have each length, and the symbols by code.
    private struct Code {
        var counts = [Int](repeating: 0, count: 16)
        var symbols: [UInt16]

        init(lengths: some Collection<UInt8>) throws(Failure) {
            for length in lengths { counts[Int(length)] += 1 }
            counts[0] = 0
            var left = 1
            for length in 1...15 {
                left = left << 1 - counts[length]
                guard left >= 0 else { throw .invalid }
            }
            var offsets = [Int](repeating: 0, count: 16)
            for length in 1..<15 { offsets[length + 1] = offsets[length] + counts[length] }
            symbols = [UInt16](repeating: 0, count: lengths.count)
            for (symbol, length) in lengths.enumerated() where length > 0 {
                symbols[offsets[Int(length)]] = UInt16(symbol)
                offsets[Int(length)] += 1
            }
        }
    }

    private mutating func symbol(_ code: Code) throws(Failure) -> Int {
        var value = 0, first = 0, index = 0
        for length in 1...15 {
            value |= try bits(1)
            let count = code.counts[length]
            if value - count < first { return Int(code.symbols[index + value - first]) }
            index += count
            first = (first + count) << 1
            value <<= 1
        }
        throw .invalid
    }

    private mutating func compressed(_ lengths: Code?, _ distances: Code?) throws(Failure) {
        guard let lengths, let distances else { throw .invalid }
        while true {
            let symbol = try symbol(lengths)
            if symbol < 256 {
                guard output.count < bytesMax else { throw .tooLarge }
                output.append(UInt8(symbol))
                continue
            }
            guard symbol > 256 else { return }
            guard symbol - 257 < Self.lengthBases.count else { throw .invalid }
            let count = Self.lengthBases[symbol - 257] + (try bits(Self.lengthBits[symbol - 257]))
            let place = try self.symbol(distances)
            guard place < Self.distanceBases.count else { throw .invalid }
            let distance = Self.distanceBases[place] + (try bits(place < 2 ? 0 : place / 2 - 1))
            guard distance <= output.count else { throw .invalid }
            guard output.count + count <= bytesMax else { throw .tooLarge }
            for _ in 0..<count { output.append(output[output.count - distance]) }
        }
    }

    private mutating func dynamicCodes() throws(Failure) -> (lengths: Code, distances: Code) {
        let lengthCount = try bits(5) + 257, distanceCount = try bits(5) + 1, codeCount = try bits(4) + 4
        var codeLengths = [UInt8](repeating: 0, count: 19)
        for index in 0..<codeCount { codeLengths[Self.codeOrder[index]] = UInt8(try bits(3)) }
        let code = try Code(lengths: codeLengths)
        var lengths: [UInt8] = []
        while lengths.count < lengthCount + distanceCount {
            let symbol = try symbol(code)
            switch symbol {
            case 0...15: lengths.append(UInt8(symbol))
            case 16:
                guard let last = lengths.last else { throw .invalid }
                lengths += [UInt8](repeating: last, count: try bits(2) + 3)
            case 17: lengths += [UInt8](repeating: 0, count: try bits(3) + 3)
            default: lengths += [UInt8](repeating: 0, count: try bits(7) + 11)
            }
        }
        guard lengths.count == lengthCount + distanceCount else { throw .invalid }
        return (try Code(lengths: lengths[..<lengthCount]), try Code(lengths: Array(lengths[lengthCount...])))
    }

    private static let codeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
    ]
    private static let lengthBits = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distanceBases = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1_025, 1_537, 2_049, 3_073, 4_097,
        6_145, 8_193, 12_289, 16_385, 24_577,
    ]
    private static let fixedLengths = try? Code(
        lengths: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
    private static let fixedDistances = try? Code(lengths: [UInt8](repeating: 5, count: 30))
}

/// CRC-32 of ISO 3309, as gzip and ZIP use it.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }

    static func sum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
    }
}
