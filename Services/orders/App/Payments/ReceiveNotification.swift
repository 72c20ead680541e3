import HTTPCore
import HTTPServer
import Models
import ServiceKit

/// `POST /v1/gateways/{gateway}/notifications`: verified, matched, applied once. What ends the gateway's repetitions is
/// its own: a status, or a word; anything else brings the notification again.
struct ReceiveNotification: Sendable {
    /// 64 KiB: notifications are about 1 KiB.
    private static let bodyBytesMax = 65_536

    let kit: Toolkit
    let gateways: PaymentGateways
    let name: GatewayName
    let settle: SettlePayment
    let completeRefund: CompleteRefund
    private let refusals: Counter

    init(
        kit: Toolkit, gateways: PaymentGateways, name: GatewayName, settle: SettlePayment,
        completeRefund: CompleteRefund, refusals: Counter
    ) {
        self.kit = kit
        self.gateways = gateways
        self.name = name
        self.settle = settle
        self.completeRefund = completeRefund
        self.refusals = refusals
    }

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        do {
            let gateway = try gateways.named(name)
            switch try await gateway.notification(headers: request.headers, body: body, request.callContext) {
            case .payment(let facts): try await settle.apply(facts, traceparent: request.traceparent)
            case .refund(let refund): try await completeRefund.apply(refund, traceparent: request.traceparent)
            case .other: break
            }
        } catch GatewayError.forged {
            throw refused(OrdersError.notificationForged)
        } catch GatewayError.mismatch(let what) {
            throw refused(OrdersError.notificationMismatch(what))
        } catch GatewayError.malformed {
            throw refused(OrdersError.notificationMalformed)
        } catch is GatewayError {
            throw OrdersError.gatewayUnavailable
        } catch let error as OrdersError {
            throw refused(error)
        }
        return acknowledgement
    }

    /// What each documents: a status of 2xx, exactly the word, status 200.
    private var acknowledgement: Response {
        switch name {
        case .wechat: .noContent
        case .alipay: .text(.ok, "success")
        case .card: .text(.ok, "ok")
        case .cash, .terminal, .points: .noContent // Nobody sends any.
        }
    }

    /// Somebody should look: this is either an attack or a payment that is not ours.
    private func refused(_ error: OrdersError) -> OrdersError {
        refusals.increment()
        kit.logger.error("a gateway notification was refused", ("error.type", .errorType(error)))
        return error
    }
}
