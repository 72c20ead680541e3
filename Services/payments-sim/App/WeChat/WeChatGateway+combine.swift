import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

extension WeChatGateway {
    func addCombinedRoutes(to routes: inout Routes) {
        let base = "/v3/combine-transactions"
        for (channel, tradeType) in [("jsapi", "JSAPI"), ("native", "NATIVE"), ("h5", "MWEB"), ("app", "APP")] {
            post(&routes, "\(base)/\(channel)") { try await prepayCombined($0, tradeType) }
        }
        get(&routes, "\(base)/out-trade-no/{combine_out_trade_no}") { (.ok, try await combined($0).object) }
        post(&routes, "\(base)/out-trade-no/{combine_out_trade_no}/close") { try await closeCombined($0) }
    }

    private func prepayCombined(_ verified: VerifiedRequest, _ tradeType: String) async throws -> Answer {
        let payment = try CombinedPayment(verified, tradeType: tradeType, now: clock.now())
        let isNew = try await kit.database.transaction { tx in
            guard try await tx.first(InsertCombined(payment: payment)) != nil else { return false }
            for part in payment.parts {
                guard try await tx.first(InsertTransaction(transaction: part)) != nil else {
                    throw WeChatRefusal.outTradeNoUsed
                }
            }
            return true
        }
        if isNew { return (.ok, prepaid(tradeType, payment.token)) }
        let statement = FindCombined(mchid: payment.mchid, outTradeNo: payment.outTradeNo)
        guard let existing = try await combined(statement) else {
            throw WeChatRefusal.orderNotExist
        }
        if existing.paidAt != nil { throw WeChatRefusal.orderPaid }
        if existing.closedAt != nil || existing.expiresAt <= clock.now() { throw WeChatRefusal.orderClosed }
        guard payment.isSame(as: existing) else { throw WeChatRefusal.outTradeNoUsed }
        return (.ok, prepaid(tradeType, existing.token))
    }

    /// A combined payment with its parts; expired ones are closed.
    func combined(_ statement: FindCombined) async throws -> CombinedPayment? {
        guard var payment = try await kit.database.first(statement) else { return nil }
        payment.parts = try await kit.database.all(CombinedParts(mchid: payment.mchid, outTradeNo: payment.outTradeNo))
        for index in payment.parts.indices where payment.parts[index].isExpired(at: clock.now()) {
            payment.parts[index].state = "CLOSED"
        }
        return payment
    }

    private func combined(_ verified: VerifiedRequest) async throws -> CombinedPayment {
        let number = try verified.request.parameters.require("combine_out_trade_no", as: String.self)
        let found = try await combined(FindCombined(mchid: verified.merchant.mchid, outTradeNo: number))
        guard let found else { throw WeChatRefusal.orderNotExist }
        return found
    }

    private func closeCombined(_ verified: VerifiedRequest) async throws -> Answer {
        let payment = try await combined(verified)
        guard verified.body["combine_appid"]?.string == payment.appid else { throw WeChatRefusal.appidMismatch }
        let named = (verified.body["sub_orders"]?.array ?? []).map {
            [$0["mchid"]?.string ?? "", $0["out_trade_no"]?.string ?? ""]
        }
        guard Set(named) == Set(payment.parts.map { [$0.mchid, $0.outTradeNo] }) else {
            throw WeChatRefusal.parameter("sub_orders", "须包含全部子单")
        }
        if payment.paidAt != nil { throw WeChatRefusal.orderPaid }
        let closed = try await kit.database.first(
            CloseCombined(mchid: payment.mchid, outTradeNo: payment.outTradeNo, at: clock.now()))
        let isPaid = closed == nil ? try await combined(verified).paidAt != nil : false
        if isPaid { throw WeChatRefusal.orderPaid }
        return (.noContent, nil)
    }

    /// The person pays everything. False when it can't be paid (any more).
    func payCombined(_ found: CombinedPayment, openid: String?) async throws -> Bool {
        var payment = found
        let now = clock.now()
        if payment.openid.isEmpty { payment.openid = openid ?? configuration.merchant(payment.mchid)?.openid ?? "" }
        payment.paidAt = now
        for index in payment.parts.indices {
            payment.parts[index].state = "SUCCESS"
            payment.parts[index].transactionID = GatewayNumbers.transaction(at: now)
            payment.parts[index].paidAt = now
        }
        let statement = PayCombined(
            payment: payment, at: now, notificationID: .version7(at: kit.now()), resource: JSON.text(payment.object),
            paysClosed: faults.strike(.payAfterClose, payment.outTradeNo) != nil)
        return try await kit.database.first(statement) != nil
    }
}
