import Models

/// A day or a month of a bill, in Beijing.
struct BillPeriod: Sendable {
    /// `YYYY-MM-DD` or `YYYY-MM`.
    let text: String
    let start: Timestamp
    let end: Timestamp
    /// Nine o'clock of the day after.
    var readyFrom: Timestamp { end + .seconds(9 * 3_600) }

    init?(_ text: String) {
        self.text = text
        if let day = BillDay(text) {
            (start, end) = (day.start, day.end)
            return
        }
        guard text.utf8.count == 7, let first = BillDay(text + "-01"),
            // The month after begins within the week that follows 28 days.
            let next = (28...31).lazy.map({ first.start + .seconds($0 * 86_400) })
                .first(where: { !BeijingTime.day($0).hasPrefix(text) })
        else { return nil }
        (start, end) = (first.start, next)
    }
}

/// The text of Alipay's bills: comments, columns, and texts that end with a tab (protocol facts, section 4.8).
struct AlipayBillText {
    let account: String
    let period: BillPeriod
    let madeAt: Timestamp

    private func head(_ title: String, _ list: String) -> [String] {
        [
            "#\(title)", "#账号：[\(account)]",
            "#起始日期：[\(Self.chinese(period.start))]   终止日期：[\(Self.chinese(period.end))]",
            "#-----------------------------------------\(list)----------------------------------------",
        ]
    }

    private func tail(_ list: String, _ totals: [String]) -> [String] {
        ["#-----------------------------------------\(list)结束------------------------------------"] + totals
            + ["#导出时间：[\(Self.chinese(madeAt))]"]
    }

    func trades(_ rows: [AlipayTradeRow]) -> String {
        let columns = "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
            + "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
            + "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
        let lines = rows.map { row in
            let sign = row.outRequestNo == nil ? "" : "-"
            let amount = sign + (row.outRequestNo == nil ? row.total : row.refund).yuan
            // A fee is what the seller pays: negative; given back with a refund: positive.
            let fee = (row.outRequestNo == nil ? -row.fee : row.fee).yuan
            return [
                Self.text(row.tradeNo), Self.text(row.outTradeNo), row.outRequestNo == nil ? "交易" : "退款",
                Self.text(row.subject), Self.text(BeijingTime.plain(row.createdAt)),
                Self.text(BeijingTime.plain(row.at)),
                "\t", "\t", "\t", "\t", Self.text("lin***@example.com"), amount, amount, "0.00", "0.00", "0.00", "0.00",
                "0.00", "\t", "0.00", "0.00", Self.text(row.outRequestNo ?? ""), fee, "0.00", "\t",
            ].joined(separator: ",")
        }
        return Self.file(head("支付宝业务明细查询", "业务明细列表") + [columns] + lines + tail("业务明细列表", totals(rows)))
    }

    func tradeSummary(_ rows: [AlipayTradeRow]) -> String {
        let paid = rows.filter { $0.outRequestNo == nil }, refunds = rows.filter { $0.outRequestNo != nil }
        let sum = paid.reduce(0) { $0 + $1.total }, back = refunds.reduce(0) { $0 + $1.refund }
        let fees = refunds.reduce(0) { $0 + $1.fee } - paid.reduce(0) { $0 + $1.fee }
        let columns = "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,服务费（元）,实收净额（元）"
        let values = [
            "合计", "\t", String(paid.count), String(refunds.count), (sum - back).yuan, (sum - back).yuan, fees.yuan,
            (sum - back + fees).yuan,
        ]
        return Self.file(
            head("支付宝业务汇总查询", "业务汇总列表") + [columns, values.joined(separator: ",")] + tail("业务汇总列表", []))
    }

    private func totals(_ rows: [AlipayTradeRow]) -> [String] {
        let paid = rows.filter { $0.outRequestNo == nil }, refunds = rows.filter { $0.outRequestNo != nil }
        let sum = paid.reduce(0) { $0 + $1.total }, back = refunds.reduce(0) { $0 + $1.refund }
        return [
            "#交易合计：\(paid.count)笔，商家实收共\(sum.yuan)元，商家优惠共0.00元",
            "#退款合计：\(refunds.count)笔，商家实收退款共-\(back.yuan)元，商家优惠退款共0.00元",
        ]
    }

    private static let kinds = ["payment": "在线支付", "refund": "交易退款", "sharing": "转账"]

    func moves(_ rows: [AlipayAccountRows.Row]) -> String {
        let columns = "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注"
        let lines = rows.enumerated().map { index, row in
            [
                Self.text("\(row.document)\(index)"), Self.text(row.document), Self.text(row.number), "\t",
                Self.text(BeijingTime.plain(row.at)), "\t", row.amount > 0 ? row.amount.yuan : "0.00",
                row.amount < 0 ? row.amount.yuan : "0.00", row.balance.yuan, Self.text("支付宝"),
                Self.text(Self.kinds[row.kind] ?? "其它"), "\t",
            ].joined(separator: ",")
        }
        return Self.file(head("支付宝账务明细查询", "账务明细列表") + [columns] + lines + tail("账务明细列表", moveTotals(rows)))
    }

    func moveSummary(_ rows: [AlipayAccountRows.Row]) -> String {
        Self.file(head("支付宝账务汇总查询", "账务汇总列表") + tail("账务汇总列表", moveTotals(rows)))
    }

    private func moveTotals(_ rows: [AlipayAccountRows.Row]) -> [String] {
        let incomes = rows.filter { $0.amount > 0 }, outgoes = rows.filter { $0.amount < 0 }
        return [
            "#支出合计：\(outgoes.count)笔，共\(outgoes.reduce(0) { $0 + $1.amount }.yuan)元",
            "#收入合计：\(incomes.count)笔，共\(incomes.reduce(0) { $0 + $1.amount }.yuan)元",
        ]
    }

    private static func file(_ lines: [String]) -> String { lines.joined(separator: "\r\n") + "\r\n" }

    private static func text(_ value: String) -> String {
        value.replacing(",", with: " ").replacing("\n", with: " ").replacing("\r", with: " ") + "\t"
    }

    private static func chinese(_ time: Timestamp) -> String {
        let text = BeijingTime.plain(time), parts = text.prefix(10).split(separator: "-")
        return "\(parts[0])年\(parts[1])月\(parts[2])日 \(text.suffix(8))"
    }
}
