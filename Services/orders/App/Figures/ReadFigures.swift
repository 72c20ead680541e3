import EventLoop
import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// `GET /v1/stores/{store_id}/figures?from&to`: computed from the orders themselves each time, so always exact.
struct ReadFigures: Sendable {
    let kit: Toolkit

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let store = try request.parameters.require("store_id", as: StoreID.self)
        let statement = FiguresOfStore(
            storeID: store, from: try bound("from", request), to: try bound("to", request), now: kit.now())
        let figures = try await kit.database.one(statement, deadline: request.deadline)
        let tills = try await kit.database.all(
            TillsOfStore(span: statement, currency: figures.revenue.currency), deadline: request.deadline)
        return .json(.ok, figures.with(tills))
    }

    private func bound(_ name: String, _ request: Request) throws -> FiguresBound? {
        guard let text = request.query[name] else { return nil }
        guard let bound = FiguresBound(text) else { throw OrdersError.badMoment(parameter: name) }
        return bound
    }
}
