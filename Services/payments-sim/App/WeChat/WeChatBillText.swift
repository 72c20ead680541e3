import Models

/// The text of bills, as the gateway writes them: every value behind a back-tick, headers bare (protocol facts, 3.14).
enum WeChatBillText {
    private static let paymentColumns = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,"
        + "交易状态,付款银行,货币种类,应结订单金额,代金券金额"
    private static let refundColumns = "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态"

    /// - Parameter type: ALL, SUCCESS or REFUND.
    static func trade(_ all: [TradeRow], mchid: String, type: String) -> String {
        let rows = all.filter { type == "ALL" || ($0.refundID != nil) == (type == "REFUND") }
        let isPayments = type == "SUCCESS"
        let times = type == "REFUND" ? ",退款申请时间,退款成功时间" : ""
        let header = paymentColumns + times + (isPayments ? "" : "," + refundColumns) + ",商品名称,商户数据包,手续费,费率,订单金额"
            + (isPayments ? "" : ",申请退款金额") + ",费率备注"
        let lines = rows.map { line($0, mchid: mchid, type: type) }
        return ([header] + lines + summary(rows, isPayments)).joined(separator: "\n") + "\n"
    }

    private static func line(_ row: TradeRow, mchid: String, type: String) -> String {
        let isRefund = row.refundID != nil
        var values = [
            BeijingTime.plain(row.at), row.appid, mchid, "0", "", row.transactionID, row.outTradeNo, row.openid,
            row.tradeType, isRefund ? "REFUND" : "SUCCESS", "OTHERS", "CNY", yuan(isRefund ? 0 : row.total), "0.00",
        ]
        if type == "REFUND" { values += [BeijingTime.plain(row.at), row.refundedAt.map(BeijingTime.plain) ?? ""] }
        if type != "SUCCESS" {
            values += [
                row.refundID ?? "0", row.outRefundNo ?? "0", yuan(row.refund), "0.00", isRefund ? "ORIGINAL" : "",
                row.refundStatus ?? "",
            ]
        }
        values += [clean(row.description), clean(row.attach), fee(row.fee), "0.60%", yuan(isRefund ? 0 : row.total)]
        if type != "SUCCESS" { values.append(yuan(row.refund)) }
        return joined(values + [""])
    }

    private static func summary(_ rows: [TradeRow], _ isPayments: Bool) -> [String] {
        let paid = rows.reduce(0) { $0 + ($1.refundID == nil ? $1.total : 0) }
        let refunded = rows.reduce(0) { $0 + $1.refund }, fees = rows.reduce(0) { $0 + $1.fee }
        if isPayments {
            return [
                "总交易单数,应结订单总金额,手续费总金额,订单总金额",
                joined([String(rows.count), yuan(paid), fee(fees), yuan(paid)]),
            ]
        }
        return [
            "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额",
            joined([String(rows.count), yuan(paid), yuan(refunded), "0.00", fee(fees), yuan(paid), yuan(refunded)]),
        ]
    }

    /// One or two lines a posting: what moved, and the fee apart.
    static func funds(_ rows: [FundRow]) -> String {
        let names = [
            "payment": ("交易", "扣除交易手续费"), "refund": ("退款", "退还交易手续费"),
            "refund_closed": ("退款失败退回", "扣除交易手续费"), "sharing": ("分账", ""), "sharing_return": ("分账回退", ""),
        ]
        var lines: [String] = [], incomes: [Int64] = [], outgoes: [Int64] = []
        for row in rows {
            let (name, feeName) = names[row.kind] ?? ("其他", "")
            var balance = row.before
            for (part, type) in [(row.amount + row.fee, name), (-row.fee, feeName)] where part != 0 {
                balance += part
                if part > 0 { incomes.append(part) } else { outgoes.append(-part) }
                lines.append(joined([
                    BeijingTime.plain(row.at), row.document, "\(row.document)\(lines.count)", type, type,
                    part > 0 ? "收入" : "支出", yuan(abs(part)), yuan(balance), "system", "", row.number,
                ]))
            }
        }
        let header = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号"
        let totals = joined([
            "\(lines.count).0", "\(incomes.count).0", yuan(incomes.reduce(0, +)), "\(outgoes.count).0",
            yuan(outgoes.reduce(0, +)),
        ])
        return ([header] + lines + ["资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额", totals]).joined(separator: "\n") + "\n"
    }

    private static func joined(_ values: [String]) -> String { values.map { "`" + $0 }.joined(separator: ",") }

    private static func yuan(_ fen: Int64) -> String { Money(minorUnits: fen).formatted }

    /// Fees have five decimals.
    private static func fee(_ fen: Int64) -> String { yuan(fen) + "000" }

    private static func clean(_ text: String) -> String {
        text.replacing("\r", with: "\\r").replacing("\n", with: "\\n").replacing(",", with: "，")
    }
}
