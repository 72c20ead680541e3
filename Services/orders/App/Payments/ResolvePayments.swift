import Models
import Postgres
import ServiceKit

/// Asks the gateway about payments of which nothing was heard: the notification was lost, or this service died between
/// storing a payment and calling. And closes at the gateway what nobody shall pay any more.
struct ResolvePayments: Sendable {
    /// 16 questions a run, asked side by side: a gateway that hangs delays a run by one deadline.
    private static let batchMax = 16
    private static let deadline = Duration.seconds(5)

    let gateways: PaymentGateways
    let settle: SettlePayment

    func tick(_ kit: Toolkit) async throws -> JobProgress {
        let due = try await kit.database.all(ClaimPaymentsToCheck(now: kit.now(), limit: Self.batchMax))
        await withTaskGroup(of: Void.self) { group in
            for payment in due { group.addTask { await resolve(payment, kit) } }
        }
        return due.count == Self.batchMax ? .more : .idle
    }

    private func resolve(_ payment: ClaimPaymentsToCheck.Row, _ kit: Toolkit) async {
        let context = CallContext.background(Self.deadline)
        do {
            let gateway = try gateways.named(payment.gateway)
            switch try await gateway.payment(payment.id, context) {
            case .paid(let facts): try await settle.apply(facts, traceparent: context.traceparent)
            case .closed: try await kit.database.execute(ClosePayment(id: payment.id))
            case .unknown:
                // Never arrived there: whoever wants to pay makes it arrive under the same number.
                if !payment.isAwaited { try await kit.database.execute(ClosePayment(id: payment.id)) }
            case .open:
                guard !payment.isAwaited else { return }
                try await gateway.close(payment.id, context)
                try await kit.database.execute(ClosePayment(id: payment.id))
            }
        } catch {
            // Claimed until the next check, which asks again.
            kit.logger.warning(
                "payment is not resolved yet", ("payment_id", .text(payment.id)), ("error.type", .errorType(error)))
        }
    }
}
