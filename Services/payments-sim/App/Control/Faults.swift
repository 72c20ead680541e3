import EventLoop
import JSON

/// A way in which real gateways trouble their merchants.
enum FaultKind: String, Sendable, CaseIterable {
    case loseNotification = "lose_notification"
    case delayNotification = "delay_notification"
    case duplicateNotification = "duplicate_notification"
    /// The notification goes behind those that come after it.
    case reorderNotifications = "reorder_notifications"
    /// The person pays although the merchant closed the payment.
    case payAfterClose = "pay_after_close"
    /// The bank refuses: the money goes back to the merchant (CLOSED).
    case failRefund = "fail_refund"
    /// The bank cannot place the money (ABNORMAL).
    case abnormalRefund = "abnormal_refund"
    case hangRefund = "hang_refund"
    case slowAnswer = "slow_answer"
    /// 500 before anything was done.
    case serverError = "server_error"
    /// 500 although everything was done.
    case serverErrorAfter = "server_error_after"
    case frequencyLimited = "frequency_limited"
    case wrongSignature = "wrong_signature"
    /// The signature's time is `seconds` away.
    case clockDrift = "clock_drift"
}

/// A misbehaviour that is switched on.
struct Fault: Sendable {
    var kind: FaultKind
    /// Of each chance to strike.
    var probability: Double
    /// How often it strikes still; nil for ever.
    var remaining: Int64?
    /// How long, for kinds that take time.
    var seconds: Double
    /// Strikes only where this text occurs: a path, a number of an order, an event type.
    var match: String
}

/// Misbehaviour on demand. It lives in memory: a restart behaves well.
final class Faults: Sendable {
    private let active = Locked<[Fault]>([])

    func add(_ fault: Fault) {
        active.withLock { $0.append(fault) }
    }

    func clear() {
        active.withLock { $0.removeAll() }
    }

    var list: [Fault] { active.withLock { $0 } }

    /// The fault of this kind that strikes `subject` now, if one does.
    func strike(_ kind: FaultKind, _ subject: @autoclosure () -> String) -> Fault? {
        active.withLock { faults in
            guard !faults.isEmpty else { return nil }
            let found = faults.indices.first { index in
                let fault = faults[index]
                guard fault.kind == kind, fault.remaining != 0 else { return false }
                guard fault.match.isEmpty || subject().contains(fault.match) else { return false }
                return fault.probability >= 1 || Double.random(in: 0..<1) < fault.probability
            }
            guard let found else { return nil }
            if let remaining = faults[found].remaining { faults[found].remaining = remaining - 1 }
            return faults[found]
        }
    }
}
