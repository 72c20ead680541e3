import Crypto
import Models

/// Bills as the gateways write them, made without the code that reads them.
enum FakeBills {
    struct Row: Sendable {
        var number: String
        var fen: Int64
        /// Set: a refund of `number`.
        var refundNumber: String?
        var gatewayNumber = "4200000000000000000000000001"
    }
    /// The day of everything that the stand-ins for gateways date.
    static let day = "2026-11-23"

    private static func yuan(_ fen: Int64) -> String { Money(minorUnits: fen).formatted }

    // MARK: WeChat Pay

    static func weChat(_ rows: [Row], missing: Int = 0) -> String {
        var lines = [
            "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
                + "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,"
                + "申请退款金额,费率备注"
        ]
        for row in rows {
            let isRefund = row.refundNumber != nil
            let values = [
                "\(day) 13:00:00", "wxd678efh567hg6787", "1900000001", "0", "", row.gatewayNumber, row.number, "oX",
                "MWEB", isRefund ? "REFUND" : "SUCCESS", "OTHERS", "CNY", isRefund ? "0.00" : yuan(row.fen), "0.00",
                isRefund ? "50000" : "0", row.refundNumber ?? "0", isRefund ? yuan(row.fen) : "0.00", "0.00",
                isRefund ? "ORIGINAL" : "", isRefund ? "SUCCESS" : "", "牛肉面,大碗", "", "0.00000", "0.60%",
                isRefund ? "0.00" : yuan(row.fen), isRefund ? yuan(row.fen) : "0.00", "",
            ]
            lines.append(values.map { "`" + $0 }.joined(separator: ","))
        }
        let paid = rows.filter { $0.refundNumber == nil }.reduce(0) { $0 + $1.fen }
        let back = rows.filter { $0.refundNumber != nil }.reduce(0) { $0 + $1.fen }
        lines.append("总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额")
        lines.append(
            [String(rows.count + missing), yuan(paid), yuan(back), "0.00", "0.00000", yuan(paid), yuan(back)]
                .map { "`" + $0 }.joined(separator: ","))
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Alipay

    private static func gbk(_ text: String) -> [UInt8] {
        let known: [Character: [UInt8]] = [
            "支": [0xD6, 0xA7], "付": [0xB8, 0xB6], "宝": [0xB1, 0xA6], "交": [0xBD, 0xBB], "易": [0xD2, 0xD7],
            "号": [0xBA, 0xC5], "业": [0xD2, 0xB5], "务": [0xCE, 0xF1], "明": [0xC3, 0xF7], "细": [0xCF, 0xB8],
            "查": [0xB2, 0xE9], "询": [0xD1, 0xAF], "汇": [0xBB, 0xE3], "总": [0xD7, 0xDC], "退": [0xCD, 0xCB],
            "款": [0xBF, 0xEE], "合": [0xBA, 0xCF], "计": [0xBC, 0xC6], "：": [0xA3, 0xBA], "笔": [0xB1, 0xCA],
            "，": [0xA3, 0xAC], "共": [0xB9, 0xB2], "元": [0xD4, 0xAA], "牛": [0xC5, 0xA3], "面": [0xC3, 0xE6],
        ]
        return text.flatMap { known[$0] ?? Array($0.utf8) }
    }

    /// The files inside the archive: sums first.
    static func alipay(_ rows: [Row], missing: Int = 0) -> [[UInt8]] {
        var lines = ["#支付宝业务明细查询", "#[20880000000000010156]", "#----", "支付宝交易号" + String(repeating: ",x", count: 24)]
        for row in rows {
            let isRefund = row.refundNumber != nil, amount = (isRefund ? "-" : "") + yuan(row.fen)
            lines.append([
                "\(row.gatewayNumber)\t", "\(row.number)\t", isRefund ? "退款" : "交易", "牛面\t", "\(day) 12:00:00\t",
                "\(day) 13:00:00\t", "\t", "\t", "\t", "\t", "lin***\t", amount, amount, "0.00", "0.00", "0.00", "0.00",
                "0.00", "\t", "0.00", "0.00", (row.refundNumber ?? "") + "\t", "0.00", "0.00", "\t",
            ].joined(separator: ","))
        }
        let paid = rows.filter { $0.refundNumber == nil }, back = rows.filter { $0.refundNumber != nil }
        lines.append("#交易合计：\(paid.count + missing)笔，共\(yuan(paid.reduce(0) { $0 + $1.fen }))元，共0.00元")
        lines.append("#退款合计：\(back.count)笔，共-\(yuan(back.reduce(0) { $0 + $1.fen }))元，共0.00元")
        return [gbk("#支付宝业务汇总查询\r\n"), gbk(lines.joined(separator: "\r\n") + "\r\n")]
    }

    // MARK: UnionPay

    /// Lines by the offsets that the public table gives.
    static func unionPay(_ rows: [Row]) -> [UInt8] {
        rows.flatMap { row -> [UInt8] in
            var line = [UInt8](repeating: 0x20, count: 320)
            func put(_ text: String, at start: Int) {
                line.replaceSubrange(start..<start + text.utf8.count, with: Array(text.utf8))
            }
            put(row.refundNumber == nil ? "S22" : "S30", at: 0)
            put("1123130000", at: 35)
            let digits = String(row.fen)
            put(String(repeating: "0", count: 12 - digits.count) + digits, at: 66)
            put(row.gatewayNumber, at: 87)
            put(row.refundNumber ?? row.number, at: 112)
            put(row.refundNumber == nil ? "01" : "04", at: 215)
            return line + [0x0D, 0x0A]
        }
    }

    // MARK: Archives, stored

    static func zip(_ files: [(name: String, content: [UInt8])]) -> [UInt8] {
        var body: [UInt8] = [], directory: [UInt8] = []
        for file in files {
            let size = little(UInt32(file.content.count)), name = Array(file.name.utf8)
            var common: [UInt8] = [20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0]
            for part in [little(crc32(file.content)), size, size, little(UInt16(name.count)), [0, 0]] { common += part }
            let offset = little(UInt32(body.count)), blank = [UInt8](repeating: 0, count: 10)
            let signature: [UInt8] = [0x50, 0x4B, 1, 2, 20, 0]
            for part in [signature, common, blank, offset, name] { directory += part }
            let local: [UInt8] = [0x50, 0x4B, 3, 4]
            for part in [local, common, name, file.content] { body += part }
        }
        let count = little(UInt16(files.count))
        let end: [UInt8] = [0x50, 0x4B, 5, 6, 0, 0, 0, 0]
        let parts = [body, directory, end, count, count, little(UInt32(directory.count)), little(UInt32(body.count)), [0, 0]]
        return parts.flatMap { $0 }
    }

    static func gzip(_ content: [UInt8]) -> [UInt8] {
        let head: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]
        return [head, stored(content), little(crc32(content)), little(UInt32(content.count))].flatMap { $0 }
    }

    static func zlib(_ content: [UInt8]) -> [UInt8] {
        var a: UInt32 = 1, b: UInt32 = 0
        for byte in content {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        let head: [UInt8] = [0x78, 0x01]
        return [head, stored(content), little(b << 16 | a).reversed()].flatMap { $0 }
    }

    private static func stored(_ content: [UInt8]) -> [UInt8] {
        let count = UInt16(content.count)
        let head: [UInt8] = [1]
        return [head, little(count), little(~count), content].flatMap { $0 }
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 {
                let isOdd = sum & 1 == 1
                sum >>= 1
                if isOdd { sum ^= 0xEDB8_8320 }
            }
        }
        return ~sum
    }

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
