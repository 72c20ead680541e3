import EventLoop
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/reconciliations`: has a day of a gateway compared now, or again. It is done by the job, so the answer says
/// where it stands; ask again.
struct RequestReconciliation: Sendable {
    private static let bodyBytesMax = 4_096

    let kit: Toolkit
    let gateways: PaymentGateways

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        let input = try JSON.decode(NewReconciliation.self, from: body, mode: .strict)
        guard gateways.names.contains(input.gateway) else { throw OrdersError.methodNotOffered(gateways.names) }
        guard let day = BillDay(input.day), day.start <= kit.now() else { throw OrdersError.dayNotBegun }
        return try await kit.idempotency.run(request, caller, body: body) { tx in
            let want = WantReconciliation(gateway: input.gateway, day: day, now: kit.now())
            guard try await tx.execute(want) == 1 else { throw OrdersError.billPruned }
            return .json(.accepted, try await tx.one(ReconciliationOfDay(gateway: input.gateway, day: day)))
        }
    }
}

/// The days, and what was found on each.
struct ReadReconciliations: Sendable {
    private static let limits = 1...100

    let kit: Toolkit

    /// `GET /v1/reconciliations`.
    func list(_ request: Request, _ caller: Caller) async throws -> Response {
        let limit = try request.query.int("limit", in: Self.limits) ?? 30
        var after: (day: BillDay, gateway: GatewayName)?
        if let cursor = request.query["cursor"] {
            let parts = try Cursor.decode(cursor, count: 2)
            guard let day = BillDay(parts[0]), let gateway = GatewayName(rawValue: parts[1]) else {
                throw KitProblems.invalidCursorKind.error("The cursor was not made by this list.")
            }
            after = (day, gateway)
        }
        var items = try await kit.database.all(
            Reconciliations(after: after, limit: limit + 1), deadline: request.deadline)
        var next: String?
        if items.count > limit {
            items.removeLast()
            next = items.last.map { Cursor.encode($0.day, $0.gateway.rawValue) }
        }
        return .json(.ok, Page(items: items, nextCursor: next))
    }

    /// `GET /v1/reconciliations/{gateway}/{day}`.
    func day(_ request: Request, _ caller: Caller) async throws -> Response {
        .json(.ok, try await found(request))
    }

    /// `GET /v1/reconciliations/{gateway}/{day}/differences`.
    func differences(_ request: Request, _ caller: Caller) async throws -> Response {
        let limit = try request.query.int("limit", in: Self.limits) ?? 50
        let found = try await found(request)
        guard let day = BillDay(found.day) else { throw OrdersError.notFound("reconciliation") }
        var after = (entry: "", subject: "")
        if let cursor = request.query["cursor"] {
            let parts = try Cursor.decode(cursor, count: 2)
            after = (parts[0], parts[1])
        }
        var rows = try await kit.database.all(
            DifferencesOfDay(gateway: found.gateway, day: day, after: after, limit: limit + 1),
            deadline: request.deadline)
        var next: String?
        if rows.count > limit {
            rows.removeLast()
            next = rows.last.map { Cursor.encode($0.difference.entry.rawValue, $0.subject) }
        }
        return .json(.ok, Page(items: rows.map(\.difference), nextCursor: next))
    }

    private func found(_ request: Request) async throws -> Reconciliation {
        guard let gateway = request.parameters["gateway"].flatMap(GatewayName.init(rawValue:)),
            let day = request.parameters["day"].flatMap(BillDay.init),
            let found = try await kit.database.first(
                ReconciliationOfDay(gateway: gateway, day: day), deadline: request.deadline)
        else { throw OrdersError.notFound("reconciliation") }
        return found
    }
}
