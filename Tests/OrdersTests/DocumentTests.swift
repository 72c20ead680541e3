import HTTPClient
import HTTPCore
import JSON
import Models
import Postgres
import TestSupport
import Testing

@testable import Orders
@testable import ServiceKit

/// The OpenAPI document against the routes that are served.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DocumentTests {
    private struct Operation: Hashable {
        let method: HTTPMethod
        let path: String
    }

    /// The service's own operations of the document, read by their indentation, which the file keeps. Those that every
    /// service has are the contract suite's.
    private func operations() -> Set<Operation> {
        let text = String(decoding: OrdersService.openAPI, as: UTF8.self)
        var found: Set<Operation> = []
        var path = ""
        for line in text.split(separator: "\n") {
            if let match = line.wholeMatch(of: /\ \ (\/[^ ]*):/) { path = String(match.1) }
            guard path.hasPrefix("/v1/"),
                let match = line.wholeMatch(of: /\ {4}(get|post|put|patch|delete):/)
            else { continue }
            found.insert(Operation(method: HTTPMethod(String(match.1).uppercased()), path: path))
        }
        return found
    }

    @Test func `the document describes every route and nothing else`() async throws {
        try await Shop.open { shop in
            let routes = shop.parts.routes().entries.map { Operation(method: $0.method, path: $0.pattern.text) }
            #expect(operations() == Set(routes))
        }
    }

    @Test func `every operation of the document is served, and asks who calls`() async throws {
        try await Shop.open { shop in
            for operation in operations() {
                let path = operation.path
                    .replacing("{cart_id}", with: CartID.make(at: shop.kit.now()).description)
                    .replacing("{sku_id}", with: shop.catalog.tea.description)
                    .replacing("{order_id}", with: OrderID.make(at: shop.kit.now()).description)
                    .replacing("{refund_id}", with: RefundID.make(at: shop.kit.now()).description)
                    .replacing("{store_id}", with: shop.storeID.description)
                    .replacing("{gateway}", with: "wechat").replacing("{day}", with: "2026-11-23")
                    .replacing("{settlement_id}", with: SettlementID.make(at: shop.kit.now()).description)
                let body = operation.method == .get || operation.method == .delete ? [] : Array("{}".utf8)
                let answer = try await shop.orders.send(operation.method, path, body: body)
                #expect(answer.status == .unauthorized, "\(operation.method) \(path): \(answer.text)")
                #expect(answer.headers["content-type"]?.hasPrefix("application/problem+json") == true)
                let other = try await shop.orders.send(.patch, path, body: Array("{}".utf8))
                #expect(other.status.code == 405, "PATCH \(path)")
                #expect(other.headers["allow"]?.contains(operation.method.name) == true)
            }
            let document = try await shop.orders.send(.get, "/openapi.yaml")
            #expect(document.body == OrdersService.openAPI)
        }
    }

    @Test func `every problem of the service is in the document`() {
        let text = String(decoding: OrdersService.openAPI, as: UTF8.self)
        for kind in Problems.kinds { #expect(text.contains(kind.code), "\(kind.code)") }
    }
}
