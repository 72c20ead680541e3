import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// `GET /v1/stores/{store_id}/unpaid-orders`: whose customer may stand at the counter with money in hand,
/// or for money.
struct ReadUnpaid: Sendable {
    let kit: Toolkit

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let store = try request.parameters.require("store_id", as: StoreID.self)
        let orders = try await kit.database.all(
            UnpaidOfStore(storeID: store, now: kit.now()), deadline: request.deadline)
        let refunds = try await kit.database.all(WaitingRefundsOfStore(storeID: store), deadline: request.deadline)
        return .json(.ok, UnpaidOrders(orders: orders, refunds: refunds))
    }
}
