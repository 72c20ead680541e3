import Crypto
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// A row of the seller's day: a payment, or a refund.
struct AlipayTradeRow: Sendable {
    let tradeNo, outTradeNo, subject: String
    let createdAt, at: Timestamp
    let total, fee: Int64
    /// nil for a payment.
    let outRequestNo: String?
    let refund: Int64
}

struct AlipayTradeRows: Statement {
    let appID: String
    let from: Timestamp
    let to: Timestamp

    static let name: StaticString = "alipay_trade_rows"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT trade_no, out_trade_no, subject, created_at, paid_at, total, fee_of(total), NULL::text, 0::bigint
        FROM alipay_trades
        WHERE app_id = $1 AND paid_at >= $2 AND paid_at < $3
        UNION ALL
        SELECT t.trade_no, t.out_trade_no, t.subject, t.created_at, r.at, t.total, r.fee, r.out_request_no, r.amount
        FROM alipay_refunds AS r
        JOIN alipay_trades AS t USING (app_id, out_trade_no)
        WHERE r.app_id = $1 AND r.at >= $2 AND r.at < $3
        ORDER BY 5, 1, 8 NULLS FIRST
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(appID)
        parameters.append(from)
        parameters.append(to)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> AlipayTradeRow {
        AlipayTradeRow(
            tradeNo: try row.next(), outTradeNo: try row.next(), subject: try row.next(), createdAt: try row.next(),
            at: try row.next(), total: try row.next(), fee: try row.next(), outRequestNo: try row.next(),
            refund: try row.next())
    }
}

/// Moves of the seller's account in a period, with the balance after each.
struct AlipayAccountRows: Statement {
    let sellerID: String
    let from: Timestamp
    let to: Timestamp

    static let name: StaticString = "alipay_account_rows"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT * FROM (
            SELECT p.at, p.kind, p.document, split_part(p.reference, ':', 2), e.amount,
                (sum(e.amount) OVER (ORDER BY p.at, p.id))::bigint
            FROM ledger_entries AS e
            JOIN ledger_postings AS p ON p.id = e.posting_id
            WHERE e.account = 'alipay:' || $1 AND p.at < $3
            ORDER BY p.at, p.id
        ) AS moves
        WHERE at >= $2
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(sellerID)
        parameters.append(from)
        parameters.append(to)
    }
    struct Row {
        let at: Timestamp
        let kind, document, number: String
        let amount, balance: Int64
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            at: try row.next(), kind: try row.next(), document: try row.next(), number: try row.next(),
            amount: try row.next(), balance: try row.next())
    }
}

/// The database knows the national encoding in which bills are written.
struct EncodeGBK: Statement {
    let text: String

    static let name: StaticString = "encode_gbk"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT convert_to($1::text, 'GBK')"
    func bind(to parameters: inout Parameters) { parameters.append(text) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> [UInt8] { try row.next() }
}

extension AlipayGateway {
    private static let downloadSeconds: Int64 = 30
    private static let kinds = ["trade", "signcustomer"]

    func bill(_ call: AlipayRequest) async throws -> Answer {
        let kind = try call.text("bill_type", 1...20), date = try call.text("bill_date", 7...10)
        guard Self.kinds.contains(kind), let period = BillPeriod(date) else {
            throw AlipayRefusal.parameter("bill_date")
        }
        let statement = FindBill(gateway: "alipay", merchant: call.merchant.appID, kind: kind, day: date)
        if try await kit.database.first(statement) == nil {
            guard period.readyFrom <= clock.now() else { throw AlipayRefusal.noBill }
            try await makeBills(period, call.merchant, replaces: false)
            guard try await kit.database.first(statement) != nil else { throw AlipayRefusal.noBill }
        }
        let token = Hex.encode(RandomBytes.make(24))
        try await kit.database.execute(GrantDownload(
            token: token, bill: statement, packing: "ZIP", expiresAt: clock.now() + .seconds(Self.downloadSeconds)))
        let url = "\(configuration.publicBaseURL)/downloadBillFile.resource?token=\(token)"
        return .fields(["bill_download_url": .string(url)])
    }

    func download(_ request: Request) async throws -> Response {
        let found = try await kit.database.first(FindDownload(gateway: "alipay", token: request.query["token"] ?? ""))
        guard let found, found.expiresAt > clock.now() else {
            throw KitProblems.notFound.error("The address of the bill is wrong or too old.")
        }
        return Response(status: .ok, headers: ["content-type": "application/zip"], body: .bytes(found.content))
    }

    /// Makes the bills of a period; one without moves has none.
    func makeBills(_ period: BillPeriod, _ merchant: AlipayMerchant, replaces: Bool) async throws {
        let trades = try await kit.database.all(
            AlipayTradeRows(appID: merchant.appID, from: period.start, to: period.end))
        let moves = try await kit.database.all(
            AlipayAccountRows(sellerID: merchant.sellerID, from: period.start, to: period.end))
        let account = merchant.sellerID + "0156", compact = period.text.replacing("-", with: "")
        let text = AlipayBillText(account: account, period: period, madeAt: clock.now())
        var files: [(kind: String, name: String, detail: String, summary: String)] = []
        if !trades.isEmpty { files.append(("trade", "业务明细", text.trades(trades), text.tradeSummary(trades))) }
        if !moves.isEmpty { files.append(("signcustomer", "账务明细", text.moves(moves), text.moveSummary(moves))) }
        for file in files {
            // The summary comes first, as it sometimes does.
            let zip = Archives.zip([
                (try await gbk("\(account)_\(compact)_\(file.name)(汇总).csv"), try await gbk(file.summary)),
                (try await gbk("\(account)_\(compact)_\(file.name).csv"), try await gbk(file.detail)),
            ])
            try await kit.database.execute(StoreBill(
                gateway: "alipay", merchant: merchant.appID, kind: file.kind, day: period.text, content: zip,
                at: clock.now(), replaces: replaces))
        }
    }

    /// What the encoding lacks, such as emoji, becomes a question mark.
    private func gbk(_ text: String) async throws -> [UInt8] {
        do throws(PostgresError) {
            return try await kit.database.one(EncodeGBK(text: text))
        } catch {
            let known = String(String.UnicodeScalarView(text.unicodeScalars.map { scalar in
                let isKnown = scalar.value < 0x80 || (0x4E00...0x9FA5).contains(scalar.value)
                    || (0x3000...0x3011).contains(scalar.value) || (0xFF01...0xFF5E).contains(scalar.value)
                return isKnown ? scalar : "?"
            }))
            return try await kit.database.one(EncodeGBK(text: known))
        }
    }
}

extension AlipayRefusal {
    static let noBill = AlipayRefusal.business("isp.bill_not_exist", "账单不存在")
}
