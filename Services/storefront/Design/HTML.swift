/// A piece of a page, escaped by construction.
///
/// Only literals of this program are markup; every value put between `\(` and `)` is escaped for the place where it
/// stands. The same escaping serves text and attribute values, because attributes are always written in double
/// quotes. Attributes that hold an address (`href`, `src`, `action`) take a ``Link``, never a `String`.
///
///     page += "<h2 title=\"\(store.name)\"><a href=\"\(link)\">\(store.name)</a></h2>"
///
/// Bytes are appended to one buffer; nothing is looked at twice.
struct HTML: Sendable, ExpressibleByStringInterpolation {
    private(set) var bytes: [UInt8]

    static let empty = HTML()

    init(capacity: Int = 0) {
        bytes = []
        if capacity > 0 { bytes.reserveCapacity(capacity) }
    }

    init(stringLiteral value: StaticString) {
        bytes = []
        value.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    init(stringInterpolation: Interpolation) {
        bytes = stringInterpolation.bytes
    }

    var isEmpty: Bool { bytes.isEmpty }

    static func += (page: inout HTML, piece: HTML) {
        page.bytes.append(contentsOf: piece.bytes)
    }

    /// The pieces one after another.
    static func each<S: Sequence>(_ values: S, _ piece: (S.Element) -> HTML) -> HTML {
        var all = HTML()
        for value in values { all += piece(value) }
        return all
    }

    /// The piece, or nothing.
    static func when(_ condition: Bool, _ piece: @autoclosure () -> HTML) -> HTML {
        condition ? piece() : HTML()
    }

    /// The piece of a value that may be missing.
    static func maybe<Value>(_ value: Value?, else other: HTML = HTML(), _ piece: (Value) -> HTML) -> HTML {
        if let value { piece(value) } else { other }
    }

    struct Interpolation: StringInterpolationProtocol {
        typealias StringLiteralType = StaticString
        fileprivate(set) var bytes: [UInt8] = []

        init(literalCapacity: Int, interpolationCount: Int) {
            bytes.reserveCapacity(literalCapacity + interpolationCount &* 24)
        }

        mutating func appendLiteral(_ literal: StaticString) {
            literal.withUTF8Buffer { bytes.append(contentsOf: $0) }
        }

        mutating func appendInterpolation(_ piece: HTML) {
            bytes.append(contentsOf: piece.bytes)
        }

        /// Text, or the value of an attribute that holds no address.
        mutating func appendInterpolation(_ text: String) {
            guard Self.mayHoldText(after: bytes) else { return bytes.append(contentsOf: Array("#".utf8)) }
            var text = text
            text.withUTF8 { Escaping.append($0, to: &bytes) }
        }

        mutating func appendInterpolation(_ text: Substring) { appendInterpolation(String(text)) }

        /// A phrase of the string tables; escaped like any text, so a translator cannot break a page.
        mutating func appendInterpolation(_ phrase: StaticString) {
            phrase.withUTF8Buffer { Escaping.append($0, to: &bytes) }
        }

        mutating func appendInterpolation(_ number: Int) {
            Escaping.append(number, to: &bytes)
        }

        /// An address: percent-encoded when it was made; here only `&` needs care.
        mutating func appendInterpolation(_ link: Link) {
            var text = link.text
            text.withUTF8 { Escaping.append($0, to: &bytes) }
        }

        /// Markup of this program that a component takes as a parameter (more attributes of a field).
        mutating func appendInterpolation(markup literal: StaticString) { appendLiteral(literal) }

        /// A boolean attribute or a class, written when the condition holds: `\(if: isOn, " checked")`.
        mutating func appendInterpolation(if condition: Bool, _ markup: StaticString) {
            if condition { appendLiteral(markup) }
        }

        /// False where plain text would become an address or an unquoted attribute: a mistake of this program,
        /// caught by every test that renders the page, and harmless if it ever gets out.
        private static func mayHoldText(after bytes: [UInt8]) -> Bool {
            let count = bytes.count
            guard count >= 2, bytes[count - 1] == UInt8(ascii: "\""), bytes[count - 2] == UInt8(ascii: "=") else {
                return true
            }
            for name in addressAttributes where bytes[..<(count - 2)].hasSuffix(name) {
                assertionFailure("an address attribute takes a Link")
                return false
            }
            return true
        }

        private static let addressAttributes: [[UInt8]] = ["href", "src", "action"].map { Array($0.utf8) }
    }
}

extension ArraySlice<UInt8> {
    fileprivate func hasSuffix(_ suffix: [UInt8]) -> Bool {
        count >= suffix.count && self[(endIndex - suffix.count)...].elementsEqual(suffix)
    }
}

/// Character escaping of the HTML standard for text and for double-quoted attribute values.
enum Escaping {
    static func append(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        var start = 0
        var index = 0
        while index < text.count {
            if let replacement = replacement(for: text[index]) {
                bytes.append(contentsOf: text[start..<index])
                replacement.withUTF8Buffer { bytes.append(contentsOf: $0) }
                start = index + 1
            }
            index += 1
        }
        bytes.append(contentsOf: text[start...])
    }

    /// Decimal digits, without making a `String`.
    static func append(_ number: Int, to bytes: inout [UInt8]) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    @inline(__always)
    private static func replacement(for byte: UInt8) -> StaticString? {
        // Letters and everything above ASCII pass at the first comparison.
        if byte > UInt8(ascii: ">") { return byte == 0x7F ? "\u{FFFD}" : nil }
        switch byte {
        case UInt8(ascii: "&"): return "&amp;"
        case UInt8(ascii: "<"): return "&lt;"
        case UInt8(ascii: ">"): return "&gt;"
        case UInt8(ascii: "\""): return "&quot;"
        case UInt8(ascii: "'"): return "&#39;"
        case 0x00...0x08, 0x0B, 0x0C, 0x0E...0x1F: return "\u{FFFD}"
        default: return nil
        }
    }
}
