import HTTPCore

/// The fields of a form sent by POST (application/x-www-form-urlencoded, WHATWG URL section 5).
struct FormFields: Sendable {
    /// 64 KiB: a quote token of a hundred lines and a long review fit.
    static let bytesMax = 65_536
    /// More fields than any of our forms has.
    private static let countMax = 64
    private let values: [String: String]

    /// Nil when the body is no such form: too many fields, a name twice, broken escapes or UTF-8.
    init?(_ body: [UInt8]) {
        guard let text = String(validating: body, as: UTF8.self) else { return nil }
        var values: [String: String] = [:]
        for pair in text.split(separator: "&", omittingEmptySubsequences: true) {
            let equals = pair.firstIndex(of: "=") ?? pair.endIndex
            let value = equals == pair.endIndex ? "" : pair[pair.index(after: equals)...]
            guard values.count < Self.countMax, let name = PercentCoding.queryPart(pair[..<equals].utf8),
                let decoded = PercentCoding.queryPart(value.utf8), values[name] == nil
            else { return nil }
            values[name] = decoded
        }
        self.values = values
    }

    init(_ values: [String: String] = [:]) { self.values = values }

    /// The field, or an empty text.
    subscript(_ name: String) -> String { values[name] ?? "" }

    /// The field without spaces around it, or nil when nothing is left.
    func trimmed(_ name: String) -> String? {
        var text = Substring(self[name])
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text.isEmpty ? nil : String(text)
    }
}
