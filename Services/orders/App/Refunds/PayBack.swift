import Models
import Postgres
import ServiceKit

/// Where the money of a refund comes from: pure.
enum RefundPlan {
    /// What of a payment can still go back.
    struct Source: Sendable, Equatable {
        let payment: PaymentID
        let gateway: GatewayName
        let left: Int64
    }
    struct Part: Sendable, Equatable {
        let payment: PaymentID
        let amount: Int64
    }

    /// Takes an amount from payments given newest first: from gateways, then from what came over the counter, and
    /// points last, each the newest first. So the customer sees money again before points, and the store's staff need
    /// not hand out what a gateway can send.
    ///
    /// - Returns: parts that add up to `amount` exactly; nil when the payments have less than that left.
    static func parts(of amount: Int64, from sources: [Source]) -> [Part]? {
        var missing = amount
        var parts: [Part] = []
        for rank in 0...2 {
            for source in sources where rank == self.rank(source.gateway) && missing > 0 && source.left > 0 {
                let part = min(missing, source.left)
                parts.append(Part(payment: source.payment, amount: part))
                missing -= part
            }
        }
        return missing == 0 ? parts : nil
    }

    private static func rank(_ gateway: GatewayName) -> Int {
        switch gateway {
        case .wechat, .alipay, .card: 0
        case .cash, .terminal: 1
        case .points: 2
        }
    }
}

/// Stores the refunds that send money of an order back, inside a transaction that has locked it.
struct PayBack: Sendable {
    let kit: Toolkit

    /// Sends back all that is left.
    @discardableResult
    func all(
        of record: OrderRecord, by actor: Actor, reason: String, traceparent: String?, _ tx: Transaction
    ) async throws -> [Refund] {
        let sources = try await tx.all(RefundableOfOrder(id: record.id))
        let left = sources.reduce(0) { $0 + $1.left }
        guard left > 0 else { return [] }
        return try await part(left, from: sources, of: record, by: actor, reason: reason, traceparent: traceparent, tx)
    }

    /// Sends `amount` minor units back.
    ///
    /// - Throws: `.refundExceedsPayment` when less is left.
    func part(
        _ amount: Int64, from sources: [RefundPlan.Source], of record: OrderRecord, by actor: Actor, reason: String,
        traceparent: String?, _ tx: Transaction
    ) async throws -> [Refund] {
        guard let parts = RefundPlan.parts(of: amount, from: sources) else {
            throw OrdersError.refundExceedsPayment(left: record.placed.total.with(sources.reduce(0) { $0 + $1.left }))
        }
        let now = kit.now()
        let insert = InsertRefunds(
            orderID: record.id, parts: parts, ids: parts.map { _ in .make(at: now) }, reason: reason, now: now,
            actor: actor, traceparent: traceparent)
        let refunds = try await tx.all(insert)
        guard refunds.count == parts.count else { throw OrdersError.busy }
        return refunds
    }
}
