/// An address that may stand in `href`, `src` or `action`.
///
/// A literal of this program gives its shape; every value put into it is percent-encoded whole, so a value can
/// neither leave its segment nor change the scheme: `let link: Link = "/stores/\(id)?q=\(words)"`.
struct Link: Sendable, Hashable, ExpressibleByStringInterpolation, CustomStringConvertible {
    let text: String

    var description: String { text }

    init(stringLiteral value: StaticString) {
        text = value.description
    }

    init(stringInterpolation: Interpolation) {
        text = String(decoding: stringInterpolation.bytes, as: UTF8.self)
    }

    /// The address of another site, as a neighbour service gave it: `https`, or `http` for development. Anything
    /// else (`javascript:`, credentials before the host, spaces, quotes, control characters) gives nil.
    init?(external address: String) {
        guard let rest = address.dropping(prefix: "https://") ?? address.dropping(prefix: "http://") else { return nil }
        let allowed = address.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"'<>\\`{}|^".utf8.contains($0) }
        let host = rest.prefix { !"/?#".contains($0) }
        guard allowed, !host.isEmpty, !host.contains("@") else { return nil }
        text = address
    }

    /// A place on this site to go back to, as a browser sent it. Only an absolute path is taken: `//host`, `/\host`,
    /// other schemes, control characters and over-long values give nil, so a sign-in can never lead elsewhere.
    init?(returningTo path: String) {
        let bytes = Array(path.utf8)
        guard bytes.count <= 1_000, bytes.first == UInt8(ascii: "/") else { return nil }
        guard bytes.count == 1 || (bytes[1] != UInt8(ascii: "/") && bytes[1] != UInt8(ascii: "\\")) else { return nil }
        let allowed = bytes.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\"")
        }
        guard allowed else { return nil }
        text = path
    }

    /// The same address with `#fragment`, a name of this program.
    func fragment(_ name: StaticString) -> Link { Link(checked: "\(text)#\(name)") }

    private init(checked: String) { text = checked }

    struct Interpolation: StringInterpolationProtocol {
        typealias StringLiteralType = StaticString
        fileprivate(set) var bytes: [UInt8] = []

        init(literalCapacity: Int, interpolationCount: Int) {
            bytes.reserveCapacity(literalCapacity + interpolationCount &* 32)
        }

        mutating func appendLiteral(_ literal: StaticString) {
            literal.withUTF8Buffer { bytes.append(contentsOf: $0) }
        }

        mutating func appendInterpolation(_ value: String) { LinkCoding.append(value, to: &bytes) }

        mutating func appendInterpolation(_ value: Int) { Escaping.append(value, to: &bytes) }

        mutating func appendInterpolation(_ link: Link) {
            // A link inside a link is a value of its query (`?return=`): encoded like any other.
            LinkCoding.append(link.text, to: &bytes)
        }

        /// A word of this program.
        mutating func appendInterpolation(verb literal: StaticString) { appendLiteral(literal) }

        /// A link that this one continues.
        mutating func appendInterpolation(continuing link: Link) { bytes.append(contentsOf: link.text.utf8) }
    }
}

/// Percent-encoding of RFC 3986 section 2: all but the unreserved characters is encoded.
enum LinkCoding {
    static func append(_ value: String, to bytes: inout [UInt8]) {
        let hex = Array("0123456789ABCDEF".utf8)
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "%"))
                bytes.append(hex[Int(byte >> 4)])
                bytes.append(hex[Int(byte & 15)])
            }
        }
    }
}

extension String {
    /// What follows the prefix, or nil when the text does not start with it.
    func dropping(prefix: String) -> Substring? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }
}
