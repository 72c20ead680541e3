/// The words of a command line: `linli GROUP VERB FILE --flag value --switch`.
struct Arguments: Sendable {
    /// Words that are no options, in order.
    let words: [String]
    private let options: [String: String]

    /// Options that take no value.
    private static let switches: Set<String> = ["json", "help"]
    /// Options that take one; a misspelt option must not pass for one that was heeded.
    private static let valued: Set<String> = ["environment", "limit", "customers", "parallel"]

    /// - Throws: `UsageError` when an option is not known, lacks its value or stands twice.
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
            } else if !Self.valued.contains(name) {
                throw UsageError("--\(name) is not an option")
            } else if index < arguments.count, !arguments[index].hasPrefix("--") {
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

    /// A whole number from 1 to `most`; nil when the option is absent.
    func number(_ name: String, upTo most: Int) throws(UsageError) -> Int? {
        guard let text = options[name] else { return nil }
        guard let value = Int(text), (1...most).contains(value) else {
            throw UsageError("--\(name) takes a whole number from 1 to \(most), not \(text)")
        }
        return value
    }

    /// Refuses options that the command would not heed.
    func allow(_ names: Set<String>) throws(UsageError) {
        let known = names.union(Self.switches).union(["environment"])
        if let other = options.keys.filter({ !known.contains($0) }).min() {
            throw UsageError("--\(other) is not an option of \(words.joined(separator: " "))")
        }
    }
}

/// The command line is not one that linli knows; the message says why.
struct UsageError: Error, Equatable {
    let message: String

    init(_ message: String) { self.message = message }
}

/// The command was understood and could not be done; the message says what a person can do about it.
struct CommandError: Error, Equatable {
    let message: String

    init(_ message: String) { self.message = message }
}
