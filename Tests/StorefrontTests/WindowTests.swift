import Clients
import HTTPClient
import HTTPCore
import HTTPServer
import Models
import ServiceKit
import TestSupport
import Testing

@testable import Storefront

/// What the website keeps of stores, and that nobody ever sees what is not so any more.
@Suite struct WindowTests {
    private func with(_ body: (ServiceHarness, Street) async throws -> Void) async throws {
        let street = try await Street()
        try await ServiceHarness.with(
            StorefrontService.self, neighbours: street.neighbours, environment: Street.environment
        ) { harness in try await body(harness, street) }
    }

    /// A catalog that answers with a window of this version, or 304 to who has it.
    private func serve(_ street: Street, version: String, price: Int64) {
        var window = StoreWindow(store: street.store, menu: Models.Page(items: street.items), reviews: [])
        window.menu.items[0].skus[0].price = Money(minorUnits: price)
        let answer = window
        street.catalog.on(.get, CatalogAPI.storeWindow.path(street.store.summary.id)) { request in
            var response = Response.json(.ok, answer)
            if request.headers["if-none-match"] == version { response = Response(status: .notModified) }
            response.headers.set("etag", version)
            return response
        }
    }

    @Test func `a new price is on the page at once, and a page that is still good is not read again`() async throws {
        try await with { harness, street in
            let path = "/stores/\(street.store.summary.id)"
            serve(street, version: "\"a\"", price: 1_811)
            for _ in 0..<3 {
                let page = try await Browser(harness).get(path)
                #expect(page.text.contains("18.11"))
            }
            let asked = street.catalog.requests.filter { $0.path.hasSuffix("/window") }
            #expect(asked.map { $0.headers["if-none-match"] } == [nil, "\"a\"", "\"a\""])
            serve(street, version: "\"b\"", price: 1_922)
            let page = try await Browser(harness).get(path)
            #expect(page.text.contains("19.22") && !page.text.contains("18.11"))
        }
    }

    @Test func `languages do not mix, and each browser has its own token and cookie`() async throws {
        try await with { harness, street in
            let path = "/stores/\(street.store.summary.id)"
            serve(street, version: "\"a\"", price: 1_811)
            var tokens = Set<String>()
            for language in ["zh", "en", "zh", "en"] {
                let browser = Browser(harness)
                let page = try await browser.get(path, language: language)
                #expect(page.text.hasPrefix("<!doctype html><html lang=\"\(language)"))
                #expect(page.text.contains("Opening hours") == (language == "en"))
                let token = try #require(Browser.token(in: page))
                tokens.insert(token)
                let binding = try #require(browser.cookies["linli_guest"])
                let again = try await browser.get(path, language: language)
                #expect(Browser.token(in: again) == token)
                #expect(browser.cookies["linli_guest"] == binding)
            }
            #expect(tokens.count == 4)
        }
    }

    @Test func `the kept page is the page that is made anew`() async throws {
        try await with { harness, street in
            let path = "/stores/\(street.store.summary.id)"
            serve(street, version: "\"a\"", price: 1_811)
            let browser = Browser(harness)
            let kept = try await browser.get(path).text
            // Any query makes the page anew; its own address is all that differs.
            let made = try await browser.get(path + "?x=1").text
            #expect(
                made.replacing("%3Fx%3D1", with: "").replacing("?x=1", with: "") == kept)
        }
    }

    @Test func `a store that is gone is gone from the site, and a catalog that is away is told`() async throws {
        try await with { harness, street in
            let path = "/stores/\(street.store.summary.id)"
            let window = CatalogAPI.storeWindow.path(street.store.summary.id)
            serve(street, version: "\"a\"", price: 1_811)
            let browser = Browser(harness)
            let here = try await browser.get(path)
            street.catalog.on(.get, window) { _ in .failure(KitProblems.notFound.error("gone")) }
            let gone = try await browser.get(path)
            street.catalog.on(.get, window) { _ in .failure(KitProblems.unavailable.error("away")) }
            let away = try await browser.get(path)
            #expect([here, gone, away].map(\.status.code) == [200, 404, 503])
        }
    }

    @Test func `what is kept stays within its bound, and what is used stays`() {
        let kept = TwoGenerations<Int, Int>(bytesMax: 1_000)
        for number in 0..<500 {
            _ = kept.add(number, number, bytes: 50)
            #expect(kept.get(0) == 0)
            #expect(kept.byteCount <= 1_000)
        }
        #expect(kept.get(250) == nil)
        kept.grow(0, by: 5_000)
        #expect(kept.get(0) == nil)
        #expect(kept.byteCount <= 1_000)
    }

    @Test func `a mark at either end, twice or never is replaced`() {
        for text in ["", "a", "##", "a##b", "##a##", "a#b##c###d"] {
            let page = PreparedPage(Array(text.utf8), mark: Array("##".utf8))
            #expect(String(decoding: page.bytes(token: "xyz"), as: UTF8.self) == text.replacing("##", with: "xyz"))
        }
    }
}
