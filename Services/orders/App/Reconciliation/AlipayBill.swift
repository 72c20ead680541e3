import Models

/// The trade bill of Alipay: comments, columns, rows, totals in comments. It is written in GBK, of which nothing is read
/// but ASCII and a few words: no byte of a character there is a comma, a digit or the end of a line.
enum AlipayBill {
    /// 业务明细查询: the title of the rows; the other file has sums.
    private static let title: [UInt8] = [0xD2, 0xB5, 0xCE, 0xF1, 0xC3, 0xF7, 0xCF, 0xB8, 0xB2, 0xE9, 0xD1, 0xAF]
    /// 支付宝交易号: the first column.
    private static let firstColumn: [UInt8] = [
        0xD6, 0xA7, 0xB8, 0xB6, 0xB1, 0xA6, 0xBD, 0xBB, 0xD2, 0xD7, 0xBA, 0xC5,
    ]
    /// 交易合计 and 退款合计.
    private static let paidTotal: [UInt8] = [0xBD, 0xBB, 0xD2, 0xD7, 0xBA, 0xCF, 0xBC, 0xC6]
    private static let refundTotal: [UInt8] = [0xCD, 0xCB, 0xBF, 0xEE, 0xBA, 0xCF, 0xBC, 0xC6]
    /// 退款: the kind of a row that gives back; that of a payment is 交易.
    private static let refundKind: [UInt8] = [0xCD, 0xCB, 0xBF, 0xEE]
    /// Places of the columns.
    private static let (tradeNo, outTradeNo, kind, endedAt, amount, received, outRequestNo) = (0, 1, 2, 5, 11, 12, 21)
    private static let columnsMin = 25

    /// - Throws: `.malformed` for what is no bill, `.mismatch("totals")` when rows are missing or too many.
    static func lines(_ files: [[UInt8]]) throws(GatewayError) -> [BillLine] {
        guard let file = files.map(BillText.lines).first(where: { $0.first?.dropFirst().contains(title) == true }) else {
            throw .malformed
        }
        var found: [BillLine] = []
        var sums = (paid: (count: Int64(0), fen: Int64(0)), refunded: (count: Int64(0), fen: Int64(0)))
        var isTold = (paid: false, refunded: false), isInRows = false
        for line in file {
            guard line.first == UInt8(ascii: "#") else {
                if isInRows {
                    let (row, received) = try row(line)
                    found.append(row)
                    if row.entry == .payment {
                        sums.paid = (sums.paid.count + 1, sums.paid.fen + received)
                    } else {
                        sums.refunded = (sums.refunded.count + 1, sums.refunded.fen + received)
                    }
                } else {
                    guard line.starts(with: firstColumn) else { throw .malformed }
                    isInRows = true
                }
                continue
            }
            let comment = line.dropFirst()
            if comment.starts(with: paidTotal) {
                isTold.paid = true
                try check(comment, sums.paid)
            }
            if comment.starts(with: refundTotal) {
                isTold.refunded = true
                try check(comment, sums.refunded)
            }
        }
        guard isInRows, isTold == (true, true) else { throw .malformed }
        return found
    }

    /// `#交易合计：2笔，商家实收共10.00元…`: the count, then what the seller got.
    private static func check(_ total: ArraySlice<UInt8>, _ sum: (count: Int64, fen: Int64)) throws(GatewayError) {
        let numbers = numbers(total)
        guard numbers.count >= 2 else { throw .malformed }
        guard numbers[0] == sum.count * 100, numbers[1].magnitude == sum.fen.magnitude else { throw .mismatch("totals") }
    }

    private static func row(_ line: ArraySlice<UInt8>) throws(GatewayError) -> (BillLine, received: Int64) {
        let values = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map(trimmed)
        guard values.count >= columnsMin, let fen = BillText.fen(values[amount]),
            let received = BillText.fen(values[received]), let at = BillText.moment(BillText.text(values[endedAt]))
        else { throw .malformed }
        let gatewayNumber = BillText.text(values[tradeNo])
        guard values[kind].elementsEqual(refundKind) else {
            let number = BillText.text(values[outTradeNo])
            return (.payment(number, PaymentID(number), at: at, fen: fen, as: gatewayNumber), received)
        }
        let number = BillText.text(values[outRequestNo])
        return (.refund(number, RefundID(number), at: at, fen: -fen, as: gatewayNumber), received)
    }

    /// Texts end with a tab.
    private static func trimmed(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var value = value
        while let last = value.last, last == 0x09 || last == 0x20 { value = value.dropLast() }
        return value
    }

    /// The numbers in a text of GBK, each in hundredths.
    private static func numbers(_ text: ArraySlice<UInt8>) -> [Int64] {
        var numbers: [Int64] = [], number: [UInt8] = [], index = text.startIndex
        func end() {
            if let fen = BillText.fen(number) { numbers.append(fen) }
            number = []
        }
        while index < text.endIndex {
            let byte = text[index]
            if byte >= 0x81 {
                end()
                index += 2
                continue
            }
            if (0x30...0x39).contains(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") {
                number.append(byte)
            } else {
                end()
            }
            index += 1
        }
        end()
        return numbers
    }
}
