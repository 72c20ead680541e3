import Clients
import Crypto
import HTTPCore
import Models
import ServiceKit

/// Bank cards by UnionPay ACP 5.1. A transaction's number there is ours without the underscore, and its time is when
/// the identifier was made, so both are known before the first try and never change.
struct CardGateway: PaymentGateway {
    let name = GatewayName.card
    let channels: Set<PaymentChannel> = [.native, .h5]

    private let client: UnionPayClient
    private let clock: WallClock

    init(_ configuration: UnionPayConfiguration, kit: Toolkit) {
        client = UnionPayClient(configuration: configuration, http: kit.http)
        clock = kit.clock
    }

    /// nil without UNIONPAY_MER_ID.
    static func settings(_ reader: inout ConfigurationReader) -> UnionPayConfiguration? {
        guard reader.optional("UNIONPAY_MER_ID") != nil else { return nil }
        let common = GatewaySettings("UNIONPAY", &reader)
        let merID = reader.string("UNIONPAY_MER_ID")
        let own = GatewaySettings.pem("UNIONPAY_CERT_FILE", &reader) { try X509Certificate(pem: $0) }
        let theirs = GatewaySettings.pem("UNIONPAY_GATEWAY_CERT_FILE", &reader) { try X509Certificate(pem: $0) }
        guard let key = common.privateKey, let own, let theirs else { return nil }
        return UnionPayConfiguration(
            baseURL: common.baseURL, cashierBaseURL: common.cashierBaseURL, merID: merID, privateKey: key,
            certificate: own, gatewayCertificate: theirs, notifyURL: common.notifyURL,
            fileURL: reader.optional("UNIONPAY_FILE_URL"))
    }

    func prepare(_ order: PreparedOrder, _ context: CallContext) async throws(GatewayError) -> PreparedPayment {
        guard order.amount.currency == .cny else { throw .refused(code: "CURRENCY") }
        let number = Self.number(order.id.uuid, order.id.description), fen = order.amount.minorUnits
        do {
            guard order.channel == .native else {
                let form = try await client.frontPayment(
                    number, fen: fen, expiresAt: order.expiresAt, frontURL: order.returnURL)
                return PreparedPayment(cashierURL: form.address, cashierForm: form.fields)
            }
            let code = try await client.codePayment(
                number, fen: fen, expiresAt: order.expiresAt, until: context.deadline)
            return PreparedPayment(cashierURL: code, codeURL: code)
        } catch {
            throw Self.translated(error)
        }
    }

    func payment(_ id: PaymentID, _ context: CallContext) async throws(GatewayError) -> GatewayPayment {
        do {
            return try state(of: try await query(id.uuid, id.description, context), id)
        } catch let error as UnionPayError {
            if error.isNotFound { return .unknown }
            throw Self.translated(error)
        } catch let error as GatewayError {
            throw error
        } catch {
            throw .unavailable
        }
    }

    /// The protocol closes nothing: an open page ends by its own time, and is watched until then. One that was paid
    /// meanwhile is refused.
    func close(_ id: PaymentID, _ context: CallContext) async throws(GatewayError) {
        if case .paid = try await payment(id, context) { throw .refused(code: "PAID") }
    }

    func refund(_ order: RefundOrder, _ context: CallContext) async throws(GatewayError) -> GatewayRefund {
        do {
            try await client.refund(
                Self.number(order.id.uuid, order.id.description), ofQueryID: order.transactionID,
                fen: order.amount.minorUnits, until: context.deadline)
        } catch {
            throw Self.translated(error)
        }
        // Accepted; a notification or the next look says that it is done.
        return GatewayRefund(id: order.id, state: .processing, gatewayRefundID: nil, completedAt: nil)
    }

    func refund(
        _ id: RefundID, of payment: PaymentID, _ context: CallContext
    ) async throws(GatewayError) -> GatewayRefund? {
        do {
            return refund(id, try await query(id.uuid, id.description, context))
        } catch {
            if error.isNotFound { return nil }
            throw Self.translated(error)
        }
    }

    func notification(
        headers: HTTPHeaders, body: [UInt8], _ context: CallContext
    ) async throws(GatewayError) -> GatewayNotification {
        let told: UnionPayTransaction
        do {
            told = try await client.verifyNotification(FormFields.all(body))
        } catch {
            throw Self.translated(error)
        }
        switch told.kind {
        case .payment:
            guard let id = PaymentID(Self.identifier(told.orderID)) else { throw .mismatch("orderId") }
            guard case .paid(let facts) = try state(of: told, id) else { return .other }
            return .payment(facts)
        case .refund:
            guard let id = RefundID(Self.identifier(told.orderID)) else { throw .mismatch("orderId") }
            return .refund(refund(id, told))
        case .other: return .other
        }
    }

    func bill(_ day: BillDay, _ context: CallContext) async throws(GatewayError) -> [BillLine]? {
        let files: [(name: [UInt8], content: [UInt8])]?
        do {
            let settleDate = String(day.text.filter(\.isNumber).suffix(4))
            files = try await client.settlementFiles(
                settleDate: settleDate, now: clock.now(), until: context.deadline)
        } catch {
            throw Self.translated(error)
        }
        guard let files else { return nil }
        return try await BillText.parsed { () throws(GatewayError) in try UnionPayFile.lines(files, of: day) }
    }

    private func query(
        _ uuid: UUID128, _ text: String, _ context: CallContext
    ) async throws(UnionPayError) -> UnionPayTransaction {
        try await client.query(Self.number(uuid, text), until: context.deadline)
    }

    private func state(of transaction: UnionPayTransaction, _ id: PaymentID) throws(GatewayError) -> GatewayPayment {
        switch transaction.state {
        case .waiting: return .open
        case .failed: return .closed
        case .done:
            guard transaction.currencyCode == "156" else { throw .mismatch("currency") }
            return .paid(
                PaidFacts(
                    id: id, transactionID: transaction.queryID, amount: Money(minorUnits: transaction.fen),
                    paidAt: clock.now()))
        }
    }

    private func refund(_ id: RefundID, _ transaction: UnionPayTransaction) -> GatewayRefund {
        let state: GatewayRefund.State =
            switch transaction.state {
            case .done: .succeeded
            case .waiting: .processing
            case .failed: .failed
            }
        return GatewayRefund(
            id: id, state: state, amount: Money(minorUnits: transaction.fen), gatewayRefundID: transaction.queryID,
            completedAt: nil)
    }

    /// `pay_01…` is `pay01…` there: letters and digits only.
    private static func number(_ uuid: UUID128, _ text: String) -> UnionPayNumber {
        UnionPayNumber(orderID: text.replacing("_", with: ""), madeAt: uuid.time)
    }

    static func identifier(_ number: String) -> String {
        "\(number.prefix(3))_\(number.dropFirst(3))"
    }

    private static func translated(_ error: UnionPayError) -> GatewayError {
        switch error {
        case .refused(let code, _): .refused(code: code)
        case .unknownOutcome: .unavailable
        case .invalidSignature: .forged
        case .mismatch(let what): .mismatch(what)
        case .malformed: .malformed
        }
    }
}
