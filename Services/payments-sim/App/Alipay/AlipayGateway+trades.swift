import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

extension AlipayGateway {
    /// Trades may be cancelled for a day, and refunded for three months.
    private static let cancelSeconds: Int64 = 86_400
    private static let refundSeconds: Int64 = 90 * 86_400

    // MARK: Making

    /// The trade of this request: made now, or made before by the same request.
    private func trade(_ call: AlipayRequest, _ product: String) async throws -> AlipayTrade {
        let trade = try AlipayTrade(call, product: product, now: clock.now())
        if try await kit.database.first(InsertAlipayTrade(trade: trade)) != nil { return trade }
        let found = FindAlipayTrade(appID: trade.appID, outTradeNo: trade.outTradeNo)
        let existing = try await kit.database.one(found)
        if existing.state == "TRADE_CLOSED" || existing.isExpired(at: clock.now()) { throw AlipayRefusal.hasClosed }
        if existing.paidAt != nil { throw AlipayRefusal.hasSuccess }
        guard trade.isSame(as: existing) else { throw AlipayRefusal.inconsistent }
        return existing
    }

    /// The browser goes to the cashier.
    func page(_ call: AlipayRequest, _ product: String) async throws -> Answer {
        .redirect(cashierURL(try await trade(call, product).token))
    }

    func cashierURL(_ token: String) -> String { "\(configuration.cashierBaseURL)/cashier/alipay/\(token)" }

    /// Only a code: the trade begins when somebody scans it.
    func precreate(_ call: AlipayRequest) async throws -> Answer {
        let trade = try await trade(call, "precreate")
        return .fields(["out_trade_no": .string(trade.outTradeNo), "qr_code": .string(cashierURL(trade.token))])
    }

    func create(_ call: AlipayRequest) async throws -> Answer {
        let trade = try await trade(call, "create")
        return .fields(["out_trade_no": .string(trade.outTradeNo), "trade_no": .string(trade.tradeNo)])
    }

    /// The till's way.
    func payByCode(_ call: AlipayRequest) async throws -> Answer {
        let code = try call.text("auth_code", 1...64)
        let outcome = call.merchant.authCodes.outcome(code, prefixes: 25...30, length: 16...24)
        if outcome == .invalid { throw AlipayRefusal.authCodeInvalid }
        if outcome == .insufficient { throw AlipayRefusal.balanceNotEnough }
        let trade = try await trade(call, "pay")
        if outcome == .success { _ = try await pay(trade, buyerID: call.merchant.buyerID) }
        let found = try await kit.database.one(FindAlipayTrade(appID: trade.appID, outTradeNo: trade.outTradeNo))
        var fields = found.fields
        fields["trade_status"] = nil
        fields["send_pay_date"] = nil
        guard let paidAt = found.paidAt else { return .waiting(fields) }
        fields["gmt_payment"] = .string(BeijingTime.plain(paidAt))
        return .fields(fields)
    }

    // MARK: What the buyer does

    /// The buyer opens the code or page. False when it is over.
    func scan(_ trade: AlipayTrade, buyerID: String) async throws -> Bool {
        guard trade.isHidden else { return trade.state == "WAIT_BUYER_PAY" && !trade.isExpired(at: clock.now()) }
        let now = clock.now()
        let statement = ScanAlipayCode(
            token: trade.token, buyerID: buyerID, at: now, createdAfter: now + .seconds(-AlipayTrade.codeSeconds))
        return try await kit.database.first(statement) != nil
    }

    /// The buyer pays, opening it first when needed. False when it can't be paid (any more).
    func pay(_ found: AlipayTrade, buyerID: String) async throws -> Bool {
        if found.isHidden, try await !scan(found, buyerID: buyerID) { return false }
        var trade = try await kit.database.one(FindAlipayTrade(token: found.token))
        let paysClosed = trade.state == "TRADE_CLOSED" && trade.paidAt == nil
            && faults.strike(.payAfterClose, trade.outTradeNo) != nil
        (trade.state, trade.paidAt, trade.closedAt, trade.buyerID) = ("TRADE_SUCCESS", clock.now(), nil, buyerID)
        return try await move(trade, from: ["WAIT_BUYER_PAY"] + (paysClosed ? ["TRADE_CLOSED"] : []))
    }

    private func move(_ trade: AlipayTrade, from: [String]) async throws -> Bool {
        let statement = MoveAlipayTrade(
            trade: trade, from: from, at: clock.now(), notificationID: .version7(at: kit.now()),
            resource: JSON.text(trade.notice()))
        return try await kit.database.first(statement) != nil
    }

    // MARK: What the merchant asks

    /// The trade that a call names, Alipay's own number first. To the merchant a code that nobody scanned is none.
    func named(_ call: AlipayRequest) async throws -> AlipayTrade? {
        let tradeNo = try call.optional("trade_no", 64), number = try call.optional("out_trade_no", 64)
        guard !tradeNo.isEmpty || !number.isEmpty else { throw AlipayRefusal.parameter("out_trade_no") }
        let statement = FindAlipayTrade(
            appID: call.merchant.appID, outTradeNo: tradeNo.isEmpty ? number : nil,
            tradeNo: tradeNo.isEmpty ? nil : tradeNo)
        guard let trade = try await kit.database.first(statement), !trade.isHidden else { return nil }
        return trade
    }

    func query(_ call: AlipayRequest) async throws -> Answer {
        guard var trade = try await named(call) else { throw AlipayRefusal.tradeNotExist }
        if trade.isExpired(at: clock.now()) { trade.state = "TRADE_CLOSED" }
        return .fields(trade.fields)
    }

    func close(_ call: AlipayRequest) async throws -> Answer {
        guard let trade = try await named(call) else { throw AlipayRefusal.tradeNotExist }
        guard try await closed(trade) else { throw AlipayRefusal.tradeStatus }
        return .fields(["trade_no": .string(trade.tradeNo), "out_trade_no": .string(trade.outTradeNo)])
    }

    private func closed(_ found: AlipayTrade) async throws -> Bool {
        var trade = found
        (trade.state, trade.closedAt) = ("TRADE_CLOSED", clock.now())
        return try await move(trade, from: ["WAIT_BUYER_PAY"])
    }

    /// For unknown results: an unpaid trade is closed, a paid one refunded, an unknown one left alone.
    func cancel(_ call: AlipayRequest) async throws -> Answer {
        guard let trade = try await named(call) else {
            return .fields(["out_trade_no": .string(try call.optional("out_trade_no", 64)), "retry_flag": "N"])
        }
        var fields: [String: JSONValue] = [
            "trade_no": .string(trade.tradeNo), "out_trade_no": .string(trade.outTradeNo), "retry_flag": "N",
        ]
        if try await closed(trade) {
            fields["action"] = "close"
            return .fields(fields)
        }
        let now = try await kit.database.one(FindAlipayTrade(token: trade.token))
        guard now.state == "TRADE_SUCCESS" else { return .fields(fields) }
        guard let paidAt = now.paidAt, paidAt + .seconds(Self.cancelSeconds) > clock.now() else {
            throw AlipayRefusal.cancelTooLate
        }
        if now.refunded < now.total {
            _ = try await refund(now, number: "cancel", amount: now.total - now.refunded, reason: "撤销")
        }
        fields["action"] = "refund"
        return .fields(fields)
    }

    // MARK: Refunds

    func refund(_ call: AlipayRequest) async throws -> Answer {
        guard let trade = try await named(call) else { throw AlipayRefusal.tradeNotExist }
        let amount = try call.amount("refund_amount"), given = try call.optional("out_request_no", 64)
        let number = given.isEmpty ? trade.outTradeNo : given
        if let earlier = try await kit.database.first(FindAlipayRefund(trade: trade, outRequestNo: number)) {
            // One number moves money once.
            guard earlier.amount == amount else { throw AlipayRefusal.repeatDiffers }
            return .fields(refunded(trade, earlier, moved: false))
        }
        guard amount <= trade.total, !given.isEmpty || amount == trade.total else { throw AlipayRefusal.refundNotEqual }
        switch trade.state {
        case "TRADE_SUCCESS": break
        case "TRADE_FINISHED": throw AlipayRefusal.hasFinished
        case "TRADE_CLOSED": throw AlipayRefusal.hasClosed
        default: throw AlipayRefusal.tradeStatus
        }
        guard trade.refunded + amount <= trade.total else { throw AlipayRefusal.refundTooMuch }
        let subject = "\(trade.outTradeNo) \(number)"
        if faults.strike(.failRefund, subject) != nil { throw AlipayRefusal.sellerBalance }
        let reason = try call.optional("refund_reason", 256)
        let refund = try await refund(trade, number: number, amount: amount, reason: reason)
        guard let refund else { throw AlipayRefusal.systemError }
        // Done, but the merchant does not learn it: it asks, or tries again with the same number.
        if faults.strike(.hangRefund, subject) != nil { throw AlipayRefusal.systemError }
        var after = trade
        after.refunded = refund.cumulative
        return .fields(refunded(after, refund, moved: true))
    }

    /// nil when the trade changed meanwhile, or another request took the number.
    private func refund(
        _ found: AlipayTrade, number: String, amount: Int64, reason: String
    ) async throws -> AlipayRefund? {
        var trade = found
        trade.refunded += amount
        let now = clock.now()
        if trade.refunded == trade.total { (trade.state, trade.closedAt) = ("TRADE_CLOSED", now) }
        let refund = AlipayRefund(
            outRequestNo: number, amount: amount, cumulative: trade.refunded, reason: reason, at: now)
        let statement = AcceptAlipayRefund(
            trade: trade, refund: refund, notificationID: .version7(at: kit.now()),
            resource: JSON.text(trade.notice(refund: (number, now))))
        do throws(PostgresError) {
            return try await kit.database.first(statement) == nil ? nil : refund
        } catch {
            guard error.isUniqueViolation("alipay_refunds_pkey") else { throw error }
            return nil
        }
    }

    private func refunded(_ trade: AlipayTrade, _ refund: AlipayRefund, moved: Bool) -> [String: JSONValue] {
        [
            "trade_no": .string(trade.tradeNo), "out_trade_no": .string(trade.outTradeNo),
            "buyer_logon_id": .string(AlipayTrade.logon(trade.buyerID)), "buyer_user_id": .string(trade.buyerID),
            "fund_change": moved ? "Y" : "N",
            // The sum of all refunds of the trade.
            "refund_fee": .string(trade.refunded.yuan), "send_back_fee": .string(moved ? refund.amount.yuan : "0.00"),
            "gmt_refund_pay": .string(BeijingTime.plain(refund.at)),
            "refund_detail_item_list": [["fund_channel": "ALIPAYACCOUNT", "amount": .string(refund.amount.yuan)]],
        ]
    }

    func queryRefund(_ call: AlipayRequest) async throws -> Answer {
        guard let trade = try await named(call) else { throw AlipayRefusal.tradeNotExist }
        let number = try call.text("out_request_no", 1...64)
        guard let refund = try await kit.database.first(FindAlipayRefund(trade: trade, outRequestNo: number)) else {
            return .fields([:])
        }
        return .fields([
            "trade_no": .string(trade.tradeNo), "out_trade_no": .string(trade.outTradeNo),
            "out_request_no": .string(number), "total_amount": .string(trade.total.yuan),
            "refund_amount": .string(refund.amount.yuan), "refund_status": "REFUND_SUCCESS",
            "refund_reason": .string(refund.reason), "gmt_refund_pay": .string(BeijingTime.plain(refund.at)),
        ])
    }

    // MARK: Time

    /// Closes what nobody paid in time, and finishes what can't be refunded any more.
    func passTime() async throws -> JobProgress {
        let now = clock.now(), limit: Int64 = 50
        let due = try await kit.database.all(
            DueAlipayTrades(at: now, paidBefore: now + .seconds(-Self.refundSeconds), limit: limit))
        for var trade in due {
            if trade.state == "WAIT_BUYER_PAY" {
                _ = try await closed(trade)
            } else {
                trade.state = "TRADE_FINISHED"
                _ = try await move(trade, from: ["TRADE_SUCCESS"])
            }
        }
        return due.count >= limit ? .more : .idle
    }
}
