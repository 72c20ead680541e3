import EventLoop
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// How a store's money is divided: its managers read it, operators agree on new versions.
struct SettlementTermsDesk: Sendable {
    private static let bodyBytesMax = 4_096

    let kit: Toolkit
    let defaults: SettlementRates

    /// `GET /v1/stores/{store_id}/settlement-terms`
    func read(_ request: Request, _ caller: Caller) async throws -> Response {
        let store = try request.parameters.require("store_id", as: StoreID.self)
        let versions = try await kit.database.all(TermsOfStore(storeID: store), deadline: request.deadline)
        return .json(
            .ok, SettlementAgreement(defaultPlatformRateBps: defaults.platformBps, versions: versions))
    }

    /// `POST /v1/stores/{store_id}/settlement-terms`: never for the past, whose orders are divided already.
    func agree(_ request: Request, _ caller: Caller) async throws -> Response {
        let store = try request.parameters.require("store_id", as: StoreID.self)
        guard let account = caller.accountID else { throw KitProblems.forbidden.error("Only operators agree on terms.") }
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        let input = try JSON.decode(NewSettlementTerms.self, from: body, mode: .strict)
        let leaderRate = input.leaderRateBps ?? 0
        guard input.platformRateBps + leaderRate <= 10_000, input.leaderAccountID != nil || leaderRate == 0 else {
            throw OrdersError.termsDivideWrongly
        }
        return try await kit.idempotency.run(request, caller, body: body) { tx in
            let now = kit.now()
            let terms = SettlementTerms(
                validFrom: input.validFrom ?? now, platformRateBps: input.platformRateBps,
                leaderAccountID: input.leaderAccountID, leaderRateBps: leaderRate)
            guard terms.validFrom >= now else { throw OrdersError.termsInThePast }
            let insert = InsertTerms(storeID: store, terms: terms, by: account, now: now)
            guard try await tx.execute(insert) == 1 else { throw OrdersError.termsExist }
            return .json(.created, terms)
        }
    }
}
