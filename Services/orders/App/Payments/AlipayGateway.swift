import Clients
import Crypto
import HTTPCore
import Models
import ServiceKit

/// Alipay's OpenAPI as a payment gateway. The numbers there are our identifiers: `pay_…` and `rfd_…`.
struct AlipayGateway: PaymentGateway {
    let name = GatewayName.alipay
    let channels: Set<PaymentChannel> = [.native, .h5]

    private let client: AlipayClient
    private let clock: WallClock

    init(_ configuration: AlipayConfiguration, kit: Toolkit) {
        client = AlipayClient(configuration: configuration, http: kit.http)
        clock = kit.clock
    }

    /// nil without ALIPAY_APP_ID.
    static func settings(_ reader: inout ConfigurationReader) -> AlipayConfiguration? {
        guard reader.optional("ALIPAY_APP_ID") != nil else { return nil }
        let common = GatewaySettings("ALIPAY", &reader)
        let appID = reader.string("ALIPAY_APP_ID")
        let sellerID = reader.string("ALIPAY_SELLER_ID")
        let gatewayKey = GatewaySettings.pem("ALIPAY_PUBLIC_KEY_FILE", &reader) { try RSAPublicKey(pem: $0) }
        guard let key = common.privateKey, let gatewayKey else { return nil }
        return AlipayConfiguration(
            baseURL: common.baseURL, cashierBaseURL: common.cashierBaseURL, appID: appID, sellerID: sellerID,
            privateKey: key, gatewayKey: gatewayKey, notifyURL: common.notifyURL)
    }

    func prepare(_ order: PreparedOrder, _ context: CallContext) async throws(GatewayError) -> PreparedPayment {
        guard order.amount.currency == .cny else { throw .refused(code: "CURRENCY") }
        let request = AlipayOrder(
            outTradeNo: order.id.description, subject: order.description, totalFen: order.amount.minorUnits,
            expiresAt: order.expiresAt, returnURL: order.returnURL)
        do {
            guard order.channel == .native else {
                return PreparedPayment(cashierURL: try await client.wapPage(request, now: clock.now()))
            }
            let code = try await client.precreate(request, now: clock.now(), until: context.deadline)
            return PreparedPayment(cashierURL: code, codeURL: code)
        } catch {
            throw Self.translated(error)
        }
    }

    func payment(_ id: PaymentID, _ context: CallContext) async throws(GatewayError) -> GatewayPayment {
        let trade: AlipayTrade
        do {
            trade = try await client.query(outTradeNo: id.description, now: clock.now(), until: context.deadline)
        } catch {
            // Also when nobody has opened the page or code: to the gateway there is no trade before.
            if error.isNotFound { return .unknown }
            throw Self.translated(error)
        }
        return try state(of: trade)
    }

    func close(_ id: PaymentID, _ context: CallContext) async throws(GatewayError) {
        do {
            try await client.close(outTradeNo: id.description, now: clock.now(), until: context.deadline)
        } catch {
            // A page that nobody has opened ends by itself; until then it is watched.
            if !error.isNotFound { throw Self.translated(error) }
        }
    }

    func refund(_ order: RefundOrder, _ context: CallContext) async throws(GatewayError) -> GatewayRefund {
        do {
            let answer = try await client.refund(
                outTradeNo: order.paymentID.description, outRequestNo: order.id.description,
                fen: order.amount.minorUnits, reason: order.reason, now: clock.now(), until: context.deadline)
            return refund(order.id, answer)
        } catch {
            throw Self.translated(error)
        }
    }

    func refund(
        _ id: RefundID, of payment: PaymentID, _ context: CallContext
    ) async throws(GatewayError) -> GatewayRefund? {
        do {
            let answer = try await client.queryRefund(
                outTradeNo: payment.description, outRequestNo: id.description, now: clock.now(),
                until: context.deadline)
            return answer.map { refund(id, $0) }
        } catch {
            if error.isNotFound { return nil }
            throw Self.translated(error)
        }
    }

    func notification(
        headers: HTTPHeaders, body: [UInt8], _ context: CallContext
    ) async throws(GatewayError) -> GatewayNotification {
        let told: AlipayNotification
        do {
            told = try await client.verifyNotification(FormFields.all(body))
        } catch {
            throw Self.translated(error)
        }
        if let number = told.outRequestNo {
            guard let id = RefundID(number) else { throw .mismatch("out_biz_no") }
            return .refund(
                GatewayRefund(id: id, state: .succeeded, gatewayRefundID: nil, completedAt: told.refundedAt))
        }
        guard case .paid(let facts) = try state(of: told.trade) else { return .other }
        return .payment(facts)
    }

    func bill(_ day: BillDay, _ context: CallContext) async throws(GatewayError) -> [BillLine]? {
        let files: [[UInt8]]?
        do {
            files = try await client.tradeBill(day: day.text, now: clock.now(), until: context.deadline)
        } catch {
            throw Self.translated(error)
        }
        guard let files else { return nil }
        return try await BillText.parsed { () throws(GatewayError) in try AlipayBill.lines(files) }
    }

    private func state(of trade: AlipayTrade) throws(GatewayError) -> GatewayPayment {
        switch trade.status {
        case .waiting: return .open
        case .closed where trade.paidAt == nil: return .closed
        case .success, .finished, .closed:
            guard let id = PaymentID(trade.outTradeNo) else { throw .mismatch("out_trade_no") }
            return .paid(
                PaidFacts(
                    id: id, transactionID: trade.tradeNo, amount: Money(minorUnits: trade.totalFen),
                    paidAt: trade.paidAt ?? clock.now()))
        }
    }

    private func refund(_ id: RefundID, _ refund: AlipayRefund) -> GatewayRefund {
        GatewayRefund(
            id: id, state: refund.isDone ? .succeeded : .processing, gatewayRefundID: nil,
            completedAt: refund.completedAt)
    }

    private static func translated(_ error: AlipayError) -> GatewayError {
        switch error {
        case .refused(let code, _): .refused(code: code)
        case .unknownOutcome: .unavailable
        case .invalidSignature: .forged
        case .mismatch(let what): .mismatch(what)
        case .malformed: .malformed
        }
    }
}
