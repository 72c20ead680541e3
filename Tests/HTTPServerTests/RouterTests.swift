@testable import HTTPServer
import HTTPCore
import Models
import Testing

@Suite
struct RouterTests {
    private func router(_ patterns: [(HTTPMethod, String)]) -> Router {
        var router = Router()
        for (method, pattern) in patterns { router.on(method, pattern) { _ in .noContent } }
        return router
    }

    /// What a path leads to: the pattern and the parameters, or why nothing.
    private func find(_ router: Router, _ method: HTTPMethod, _ path: String) -> String {
        switch router.match(method, path) {
        case .route(let route, let parameters):
            let values = route.parameterNames.map { "\($0)=\(parameters[$0] ?? "?")" }
            return ([route.pattern] + values).joined(separator: " ")
        case .otherMethods(let methods): return "405 " + methods.map(\.name).joined(separator: ",")
        case .nothing: return "404"
        case .malformed: return "400"
        }
    }

    @Test func `a literal wins over a parameter, and a dead end goes back`() {
        let router = router([
            (.get, "/orders/new"), (.get, "/orders/{id}"), (.get, "/orders/{id}/lines"), (.get, "/{any}/new/x"),
        ])
        #expect(find(router, .get, "/orders/new") == "/orders/new")
        #expect(find(router, .get, "/orders/7") == "/orders/{id} id=7")
        #expect(find(router, .get, "/orders/new/lines") == "/orders/{id}/lines id=new")
        #expect(find(router, .get, "/orders/new/x") == "/{any}/new/x any=orders")
        #expect(find(router, .get, "/orders") == "404")
    }

    @Test func `methods are told apart, and GET serves HEAD`() {
        let router = router([(.get, "/a"), (.post, "/a"), (.post, "/b")])
        #expect(find(router, .post, "/a") == "/a" && find(router, .head, "/a") == "/a")
        #expect(find(router, .delete, "/a") == "405 GET,POST,HEAD,OPTIONS")
        #expect(find(router, .head, "/b") == "405 POST,OPTIONS")
    }

    @Test func `the root, several parameters, and nothing else`() {
        let router = router([(.get, "/"), (.put, "/carts/{cart}/lines/{sku}")])
        #expect(find(router, .get, "/") == "/")
        #expect(find(router, .put, "/carts/c1/lines/s2") == "/carts/{cart}/lines/{sku} cart=c1 sku=s2")
        #expect(find(router, .put, "/carts//lines/s2") == "404")
        #expect(find(router, .put, "/carts/c1/lines/") == "404")
        #expect(find(router, .get, "*") == "404")
    }

    @Test func `escapes are decoded after the path is split`() {
        let router = router([(.get, "/a/{b}"), (.get, "/a b")])
        #expect(find(router, .get, "/a/%7Bb%7D") == "/a/{b} b={b}")
        #expect(find(router, .get, "/a/x%2Fy") == "400")
        #expect(find(router, .get, "/a%20b") == "/a b")
        #expect(find(router, .get, "/%61/c") == "/a/{b} b=c")
        #expect(find(router, .get, "/a/%") == "400" && find(router, .get, "/a/..") == "400")
    }

    @Test func `parameters have types; what cannot be named does not exist`() throws {
        let parameters = PathParameters([("n", "12"), ("id", "nonsense")])
        #expect(try parameters.require("n", as: Int.self) == 12)
        #expect(throws: ProblemError.self) { try parameters.require("id", as: OrderID.self) }
        #expect(throws: ProblemError.self) { try parameters.require("missing", as: String.self) }
    }

    @Test func `query values are decoded and checked`() throws {
        let query = QueryItems("q=a+b%26c&n=12&x=1.5&open=true&bad=%zz&n=13&empty=&flag")
        #expect(query["q"] == "a b&c" && query["bad"] == nil && query["empty"] == "" && query["flag"] == "")
        #expect(try query.int("n", in: 0...20) == 12)
        #expect(try query.double("x", in: 0...2) == 1.5)
        #expect(try query.bool("open") == true)
        #expect(try query.bool("absent") == nil)
        #expect(throws: ProblemError.self) { try query.int("n", in: 0...5) }
        #expect(throws: ProblemError.self) { try query.double("q", in: 0...5) }
        #expect(throws: ProblemError.self) { try query.bool("n") }
    }

    @Test func `names of a query may be encoded; broken pairs and empty ones are left out`() {
        let query = QueryItems("&&a%3Db=1&%zz=2&c=%zz&c=3&=4&x+y=5&%00=6&e==&")
        #expect(query["a=b"] == "1" && query["c"] == "3" && query[""] == "4" && query["x y"] == "5" && query["x+y"] == nil)
        #expect(query["e"] == "=" && query["%zz"] == nil && query["\0"] == nil)
        #expect(query.pairs.map { "\($0.name):\($0.value)" } == ["a=b:1", "c:3", ":4", "x y:5", "e:="])
        #expect(QueryItems(nil).pairs.isEmpty && QueryItems("").pairs.isEmpty)
    }

    @Test func `every route is in the table`() {
        #expect(router([(.get, "/a"), (.post, "/a"), (.get, "/b/{c}")]).table.map { "\($0.method) \($0.pattern.text)" }.sorted()
            == ["GET /a", "GET /b/{c}", "POST /a"])
    }
}
