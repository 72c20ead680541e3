import EventLoop
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// Carts of guests and customers.
///
/// A guest's cart is reached through the storefront by whoever holds its identity; once a customer who is signed in
/// has used it, it is theirs, and to everybody else it does not exist.
struct Carts: Sendable {
    private static let bodyBytesMax = 4_096
    /// As many as an order can have.
    static let linesMax = 100
    /// Thirty days.
    private static let retention = Duration.seconds(30 * 86_400)
    private static let sweepMax = 500

    let kit: Toolkit

    /// `POST /v1/carts`
    func create(_ request: Request, _ caller: Caller) async throws -> Response {
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        let input = try JSON.decode(NewCart.self, from: body, mode: .strict)
        return try await kit.idempotency.run(request, caller, body: body) { tx in
            let now = kit.now()
            let cart = Cart(
                id: .make(at: now), storeID: input.storeID, customerID: caller.accountID, lines: [], updatedAt: now)
            try await tx.execute(InsertCart(cart: cart))
            return .json(.created, cart)
        }
    }

    /// `GET /v1/carts/{cart_id}`
    func read(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try request.parameters.require("cart_id", as: CartID.self)
        let use = UseCart(id: id, customerID: caller.accountID, now: kit.now())
        guard let row = try await kit.database.first(use, deadline: request.deadline) else {
            throw OrdersError.notFound("cart")
        }
        let lines = try await kit.database.all(LinesOfCart(id: id), deadline: request.deadline)
        return .json(.ok, Self.cart(row, lines))
    }

    /// `PUT /v1/carts/{cart_id}/lines/{sku_id}`: the same again changes nothing, so it needs no key.
    func setLine(_ request: Request, _ caller: Caller) async throws -> Response {
        let skuID = try request.parameters.require("sku_id", as: SKUID.self)
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        let input = try JSON.decode(CartLineInput.self, from: body, mode: .strict)
        return try await change(request, caller) { id, now, tx in
            let set = SetCartLine(cartID: id, skuID: skuID, input: input, now: now, linesMax: Self.linesMax)
            guard try await tx.execute(set) > 0 else { throw OrdersError.cartFull(linesMax: Self.linesMax) }
        }
    }

    /// `DELETE /v1/carts/{cart_id}/lines/{sku_id}`
    func removeLine(_ request: Request, _ caller: Caller) async throws -> Response {
        let skuID = try request.parameters.require("sku_id", as: SKUID.self)
        return try await change(request, caller) { id, _, tx in
            try await tx.execute(DeleteCartLine(cartID: id, skuID: skuID))
        }
    }

    /// The job that forgets old carts.
    static func sweep(_ kit: Toolkit) async throws -> JobProgress {
        let count = try await kit.database.execute(DeleteOldCarts(before: kit.now() - retention, limit: sweepMax))
        return count == sweepMax ? .more : .idle
    }

    private func change(
        _ request: Request, _ caller: Caller, _ effect: (CartID, Timestamp, Transaction) async throws -> Void
    ) async throws -> Response {
        let id = try request.parameters.require("cart_id", as: CartID.self)
        return try await kit.database.transaction(deadline: request.deadline) { tx in
            let now = kit.now()
            guard let row = try await tx.first(UseCart(id: id, customerID: caller.accountID, now: now)) else {
                throw OrdersError.notFound("cart")
            }
            try await effect(id, now, tx)
            return .json(.ok, Self.cart(row, try await tx.all(LinesOfCart(id: id))))
        }
    }

    private static func cart(_ row: CartRow, _ lines: [CartLine]) -> Cart {
        Cart(
            id: row.id, storeID: row.storeID, customerID: row.customerID, lines: lines, updatedAt: row.updatedAt)
    }
}
