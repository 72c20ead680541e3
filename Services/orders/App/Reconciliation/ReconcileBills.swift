import Models
import Postgres
import ServiceKit

/// Compares every gateway's bill of every closed day with payments and refunds, and does what was missed.
///
/// Each step is durable before the next begins: the bill is stored, whole or not at all; what differs is listed; each
/// difference is healed by itself, applied and marked in one transaction; then all is compared again, which ends the
/// day. Each may be repeated, so a run that dies is continued by the next from the last step that was done.
struct ReconcileBills: Sendable {
    /// One minute: a busy day's bill is many megabytes.
    private static let deadline = Duration.seconds(60)
    /// 24 h after its end a day without a bill is believed to have had none: bills come late at times.
    private static let silenceMax = Duration.seconds(86_400)
    /// After as long the gateway has none any more, whatever there was.
    private static let billKept = Duration.seconds(Int64(PruneBillLines.daysKept) * 86_400)
    private static let linesPerStatement = 2_000

    let gateways: PaymentGateways
    let heal: HealDifferences

    /// Looks at one day.
    func tick(_ kit: Toolkit) async throws -> JobProgress {
        try await kit.database.execute(PlanReconciliations(gateways: gateways.names, now: kit.now()))
        guard let next = try await kit.database.first(ClaimReconciliation(now: kit.now())),
            let day = BillDay(next.day)
        else { return .idle }
        do {
            if !next.isFetched {
                guard try await fetch(next.gateway, day, kit) else { return .more }
                kit.fault("after-storing-bill-before-comparing")
            }
            try await compare(next.gateway, day, kit)
        } catch let error as GatewayError {
            kit.logger.warning(
                "a day's bill waits for its gateway", ("gateway", .text(next.gateway.rawValue)),
                ("day", .text(day.text)), ("error.type", .errorType(error)))
            try await kit.database.execute(
                NoteTrouble(gateway: next.gateway, day: day, trouble: Self.trouble(error)))
        }
        return .more
    }

    /// Stores the bill; false while there is none.
    private func fetch(_ name: GatewayName, _ day: BillDay, _ kit: Toolkit) async throws -> Bool {
        let context = CallContext.background(Self.deadline)
        let bill = try await gateways.named(name).bill(day, context)
        let age = kit.now()
        guard bill != nil || (age > day.end + Self.silenceMax && age < day.end + Self.billKept) else {
            let trouble = age > day.end + Self.silenceMax ? "no_bill_any_more" : "no_bill_yet"
            try await kit.database.execute(NoteTrouble(gateway: name, day: day, trouble: trouble))
            return false
        }
        let lines = bill ?? []
        try await kit.database.transaction { tx in
            try await tx.execute(DeleteBill(gateway: name, day: day))
            for start in stride(from: 0, to: lines.count, by: Self.linesPerStatement) {
                let part = Array(lines[start..<min(start + Self.linesPerStatement, lines.count)])
                try await tx.execute(InsertBillLines(gateway: name, day: day, after: start, lines: part))
            }
            kit.fault("while-storing-bill")
            try await tx.execute(MarkFetched(gateway: name, day: day, now: kit.now()))
        }
        return true
    }

    private func compare(_ name: GatewayName, _ day: BillDay, _ kit: Toolkit) async throws {
        // UnionPay's day ends at 23:00; what came in the last hour is asked for with the day after.
        let shift = name == .card ? Duration.seconds(3_600) : .zero
        func compare(isLast: Bool) async throws -> Int? {
            try await kit.database.first(
                CompareBill(
                    gateway: name, day: day, from: day.start - shift, to: day.end - shift, now: kit.now(),
                    isLast: isLast))
        }
        guard let differences = try await compare(isLast: false), differences > 0 else { return }
        kit.fault("after-comparing-before-healing")
        let isAnswered = try await heal.run(name, day, kit)
        kit.fault("after-healing-before-comparing")
        guard let found = try await compare(isLast: isAnswered), found > 0 else { return }
        guard isAnswered else { throw GatewayError.unavailable }
        kit.logger.error(
            "the gateway's bill and the orders differ", ("gateway", .text(name.rawValue)), ("day", .text(day.text)),
            ("count", .int(Int64(found))))
    }

    /// Words for an operator.
    private static func trouble(_ error: GatewayError) -> String {
        switch error {
        case .unavailable: "gateway_unavailable"
        case .refused(let code): "refused:\(code)"
        case .forged: "not_signed_by_gateway"
        case .mismatch(let what): "mismatch:\(what)"
        case .malformed: "unreadable"
        }
    }
}

/// Does what was missed: the gateway is asked what the bill says, and its answer is applied as news of it would be.
struct HealDifferences: Sendable {
    private static let deadline = Duration.seconds(5)

    let gateways: PaymentGateways
    let settle: SettlePayment
    let complete: CompleteRefund

    /// What does not fit stays open: a person must look.
    ///
    /// - Returns: false when the gateway gave no answer about some: those are asked for again.
    func run(_ name: GatewayName, _ day: BillDay, _ kit: Toolkit) async throws -> Bool {
        let gateway = try gateways.named(name)
        var isAnswered = true
        for difference in try await kit.database.all(HealableDifferences(gateway: name, day: day)) {
            do {
                try await heal(difference, gateway, kit)
            } catch let error where error is GatewayError || error is OrdersError {
                if case GatewayError.unavailable = error { isAnswered = false }
                kit.logger.warning(
                    "a difference could not be healed", ("subject", .text(difference.subject)),
                    ("error.type", .errorType(error)))
            }
        }
        return isAnswered
    }

    private func heal(
        _ difference: HealableDifferences.Row, _ gateway: any PaymentGateway, _ kit: Toolkit
    ) async throws {
        let context = CallContext.background(Self.deadline)
        func mark(_ note: String) -> MarkHealed {
            MarkHealed(
                gateway: gateway.name, entry: difference.entry, subject: difference.subject, now: kit.now(), note: note)
        }
        if let refundID = difference.refundID {
            guard let refund = try await gateway.refund(refundID, of: difference.paymentID, context),
                refund.state == .succeeded
            else { return }
            kit.fault("after-asking-before-booking")
            try await complete.apply(
                refund, traceparent: context.traceparent, healing: mark("refund_completed"))
        } else {
            guard case .paid(let facts) = try await gateway.payment(difference.paymentID, context) else { return }
            kit.fault("after-asking-before-booking")
            try await settle.apply(facts, traceparent: context.traceparent, healing: mark("payment_applied"))
        }
        kit.fault("after-booking-a-difference")
    }
}
