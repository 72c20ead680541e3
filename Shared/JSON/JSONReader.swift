/// Reads JSON text by pulling: the type being read asks for what it expects, and no tree is made.
///
/// Strict as RFC 8259 is: no comments, no trailing commas, no leading zeros, valid UTF-8 only, no lone surrogates. A
/// fault is reported with its byte offset and the RFC 6901 pointer of the value.
///
///     init(from json: inout JSONReader) throws(JSONError) {
///         var quantity: Int?
///         try json.object { (json, key) throws(JSONError) in
///             switch key {
///             case "quantity": quantity = try json.read()
///             default: try json.unknown(key)
///             }
///         }
///         self.quantity = try json.require(&quantity, "quantity")
///     }
///
/// A reader is valid only inside the `JSON.decode` that made it.
public struct JSONReader {
    /// Objects and arrays inside one another: as deep as the limits of the server allow.
    public static let depthMax = 64

    @usableFromInline let base: UnsafePointer<UInt8>
    @usableFromInline let count: Int
    @usableFromInline var index = 0
    /// Whether unknown and repeated members are errors.
    public let mode: JSON.Mode
    private var depth = 0
    /// Where the value that was read last began: the place that ``invalid(_:)`` names.
    private var valueStart = 0
    private var names = SeenNames()
    /// Names that stood with escapes, decoded: kept until the document is read, because keys point to them.
    private var keptNames: [UnsafeMutableBufferPointer<UInt8>] = []
    /// Where the text with escapes that was read last is decoded: room for the longest that can follow.
    var scratch: UnsafeMutablePointer<UInt8>?

    private static let nothing = StaticString("")

    init(_ buffer: UnsafeBufferPointer<UInt8>, mode: JSON.Mode) {
        base = buffer.baseAddress ?? Self.nothing.utf8Start
        count = buffer.count
        self.mode = mode
    }

    mutating func keep(name: UnsafeBufferPointer<UInt8>) -> JSONKey {
        let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, name.count))
        _ = memory.initialize(from: name)
        keptNames.append(memory)
        return JSONKey(start: memory.baseAddress.map { UnsafePointer($0) } ?? base, count: name.count)
    }

    /// Gives back what was kept while reading; no key may be used afterwards.
    mutating func giveBack() {
        for memory in keptNames { memory.deallocate() }
        keptNames = []
        names.giveBack()
        scratch?.deallocate()
    }

    // MARK: Values

    /// Reads a value of a type that the context tells.
    @inlinable @inline(__always)
    public mutating func read<T: JSONReadable>() throws(JSONError) -> T {
        try T(from: &self)
    }

    /// The type of the next value.
    public enum ValueType: Sendable {
        case object, array, string, number, bool, null
    }

    /// Looks at the next value without taking it.
    public mutating func nextType() throws(JSONError) -> ValueType {
        switch try begin() {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw malformed("no JSON value begins like this")
        }
    }

    /// Reads an object: `member` is called with each name and must read the value.
    @inlinable
    public mutating func object(
        _ member: (inout JSONReader, JSONKey) throws(JSONError) -> Void
    ) throws(JSONError) {
        guard try enterObject() else { return }
        var scope = openScope()
        repeat {
            let key = try memberName(&scope)
            do throws(JSONError) {
                try member(&self, key)
            } catch {
                throw error.inMember(key.text)
            }
        } while try continues(with: UInt8(ascii: "}"), in: "object")
        close(scope)
    }

    /// Reads an array of values of one type.
    @inlinable
    public mutating func array<T: JSONReadable>(of type: T.Type) throws(JSONError) -> [T] {
        var values: [T] = []
        try elements { (json, index) throws(JSONError) in values.append(try T(from: &json)) }
        return values
    }

    /// Reads an array: `element` is called for each and must read the value.
    @inlinable
    public mutating func elements(
        _ element: (inout JSONReader, Int) throws(JSONError) -> Void
    ) throws(JSONError) {
        guard try enterArray() else { return }
        var index = 0
        repeat {
            do throws(JSONError) {
                try element(&self, index)
            } catch {
                throw error.inMember(String(index))
            }
            index += 1
        } while try continues(with: UInt8(ascii: "]"), in: "array")
    }

    /// Reads `true` or `false`.
    public mutating func bool() throws(JSONError) -> Bool {
        switch try begin() {
        case UInt8(ascii: "t"):
            try literal("true")
            return true
        case UInt8(ascii: "f"):
            try literal("false")
            return false
        default: throw wrongType("must be true or false")
        }
    }

    /// Takes a `null` if it is next; false, and nothing taken, otherwise.
    @inlinable @inline(__always)
    public mutating func null() throws(JSONError) -> Bool {
        if index < count, base[index] != UInt8(ascii: "n"), base[index] > 0x20 { return false }
        return try nullAfterSpace()
    }

    @usableFromInline
    mutating func nullAfterSpace() throws(JSONError) -> Bool {
        guard try begin() == UInt8(ascii: "n") else { return false }
        try literal("null")
        return true
    }

    /// Skips one value of any type, checking that it is JSON.
    public mutating func skip() throws(JSONError) {
        _ = try JSONValue(from: &self)
    }

    /// Reads one value of any type and returns its bytes as they stand.
    public mutating func rawValue() throws(JSONError) -> [UInt8] {
        _ = try begin()
        let start = index
        try skip()
        return Array(UnsafeBufferPointer(start: base + start, count: index - start))
    }

    // MARK: Rules of the type being read

    /// A member that must be there. It is moved out, which spares counting the references in it.
    @inlinable @inline(__always)
    public func require<T>(_ value: inout T?, _ name: StaticString) throws(JSONError) -> T {
        guard let value = value.take() else { throw missing(name) }
        return value
    }

    /// What to do with a member that the type does not know: an error when strict, else it is skipped.
    public mutating func unknown(_ key: JSONKey) throws(JSONError) {
        guard mode == .lenient else {
            throw JSONError(kind: .unknownMember, byteOffset: valueStart, message: "is not a member of this object")
        }
        try skip()
    }

    /// The error for a value just read that breaks a rule; `message` completes the sentence "the value …".
    public func invalid(_ message: String) -> JSONError {
        JSONError(kind: .invalid, byteOffset: valueStart, message: message)
    }

    @usableFromInline
    func missing(_ name: StaticString) -> JSONError {
        JSONError(kind: .missing, byteOffset: index, message: "is required").nested(in: "\(name)")
    }

    // MARK: Structure

    /// Skips white space and returns the first byte of the value, which becomes the place that errors name.
    @inline(__always)
    mutating func begin() throws(JSONError) -> UInt8 {
        let byte = try peek()
        valueStart = index
        return byte
    }

    @inline(__always)
    private mutating func peek() throws(JSONError) -> UInt8 {
        while index < count {
            let byte = base[index]
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            index += 1
        }
        throw malformed("the text ends too early")
    }

    /// Enters an object; false when it is empty and therefore done.
    @usableFromInline
    mutating func enterObject() throws(JSONError) -> Bool {
        guard try begin() == UInt8(ascii: "{") else { throw wrongType("must be an object") }
        return try enter(closing: UInt8(ascii: "}"))
    }

    @usableFromInline
    mutating func enterArray() throws(JSONError) -> Bool {
        guard try begin() == UInt8(ascii: "[") else { throw wrongType("must be an array") }
        return try enter(closing: UInt8(ascii: "]"))
    }

    private mutating func enter(closing: UInt8) throws(JSONError) -> Bool {
        guard depth < Self.depthMax else {
            throw JSONError(
                kind: .tooDeep, byteOffset: index, message: "is more than \(Self.depthMax) objects and arrays deep")
        }
        index += 1
        guard try peek() == closing else {
            depth += 1
            return true
        }
        index += 1
        return false
    }

    /// After a member or element: true when another follows.
    @inlinable @inline(__always)
    mutating func continues(with closing: UInt8, in what: StaticString) throws(JSONError) -> Bool {
        if index < count, base[index] == UInt8(ascii: ",") {
            index &+= 1
            return true
        }
        return try continuesAfterSpace(with: closing, in: what)
    }

    @usableFromInline
    mutating func continuesAfterSpace(with closing: UInt8, in what: StaticString) throws(JSONError) -> Bool {
        let byte = try peek()
        guard byte == UInt8(ascii: ",") || byte == closing else {
            throw malformed("a comma or the end of the \(what) is expected")
        }
        index += 1
        if byte == closing { depth -= 1 }
        return byte != closing
    }

    @usableFromInline
    func openScope() -> SeenNames.Scope { names.scope }

    @usableFromInline
    mutating func close(_ scope: SeenNames.Scope) { names.close(scope) }

    @usableFromInline
    mutating func memberName(_ scope: inout SeenNames.Scope) throws(JSONError) -> JSONKey {
        guard try peek() == UInt8(ascii: "\"") else { throw malformed("the name of a member is expected") }
        valueStart = index
        let key = try keyString()
        if mode == .strict, !names.insert(key.hash, &scope) {
            throw JSONError(kind: .duplicateMember, byteOffset: valueStart, message: "stands twice")
                .nested(in: key.text)
        }
        guard try peek() == UInt8(ascii: ":") else { throw malformed("a colon is expected after a member's name") }
        index += 1
        return key
    }

    private mutating func literal(_ word: StaticString) throws(JSONError) {
        let length = word.utf8CodeUnitCount
        guard index + length <= count,
            (0..<length).allSatisfy({ base[index + $0] == word.utf8Start[$0] })
        else { throw malformed("\(word) is expected") }
        index += length
    }

    /// Nothing but white space may follow the value.
    mutating func finish() throws(JSONError) {
        while index < count {
            let byte = base[index]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else {
                throw malformed("something follows the value")
            }
            index += 1
        }
    }

    func malformed(_ message: String) -> JSONError {
        JSONError(kind: .malformed, byteOffset: index, message: message)
    }

    func wrongType(_ message: String) -> JSONError {
        JSONError(kind: .wrongType, byteOffset: valueStart, message: message)
    }
}

extension JSONError {
    @usableFromInline
    func inMember(_ token: String) -> JSONError {
        // A text that is no JSON has no values to point at.
        kind == .malformed ? self : nested(in: token)
    }
}
