import HTTPClient
import HTTPCore
import HTTPServer
import Models
import TestSupport
import Testing

@testable import Storefront

@Suite struct PageTests {
    private func with(_ body: (ServiceHarness, Street, Browser) async throws -> Void) async throws {
        let street = try await Street()
        try await ServiceHarness.with(
            StorefrontService.self, neighbours: street.neighbours, environment: Street.environment
        ) { harness in
            try await body(harness, street, Browser(harness))
        }
    }

    @Test func `shop pages render in both languages with names that cannot become markup`() async throws {
        try await with { _, street, browser in
            let id = street.store.summary.id
            for path in [
                "/", "/stores?q=%3Cscript%3E", "/stores/\(id)", "/items/\(street.items[0].id)", "/cart", "/sign-in",
            ] {
                for language in ["zh", "en"] {
                    let page = try await browser.get(path, language: language)
                    #expect(page.status == .ok, "\(path)")
                    #expect(page.text.hasPrefix("<!doctype html><html lang=\"\(language)"))
                    #expect(!page.text.contains("<script>") && !page.text.contains("<img"), "\(path)")
                    #expect(page.text.hasSuffix("</body></html>"))
                }
            }
            let store = try await browser.get("/stores/\(id)")
            #expect(store.text.contains("&lt;script&gt;"))
            #expect(store.text.contains("coordinate=gaode") && store.text.contains("coord_type=bd09ll"))
        }
    }

    @Test func `every page carries the headers that keep it safe`() async throws {
        try await with { _, _, browser in
            for path in ["/", "/sign-in", "/orders/ord_x", "/nowhere-but-stores"] {
                let page = try await browser.get(path)
                guard page.headers["content-type"]?.hasPrefix("text/html") == true else { continue }
                let policy = page.headers["content-security-policy"] ?? ""
                #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
                #expect(!policy.contains("unsafe"))
                #expect(page.headers["x-content-type-options"] == "nosniff")
                #expect(!page.text.contains(" style=") && !page.text.contains(" onclick"))
            }
        }
    }

    @Test func `what is not there gets a friendly page`() async throws {
        try await with { _, _, browser in
            for path in ["/stores/sto_nonsense", "/items/itm_01h455vb4pex5vsknk084sn02q"] {
                let page = try await browser.get(path)
                #expect(page.status == .notFound)
                #expect(page.text.contains("Nothing here"))
            }
        }
    }

    @Test func `a catalog that is away gives a page that says so, without detail`() async throws {
        try await with { _, street, browser in
            await street.catalog.stop()
            let page = try await browser.get("/")
            #expect(page.status == .serviceUnavailable)
            #expect(!page.text.contains("127.0.0.1"))
        }
    }

    @Test func `files are kept by their hash, compressed, and asked for by tag`() async throws {
        try await with { harness, _, browser in
            let page = try await browser.get("/")
            let path = try #require(page.text.firstMatch(of: /href="(\/static\/[0-9a-f]+\/linli\.css)"/)).1
            let file = try await harness.send(.get, String(path), headers: [("accept-encoding", "gzip")])
            #expect(file.headers["content-encoding"] == "gzip")
            #expect(file.headers["cache-control"]?.contains("immutable") == true)
            let tag = try #require(file.headers["etag"])
            let again = try await harness.send(
                .get, String(path), headers: [("accept-encoding", "gzip"), ("if-none-match", tag)])
            #expect(again.status == .notModified)
            let answer1 = try await harness.send(.get, "/static/x/passwd").status
            #expect(answer1 == .notFound)
        }
    }

    @Test func `a cart is not forgotten while the orders service is away`() async throws {
        try await with { _, street, browser in
            let now = Timestamp(microseconds: 1_700_000_000_000_000)
            let sku = street.items[0].skus[0].id
            let cart = Cart(
                id: .make(at: now), storeID: street.store.summary.id, lines: [CartLine(skuID: sku, quantity: 2)],
                updatedAt: now)
            street.orders.on(.post, "/v1/carts") { _ in .json(.created, cart) }
            street.orders.on(.put, "/v1/carts/\(cart.id)/lines/\(sku)") { _ in .json(.ok, cart) }
            let path = "/stores/\(street.store.summary.id)"
            let fields = [("store", street.store.summary.id.description), ("set", "\(sku):2"), ("return", path)]
            _ = try await browser.post("/cart", fields, token: Browser.token(in: try await browser.get(path)))
            #expect(browser.cookies["linli_cart"] == "\(cart.id).2")
            await street.orders.stop()
            let away = try await browser.get("/cart")
            #expect(away.status == .serviceUnavailable)
            let store = try await browser.get(path)
            #expect(store.status == .ok)
            #expect(browser.cookies["linli_cart"] == "\(cart.id).2")
        }
    }

    @Test func `a guest's cart is made at the first thing put in, and a second store is asked about`() async throws {
        try await with { _, street, browser in
            let now = Timestamp(microseconds: 1_700_000_000_000_000)
            let sku = street.items[0].skus[0].id
            let cart = Cart(
                id: .make(at: now), storeID: street.store.summary.id, lines: [CartLine(skuID: sku, quantity: 2)],
                updatedAt: now)
            street.orders.on(.post, "/v1/carts") { _ in .json(.created, cart) }
            street.orders.on(.get, "/v1/carts/\(cart.id)") { _ in .json(.ok, cart) }
            street.orders.on(.put, "/v1/carts/\(cart.id)/lines/\(sku)") { _ in .json(.ok, cart) }
            let path = "/stores/\(street.store.summary.id)"
            let token = Browser.token(in: try await browser.get(path))
            let fields = [("store", street.store.summary.id.description), ("set", "\(sku):2"), ("return", path)]
            let answer = try await browser.post("/cart", fields, token: token)
            #expect(answer.status == .seeOther && answer.headers["location"] == "\(path)#step-\(sku)")
            #expect(browser.cookies["linli_cart"] == "\(cart.id).2")
            let answer2 = try await browser.get("/cart").text.contains("36.00")
            #expect(answer2)
            let other = StoreID.make(at: now)
            let asked = try await browser.post(
                "/cart", [("store", other.description), ("set", "\(sku):1"), ("return", path)], token: token)
            #expect(asked.status == .conflict && asked.text.contains("another store"))
        }
    }
}
