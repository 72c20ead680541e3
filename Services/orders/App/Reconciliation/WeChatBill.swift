import Models

/// The trade bill of WeChat Pay, type ALL: a header, rows whose every value stands behind a back-tick, a header of the
/// totals, the totals.
///
/// - Source: the public APIv3 documentation, "交易账单".
enum WeChatBill {
    /// - Throws: `.malformed` for a text that is no bill, `.mismatch("totals")` when rows are missing or too many.
    static func lines(_ text: [UInt8]) throws(GatewayError) -> [BillLine] {
        let lines = BillText.lines(text)
        guard lines.count >= 3 else { throw .malformed }
        let columns = try Columns(lines[0])
        var found: [BillLine] = []
        var paid: Int64 = 0, refunded: Int64 = 0
        for row in lines[1..<(lines.count - 2)] {
            let line = try line(values(row), columns)
            found.append(line)
            if line.entry == .payment { paid += line.amount.minorUnits } else { refunded += line.amount.minorUnits }
        }
        let names = BillText.text(lines[lines.count - 2]).split(separator: ",").map(String.init)
        let totals = values(lines[lines.count - 1])
        guard names.count == totals.count else { throw .malformed }
        func total(_ name: String) throws(GatewayError) -> Int64 {
            guard let place = names.firstIndex(of: name), let fen = BillText.fen(totals[place]) else { throw .malformed }
            return fen
        }
        guard try total("总交易单数") == Int64(found.count) * 100, try total("订单总金额") == paid,
            try total("申请退款总金额") == refunded
        else { throw .mismatch("totals") }
        return found
    }

    /// Where the columns stand; the gateway has added some over the years.
    private struct Columns {
        let count, at, gatewayNumber, number, currency, refundGatewayNumber, refundNumber, refundState, amount, refund: Int

        init(_ header: ArraySlice<UInt8>) throws(GatewayError) {
            var bytes = header
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
            let names = BillText.text(bytes).split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            func place(_ name: String) throws(GatewayError) -> Int {
                guard let place = names.firstIndex(of: name) else { throw .malformed }
                return place
            }
            count = names.count
            at = try place("交易时间")
            gatewayNumber = try place("微信订单号")
            number = try place("商户订单号")
            currency = try place("货币种类")
            refundGatewayNumber = try place("微信退款单号")
            refundNumber = try place("商户退款单号")
            refundState = try place("退款状态")
            amount = try place("订单金额")
            refund = try place("申请退款金额")
        }
    }

    private static func line(
        _ values: [ArraySlice<UInt8>], _ columns: Columns
    ) throws(GatewayError) -> BillLine {
        guard values.count == columns.count, let at = BillText.moment(BillText.text(values[columns.at])) else {
            throw .malformed
        }
        guard BillText.text(values[columns.currency]) == "CNY" else { throw .mismatch("currency") }
        let refundNumber = BillText.text(values[columns.refundNumber])
        guard refundNumber.isEmpty || refundNumber == "0" else {
            guard let fen = BillText.fen(values[columns.refund]) else { throw .malformed }
            return .refund(
                refundNumber, RefundID(refundNumber), at: at, fen: fen,
                as: BillText.text(values[columns.refundGatewayNumber]),
                isDone: BillText.text(values[columns.refundState]) == "SUCCESS")
        }
        guard let fen = BillText.fen(values[columns.amount]) else { throw .malformed }
        let number = BillText.text(values[columns.number])
        return .payment(
            number, PaymentID(number), at: at, fen: fen, as: BillText.text(values[columns.gatewayNumber]))
    }

    /// The values of a row: what separates them is a comma and the next one's back-tick, so a comma in a name is none.
    private static func values(_ row: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        let (tick, comma) = (UInt8(ascii: "`"), UInt8(ascii: ","))
        guard row.first == tick else { return [] }
        var values: [ArraySlice<UInt8>] = []
        var start = row.startIndex + 1, index = start
        while index + 1 < row.endIndex {
            if row[index] == comma, row[index + 1] == tick {
                values.append(row[start..<index])
                start = index + 2
                index = start
            } else {
                index += 1
            }
        }
        return values + [row[start...]]
    }
}
