/// Orders of a merchant's till, as `linli replay orders` reads them.
///
/// - Shape: tab-separated with the header `order_id quantity item_name choice_description item_price`; a line is a
///   position of an order, its price covers the whole quantity, `NULL` means no choice. Lines of one order follow
///   each other.
struct OrderFile: Sendable {
    struct Line: Hashable, Sendable {
        let item: String
        let choice: String?
        let quantity: Int64
        /// Price of one, in minor units: the position's price divided by its quantity, which must go evenly.
        let unitPrice: Int64
    }

    struct Order: Sendable {
        let number: String
        var lines: [Line]
    }

    struct BadLine: Sendable {
        let line: Int
        let reason: String
    }

    private(set) var orders: [Order] = []
    private(set) var badLines: [BadLine] = []

    var itemCount: Int64 { orders.reduce(0) { $0 + $1.lines.reduce(0) { $0 + $1.quantity } } }
    var revenue: Int64 { orders.reduce(0) { $0 + $1.lines.reduce(0) { $0 + $1.quantity * $1.unitPrice } } }

    /// - Throws: `CommandError` when the first line is not the expected header.
    init(_ text: String) throws(CommandError) {
        // By property: a carriage return and a line feed are one character.
        let rows = text.split(omittingEmptySubsequences: true, whereSeparator: \.isNewline)
        let header = "order_id\tquantity\titem_name\tchoice_description\titem_price"
        guard let first = rows.first, trimmed(first) == header else {
            throw CommandError("the file does not begin with the header \(header.replacing("\t", with: " "))")
        }
        for (index, row) in rows.enumerated().dropFirst() {
            switch Self.parse(row) {
            case .success(let (number, line)):
                if orders.last?.number == number {
                    orders[orders.count - 1].lines.append(line)
                } else {
                    orders.append(Order(number: number, lines: [line]))
                }
            case .failure(let error):
                badLines.append(BadLine(line: index + 1, reason: error.message))
            }
        }
    }

    /// Keeps only the first `count` orders.
    mutating func limit(to count: Int) {
        orders = Array(orders.prefix(count))
    }

    private static func parse(_ row: Substring) -> Result<(String, Line), CommandError> {
        let fields = row.split(separator: "\t", omittingEmptySubsequences: false)
        guard fields.count == 5 else { return .failure(CommandError("5 fields expected, \(fields.count) found")) }
        guard let quantity = Int64(fields[1]), (1...999).contains(quantity) else {
            return .failure(CommandError("quantity: not a whole number from 1 to 999"))
        }
        guard let total = minorUnits(trimmed(fields[4])) else {
            return .failure(CommandError("item_price: not an amount such as $2.39"))
        }
        guard total % quantity == 0 else {
            return .failure(CommandError("item_price: does not divide by the quantity"))
        }
        let choice = fields[3] == "NULL" ? nil : String(fields[3])
        let line = Line(item: String(fields[2]), choice: choice, quantity: quantity, unitPrice: total / quantity)
        return .success((String(fields[0]), line))
    }

    /// "$12.34" in minor units: digits, a point, two digits; nothing is rounded.
    private static func minorUnits(_ text: String) -> Int64? {
        let parts = text.drop { $0 == "$" }.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count == 2, let whole = Int64(parts[0]), let cents = Int64(parts[1]),
            whole >= 0, cents >= 0
        else { return nil }
        return whole * 100 + cents
    }
}

/// `text` without spaces and carriage returns at its ends.
func trimmed(_ text: Substring) -> String {
    let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\r" || $0 == "\t" }
    var text = text.drop(while: isBlank)
    while let last = text.last, isBlank(last) { text.removeLast() }
    return String(text)
}
