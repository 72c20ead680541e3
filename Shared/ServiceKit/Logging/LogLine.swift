/// Writes JSON lines one after the other into a buffer that stays where it is: no intermediate string, no copy, no
/// allocation beyond the buffer's growth.
struct LogLine {
    var bytes: [UInt8] = []
    private var isFirst: Bool

    /// An empty buffer; with `continues`, for members that come after others.
    init(continues: Bool = false) {
        isFirst = !continues
    }

    /// Begins a line with the member `ts`: its start down to the second's point, and six digits below that.
    mutating func begin(_ start: [UInt8], microseconds: Int) {
        bytes.append(contentsOf: start)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 8) { digits in
            var rest = microseconds
            for index in stride(from: 5, through: 0, by: -1) {
                digits[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            digits[6] = UInt8(ascii: "Z")
            digits[7] = UInt8(ascii: "\"")
            bytes.append(contentsOf: UnsafeBufferPointer(digits))
        }
        isFirst = false
    }

    /// Text that is JSON already.
    mutating func raw(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
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
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = value.magnitude
            var start = 20
            repeat {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[start...]))
        }
    }
}
