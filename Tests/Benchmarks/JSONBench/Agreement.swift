import Foundation
import JSON

/// Random values go through one implementation and come back through the other unchanged.
enum Agreement {
    static func check(count: Int, seed: UInt64) throws -> Int {
        var random = SplitMix(state: seed)
        for number in 0..<count {
            let value = random.value(depth: 4)
            let ours = Data(JSON.encode(value))
            let seen = try JSONDecoder().decode(AnyValue.self, from: ours).value
            guard seen == value else { throw Disagreement(text: "value \(number): Foundation read \(seen) for \(value)") }
            let theirs = Array(try JSONEncoder().encode(AnyValue(value: value)))
            let back = try JSON.decode(JSONValue.self, from: theirs)
            guard back == value else { throw Disagreement(text: "value \(number): we read \(back) for \(value)") }
        }
        return count
    }
}

/// A generator with a printed seed: the same values on every machine.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

    mutating func value(depth: Int) -> JSONValue {
        switch below(depth == 0 ? 5 : 7) {
        case 0: return .null
        case 1: return .bool(next() & 1 == 0)
        case 2: return .int(Int64(bitPattern: next()) >> Int64(below(60)))
        case 3: return .double((Double(below(2_000_001)) - 1_000_000) / 64 + 1 / 128)
        case 4: return .string(text())
        case 5: return .array((0..<below(5)).map { _ in value(depth: depth - 1) })
        default:
            return .object(
                Dictionary(
                    (0..<below(5)).map { _ in (text(), value(depth: depth - 1)) }, uniquingKeysWith: { first, _ in first }))
        }
    }

    private mutating func text() -> String {
        let letters: [Character] = ["a", "Z", "0", " ", "\"", "\\", "/", "\n", "\u{1}", "\u{7f}", "é", "邻", "里", "🥟", "\u{2028}"]
        return String((0..<below(12)).map { _ in letters[below(letters.count)] })
    }
}

/// A free value for Foundation's coders.
struct AnyValue: Codable {
    let value: JSONValue

    init(value: JSONValue) { self.value = value }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            value = .null
        } else if let bool = try? container.decode(Bool.self) {
            value = .bool(bool)
        } else if let int = try? container.decode(Int64.self) {
            value = .int(int)
        } else if let double = try? container.decode(Double.self) {
            value = .double(double)
        } else if let text = try? container.decode(String.self) {
            value = .string(text)
        } else if let array = try? container.decode([AnyValue].self) {
            value = .array(array.map(\.value))
        } else {
            value = .object(try container.decode([String: AnyValue].self).mapValues(\.value))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch value {
        case .null: try container.encodeNil()
        case .bool(let bool): try container.encode(bool)
        case .int(let int): try container.encode(int)
        case .double(let double): try container.encode(double)
        case .string(let text): try container.encode(text)
        case .array(let values): try container.encode(values.map(AnyValue.init))
        case .object(let members):
            try container.encode(Dictionary(uniqueKeysWithValues: members.map { ($0.name, AnyValue(value: $0.value)) }))
        }
    }
}
