import Crypto
import Glibc

/// One wrong setting: the variable and a sentence that says what is wrong with it. Never holds the value of a secret.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The environment variable at fault.
    public let variable: String
    /// What is wrong, for example `must be a whole number from 0 to 65535`.
    public let reason: String

    public init(variable: String, reason: String) {
        self.variable = variable
        self.reason = reason
    }

    public var description: String { "\(variable) \(reason)" }
}

/// Reads settings from the environment and collects every error, so that a wrong start names all of them at once.
///
/// Each method returns a usable placeholder when the setting is wrong or missing; the runtime checks `errors` before
/// it composes the service, so a placeholder never runs. An empty variable counts as missing.
public struct ConfigurationReader: Sendable {
    private let environment: [String: String]
    /// What was wrong so far, in the order of reading.
    public private(set) var errors: [ConfigurationError] = []

    public init(_ environment: [String: String]) { self.environment = environment }

    /// The variables of this process.
    public static func processEnvironment() -> [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text)
            if let equals = pair.firstIndex(of: "=") {
                result[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
            }
            entry += 1
        }
        return result
    }

    /// Adds an error found by the caller's own check (for settings that only make sense together).
    public mutating func fail(_ variable: String, _ reason: String) {
        errors.append(ConfigurationError(variable: variable, reason: reason))
    }

    /// The text of a variable, or nil when it is missing or empty.
    public func optional(_ variable: String) -> String? {
        guard let text = environment[variable], !text.isEmpty else { return nil }
        return text
    }

    /// A required text, or `fallback` when the variable is missing.
    public mutating func string(_ variable: String, default fallback: String? = nil) -> String {
        if let text = optional(variable) { return text }
        if let fallback { return fallback }
        fail(variable, "is missing")
        return ""
    }

    /// A whole number within `range`.
    public mutating func int(_ variable: String, default fallback: Int? = nil, in range: ClosedRange<Int>) -> Int {
        guard let text = optional(variable) else {
            if let fallback { return fallback }
            fail(variable, "is missing")
            return range.lowerBound
        }
        guard let number = Int(text), range.contains(number) else {
            fail(variable, "must be a whole number from \(range.lowerBound) to \(range.upperBound), not \"\(text)\"")
            return range.lowerBound
        }
        return number
    }

    /// `true` or `false` (also `1` and `0`).
    public mutating func bool(_ variable: String, default fallback: Bool) -> Bool {
        switch optional(variable) {
        case nil: return fallback
        case "true", "1": return true
        case "false", "0": return false
        case .some(let text):
            fail(variable, "must be true or false, not \"\(text)\"")
            return fallback
        }
    }

    /// A time span given in whole seconds.
    public mutating func seconds(_ variable: String, default fallback: Int, in range: ClosedRange<Int>) -> Duration {
        .seconds(int(variable, default: fallback, in: range))
    }

    /// One of the raw values of an enumeration.
    public mutating func choice<Value>(_ variable: String, default fallback: Value) -> Value
    where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
        guard let text = optional(variable) else { return fallback }
        if let value = Value(rawValue: text) { return value }
        let allowed = Value.allCases.map(\.rawValue).joined(separator: ", ")
        fail(variable, "must be one of \(allowed), not \"\(text)\"")
        return fallback
    }

    /// An `http://` or `https://` address without a trailing slash, as neighbours' addresses are given.
    public mutating func url(_ variable: String, default fallback: String? = nil) -> String {
        var text = string(variable, default: fallback)
        guard !text.isEmpty else { return text }
        while text.hasSuffix("/") { text.removeLast() }
        let rest = text.hasPrefix("http://") ? text.dropFirst(7) : text.hasPrefix("https://") ? text.dropFirst(8) : ""
        if rest.isEmpty || rest.first == "/" || text.utf8.contains(where: { $0 <= 0x20 }) {
            fail(variable, "must be an address such as http://127.0.0.1:7001")
        }
        return text
    }

    /// A PostgreSQL address (`postgres://…` or `postgresql://…`). The address may hold a password: never printed.
    public mutating func databaseURL(_ variable: String) -> Redacted<String> {
        let text = string(variable)
        if !text.isEmpty, !text.hasPrefix("postgres://"), !text.hasPrefix("postgresql://") {
            fail(variable, "must be an address such as postgres://user@127.0.0.1:5432/name")
        }
        return Redacted(text)
    }

    /// A secret of exactly `bytes` bytes, given in base64.
    public mutating func secret(_ variable: String, bytes: Int) -> Redacted<[UInt8]> {
        let text = string(variable)
        guard !text.isEmpty else { return Redacted([UInt8](repeating: 0, count: bytes)) }
        guard let decoded = Base64.decode(text), decoded.count == bytes else {
            fail(variable, "must be \(bytes) bytes in base64")
            return Redacted([UInt8](repeating: 0, count: bytes))
        }
        return Redacted(decoded)
    }

    /// The content of the file that the variable names (keys, certificates). At most 1 MiB.
    public mutating func file(_ variable: String) -> Redacted<[UInt8]> {
        let path = string(variable)
        guard !path.isEmpty else { return Redacted([]) }
        guard let bytes = Self.read(path: path, limit: 1 << 20), !bytes.isEmpty else {
            fail(variable, "names a file that cannot be read: \(path)")
            return Redacted([])
        }
        return Redacted(bytes)
    }

    private static func read(path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while content.count <= limit {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 { return nil }
            if count == 0 { return content }
            content.append(contentsOf: chunk[..<count])
        }
        return nil
    }
}
