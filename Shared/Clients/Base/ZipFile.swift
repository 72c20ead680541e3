/// Reads ZIP files as gateways send bills: small directories, stored or deflated, names in any encoding.
public enum ZipFile {
    /// A file inside.
    public struct Entry: Sendable, Hashable {
        /// As written, in whatever encoding.
        public let name: [UInt8]
        public let content: [UInt8]
    }

    private static let (directoryEnd, directoryEntry, localHeader): (UInt32, UInt32, UInt32) =
        (0x0605_4B50, 0x0201_4B50, 0x0403_4B50)

    /// The files of an archive, in the order of its directory.
    ///
    /// - Throws: when anything does not fit, sums included, or a file has more than `bytesMax` bytes.
    public static func entries(_ bytes: [UInt8], bytesMax: Int) throws(Inflate.Failure) -> [Entry] {
        let reader = Reader(bytes: bytes)
        // The end record stands last, before a comment of at most 64 KiB.
        let last = bytes.count - 22
        guard last >= 0 else { throw .truncated }
        guard
            let end = stride(from: last, through: max(0, last - 65_535), by: -1).first(where: {
                bytes[$0] == 0x50 && (try? reader.word($0)) == directoryEnd
            })
        else { throw .invalid }
        let count = try reader.half(end + 10)
        var place = Int(try reader.word(end + 16)), entries: [Entry] = []
        for _ in 0..<count {
            guard try reader.word(place) == directoryEntry else { throw .invalid }
            let method = try reader.half(place + 10), sum = try reader.word(place + 16)
            let packed = Int(try reader.word(place + 20)), size = Int(try reader.word(place + 24))
            let nameCount = try reader.half(place + 28), start = Int(try reader.word(place + 42))
            let skipped = try reader.half(place + 30) + (try reader.half(place + 32))
            let name = try reader.bytes(place + 46, nameCount)
            guard size <= bytesMax else { throw .tooLarge }
            guard try reader.word(start) == localHeader else { throw .invalid }
            let data = start + 30 + (try reader.half(start + 26)) + (try reader.half(start + 28))
            let body = try reader.bytes(data, packed)
            let content: [UInt8] =
                switch method {
                case 0: body
                case 8: try Inflate.raw(body, from: 0, bytesMax: size)
                default: throw .invalid
                }
            guard content.count == size, CRC32.sum(content) == sum else { throw .wrongSum }
            entries.append(Entry(name: name, content: content))
            place += 46 + nameCount + skipped
        }
        return entries
    }

    private struct Reader {
        let bytes: [UInt8]

        func bytes(_ start: Int, _ count: Int) throws(Inflate.Failure) -> [UInt8] {
            guard start >= 0, start + count <= bytes.count else { throw .truncated }
            return Array(bytes[start..<start + count])
        }

        func half(_ place: Int) throws(Inflate.Failure) -> Int {
            let part = try bytes(place, 2)
            return Int(part[0]) | Int(part[1]) << 8
        }

        func word(_ place: Int) throws(Inflate.Failure) -> UInt32 {
            UInt32(try half(place)) | UInt32(try half(place + 2)) << 16
        }
    }
}
