import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// Makes statements once a day is over: all payees of a day in one statement, after what is due was booked.
struct MakeSettlements: Sendable {
    private static let bodyBytesMax = 1_024
    /// Half an hour after midnight: what was completed in the last minutes is booked by then.
    private static let graceSeconds: Int64 = 1_800
    private static let bookingMax = 500

    let kit: Toolkit
    let defaults: SettlementRates

    /// The job: days that were over half an hour ago.
    func tick(_ kit: Toolkit) async throws -> JobProgress {
        let lastDay = ShanghaiDay.of(kit.now() + .seconds(-86_400 - Self.graceSeconds))
        guard try await !kit.database.all(OpenSettlementDays(through: lastDay)).isEmpty else { return .idle }
        _ = try await kit.database.transaction { tx in try await close(through: lastDay, tx) }
        return .idle
    }

    /// `POST /v1/settlement-runs`: an operator does not wait for the job.
    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        let input = try JSON.decode(NewSettlementRun.self, from: body, mode: .strict)
        guard input.day < ShanghaiDay.of(kit.now()) else { throw OrdersError.dayNotOver }
        return try await kit.idempotency.run(request, caller, body: body) { tx in
            .json(.created, try await close(through: input.day, tx))
        }
    }

    /// Books what is due and closes every day up to `lastDay` that has anything on it. Days that are closed stay as
    /// they are.
    private func close(through lastDay: String, _ tx: Transaction) async throws -> SettlementRun {
        _ = try await tx.one(LockSettlementJournal())
        let booking = BookSettlements(defaults: defaults, limit: Self.bookingMax)
        while try await tx.one(booking) == Self.bookingMax {}
        var run = SettlementRun(days: [], statements: 0)
        for day in try await tx.all(OpenSettlementDays(through: lastDay)) {
            run.statements += try await tx.execute(CloseSettlementDay(day: day, now: kit.now()))
            run.days.append(day)
        }
        return run
    }
}
