import Models

/// The settlement file of UnionPay (`…ZM_…`): a line a transaction, of fields with fixed widths and a space between.
///
/// - Source: the field table of the public file interface ("文件接口规范"), as the sample services read it.
enum UnionPayFile {
    /// Offset and width of a field in its line.
    private struct Field {
        let start, width: Int
    }
    /// 交易传输时间, 交易金额, 查询流水号, 商户订单号, 交易类型.
    private static let (sentAt, amount, queryID, orderID, type) = (field(4), field(6), field(9), field(11), field(19))
    private static let widths = [3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2]

    private static func field(_ index: Int) -> Field {
        Field(start: widths[..<index].reduce(0) { $0 + $1 + 1 }, width: widths[index])
    }

    /// The file has no totals; the answer that brings it is signed as a whole.
    ///
    /// - Throws: `.malformed` for what is no such file.
    static func lines(_ files: [(name: [UInt8], content: [UInt8])], of day: BillDay) throws(GatewayError) -> [BillLine] {
        guard let file = files.first(where: { $0.name.contains(Array("ZM_".utf8)) }) else { throw .malformed }
        var lines: [BillLine] = []
        for line in BillText.lines(file.content) { lines.append(try Self.line(line, of: day)) }
        return lines
    }

    private static func line(_ line: ArraySlice<UInt8>, of day: BillDay) throws(GatewayError) -> BillLine {
        guard line.count >= type.start + type.width else { throw .malformed }
        func text(_ field: Field) -> String {
            let start = line.startIndex + field.start
            return String(BillText.text(line[start..<start + field.width]).filter { $0 != " " })
        }
        guard let fen = Int64(text(amount)), let at = moment(text(sentAt), of: day) else { throw .malformed }
        let number = text(orderID), identifier = CardGateway.identifier(number)
        switch text(type) {
        case "01": return .payment(number, PaymentID(identifier), at: at, fen: fen, as: text(queryID))
        case "04", "31": return .refund(number, RefundID(identifier), at: at, fen: fen, as: text(queryID))
        default: throw .malformed
        }
    }

    /// `MMDDhhmmss` has no year: it is that of the day, or the one before in the first days of January.
    private static func moment(_ text: String, of day: BillDay) -> Timestamp? {
        guard text.utf8.count == 10, let year = Int(day.text.prefix(4)) else { return nil }
        let parts = (0..<5).map { text.dropFirst(2 * $0).prefix(2) }
        func moment(in year: Int) -> Timestamp? {
            Timestamp("\(year)-\(parts[0])-\(parts[1])T\(parts[2]):\(parts[3]):\(parts[4])+08:00")
        }
        guard let this = moment(in: year) else { return moment(in: year - 1) }
        return this > day.end ? moment(in: year - 1) : this
    }
}
