import EventLoop
import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// `GET /v1/stores/{store_id}/board`: what the staff have to do, oldest first.
struct ReadBoard: Sendable {
    /// More than a kitchen can have under way.
    private static let ordersMax = 500

    let kit: Toolkit

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let store = try request.parameters.require("store_id", as: StoreID.self)
        var orders = try await kit.database.all(
            OrdersOnBoard(storeID: store, limit: Self.ordersMax), deadline: request.deadline)
        let rows = try await kit.database.all(LinesOnBoard(orderIDs: orders.map(\.id)), deadline: request.deadline)
        let lines = Dictionary(grouping: rows, by: \.order)
        for index in orders.indices { orders[index].lines = (lines[orders[index].id] ?? []).map(\.line) }
        return .json(.ok, Board(storeID: store, orders: orders))
    }
}
