import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// An operator confirms statements and says which were paid out: each once, in this order.
struct PayOutSettlements: Sendable {
    private static let bodyBytesMax = 1_024

    let kit: Toolkit

    /// `POST /v1/settlements/{settlement_id}/confirm`
    func confirm(_ request: Request, _ caller: Caller) async throws -> Response {
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        if !body.isEmpty { _ = try JSON.decode(EmptyRequest.self, from: body, mode: .strict) }
        return try await change(request, caller, body: body) { id, account, tx in
            try await tx.execute(ConfirmSettlement(id: id, now: kit.now(), by: account))
        }
    }

    /// `POST /v1/settlements/{settlement_id}/payout`
    func payOut(_ request: Request, _ caller: Caller) async throws -> Response {
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        let input = try JSON.decode(NewPayout.self, from: body, mode: .strict)
        return try await change(request, caller, body: body) { id, account, tx in
            try await tx.execute(PayOutSettlement(id: id, reference: input.reference, now: kit.now(), by: account))
        }
    }

    private func change(
        _ request: Request, _ caller: Caller, body: [UInt8],
        _ effect: (SettlementID, AccountID, Transaction) async throws -> Int
    ) async throws -> Response {
        let id = try request.parameters.require("settlement_id", as: SettlementID.self)
        guard let account = caller.accountID else { throw KitProblems.forbidden.error("Only operators pay out.") }
        return try await kit.idempotency.run(request, caller, body: body) { tx in
            let changed = try await effect(id, account, tx)
            guard let record = try await tx.first(SettlementByID(id: id)) else {
                throw OrdersError.notFound("settlement")
            }
            guard changed == 1 else { throw OrdersError.settlementStandsElsewhere(record.settlement.state) }
            return .json(.ok, record.settlement)
        }
    }
}
