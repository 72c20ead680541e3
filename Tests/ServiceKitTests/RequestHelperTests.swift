import EventLoop
import HTTPServer
import Models
import Testing

@testable import ServiceKit

@Suite struct RequestHelperTests {
    @Test func `a cursor comes back as its parts`() throws {
        let cursor = Cursor.encode("2026-11-23T05:24:06Z", "ord_1", "")
        #expect(try Cursor.decode(cursor, count: 3) == ["2026-11-23T05:24:06Z", "ord_1", ""])
    }

    @Test(arguments: ["", "!!", "AAAA", String(repeating: "A", count: 5_000)])
    func `what is no cursor of this list is a 400`(text: String) {
        #expect { try Cursor.decode(text, count: 2) } throws: { ($0 as? ProblemError)?.problem.status == 400 }
    }

    @Test func `a rate limit lets a burst through, then one an interval`() {
        let limiter = RateLimiter(limit: 3, per: .seconds(60))
        let start = Instant.now
        for _ in 0..<3 { #expect(limiter.take("a", at: start) == .allowed) }
        #expect(limiter.take("a", at: start) == .refused(retryAfter: .seconds(20)))
        #expect(limiter.take("b", at: start) == .allowed)
        #expect(limiter.take("a", at: start + .seconds(20)) == .allowed)
        #expect(limiter.take("a", at: start + .seconds(20)) == .refused(retryAfter: .seconds(20)))
    }

    @Test func `a full rate limiter forgets keys at rest and refuses newcomers when all are active`() {
        let limiter = RateLimiter(limit: 1, per: .seconds(1), keysMax: 2)
        let start = Instant.now
        #expect(limiter.take("a", at: start) == .allowed)
        #expect(limiter.take("b", at: start) == .allowed)
        #expect(limiter.take("c", at: start) != .allowed)
        #expect(limiter.take("c", at: start + .seconds(2)) == .allowed)
    }

    @Test(arguments: [
        ("\"a\"", true), ("W/\"a\"", true), ("*", true), ("\"b\", \"a\"", true), ("\"b\"", false), ("a", false),
    ])
    func `If-None-Match is compared weakly`(header: String, matches: Bool) {
        #expect(Response.matches(header, "\"a\"") == matches)
    }

    @Test func `the bearer scheme is not case-sensitive`() {
        #expect(TokenAuthenticator.bearer("Bearer abc") == "abc")
        #expect(TokenAuthenticator.bearer("bearer abc") == "abc")
        #expect(TokenAuthenticator.bearer("Basic abc") == nil)
        #expect(TokenAuthenticator.bearer("Bearer ") == nil)
    }

    @Test func `staff may act in their store with their role or a lower one`() {
        let store = StoreID.make(at: Timestamp(microseconds: 1))
        let other = StoreID.make(at: Timestamp(microseconds: 2))
        let account = AccountID.make(at: Timestamp(microseconds: 3))
        let manager = Caller.user(account, stores: [store: .manager], operator: false)
        #expect(manager.mayAct(for: store, as: .manager) && manager.mayAct(for: store))
        #expect(!manager.mayAct(for: other))
        let clerk = Caller.user(account, stores: [store: .clerk], operator: false)
        #expect(clerk.mayAct(for: store) && !clerk.mayAct(for: store, as: .manager))
        #expect(Caller.user(account, stores: [:], operator: true).mayAct(for: other, as: .manager))
        #expect(!Caller.service("orders", onBehalfOf: account).mayAct(for: store))
    }
}
