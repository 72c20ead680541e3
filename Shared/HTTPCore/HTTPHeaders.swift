/// One header field.
public struct HTTPField: Hashable, Sendable {
    /// The name as written; compare without regard to case.
    public var name: String
    /// The value without white space around it.
    public var value: String

    /// Makes a field.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// Header fields in their order, repeated ones included; names compare without regard to ASCII case.
///
/// Fields of a received message stay bytes until somebody asks for them: most are never read.
public struct HTTPHeaders: Sendable {
    /// Fields of a received message: ranges into its bytes.
    private var received: HeaderBlock?
    private var fields: [HTTPField] = []

    /// No fields.
    public init() {}

    /// The fields given, in order.
    public init(_ fields: [HTTPField]) {
        self.fields = fields
    }

    init(received: HeaderBlock) {
        self.received = received
    }

    /// The value of the first field of that name.
    public subscript(_ name: String) -> String? {
        if let value = received?.first(name) { return value }
        return fields.first { Self.equalNames($0.name, name) }?.value
    }

    /// The values of all fields of that name, in order.
    public func all(_ name: String) -> [String] {
        filter { Self.equalNames($0.name, name) }.map(\.value)
    }

    /// Whether a field of that name is there.
    public func contains(_ name: String) -> Bool { self[name] != nil }

    /// Adds a field after the others.
    public mutating func add(_ name: String, _ value: String) {
        fields.append(HTTPField(name: name, value: value))
    }

    /// Adds a field in place of all others of that name.
    public mutating func set(_ name: String, _ value: String) {
        remove(name)
        add(name, value)
    }

    /// Removes all fields of that name.
    public mutating func remove(_ name: String) {
        if let received {
            fields = received.fields + fields
            self.received = nil
        }
        // Nearly always there is none: looked at in place, without a copy of each field.
        let isThere = fields.withUnsafeBufferPointer { fields in
            fields.indices.contains { Self.equalNames(fields[$0].name, name) }
        }
        guard isThere else { return }
        fields.removeAll { Self.equalNames($0.name, name) }
    }

    /// Whether a comma-separated field (RFC 9110 section 5.6.1) has a token, without regard to case.
    public func hasToken(_ name: String, _ token: String) -> Bool {
        all(name).contains { value in
            value.split(separator: ",").contains { Self.equalNames(String(trimming: $0), token) }
        }
    }

    static func equalNames(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        return zip(left.utf8, right.utf8).allSatisfy { ASCII.lower($0) == ASCII.lower($1) }
    }
}

extension HTTPHeaders {
    /// Bytes that ``write(to:)`` writes at most.
    public var wireSize: Int {
        var size = 0
        if let received { for field in received.fields { size += field.name.utf8.count + field.value.utf8.count + 4 } }
        for index in fields.indices { size += fields[index].name.utf8.count + fields[index].value.utf8.count + 4 }
        return size
    }

    /// Writes every field as CRLF, name, colon, space and value; the caller's memory has room for ``wireSize`` bytes.
    ///
    /// A control character in a value becomes a space: a line break would let whoever chose the value write header
    /// fields or a whole message.
    ///
    /// - Returns: how many bytes were written.
    public func write(to memory: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var count = 0
        if let received { for field in received.fields { Self.write(field.name, field.value, memory, &count) } }
        fields.withUnsafeBufferPointer { fields in
            for index in fields.indices { Self.write(fields[index].name, fields[index].value, memory, &count) }
        }
        return count
    }

    private static func write(
        _ name: String, _ value: String, _ memory: UnsafeMutableBufferPointer<UInt8>, _ count: inout Int
    ) {
        precondition(
            count + name.utf8.count + value.utf8.count + 4 <= memory.count, "fields larger than they were counted")
        memory[count] = 0x0D
        memory[count + 1] = 0x0A
        count += 2
        copy(name, memory, &count)
        memory[count] = UInt8(ascii: ":")
        memory[count + 1] = 0x20
        count += 2
        let start = count
        copy(value, memory, &count)
        var index = start
        while index < count {
            let byte = memory[index]
            if byte < 0x20 && byte != 0x09 || byte == 0x7F { memory[index] = 0x20 }
            index += 1
        }
    }

    private static func copy(_ text: String, _ memory: UnsafeMutableBufferPointer<UInt8>, _ count: inout Int) {
        guard let base = memory.baseAddress else { return }
        let copied: Void? = text.utf8.withContiguousStorageIfAvailable { bytes in
            guard let from = bytes.baseAddress else { return }
            (base + count).update(from: from, count: bytes.count)
        }
        if copied == nil {
            for (index, byte) in text.utf8.enumerated() { base[count + index] = byte }
        }
        count += text.utf8.count
    }
}

extension HTTPHeaders: Sequence {
    /// Goes through all fields in order.
    public func makeIterator() -> IndexingIterator<[HTTPField]> {
        guard let received else { return fields.makeIterator() }
        return (received.fields + fields).makeIterator()
    }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
    /// Fields in the order written.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        // Room for what middleware adds to nearly every answer.
        fields.reserveCapacity(elements.count + 2)
        for (name, value) in elements { fields.append(HTTPField(name: name, value: value)) }
    }
}

extension String {
    init(trimming text: Substring) {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        self.init(text)
    }
}

/// The head of a received message and where its fields lie in it. One array: the bytes, and behind them the places.
struct HeaderBlock: Sendable {
    /// Where a field lies, in bytes from the start of the head.
    struct Entry: BitwiseCopyable, Sendable {
        var nameStart: UInt16
        var nameEnd: UInt16
        var valueStart: UInt16
        var valueEnd: UInt16
    }

    private let storage: [UInt8]
    private let byteCount: Int

    /// - Parameter bytes: at most 65,535 bytes.
    init(bytes: UnsafeBufferPointer<UInt8>, entries: [Entry]) {
        byteCount = bytes.count
        let size = bytes.count + entries.count * MemoryLayout<Entry>.stride
        storage = Array(unsafeUninitializedCapacity: size) { memory, count in
            let target = UnsafeMutableRawBufferPointer(memory)
            target.copyBytes(from: bytes)
            entries.withUnsafeBytes { places in
                UnsafeMutableRawBufferPointer(rebasing: target[bytes.count...]).copyMemory(from: places)
            }
            count = size
        }
    }

    private func entry(_ index: Int, in memory: UnsafeRawBufferPointer) -> Entry {
        memory.loadUnaligned(fromByteOffset: byteCount + index * MemoryLayout<Entry>.stride, as: Entry.self)
    }

    private var count: Int { (storage.count - byteCount) / MemoryLayout<Entry>.stride }

    func first(_ name: String) -> String? {
        var name = name
        return name.withUTF8 { wanted in
            storage.withUnsafeBytes { memory in
                for index in 0..<count {
                    let entry = entry(index, in: memory)
                    if Int(entry.nameEnd - entry.nameStart) == wanted.count,
                        Self.equal(memory, Int(entry.nameStart), wanted)
                    {
                        return Self.text(memory, entry.valueStart..<entry.valueEnd)
                    }
                }
                return nil
            }
        }
    }

    private static func equal(
        _ bytes: UnsafeRawBufferPointer, _ start: Int, _ wanted: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        for index in 0..<wanted.count where bytes[start + index] != wanted[index] {
            if ASCII.lower(bytes[start + index]) != ASCII.lower(wanted[index]) { return false }
        }
        return true
    }

    var fields: [HTTPField] {
        storage.withUnsafeBytes { memory in
            (0..<count).map { index in
                let entry = entry(index, in: memory)
                return HTTPField(
                    name: Self.text(memory, entry.nameStart..<entry.nameEnd),
                    value: Self.text(memory, entry.valueStart..<entry.valueEnd))
            }
        }
    }

    /// Bytes beyond ASCII that are no UTF-8 become U+FFFD: field values may hold any (RFC 9110 section 5.5).
    private static func text(_ bytes: UnsafeRawBufferPointer, _ part: Range<UInt16>) -> String {
        String(
            decoding: UnsafeRawBufferPointer(rebasing: bytes[Int(part.lowerBound)..<Int(part.upperBound)]),
            as: UTF8.self)
    }
}

/// Character classes of RFC 9110 section 5.6.2.
enum ASCII {
    @inline(__always)
    static func lower(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// `tchar`: what method names and field names are made of. One bit a character: "!#$%&'*+-." and digits; letters,
    /// "^_`" and "|~" (a test counts them out).
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        let mask: UInt64 = byte < 64 ? 0x03FF_6CFA_0000_0000 : byte < 128 ? 0x57FF_FFFF_C7FF_FFFE : 0
        return mask >> UInt64(byte & 63) & 1 == 1
    }

    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
