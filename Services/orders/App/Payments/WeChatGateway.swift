import Clients
import HTTPCore
import Models
import ServiceKit

/// WeChat Pay APIv3 as a payment gateway. The numbers there are our identifiers: `pay_…` (30 characters, and the
/// protocol takes 6 to 32) and `rfd_…`.
struct WeChatGateway: PaymentGateway {
    let name = GatewayName.wechat
    let channels: Set<PaymentChannel> = [.native, .h5, .jsapi]
    /// 60 s: the gateway refuses an end that is closer.
    private static let lifeMin = Duration.seconds(61)
    /// 80 bytes: the gateway's limit for a refund's reason.
    private static let reasonBytesMax = 80

    private let client: WeChatPayClient
    private let cashierBaseURL: String
    private let clock: WallClock

    /// - Throws: when a key could not be read, which the configuration reader has told already.
    init(_ settings: WeChatSettings, kit: Toolkit) throws {
        guard let merchant = settings.merchant else {
            throw ConfigurationError(variable: "WECHAT_PRIVATE_KEY_FILE", reason: "is not usable")
        }
        client = WeChatPayClient(configuration: merchant, http: kit.http)
        cashierBaseURL = settings.cashierBaseURL
        clock = kit.clock
    }

    func prepare(_ order: PreparedOrder, _ context: CallContext) async throws(GatewayError) -> PreparedPayment {
        let request = WeChatOrder(
            outTradeNo: order.id.description, description: order.description, totalFen: order.amount.minorUnits,
            expiresAt: max(order.expiresAt, clock.now() + Self.lifeMin), payerAddress: order.payerAddress,
            openID: order.openID)
        let answer: WeChatPrepay
        do {
            answer = try await client.prepay(Self.channel(order.channel), request, until: context.deadline)
        } catch {
            throw Self.translated(error)
        }
        let prepared = PreparedPayment(
            cashierURL: answer.h5URL ?? answer.codeURL.map(scanPage), codeURL: answer.codeURL, prepayID: answer.prepayID)
        guard prepared.cashierURL != nil || prepared.prepayID != nil else { throw .unavailable }
        return prepared
    }

    func payment(_ id: PaymentID, _ context: CallContext) async throws(GatewayError) -> GatewayPayment {
        do {
            return try state(of: try await client.query(outTradeNo: id.description, until: context.deadline))
        } catch let error as WeChatPayError {
            if error.isNotFound { return .unknown }
            throw Self.translated(error)
        } catch let error as GatewayError {
            throw error
        } catch {
            throw .unavailable
        }
    }

    func close(_ id: PaymentID, _ context: CallContext) async throws(GatewayError) {
        do {
            try await client.close(outTradeNo: id.description, until: context.deadline)
        } catch {
            // What the gateway never heard of cannot be paid there.
            if !error.isNotFound { throw Self.translated(error) }
        }
    }

    func refund(_ order: RefundOrder, _ context: CallContext) async throws(GatewayError) -> GatewayRefund {
        do {
            return Self.refund(
                try await client.refund(
                    outTradeNo: order.paymentID.description, outRefundNo: order.id.description,
                    refundFen: order.amount.minorUnits, totalFen: order.paid.minorUnits,
                    reason: Self.shortened(order.reason), until: context.deadline), id: order.id)
        } catch {
            throw Self.translated(error)
        }
    }

    func refund(
        _ id: RefundID, of payment: PaymentID, _ context: CallContext
    ) async throws(GatewayError) -> GatewayRefund? {
        do {
            return Self.refund(
                try await client.queryRefund(outRefundNo: id.description, until: context.deadline), id: id)
        } catch {
            if error.isNotFound { return nil }
            throw Self.translated(error)
        }
    }

    func notification(
        headers: HTTPHeaders, body: [UInt8], _ context: CallContext
    ) async throws(GatewayError) -> GatewayNotification {
        let notification: WeChatNotification
        do {
            notification = try await client.verifyNotification(
                headers: headers, body: body, now: clock.now(), until: context.deadline)
        } catch {
            throw Self.translated(error)
        }
        switch notification {
        case .transaction(let transaction):
            guard case .paid(let facts) = try state(of: transaction) else { return .other }
            return .payment(facts)
        case .refund(let refund):
            guard refund.mchID == nil || refund.mchID == client.mchID else { throw .mismatch("mchid") }
            guard let id = RefundID(refund.outRefundNo) else { throw .mismatch("out_refund_no") }
            return .refund(Self.refund(refund, id: id))
        }
    }

    func bill(_ day: BillDay, _ context: CallContext) async throws(GatewayError) -> [BillLine]? {
        let text: [UInt8]?
        do {
            text = try await client.tradeBill(day: day.text, until: context.deadline)
        } catch {
            throw Self.translated(error)
        }
        guard let text else { return nil }
        return try await BillText.parsed { () throws(GatewayError) in try WeChatBill.lines(text) }
    }

    /// What a transaction means, after checking that it is ours.
    private func state(of transaction: WeChatTransaction) throws(GatewayError) -> GatewayPayment {
        guard transaction.mchID == client.mchID else { throw .mismatch("mchid") }
        guard transaction.appID == client.appID else { throw .mismatch("appid") }
        switch transaction.state {
        case .notPaid, .paying: return .open
        case .closed, .revoked, .failed: return .closed
        case .success, .refunded:
            guard let id = PaymentID(transaction.outTradeNo) else { throw .mismatch("out_trade_no") }
            guard let number = transaction.transactionID else { throw .mismatch("transaction_id") }
            guard let fen = transaction.totalFen else { throw .mismatch("amount") }
            guard let currency = Currency(transaction.currency) else { throw .mismatch("currency") }
            return .paid(
                PaidFacts(
                    id: id, transactionID: number, amount: Money(minorUnits: fen, currency: currency),
                    paidAt: transaction.successTime ?? clock.now()))
        }
    }

    private func scanPage(_ codeURL: String) -> String {
        cashierBaseURL + "/cashier/wechat?code_url=" + PathPattern.percentEncoded(codeURL)
    }

    private static func channel(_ channel: PaymentChannel) -> WeChatChannel {
        switch channel {
        case .native: .native
        case .h5, .counter, .account: .h5 // The last two are not among `channels`.
        case .jsapi: .jsapi
        }
    }

    private static func refund(_ refund: WeChatRefund, id: RefundID) -> GatewayRefund {
        let state: GatewayRefund.State =
            switch refund.state {
            case .processing: .processing
            case .success: .succeeded
            case .closed, .abnormal: .failed
            }
        return GatewayRefund(
            id: id, state: state, amount: Money(minorUnits: refund.refundFen), gatewayRefundID: refund.refundID,
            completedAt: refund.successTime)
    }

    private static func shortened(_ reason: String) -> String {
        var text = reason
        while text.utf8.count > reasonBytesMax { text.unicodeScalars.removeLast() }
        return text
    }

    private static func translated(_ error: WeChatPayError) -> GatewayError {
        switch error {
        case .refused(_, let code, _): .refused(code: code)
        case .unknownOutcome: .unavailable
        case .invalidSignature: .forged
        case .malformed: .malformed
        }
    }
}
