import Foundation
import JSON
import Testing

private struct Line: JSONModel, Equatable {
    var sku: String
    var quantity: Int
    var note: String?

    init(sku: String, quantity: Int, note: String? = nil) {
        self.sku = sku
        self.quantity = quantity
        self.note = note
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("sku", sku)
        json.field("quantity", quantity)
        json.field("note", note)
        json.endObject()
    }

    init(from json: inout JSONReader) throws(JSONError) {
        var sku: String?
        var quantity: Int?
        var note: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "sku": sku = try json.read()
            case "quantity":
                quantity = try json.read()
                if quantity == 0 { throw json.invalid("must be at least 1") }
            case "note": note = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(sku: try json.require(&sku, "sku"), quantity: try json.require(&quantity, "quantity"), note: note)
    }
}

private struct Order: JSONReadable {
    var lines: [Line]

    init(from json: inout JSONReader) throws(JSONError) {
        var lines: [Line]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "lines": lines = try json.read()
            default: try json.unknown(key)
            }
        }
        self.lines = try json.require(&lines, "lines")
    }
}

/// A generator that a printed seed reproduces (SplitMix64).
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func value(depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &self) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &self))
        case 2: return .int(Int64(bitPattern: next()) >> Int64.random(in: 0..<64, using: &self))
        case 3:
            let value = Double(bitPattern: next())
            return .double(value.isFinite && value != value.rounded() ? value : 0.5)
        case 4, 5: return .string(text())
        case 6: return .array((0..<Int.random(in: 0..<5, using: &self)).map { _ in value(depth: depth - 1) })
        default:
            var members: [String: JSONValue] = [:]
            for _ in 0..<Int.random(in: 0..<5, using: &self) { members[text()] = value(depth: depth - 1) }
            return .object(members)
        }
    }

    mutating func text() -> String {
        let alphabet: [Character] = ["a", "Z", "0", "\"", "\\", "/", "\u{0}", "\n", "\u{1F}", "é", "邻", "里", "🍜", " ", "~"]
        return String((0..<Int.random(in: 0..<24, using: &self)).map { _ in alphabet.randomElement(using: &self) ?? "a" })
    }
}

private func decode<T: JSONReadable>(_ type: T.Type, _ text: String, _ mode: JSON.Mode = .strict) throws(JSONError) -> T {
    try JSON.decode(type, from: Array(text.utf8), mode: mode)
}

@Suite
struct JSONObjectTests {
    @Test func `members are found by name, set, removed, and written in the order of their names`() {
        var object: JSONObject = ["b": 2, "a": 1, "c": 3]
        #expect(object.map(\.name) == ["a", "b", "c"])
        #expect(object["b"] == 2 && object["d"] == .none)
        object["aa"] = "x"
        object["c"] = 4
        object["a"] = nil
        object["z"] = nil
        #expect(String(decoding: JSON.encode(object), as: UTF8.self) == #"{"aa":"x","b":2,"c":4}"#)
        #expect(object == ["c": 4, "b": 2, "aa": "x"])
    }

    @Test func `where names may stand twice the last counts`() throws {
        let text = #"{"b":1,"a":1,"b":2,"a":[],"b":3}"#
        #expect(try decode(JSONObject.self, text, .lenient) == ["a": [], "b": 3])
        #expect(throws: JSONError.self) { try decode(JSONObject.self, text) }
    }

    @Test func `it agrees with a dictionary`() {
        var random = Seeded(state: 7)
        for _ in 0..<2_000 {
            var object = JSONObject()
            var dictionary: [String: JSONValue] = [:]
            for _ in 0..<20 {
                let name = String(UInt8.random(in: 97...103, using: &random))
                let value = Bool.random(using: &random) ? JSONValue.int(Int64.random(in: 0...9, using: &random)) : nil
                object[name] = value
                dictionary[name] = value
            }
            #expect(JSONValue.object(object) == .object(dictionary), "seed 7")
        }
    }
}

@Suite
struct JSONTests {
    @Test func `a value is written without spaces, absent members are left out`() {
        let lines = [Line(sku: "a\"b", quantity: 2), Line(sku: "面", quantity: -1, note: "\n")]
        #expect(
            String(decoding: JSON.encode(lines), as: UTF8.self)
                == #"[{"sku":"a\"b","quantity":2},{"sku":"面","quantity":-1,"note":"\n"}]"#)
    }

    @Test(arguments: [
        (#"{"lines":[{"sku":"a","quantity":"2"}]}"#, "/lines/0/quantity", JSONError.Kind.wrongType),
        (#"{"lines":[{"sku":"a","quantity":2},{"quantity":2}]}"#, "/lines/1/sku", .missing),
        (#"{"lines":[{"sku":"a","quantity":0}]}"#, "/lines/0/quantity", .invalid),
        (#"{"lines":[],"pr/ice":1}"#, "/pr~1ice", .unknownMember),
        (#"{"lines":[],"lines":[]}"#, "/lines", .duplicateMember),
        (#"{"lines":[{"sku":"a","quantity":1.5}]}"#, "/lines/0/quantity", .wrongType),
        (#"{"lines":[{"sku":"a","quantity":99999999999999999999}]}"#, "/lines/0/quantity", .wrongType),
        (#"{"lines":{}}"#, "/lines", .wrongType),
        (#"{"lines":["#, "", .malformed),
    ])
    func `an error points at the value at fault`(text: String, pointer: String, kind: JSONError.Kind) {
        do {
            _ = try decode(Order.self, text)
            Issue.record("\(text) was accepted")
        } catch {
            #expect(error.pointer == pointer)
            #expect(error.kind == kind)
        }
    }

    @Test func `lenient reading skips what it does not know`() throws {
        let order = try decode(Order.self, #"{"new":{"deep":[1,{"x":null}]},"lines":[{"sku":"a","quantity":1}]}"#, .lenient)
        #expect(order.lines == [Line(sku: "a", quantity: 1)])
    }

    /// Quadratic work on so many would take an hour.
    @Test(.timeLimit(.minutes(2)))
    func `thousands of members are checked for repetition without quadratic work`() {
        let names = (0..<100_000).map { "\"k\($0)\":1" }.joined(separator: ",")
        #expect(throws: Never.self) { try decode(JSONValue.self, "{\(names)}") }
        #expect(throws: JSONError.self) { try decode(JSONValue.self, "{\(names),\"k77\":1}") }
        #expect(throws: JSONError.self) { try decode(JSONValue.self, "{\(names),\"k99999\":1}") }
        // One large object in another, and one after it.
        let few = (0..<100).map { "\"k\($0)\":{\"k1\":1}" }.joined(separator: ",")
        #expect(throws: Never.self) { try decode(JSONValue.self, "[{\(few)},{\(few)}]") }
        #expect(throws: JSONError.self) { try decode(JSONValue.self, "[{\(few)},{\(few),\"k64\":1}]") }
    }

    @Test(arguments: [Int64.min, .max, 0, -1, 9, 10, 99, 100, -1_234_567_890])
    func `whole numbers survive both ways`(value: Int64) throws {
        #expect(String(decoding: JSON.encode(value), as: UTF8.self) == String(value))
        #expect(try decode(Int64.self, String(value)) == value)
    }

    @Test func `random values mean the same to Foundation, both ways`() throws {
        let seed = UInt64.random(in: 0..<UInt64.max)
        print("seed \(seed)")
        var random = Seeded(state: seed)
        for _ in 0..<5_000 {
            let value = random.value(depth: 4)
            let ours = JSON.encode(value)
            // Lenient, because strict reading refuses U+0000.
            #expect(try JSON.decode(JSONValue.self, from: ours, mode: .lenient) == value)
            let theirs = try JSONSerialization.jsonObject(with: Data(ours), options: .fragmentsAllowed)
            let again = try JSONSerialization.data(withJSONObject: theirs, options: .fragmentsAllowed)
            let back = try JSON.decode(JSONValue.self, from: [UInt8](again), mode: .lenient)
            guard isSame(back, value) else {
                Issue.record("seed \(seed): \(String(decoding: ours, as: UTF8.self))")
                return
            }
        }
    }

    /// Equal but for whole numbers that Foundation rewrites as doubles or the reverse.
    private func isSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
        switch (left, right) {
        case (.int(let a), .double(let b)), (.double(let b), .int(let a)): Double(a) == b
        case (.double(let a), .double(let b)): a == b || abs(a - b) <= abs(a) * 1e-15
        case (.array(let a), .array(let b)): a.count == b.count && zip(a, b).allSatisfy { isSame($0, $1) }
        case (.object(let a), .object(let b)):
            a.count == b.count && zip(a, b).allSatisfy { $0.name == $1.name && isSame($0.value, $1.value) }
        default: left == right
        }
    }
}
