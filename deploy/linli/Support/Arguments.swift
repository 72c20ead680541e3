/// The words of a command line: `linli GROUP VERB FILE --flag value --switch`.
struct Arguments {
    /// Words that are no options, in order.
    let words: [String]
    private let options: [String: String]

    /// Options that take no value.
    private static let switches: Set<String> = ["json", "help"]

    /// - Throws: `UsageError` when an option lacks its value or stands twice.
    init(_ arguments: [String]) throws(UsageError) {
        var words: [String] = []
        var options: [String: String] = [:]
        var index = 0
        while index < arguments.count {
            let argument = arguments[index]
            index += 1
            guard argument.hasPrefix("--") else {
                words.append(argument)
                continue
            }
            let name = String(argument.dropFirst(2))
            guard options[name] == nil else { throw UsageError("--\(name) is given twice") }
            if Self.switches.contains(name) {
                options[name] = ""
            } else if index < arguments.count {
                options[name] = arguments[index]
                index += 1
            } else {
                throw UsageError("--\(name) needs a value")
            }
        }
        self.words = words
        self.options = options
    }

    var wantsJSON: Bool { options["json"] != nil }
    var wantsHelp: Bool { options["help"] != nil }

    func option(_ name: String) -> String? { options[name] }

    /// A whole number, or `fallback` when the option is absent.
    func number(_ name: String, default fallback: Int) throws(UsageError) -> Int {
        guard let text = options[name] else { return fallback }
        guard let value = Int(text), value > 0 else {
            throw UsageError("--\(name) takes a whole number above zero, not \(text)")
        }
        return value
    }
}

/// The command line is not one that linli knows; the message says why.
struct UsageError: Error {
    let message: String

    init(_ message: String) { self.message = message }
}

/// The command was understood and could not be done; the message says what a person can do about it.
struct CommandError: Error {
    let message: String

    init(_ message: String) { self.message = message }
}
