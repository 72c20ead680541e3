/// Files as they are inside archives: stored, not compressed, which every reader takes.
enum Archives {
    private static let crcTable: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }

    /// CRC-32 of ISO 3309, as gzip and ZIP use it.
    static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { crcTable[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
    }

    /// A gzip file (RFC 1952).
    static func gzip(_ content: [UInt8]) -> [UInt8] {
        [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF] + stored(content) + little(crc32(content))
            + little(UInt32(truncatingIfNeeded: content.count))
    }

    /// A zlib stream (RFC 1950).
    static func zlib(_ content: [UInt8]) -> [UInt8] {
        let sums = content.reduce((UInt32(1), UInt32(0))) { sums, byte in
            let first = (sums.0 + UInt32(byte)) % 65_521
            return (first, (sums.1 + first) % 65_521)
        }
        return [0x78, 0x01] + stored(content) + little(sums.1 << 16 | sums.0).reversed()
    }

    /// Stored blocks (RFC 1951).
    private static func stored(_ content: [UInt8]) -> [UInt8] {
        var blocks: [UInt8] = [], start = 0
        repeat {
            let end = min(start + 65_535, content.count), count = UInt16(end - start)
            blocks.append(end == content.count ? 1 : 0)
            blocks += little(count) + little(~count) + content[start..<end]
            start = end
        } while start < content.count
        return blocks
    }

    /// A ZIP file; names are bytes in whatever encoding the gateway uses, without a mark.
    static func zip(_ files: [(name: [UInt8], content: [UInt8])]) -> [UInt8] {
        var body: [UInt8] = [], directory: [UInt8] = []
        for file in files {
            let size = UInt32(file.content.count), offset = UInt32(body.count)
            // Version 2.0, no flags, stored, 1980-01-01 00:00.
            let common = little(UInt16(20)) + little(UInt16(0)) + little(UInt16(0)) + little(UInt16(0))
                + little(UInt16(0x21)) + little(crc32(file.content)) + little(size) + little(size)
                + little(UInt16(file.name.count))
            body += little(UInt32(0x0403_4B50)) + common + little(UInt16(0)) + file.name + file.content
            directory += little(UInt32(0x0201_4B50)) + little(UInt16(20)) + common
            directory += [UInt8](repeating: 0, count: 12) + little(offset) + file.name
        }
        let count = little(UInt16(files.count))
        return body + directory + little(UInt32(0x0605_4B50)) + [0, 0, 0, 0] + count + count
            + little(UInt32(directory.count)) + little(UInt32(body.count)) + [0, 0]
    }

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
