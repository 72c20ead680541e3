import HTTPCore
import HTTPServer
import Models
import ServiceKit

/// `POST /v1/gateways/wechat/notifications`: verified, decrypted, matched, applied once. The gateway reads the status
/// alone: 204 ends its repetitions, anything else brings the notification again.
struct ReceiveNotification: Sendable {
    /// 64 KiB: notifications are about 1 KiB.
    private static let bodyBytesMax = 65_536

    let kit: Toolkit
    let gateway: any PaymentGateway
    let settle: SettlePayment
    let completeRefund: CompleteRefund
    private let refusals: Counter

    init(kit: Toolkit, gateway: any PaymentGateway, settle: SettlePayment, completeRefund: CompleteRefund) {
        self.kit = kit
        self.gateway = gateway
        self.settle = settle
        self.completeRefund = completeRefund
        refusals = kit.metrics.counter(
            "gateway_notifications_refused_total", help: "Notifications that were forged or fit no payment.")
    }

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        do {
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
        return .noContent
    }

    /// Somebody should look: this is either an attack or a payment that is not ours.
    private func refused(_ error: OrdersError) -> OrdersError {
        refusals.increment()
        kit.logger.error("a gateway notification was refused", ("error.type", .errorType(error)))
        return error
    }
}
