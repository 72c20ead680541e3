import JSON
import Models
import Postgres

/// Commits and releases reservations as their orders move on, a delivery of events at once.
struct SettleReservations: Sendable {
    let now: @Sendable () -> Timestamp
    /// Hears of paid orders whose stock is gone.
    let stockIsGone: @Sendable (OrderID) -> Void

    /// What is to become of an order's stock.
    enum Move: Sendable, Equatable {
        /// The order was paid.
        case commit
        /// The order was cancelled or expired.
        case release
    }

    /// One order's move, with the trace that asked for it.
    struct Step: Sendable, Equatable {
        let orderID: OrderID
        let move: Move
        let traceparent: String?
    }

    /// Applies the steps in the caller's transaction, those of one order in their order.
    func apply(_ steps: [Step], _ tx: Transaction) async throws {
        guard !steps.isEmpty else { return }
        _ = try await tx.one(LockForSettlement(orderIDs: Array(Set(steps.map(\.orderID)))))
        for wave in Self.waves(steps) {
            try await commit(wave.filter { $0.move == .commit }, tx)
            let released = wave.filter { $0.move == .release }.map(\.orderID)
            if !released.isEmpty { _ = try await tx.one(ReleaseReservations(orderIDs: released, at: now())) }
        }
    }

    private func commit(_ steps: [Step], _ tx: Transaction) async throws {
        guard !steps.isEmpty else { return }
        let held = try await tx.all(CommitHeldReservations(orderIDs: steps.map(\.orderID), at: now()))
        let settled = Set(held)
        for step in steps where !settled.contains(step.orderID) {
            let at = now()
            let data = JSONBytes(JSON.encode(StockCommitFailed(orderID: step.orderID)))
            let state = try await tx.one(
                CommitLateReservation(
                    orderID: step.orderID, at: at, eventID: .make(at: at), traceparent: step.traceparent, data: data))
            if state == .commitFailed { stockIsGone(step.orderID) }
        }
    }

    /// The first steps of all orders, then the second ones, and so on: within a wave each order moves once, so a wave
    /// is one statement a kind of move.
    static func waves(_ steps: [Step]) -> [[Step]] {
        var depth: [OrderID: Int] = [:]
        var waves: [[Step]] = []
        for step in steps {
            let index = depth[step.orderID, default: 0]
            depth[step.orderID] = index + 1
            if index == waves.count { waves.append([]) }
            waves[index].append(step)
        }
        return waves
    }
}
