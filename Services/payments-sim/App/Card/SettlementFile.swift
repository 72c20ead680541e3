/// The merchant's file of a day: a line a transaction, 42 fields of fixed widths with a space between, empty ones blank.
///
/// - Source: the field table of the public file interface ("文件接口规范"), as the sample services read it.
enum SettlementFile {
    private static let widths = [
        3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15, 1, 15, 32, 13,
        13, 8, 32, 13, 13, 12, 2, 1, 32, 13,
    ]

    static func text(_ rows: [SettledUnionPay.Row], merID: String) -> String {
        rows.map { line($0, merID: merID) + "\r\n" }.joined()
    }

    private static func line(_ row: SettledUnionPay.Row, merID: String) -> String {
        let (code, type, sign) =
            switch row.kind {
            case "refund": ("S30", "04", "C")
            case "cancel": ("S56", "31", "C")
            default: ("S22", "01", "D")
            }
        let amount = padded(row.amount, 12)
        let values: [Int: String] = [
            0: code, 1: "00010000", 2: "00010000", 3: String(row.queryID.suffix(6)), 4: String(row.txnTime.suffix(10)),
            5: "************" + row.last4, 6: amount, 7: "5812", 8: "07", 9: row.queryID, 11: row.orderID,
            12: "01", 15: "D" + padded(0, 12), 16: sign + amount, 17: "0001", 19: type, 20: "00", 21: "000201",
            26: row.origQueryID, 27: merID,
        ]
        return widths.enumerated().map { index, width in
            let value = String((values[index] ?? "").prefix(width))
            return value + String(repeating: " ", count: width - value.utf8.count)
        }.joined(separator: " ")
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
