/// Writes one JSON line into a shared buffer: no intermediate string, no allocation beyond the buffer's growth.
struct LogLine {
    var bytes: [UInt8]
    private var isFirst = true

    /// A new line at the end of `buffer`, or, when `continues`, members that come after others.
    init(appendingTo buffer: consuming [UInt8], continues: Bool = false) {
        bytes = buffer
        isFirst = !continues
        if !continues { bytes.append(UInt8(ascii: "{")) }
    }

    /// The member `ts`: the text of the second, and six digits below it.
    mutating func timestamp(_ second: [UInt8], microseconds: Int) {
        key("ts")
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: second)
        bytes.append(UInt8(ascii: "."))
        var divisor = 100_000
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: microseconds / divisor % 10))
            divisor /= 10
        }
        bytes.append(UInt8(ascii: "Z"))
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func key(_ name: StaticString) {
        beginMember()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    mutating func field(_ name: StaticString, _ value: LogValue) {
        key(name)
        switch value {
        case .string(let text): string(text)
        case .int(let number): int(number)
        case .double(let number):
            // NaN and infinities have no JSON form; a line must stay parseable.
            bytes.append(contentsOf: number.isFinite ? "\(number)".utf8 : "null".utf8)
        case .bool(let flag): bytes.append(contentsOf: flag ? "true".utf8 : "false".utf8)
        }
    }

    mutating func end() {
        bytes.append(UInt8(ascii: "}"))
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func beginMember() {
        if isFirst { isFirst = false } else { bytes.append(UInt8(ascii: ",")) }
    }

    mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            if utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
                for byte in utf8 { escape(byte) }
            } else {
                bytes.append(contentsOf: utf8)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case 0..<0x20:
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(Self.hexDigits[Int(byte >> 4)])
            bytes.append(Self.hexDigits[Int(byte & 15)])
        default: bytes.append(byte)
        }
    }

    private static let hexDigits = [UInt8]("0123456789abcdef".utf8)

    mutating func int(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }
}
