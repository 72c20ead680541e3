import HTTPCore
import HTTPServer
import Models
import ServiceKit

/// What this service needs of a payment gateway. Every number in it is an identifier of ours, made and stored before
/// the first try, so that each call may be repeated.
protocol PaymentGateway: Sendable {
    var name: GatewayName { get }
    /// The ways in which customers can meet it.
    var channels: Set<PaymentChannel> { get }

    /// Makes a payment payable, or answers as before when it is already.
    func prepare(_ order: PreparedOrder, _ context: CallContext) async throws(GatewayError) -> PreparedPayment
    /// Where a payment stands at the gateway.
    func payment(_ id: PaymentID, _ context: CallContext) async throws(GatewayError) -> GatewayPayment
    /// Makes a payment unpayable. A payment that was paid meanwhile is refused with a code, and found by asking.
    func close(_ id: PaymentID, _ context: CallContext) async throws(GatewayError)
    /// Sends money back, or answers where it stands when it was sent before.
    func refund(_ order: RefundOrder, _ context: CallContext) async throws(GatewayError) -> GatewayRefund
    /// Where a refund stands; nil when the gateway does not know it.
    func refund(
        _ id: RefundID, of payment: PaymentID, _ context: CallContext
    ) async throws(GatewayError) -> GatewayRefund?
    /// What a notification says, once its signature, age, serial and merchant are verified.
    func notification(
        headers: HTTPHeaders, body: [UInt8], _ context: CallContext
    ) async throws(GatewayError) -> GatewayNotification
    /// What the gateway's bill says moved on a day; nil when there is no bill: nothing moved, or it is not made yet.
    func bill(_ day: BillDay, _ context: CallContext) async throws(GatewayError) -> [BillLine]?
}

/// Why a gateway gave no answer that helps.
enum GatewayError: Error, Hashable {
    /// No answer, or an error on its side: it may or may not have done it.
    case unavailable
    /// A definite no, with the gateway's code.
    case refused(code: String)
    /// Not signed by the gateway, or too old.
    case forged
    /// Signed, but for somebody else: names what does not fit.
    case mismatch(String)
    /// Signed or not, it cannot be read.
    case malformed
}

/// What is to be paid.
struct PreparedOrder: Sendable {
    let id: PaymentID
    let channel: PaymentChannel
    let amount: Money
    let description: String
    let expiresAt: Timestamp
    let openID: String?
    /// Where the browser goes afterwards.
    let returnURL: String?
    let payerAddress: String
}

/// How it can be paid.
struct PreparedPayment: Sendable {
    var cashierURL: String?
    /// What the browser posts to the cashier; nil: it only goes there.
    var cashierForm: [String: String]?
    var codeURL: String?
    var prepayID: String?
}

/// A payment as the gateway sees it.
enum GatewayPayment: Sendable {
    /// The gateway never heard of it.
    case unknown
    case open
    case paid(PaidFacts)
    case closed
}

/// What the gateway says about money that came.
struct PaidFacts: Sendable {
    let id: PaymentID
    let transactionID: String
    let amount: Money
    let paidAt: Timestamp
}

/// What is to go back.
struct RefundOrder: Sendable {
    let id: RefundID
    let paymentID: PaymentID
    let amount: Money
    let paid: Money
    /// The gateway's number of the payment.
    let transactionID: String
    let reason: String
}

/// A refund as the gateway sees it.
struct GatewayRefund: Sendable {
    enum State: Sendable { case processing, succeeded, failed }
    let id: RefundID
    let state: State
    /// How much went back; nil when the gateway does not say it of this refund alone.
    var amount: Money?
    let gatewayRefundID: String?
    /// Set when it succeeded.
    let completedAt: Timestamp?
}

/// What a gateway told by itself.
enum GatewayNotification: Sendable {
    case payment(PaidFacts)
    case refund(GatewayRefund)
    /// Signed, but nothing that changes anything here.
    case other
}

/// The gateways of this installation: those with settings.
struct PaymentGateways: Sendable {
    private let all: [any PaymentGateway]

    init(_ all: [any PaymentGateway]) {
        self.all = all
    }

    /// In the order to show them in.
    var names: [GatewayName] { all.map(\.name) }

    /// - Throws: `.unavailable` when it has no settings (any more): nobody else knows what became of its payments.
    func named(_ name: GatewayName) throws(GatewayError) -> any PaymentGateway {
        guard let gateway = all.first(where: { $0.name == name }) else { throw .unavailable }
        return gateway
    }
}

/// Forms as gateways send them.
enum FormFields {
    /// The fields of a form's body; of a repeated one the last.
    static func all(_ body: [UInt8]) -> [String: String] {
        let pairs = QueryItems(String(decoding: body, as: UTF8.self)).pairs
        return Dictionary(pairs.map { ($0.name, $0.value) }) { _, last in last }
    }
}
