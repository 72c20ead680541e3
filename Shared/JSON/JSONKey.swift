/// A member's name while its object is being read; compares with constants without making a `String`.
///
/// Three plain words, so that passing it on costs nothing. Like the reader it is valid only inside `JSON.decode`.
public struct JSONKey {
    // Into the text being read, or, for a name with escapes, into memory that the reader keeps.
    @usableFromInline let start: UnsafePointer<UInt8>
    @usableFromInline let count: Int
    @usableFromInline let hash: UInt64

    init(start: UnsafePointer<UInt8>, count: Int) {
        self.start = start
        self.count = count
        hash = Self.hash(start, count)
    }

    /// A name of at most seven bytes, which are `word`, the rest of it zero.
    @inline(__always)
    init(start: UnsafePointer<UInt8>, count: Int, short word: UInt64) {
        self.start = start
        self.count = count
        hash = Self.mix(Self.begin(count), word)
    }

    /// A name of eight to fifteen bytes: the first eight and the rest, filled up with zeros.
    @inline(__always)
    init(start: UnsafePointer<UInt8>, count: Int, first: UInt64, rest: UInt64) {
        self.start = start
        self.count = count
        let begun = Self.mix(Self.begin(count), first)
        hash = count == 8 ? begun : Self.mix(begun, rest)
    }

    /// The name.
    public var text: String {
        String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// Whether the name is `pattern`: lets a `switch` over a key list constants.
    @inlinable @inline(__always)
    public static func ~= (pattern: StaticString, key: JSONKey) -> Bool {
        key.count == pattern.utf8CodeUnitCount && key.equals(pattern.utf8Start)
    }

    @inlinable @inline(__always)
    func equals(_ other: UnsafePointer<UInt8>) -> Bool {
        var index = 0
        while index + 8 <= count {
            if UnsafeRawPointer(start + index).loadUnaligned(as: UInt64.self)
                != UnsafeRawPointer(other + index).loadUnaligned(as: UInt64.self)
            {
                return false
            }
            index += 8
        }
        while index < count {
            if start[index] != other[index] { return false }
            index += 1
        }
        return true
    }

    /// Eight bytes at a time. Two names with one hash are taken for the same, which can only make a crafted object be
    /// refused: names of one length below eight bytes never share one.
    private static func hash(_ start: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
        var hash = begin(count)
        var index = 0
        while index + 8 <= count {
            let word = UnsafeRawPointer(start + index).loadUnaligned(as: UInt64.self)
            hash = mix(hash, UInt64(littleEndian: word))
            index += 8
        }
        guard index < count else { return hash }
        var rest: UInt64 = 0
        for position in stride(from: count - 1, through: index, by: -1) { rest = rest << 8 | UInt64(start[position]) }
        return mix(hash, rest)
    }

    @inline(__always)
    private static func begin(_ count: Int) -> UInt64 { UInt64(truncatingIfNeeded: count) &* 0xD6E8_FEB8_6659_FD93 }

    @inline(__always)
    private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let product = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
        return product ^ (product >> 32)
    }
}

/// The names that the open objects had so far, one object's after its parent's. Belongs to one reader, which gives the
/// memory back.
@usableFromInline
struct SeenNames {
    // Plain memory, of which the first `used` are meant: every name of a document passes here.
    private var hashes: UnsafeMutablePointer<UInt64>
    private var used = 0
    private var capacity = 64
    /// For objects with many members, by the start of their scope: looking through all of them for each would make a
    /// small body keep a loop busy for seconds.
    private var tables: [Int: Set<UInt64>] = [:]
    /// Objects up to this size are looked through.
    private static let scannedMax = 64

    /// Where the names of an object begin, and a bit for each: while a name's bit is not set, it need not be looked for.
    @usableFromInline
    struct Scope {
        let start: Int
        var filter: UInt64 = 0
    }

    init() { hashes = .allocate(capacity: capacity) }

    func giveBack() { hashes.deallocate() }

    @usableFromInline
    var scope: Scope { Scope(start: used) }

    /// False when the object had the name before.
    @inline(__always)
    mutating func insert(_ hash: UInt64, _ scope: inout Scope) -> Bool {
        let bit = 1 as UInt64 &<< (hash &>> 58)
        if used &- scope.start >= Self.scannedMax {
            guard insertIntoTable(hash, scope.start) else { return false }
        } else if scope.filter & bit != 0, has(hash, from: scope.start) {
            return false
        }
        scope.filter |= bit
        if used == capacity { grow() }
        hashes[used] = hash
        used &+= 1
        return true
    }

    private func has(_ hash: UInt64, from start: Int) -> Bool {
        UnsafeBufferPointer(start: hashes + start, count: used - start).contains(hash)
    }

    @inline(never)
    private mutating func grow() {
        let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity * 2)
        larger.update(from: hashes, count: used)
        hashes.deallocate()
        hashes = larger
        capacity *= 2
    }

    @inline(never)
    private mutating func insertIntoTable(_ hash: UInt64, _ start: Int) -> Bool {
        if used - start == Self.scannedMax {
            tables[start] = Set(UnsafeBufferPointer(start: hashes + start, count: used - start))
        }
        return tables[start, default: []].insert(hash).inserted
    }

    @inline(__always)
    mutating func close(_ scope: Scope) {
        if !tables.isEmpty { tables[scope.start] = nil }
        used = scope.start
    }
}
