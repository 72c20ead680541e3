/// Reads comma-separated values (RFC 4180): quoted fields with commas, quotes and line breaks in them, either kind of
/// line end, an optional byte order mark.
///
/// A quote that is never closed would swallow the rest of a file; here it spoils its own line only: reading goes on
/// with the next line.
public struct DelimitedText: Sendable {
    /// One row, or what is wrong with it.
    public struct Record: Sendable, Hashable {
        /// Line of the file on which the row begins, from 1.
        public let line: Int
        /// Its fields; what could be read of them when there is a fault.
        public let fields: [String]
        /// Why the row cannot be used, in words.
        public let fault: String?
    }

    private let bytes: [UInt8]
    private var index: Int
    private var line = 1

    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")
    private static let newline = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
        index = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// All rows of a file in order; empty lines are left out.
    public static func records(_ bytes: [UInt8]) -> [Record] {
        var reader = DelimitedText(bytes)
        var records: [Record] = []
        while let record = reader.next() {
            if record.fields != [""] || record.fault != nil { records.append(record) }
        }
        return records
    }

    private mutating func next() -> Record? {
        guard index < bytes.count else { return nil }
        let start = index
        let startLine = line
        var fields: [String] = []
        while true {
            guard let field = nextField() else {
                // Begin again behind this physical line.
                index = start
                line = startLine
                skipLine()
                return Record(line: startLine, fields: fields, fault: "a quotation mark is never closed")
            }
            fields.append(field.text)
            if let fault = field.fault {
                if !atRecordEnd { skipLine() } else { consumeRecordEnd() }
                return Record(line: startLine, fields: fields, fault: fault)
            }
            if index < bytes.count, bytes[index] == Self.comma {
                index += 1
                continue
            }
            consumeRecordEnd()
            return Record(line: startLine, fields: fields, fault: nil)
        }
    }

    /// One field, up to its comma or line end; nil when a quote stays open to the end of the file.
    private mutating func nextField() -> (text: String, fault: String?)? {
        guard index < bytes.count, bytes[index] == Self.quote else {
            let start = index
            while index < bytes.count, bytes[index] != Self.comma, !atRecordEnd { index += 1 }
            return decoded(Array(bytes[start..<index]))
        }
        index += 1
        var content: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == Self.newline { line += 1 }
            guard byte == Self.quote else {
                content.append(byte)
                continue
            }
            if index < bytes.count, bytes[index] == Self.quote {
                content.append(byte)
                index += 1
                continue
            }
            guard index == bytes.count || bytes[index] == Self.comma || atRecordEnd else {
                return (String(decoding: content, as: UTF8.self), "a quoted field is followed by other characters")
            }
            return decoded(content)
        }
        return nil
    }

    private func decoded(_ content: [UInt8]) -> (text: String, fault: String?) {
        guard let text = String(validating: content, as: UTF8.self) else {
            return (String(decoding: content, as: UTF8.self), "a field is not UTF-8")
        }
        return (text, nil)
    }

    private var atRecordEnd: Bool {
        guard index < bytes.count else { return true }
        if bytes[index] == Self.newline { return true }
        return bytes[index] == Self.carriageReturn && (index + 1 == bytes.count || bytes[index + 1] == Self.newline)
    }

    private mutating func consumeRecordEnd() {
        if index < bytes.count, bytes[index] == Self.carriageReturn { index += 1 }
        if index < bytes.count, bytes[index] == Self.newline {
            index += 1
            line += 1
        }
    }

    private mutating func skipLine() {
        while index < bytes.count, bytes[index] != Self.newline { index += 1 }
        if index < bytes.count {
            index += 1
            line += 1
        }
    }
}
