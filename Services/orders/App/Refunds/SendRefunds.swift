import Models
import Postgres
import ServiceKit

/// Sends stored refunds to the gateway, each under the number it was stored with, however often it takes.
///
/// After the first try the gateway is asked before anything is sent again: an answer that was lost is found, not
/// repeated.
struct SendRefunds: Sendable {
    /// 16 a run, side by side: a gateway that hangs delays a run by one deadline.
    private static let batchMax = 16
    private static let deadline = Duration.seconds(5)

    let gateways: PaymentGateways
    let complete: CompleteRefund

    func tick(_ kit: Toolkit) async throws -> JobProgress {
        let due = try await kit.database.all(ClaimRefundsToSend(now: kit.now(), limit: Self.batchMax))
        await withTaskGroup(of: Void.self) { group in
            for refund in due { group.addTask { await send(refund, kit) } }
        }
        return due.count == Self.batchMax ? .more : .idle
    }

    private func send(_ refund: ClaimRefundsToSend.Row, _ kit: Toolkit) async {
        let context = CallContext.background(Self.deadline)
        do {
            if refund.gateway == .points {
                // Nobody else has them: restored with the refund's end, in its transaction.
                let news = GatewayRefund(
                    id: refund.order.id, state: .succeeded, gatewayRefundID: nil, completedAt: kit.now())
                return try await complete.apply(news, by: .system, traceparent: context.traceparent)
            }
            let gateway = try gateways.named(refund.gateway)
            if refund.wasTried,
                let known = try await gateway.refund(refund.order.id, of: refund.order.paymentID, context)
            {
                return try await complete.apply(known, traceparent: context.traceparent)
            }
            kit.fault("before-sending-refund")
            let answer = try await gateway.refund(refund.order, context)
            kit.fault("after-sending-refund")
            try await complete.apply(answer, traceparent: context.traceparent)
        } catch {
            // Stays claimed until its next time: a refusal such as "not enough balance" may pass, and a person is told.
            kit.logger.warning(
                "refund is not done yet", ("refund_id", .text(refund.order.id)), ("error.type", .errorType(error)))
        }
    }
}
