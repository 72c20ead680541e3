/// Percent-decoding of paths and queries (RFC 3986 section 2.1).
public enum PercentCoding {
    /// Decodes one segment of a path.
    ///
    /// - Returns: nil for what a path must not contain: a broken escape, control characters, an encoded slash or
    ///   backslash, a dot segment, bytes that are no UTF-8.
    public static func pathSegment(_ segment: Substring.UTF8View) -> String? {
        guard let bytes = decode(segment, plusIsSpace: false), let text = String(validating: bytes, as: UTF8.self),
            !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }),
            text != ".", text != ".."
        else { return nil }
        return text
    }

    /// Decodes a name or value of a query, where `+` is a space; nil for a broken escape, NUL, or no UTF-8.
    public static func queryPart(_ part: Substring.UTF8View) -> String? {
        if !part.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") || $0 == 0 }) {
            return String(Substring(part))
        }
        guard let bytes = decode(part, plusIsSpace: true), !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Whether a name or value of a query, decoded, is `text`; mostly seen without decoding it.
    public static func isQueryPart(_ part: Substring.UTF8View, _ text: String) -> Bool {
        let isPlain = !part.contains { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }
        return isPlain ? part.elementsEqual(text.utf8) : queryPart(part) == text
    }

    private static func decode(_ text: Substring.UTF8View, plusIsSpace: Bool) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            index = text.index(after: index)
            switch byte {
            case UInt8(ascii: "%"):
                guard let second = text.index(index, offsetBy: 1, limitedBy: text.endIndex), second < text.endIndex,
                    let high = ASCII.hexValue(text[index]), let low = ASCII.hexValue(text[second])
                else { return nil }
                bytes.append(high << 4 | low)
                index = text.index(after: second)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(0x20)
            default: bytes.append(byte)
            }
        }
        return bytes
    }
}
