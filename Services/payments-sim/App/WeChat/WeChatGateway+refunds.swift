import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

extension WeChatGateway {
    /// Refunds completed in one run of the job.
    private static let completionBatch: Int64 = 50

    func refund(_ verified: VerifiedRequest) async throws -> Answer {
        let body = verified.body, mchid = verified.merchant.mchid
        let number = try PrepayInput.text(body, "out_refund_no", 1...64)
        guard let amount = body["amount"]?["refund"]?.int, amount >= 1 else {
            throw WeChatRefusal.parameter("/amount/refund", "整数，单位为分，至少为1")
        }
        guard let total = body["amount"]?["total"]?.int else { throw WeChatRefusal.parameter("/amount/total", "必填") }
        guard body["amount"]?["currency"] == "CNY" else { throw WeChatRefusal.parameter("/amount/currency", "只支持CNY") }
        let transaction = try await transaction(body, mchid)
        if let existing = try await kit.database.first(RefundByNumber(mchid: mchid, outRefundNo: number)) {
            return try repeated(existing, transaction, amount)
        }
        guard transaction.total == total else { throw WeChatRefusal.invalid("订单金额与原订单不一致") }
        let subject = "\(transaction.outTradeNo) \(number)"
        let outcome = faults.strike(.failRefund, subject) != nil ? "CLOSED"
            : faults.strike(.abnormalRefund, subject) != nil ? "ABNORMAL" : "SUCCESS"
        let delay = faults.strike(.hangRefund, subject)?.seconds ?? 0
        let statement = AcceptRefund(
            mchid: transaction.mchid, outTradeNo: transaction.outTradeNo, outRefundNo: number,
            refundID: GatewayNumbers.refund(at: clock.now()), amount: amount, reason: body["reason"]?.string ?? "",
            notifyURL: body["notify_url"] == nil ? "" : try PrepayInput.notifyURL(body, verified.merchant),
            at: clock.now(), requestedBy: mchid, outcome: outcome,
            dueAt: clock.now() + .milliseconds(Int64(delay * 1_000)),
            signingSerial: PrepayInput.signingSerial(verified))
        do {
            guard let refund = try await kit.database.first(statement) else { throw WeChatRefusal.refundTooMuch }
            return (.ok, refund.object)
        } catch let error as PostgresError where error.isUniqueViolation("wechat_refunds_by_requester")
            || error.isUniqueViolation("wechat_refunds_pkey")
        {
            // The same number came twice at once; the other one made it.
            let existing = try await kit.database.one(RefundByNumber(mchid: mchid, outRefundNo: number))
            return try repeated(existing, transaction, amount)
        }
    }

    /// One out_refund_no is one refund: the same request gets the same answer, another one is refused.
    private func repeated(
        _ existing: WeChatRefund, _ transaction: WeChatTransaction, _ amount: Int64
    ) throws(WeChatRefusal) -> Answer {
        guard existing.outTradeNo == transaction.outTradeNo, existing.amount == amount else {
            throw .invalid("同一退款单号的请求参数须一致")
        }
        return (.ok, existing.object)
    }

    /// The paid transaction that a refund names by either number.
    private func transaction(_ body: JSONValue, _ mchid: String) async throws -> WeChatTransaction {
        let found: WeChatTransaction?
        if let id = body["transaction_id"]?.string {
            found = try await kit.database.first(TransactionByID(mchid: mchid, transactionID: id))
        } else {
            let number = try PrepayInput.text(body, "out_trade_no", 6...32)
            found = try await kit.database.first(TransactionByNumber(mchid: mchid, outTradeNo: number))
        }
        guard let found, found.paidAt != nil else {
            throw WeChatRefusal(status: .notFound, code: "RESOURCE_NOT_EXISTS", message: "订单不存在或未支付")
        }
        return found
    }

    func queryRefund(_ verified: VerifiedRequest) async throws -> Answer {
        let number = try verified.request.parameters.require("out_refund_no", as: String.self)
        let found = try await kit.database.first(RefundByNumber(mchid: verified.merchant.mchid, outRefundNo: number))
        guard let refund = found else { throw WeChatRefusal.refundNotExist }
        return (.ok, refund.object)
    }

    /// A stuck refund goes to another account.
    func retryAbnormalRefund(_ verified: VerifiedRequest) async throws -> Answer {
        let id = try verified.request.parameters.require("out_refund_no", as: String.self)
        let number = try PrepayInput.text(verified.body, "out_refund_no", 1...64)
        guard ["USER_BANK_CARD", "MERCHANT_BANK_CARD"].contains(verified.body["type"]?.string) else {
            throw WeChatRefusal.parameter("type", "USER_BANK_CARD或MERCHANT_BANK_CARD")
        }
        let mchid = verified.merchant.mchid
        let retried = try await kit.database.first(
            RetryAbnormalRefund(requestedBy: mchid, refundID: id, outRefundNo: number, at: clock.now()))
        guard let refund = try await kit.database.first(RefundByNumber(mchid: mchid, outRefundNo: number)),
            refund.refundID == id
        else { throw WeChatRefusal.refundNotExist }
        guard retried != nil else { throw WeChatRefusal.invalid("退款单不是异常状态") }
        return (.ok, refund.object)
    }

    /// What the banks do: answers accepted refunds, and has the merchants told.
    func completeRefunds() async throws -> JobProgress {
        let open = try await kit.database.all(OpenRefunds(limit: Self.completionBatch, at: clock.now()))
        for var refund in open {
            refund.status = refund.outcome
            if refund.status == "SUCCESS" { refund.completedAt = clock.now() }
            try await kit.database.execute(CompleteRefund(
                refund: refund, at: clock.now(), notificationID: .version7(at: kit.now()),
                summary: Self.refundSummaries[refund.status] ?? "", resource: JSON.text(refund.notice)))
        }
        return open.count == Self.completionBatch ? .more : .idle
    }

    private static let refundSummaries = ["SUCCESS": "退款成功", "CLOSED": "退款关闭", "ABNORMAL": "退款异常"]
}

extension JSON {
    /// A value as the text that is kept.
    static func text(_ value: JSONValue) -> String { String(decoding: encode(value), as: UTF8.self) }
}
