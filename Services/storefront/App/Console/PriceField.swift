import Models

/// Numbers as people type them into the console.
enum PriceField {
    /// A price, `12`, `12.5` or `12.50`: at most 9,999,999.99, never negative, no other signs.
    static func read(_ text: String, _ currency: Currency) -> Money? {
        let parts = trimmed(text).split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), (1...7).contains(parts[0].utf8.count), isDigits(parts[0]),
            let whole = Int64(parts[0])
        else { return nil }
        var minor: Int64 = 0
        if parts.count == 2 {
            guard (1...2).contains(parts[1].utf8.count), isDigits(parts[1]), let digits = Int64(parts[1]) else {
                return nil
            }
            minor = parts[1].utf8.count == 1 ? digits * 10 : digits
        }
        return Money(minorUnits: whole * 100 + minor, currency: currency)
    }

    /// A change of stock: `5`, `+5`, `-3`, not 0, at most a million either way.
    static func readChange(_ text: String) -> Int? {
        let text = trimmed(text)
        let digits = text.first == "+" || text.first == "-" ? text.dropFirst() : text
        guard (1...7).contains(digits.utf8.count), isDigits(digits), let amount = Int(digits),
            (1...1_000_000).contains(amount)
        else { return nil }
        return text.first == "-" ? -amount : amount
    }

    /// How much there is: 0 to 1,000,000.
    static func readCount(_ text: String) -> Int? {
        let digits = trimmed(text)
        guard (1...7).contains(digits.utf8.count), isDigits(digits), let count = Int(digits),
            (0...1_000_000).contains(count)
        else { return nil }
        return count
    }

    private static func trimmed(_ text: String) -> Substring {
        var text = Substring(text)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    private static func isDigits(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
