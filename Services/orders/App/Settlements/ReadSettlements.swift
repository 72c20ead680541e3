import EventLoop
import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// Statements of what payees are owed. Operators see all, managers those of their store's merchant, everybody the ones
/// that they have as a leader.
struct ReadSettlements: Sendable {
    private static let limits = 1...100
    private static let linesMax = 1...500

    let kit: Toolkit

    /// `GET /v1/settlements?store_id&payee_kind&state&cursor&limit`
    func list(_ request: Request, _ caller: Caller) async throws -> Response {
        let limit = try request.query.int("limit", in: Self.limits) ?? 20
        let before = try position(request)
        let kind: PayeeKind? = try word("payee_kind", request)
        let state: SettlementState? = try word("state", request)
        var records: [SettlementRecord]
        if let payee = try await payee(kind, request, caller) {
            let statement = SettlementsOfPayee(
                kind: payee.kind, payee: payee.id, before: before, state: state, limit: limit + 1)
            records = try await kit.database.all(statement, deadline: request.deadline)
        } else if caller.isOperator, request.query["store_id"] == nil {
            let statement = SettlementsOfAll(kind: kind, before: before, state: state, limit: limit + 1)
            records = try await kit.database.all(statement, deadline: request.deadline)
        } else {
            records = []
        }
        var next: String?
        if records.count > limit {
            records.removeLast()
            next = records.last.map { Cursor.encode($0.settlement.day, $0.settlement.id.description) }
        }
        return .json(.ok, Page(items: records.map(\.settlement), nextCursor: next))
    }

    /// Whose statements are asked for; nil: everybody's, or of a merchant that has sold nothing yet.
    private func payee(
        _ kind: PayeeKind?, _ request: Request, _ caller: Caller
    ) async throws -> (kind: PayeeKind, id: UUID128)? {
        if let text = request.query["store_id"] {
            guard let store = StoreID(text), caller.mayAct(for: store, as: .manager) else {
                throw OrdersError.notFound("store")
            }
            let merchants = try await kit.database.all(MerchantsOfStores(storeIDs: [store]), deadline: request.deadline)
            return merchants.first.map { (.merchant, $0.uuid) }
        }
        guard !caller.isOperator, let account = caller.accountID else { return nil }
        guard kind == nil || kind == .leader else {
            throw KitProblems.forbidden.error("Name the store whose merchant's statements you want.")
        }
        return (.leader, account.uuid)
    }

    private func word<Word: OrdersCode>(_ name: String, _ request: Request) throws -> Word? {
        guard let text = request.query[name] else { return nil }
        guard let word = Word(rawValue: text) else {
            throw OrdersError.badWord(parameter: name, words: Word.allCases.map(\.rawValue))
        }
        return word
    }

    private func position(_ request: Request) throws -> SettlementPosition {
        guard let cursor = request.query["cursor"] else { return .newest }
        let parts = try Cursor.decode(cursor, count: 2)
        guard let id = SettlementID(parts[1]), parts[0].utf8.count == 10, parts[0] >= "2000-01-01",
            Timestamp(parts[0] + "T00:00:00Z") != nil
        else { throw KitProblems.invalidCursorKind.error("The cursor was not made by this list.") }
        return SettlementPosition(day: parts[0], id: id.uuid)
    }

    /// `GET /v1/settlements/{settlement_id}`
    func one(_ request: Request, _ caller: Caller) async throws -> Response {
        .json(.ok, try await find(request, caller))
    }

    /// `GET /v1/settlements/{settlement_id}/lines?cursor&limit`
    func lines(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try await find(request, caller).id
        let limit = try request.query.int("limit", in: Self.linesMax) ?? 100
        var after: Int64 = 0
        if let cursor = request.query["cursor"] {
            guard let position = Int64(try Cursor.decode(cursor, count: 1)[0]) else {
                throw KitProblems.invalidCursorKind.error("The cursor was not made by this list.")
            }
            after = position
        }
        var rows = try await kit.database.all(
            LinesOfSettlement(id: id, after: after, limit: limit + 1), deadline: request.deadline)
        var next: String?
        if rows.count > limit {
            rows.removeLast()
            next = rows.last.map { Cursor.encode(String($0.position)) }
        }
        return .json(.ok, Page(items: rows.map(\.line), nextCursor: next))
    }

    /// `GET /v1/settlements/{settlement_id}/lines.csv`: the whole statement as a table, written as it is read.
    func table(_ request: Request, _ caller: Caller) async throws -> Response {
        let settlement = try await find(request, caller)
        let (database, deadline) = (kit.database, request.deadline)
        return Response(
            status: .ok,
            headers: [
                "content-type": "text/csv; charset=utf-8",
                "content-disposition": "attachment; filename=\"settlement-\(settlement.day)-\(settlement.id).csv\"",
            ],
            body: .stream { writer in
                var table = SettlementTable()
                let lines = LinesOfSettlement(id: settlement.id, after: 0, limit: nil)
                try await database.stream(lines, deadline: deadline) { row in
                    table.append(row.line)
                    if let full = table.takeIfFull() { try await writer.write(full) }
                }
                try await writer.write(table.bytes)
            })
    }

    /// - Throws: `.notFound` also for statements that are nothing to the caller.
    private func find(_ request: Request, _ caller: Caller) async throws -> Settlement {
        let id = try request.parameters.require("settlement_id", as: SettlementID.self)
        guard let record = try await kit.database.first(SettlementByID(id: id), deadline: request.deadline),
            try await isVisible(record, to: caller, request.deadline)
        else { throw OrdersError.notFound("settlement") }
        return record.settlement
    }

    private func isVisible(
        _ record: SettlementRecord, to caller: Caller, _ deadline: Instant
    ) async throws -> Bool {
        guard case .user(let account, let stores, let isOperator) = caller else { return false }
        if isOperator { return true }
        switch record.settlement.payeeKind {
        case .platform: return false
        case .leader: return record.payee == account.uuid
        case .merchant:
            let managed = stores.filter { $0.value == .manager }.map(\.key)
            let merchants = try await kit.database.all(MerchantsOfStores(storeIDs: managed), deadline: deadline)
            return merchants.contains { $0.uuid == record.payee }
        }
    }
}
