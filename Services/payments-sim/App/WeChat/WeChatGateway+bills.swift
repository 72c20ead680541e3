import Crypto
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// Bills of a day: made once, fetched by an address that lives for a while.
extension WeChatGateway {
    private static let downloadSeconds: Int64 = 300
    private static let tradeTypes = ["ALL", "SUCCESS", "REFUND"]
    /// Bills are kept for three months.
    private static let daysMax: Int64 = 92

    func addBillRoutes(to routes: inout Routes) {
        get(&routes, "/v3/bill/tradebill") { verified in
            let type = verified.request.query["bill_type"] ?? "ALL"
            guard Self.tradeTypes.contains(type) else {
                throw WeChatRefusal.parameter("bill_type", "ALL、SUCCESS或REFUND", location: "query")
            }
            return try await bill(verified, kind: "trade-" + type)
        }
        get(&routes, "/v3/bill/fundflowbill") { verified in
            let account = verified.request.query["account_type"] ?? "BASIC"
            guard ["BASIC", "OPERATION", "FEES"].contains(account) else {
                throw WeChatRefusal.parameter("account_type", "BASIC、OPERATION或FEES", location: "query")
            }
            // Everything is booked on the basic account.
            guard account == "BASIC" else { throw WeChatRefusal.noStatement }
            return try await bill(verified, kind: "funds")
        }
        routes.get("/v3/billdownload/file", access: .public) { request, _ in try await download(request) }
    }

    private func bill(_ verified: VerifiedRequest, kind: String) async throws -> Answer {
        guard let day = BillDay(verified.request.query["bill_date"] ?? "") else {
            throw WeChatRefusal.parameter("bill_date", "格式为yyyy-MM-dd", location: "query")
        }
        let packing = verified.request.query["tar_type"] ?? ""
        guard ["", "GZIP"].contains(packing) else {
            throw WeChatRefusal.parameter("tar_type", "GZIP", location: "query")
        }
        let content = try await bill(day, kind, verified.merchant.mchid)
        let token = Hex.encode(RandomBytes.make(24))
        let bill = FindBill(gateway: "wechat", merchant: verified.merchant.mchid, kind: kind, day: day.text)
        try await kit.database.execute(GrantDownload(
            token: token, bill: bill, packing: packing, expiresAt: clock.now() + .seconds(Self.downloadSeconds)))
        // The hash is that of the text, packed or not.
        return (.ok, [
            "hash_type": "SHA1", "hash_value": .string(Hex.encode(SHA1.hash(content))),
            "download_url": .string("\(configuration.publicBaseURL)/v3/billdownload/file?token=\(token)"),
        ])
    }

    /// The kept bill, or the one of a day that is long enough over.
    private func bill(_ day: BillDay, _ kind: String, _ mchid: String) async throws -> [UInt8] {
        let statement = FindBill(gateway: "wechat", merchant: mchid, kind: kind, day: day.text)
        if let content = try await kit.database.first(statement) { return content }
        let now = clock.now()
        guard day.end <= now else { throw WeChatRefusal.noStatement }
        guard day.isReadyFrom <= now else { throw WeChatRefusal.statementCreating }
        guard day.start + .seconds(Self.daysMax * 86_400) > now else { throw WeChatRefusal.invalid("账单日期过早") }
        try await makeBills(day, mchid, replaces: false)
        guard let content = try await kit.database.first(statement) else { throw WeChatRefusal.noStatement }
        return content
    }

    /// Makes the bills of a day; a day without moves has none.
    func makeBills(_ day: BillDay, _ mchid: String, replaces: Bool) async throws {
        let trades = try await kit.database.all(TradeRows(mchid: mchid, from: day.start, to: day.end))
        let funds = try await kit.database.all(FundRows(mchid: mchid, from: day.start, to: day.end))
        var texts: [(kind: String, text: String)] = []
        for type in Self.tradeTypes {
            let isEmpty = !trades.contains { type == "ALL" || ($0.refundID != nil) == (type == "REFUND") }
            if !isEmpty { texts.append(("trade-" + type, WeChatBillText.trade(trades, mchid: mchid, type: type))) }
        }
        if !funds.isEmpty { texts.append(("funds", WeChatBillText.funds(funds))) }
        for (kind, text) in texts {
            try await kit.database.execute(StoreBill(
                gateway: "wechat", merchant: mchid, kind: kind, day: day.text, content: Array(text.utf8),
                at: clock.now(), replaces: replaces))
        }
    }

    /// A signed request, an answer without signature: the file itself.
    private func download(_ request: Request) async throws -> Response {
        do {
            let merchant = try await signatures.verify(request, [])
            let found = try await kit.database.first(
                FindDownload(gateway: "wechat", token: request.query["token"] ?? ""))
            guard let found, found.expiresAt > clock.now() else { throw WeChatRefusal.invalid("token无效或已过期") }
            guard found.merchant == merchant.mchid else {
                throw WeChatRefusal(status: .forbidden, code: "NO_AUTH", message: "无权限下载该账单")
            }
            let isPacked = found.packing == "GZIP"
            let content = isPacked ? Archives.gzip(found.content) : found.content
            let type = isPacked ? "application/octet-stream" : "text/plain; charset=utf-8"
            return Response(status: .ok, headers: ["content-type": type], body: .bytes(content))
        } catch let refusal as WeChatRefusal {
            return .json(refusal.status, refusal.body)
        }
    }
}

extension WeChatRefusal {
    static let noStatement = WeChatRefusal(status: .badRequest, code: "NO_STATEMENT_EXIST", message: "账单文件不存在")
    static let statementCreating = WeChatRefusal(
        status: .badRequest, code: "STATEMENT_CREATING", message: "账单生成中，请稍后再试")
}
