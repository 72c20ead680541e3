/// A member's name while its object is being read; compares with constants without making a `String`.
public struct JSONKey {
    // Into the text being read when the name has no escapes and is ASCII, else the decoded name.
    private let plain: UnsafeBufferPointer<UInt8>
    private let decoded: String?
    @usableFromInline let hash: UInt64

    init(plain: UnsafeBufferPointer<UInt8>) {
        self.plain = plain
        decoded = nil
        hash = Self.hash(plain)
    }

    init(_ decoded: String) {
        plain = UnsafeBufferPointer(start: nil, count: 0)
        self.decoded = decoded
        hash = Self.hash(decoded.utf8)
    }

    /// The name.
    public var text: String {
        decoded ?? String(decoding: plain, as: UTF8.self)
    }

    /// Whether the name is `pattern`: lets a `switch` over a key list constants.
    @inline(__always)
    public static func ~= (pattern: StaticString, key: JSONKey) -> Bool {
        key.equals(pattern.utf8Start, pattern.utf8CodeUnitCount)
    }

    func equals(_ start: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        if let decoded { return decoded.utf8.elementsEqual(UnsafeBufferPointer(start: start, count: count)) }
        guard plain.count == count, let base = plain.baseAddress else { return count == 0 && plain.isEmpty }
        for index in 0..<count where base[index] != start[index] { return false }
        return true
    }

    /// FNV-1a. Two names with one hash are taken for the same, which can only make a crafted object be refused.
    private static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash
    }
}

/// The names an object had so far: a few on the stack, a set beyond.
@usableFromInline
struct SeenNames {
    private static let inlineMax = 24
    private var few = InlineArray<24, UInt64>(repeating: 0)
    private var count = 0
    private var many: Set<UInt64> = []

    @usableFromInline
    init() {}

    /// False when the name was there before.
    @usableFromInline
    mutating func insert(_ hash: UInt64) -> Bool {
        for index in 0..<min(count, Self.inlineMax) where few[index] == hash { return false }
        if count < Self.inlineMax {
            few[count] = hash
            count += 1
            return true
        }
        return many.insert(hash).inserted
    }
}
