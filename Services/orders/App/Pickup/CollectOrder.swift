import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/stores/{store_id}/collections`: staff enter a pickup code, the order is handed over and complete.
///
/// Wrong codes are counted per store and member of staff in a locked row, so that parallel guesses are counted too.
/// Once they are used up every code is refused alike until the window is over, before its key is looked at: also the
/// right one under the key of a wrong one.
/// A code of another store, of an order that is not ready or was collected, and one that never was are answered alike.
struct CollectOrder: Sendable {
    private static let bodyBytesMax = 4_096
    /// Five wrong codes in 15 minutes: slips of the finger, never a search.
    static let wrongMax = 5
    static let windowSeconds = 900

    let kit: Toolkit
    let assembler: OrderAssembler

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let store = try request.parameters.require("store_id", as: StoreID.self)
        guard let account = caller.accountID else { throw KitProblems.forbidden.error("Only staff hand orders over.") }
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        let input = try JSON.decode(CollectionRequest.self, from: body, mode: .strict)
        let lock = PickupLock(storeID: store, accountID: account, now: kit.now())
        if let seconds = try await kit.database.first(lock, deadline: request.deadline) {
            throw OrdersError.tooManyPickupTries(retryAfterSeconds: seconds)
        }
        return try await kit.idempotency.run(request, caller, body: body) { tx in
            let now = kit.now()
            let tries = try await tx.one(LockPickupTries(storeID: store, accountID: account, now: now))
            // Parallel guesses have passed the first look together.
            if tries.wrong >= Self.wrongMax {
                // Thrown, not returned: the same request may be made again once the window is over.
                throw OrdersError.tooManyPickupTries(retryAfterSeconds: max(1, tries.secondsLeft))
            }
            guard let record = try await find(input.code, in: store, tx) else {
                try await tx.execute(CountWrongPickupCode(storeID: store, accountID: account))
                // Returned, so that the count is committed.
                return .problem(Problems.wrongPickupCode.problem("No order waits under this code."))
            }
            return try await collect(record, caller, request, now, tx)
        }
    }

    private func find(_ text: String, in store: StoreID, _ tx: Transaction) async throws -> OrderRecord? {
        guard let code = PickupCodes.normalised(text) else { return nil }
        let hash = assembler.pickupCodes.hash(code, in: store)
        return try await tx.first(LockOrderByPickupHash(storeID: store, hash: hash))
    }

    private func collect(
        _ record: OrderRecord, _ caller: Caller, _ request: Request, _ now: Timestamp, _ tx: Transaction
    ) async throws -> Response {
        let states = try OrderMove.collect.applied(to: record.states)
        let input = MoveOrders.Input(
            record, .collect, to: states, by: Actor(caller, on: record), at: now, reason: nil,
            traceparent: request.traceparent)
        guard try await tx.first(MoveOrders(inputs: [input])) != nil else { throw OrdersError.busy }
        try await tx.execute(EarnPoints(orderID: record.id, customerID: record.placed.customerID, now: now))
        let moved = try await tx.one(OrderByID(id: record.id))
        return .json(.ok, try await assembler.order(moved, for: caller, from: .transaction(tx)))
    }
}
