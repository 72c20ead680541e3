/// A path with named segments, such as `/v1/orders/{id}`: the same constant makes a server's route and a client's
/// request, so the two cannot drift apart.
public struct PathPattern: Hashable, Sendable, CustomStringConvertible {
    /// One segment between slashes.
    public enum Segment: Hashable, Sendable {
        case literal(String)
        /// The name between the braces.
        case parameter(String)
    }

    /// The pattern as written.
    public let text: String
    /// Its segments, in order.
    public let segments: [Segment]

    /// A pattern; it begins with `/`, and a parameter fills a whole segment. Anything else is a programmer's error.
    public init(_ text: String) {
        precondition(text.hasPrefix("/"), "a path pattern begins with a slash: \(text)")
        self.text = text
        segments = text.split(separator: "/").map { segment in
            guard segment.hasPrefix("{") else {
                precondition(!segment.contains("{"), "a parameter fills a whole segment: \(text)")
                return .literal(String(segment))
            }
            precondition(segment.hasSuffix("}") && segment.count > 2, "a parameter ends with a brace: \(text)")
            return .parameter(String(segment.dropFirst().dropLast()))
        }
    }

    /// The pattern as written.
    public var description: String { text }

    /// The path with the parameters filled in, in order; each value is percent-encoded.
    public func path(_ values: any CustomStringConvertible...) -> String {
        var rest = values[...]
        var path = ""
        for segment in segments {
            path += "/"
            switch segment {
            case .literal(let text): path += text
            case .parameter:
                precondition(!rest.isEmpty, "too few values for \(text)")
                path += Self.percentEncoded(rest.removeFirst().description)
            }
        }
        precondition(rest.isEmpty, "too many values for \(text)")
        return path.isEmpty ? "/" : path
    }

    /// Percent-encodes all but the unreserved characters of RFC 3986 section 2.3.
    public static func percentEncoded(_ text: String) -> String {
        let isUnreserved: (UInt8) -> Bool = { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
        }
        guard !text.utf8.allSatisfy(isUnreserved) else { return text }
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isUnreserved(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension PathPattern: ExpressibleByStringLiteral {
    /// A pattern written where it is used, for routes that no client calls by name.
    public init(stringLiteral text: String) { self.init(text) }
}
