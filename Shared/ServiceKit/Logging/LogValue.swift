/// A value in a log line. Personal data (phones, names, addresses, tokens, codes) has no case here on purpose:
/// log identifiers, counts and codes; wrap the rest in ``Redacted``.
public enum LogValue: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    case string(String)
    case int(Int64)
    case double(Double)
    case bool(Bool)

    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }

    /// The text of an identifier or an enumeration.
    public static func text(_ value: some CustomStringConvertible) -> LogValue { .string(value.description) }
    /// A count.
    public static func count(_ value: Int) -> LogValue { .int(Int64(value)) }
    /// The name of an error's type and case, without its payload: payloads may quote user input.
    public static func errorType(_ error: any Error) -> LogValue {
        let name = String(reflecting: type(of: error))
        let text = String(describing: error)
        let label = text.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        return .string(label.isEmpty || label.count > 60 ? name : "\(name).\(label)")
    }
}

/// How urgent a line is. `error`: someone must look; `warning`: it healed or will, but watch it; `info`: the normal
/// story of the service; `debug`: for a developer.
public enum LogLevel: String, Sendable, CaseIterable, Comparable {
    case debug, info, warning, error

    private var order: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .warning: 2
        case .error: 3
        }
    }
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.order < right.order }
}
