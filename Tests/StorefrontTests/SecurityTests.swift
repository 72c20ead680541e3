import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Models
import ServiceKit
import Synchronization
import TestSupport
import Testing

@testable import Storefront

/// A clock that tests turn by hand.
final class HandClock: Sendable {
    private let time = Mutex<Int64>(1_790_000_000_000_000)
    var clock: WallClock { WallClock { Timestamp(microseconds: self.time.withLock { $0 }) } }
    func advance(seconds: Int64) { time.withLock { $0 += seconds * 1_000_000 } }
}

@Suite struct SecurityTests {
    private func with(
        _ settings: [String: String] = [:], clock: WallClock = .system,
        _ body: (ServiceHarness, Street, Browser) async throws -> Void
    ) async throws {
        let street = try await Street()
        try await ServiceHarness.with(
            StorefrontService.self, neighbours: street.neighbours,
            environment: Street.environment.merging(settings) { $1 }, clock: clock
        ) { harness in
            try await body(harness, street, Browser(harness))
        }
    }

    @Test func `signing in through pages opens a session whose cookie no script and no other site can use`()
        async throws
    {
        try await with(["SECURE_COOKIES": "true"]) { _, street, browser in
            let before = try await browser.get("/account")
            #expect(before.status == .seeOther && before.headers["location"]?.hasPrefix("/sign-in") == true)
            let answer = try await browser.signIn("13812345678", street)
            #expect(answer.status == .seeOther && answer.headers["location"] == "/account")
            let cookie = try #require(answer.headers.all("set-cookie").first { $0.hasPrefix("linli_session=") })
            for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] { #expect(cookie.contains(part)) }
            let account = try await browser.get("/account")
            #expect(account.text.contains("138****5678") && !account.text.contains("13812345678"))
        }
    }

    @Test(arguments: ["//evil.example", "https://evil.example", "/\\evil.example"])
    func `signing in never leads to another site`(target: String) async throws {
        try await with { _, street, browser in
            let answer1 = try await browser.signIn("13812345678", street, returning: target).headers["location"]
            #expect(answer1 == "/")
        }
    }

    @Test func `a new sign-in ends the browser's former session, and signing out kills it`() async throws {
        try await with(["SIGN_IN_CODES_PER_PHONE_MINUTE": "10"]) { harness, street, browser in
            _ = try await browser.signIn("13812345678", street)
            let old = try #require(browser.cookies["linli_session"])
            let token = Browser.token(in: try await browser.get("/account"))
            let second = try await browser.post("/sign-in/code", [("phone", "13812345678")], token: token)
            _ = try await browser.post(
                "/sign-in", [("phone", "13812345678"), ("code", try street.code())], token: Browser.token(in: second))
            let new = try #require(browser.cookies["linli_session"])
            #expect(new != old)
            let answer2 = try await harness.send(.get, "/api/v1/me", token: old).status
            #expect(answer2 == .unauthorized)
            let answer3 = try await harness.send(.get, "/api/v1/me", token: new).status
            #expect(answer3 == .ok)
            _ = try await browser.post("/sign-out", [], token: Browser.token(in: try await browser.get("/account")))
            let answer4 = try await harness.send(.get, "/api/v1/me", token: new).status
            #expect(answer4 == .unauthorized)
        }
    }

    @Test func `a session ends after half an hour without use and after a day in any case`() async throws {
        let hand = HandClock()
        try await with(clock: hand.clock) { harness, street, browser in
            _ = try await browser.signIn("13812345678", street)
            let token = try #require(browser.cookies["linli_session"])
            for _ in 0..<57 {
                hand.advance(seconds: 1_500)
                let answer5 = try await harness.send(.get, "/api/v1/me", token: token).status
                #expect(answer5 == .ok)
            }
            hand.advance(seconds: 1_500)
            let answer6 = try await harness.send(.get, "/api/v1/me", token: token).status
            #expect(answer6 == .unauthorized)
        }
        try await with(clock: hand.clock) { harness, street, browser in
            _ = try await browser.signIn("13812345678", street)
            let token = try #require(browser.cookies["linli_session"])
            hand.advance(seconds: 1_801)
            let answer7 = try await harness.send(.get, "/api/v1/me", token: token).status
            #expect(answer7 == .unauthorized)
        }
    }

    @Test func `five wrong codes kill the code and lock the number`() async throws {
        try await with { harness, street, _ in
            func tryCode(_ code: String) async throws -> HTTPStatus {
                try await harness.send(.post, "/api/v1/sign-in", json: SignInRequest(phone: "13812345678", code: code))
                    .status
            }
            let answer8 = try await harness.send(
                .post, "/api/v1/sign-in/codes", json: SignInCodeRequest(phone: "13812345678")
            ).status
            #expect(answer8 == .accepted)
            let right = try street.code()
            let wrong = right == "000000" ? "000001" : "000000"
            for _ in 0..<4 {
                let answer = try await tryCode(wrong)
                #expect(answer == .unprocessableContent)
            }
            let answer9 = try await tryCode(wrong)
            #expect(answer9 == .tooManyRequests)
            let answer10 = try await tryCode(right)
            #expect(answer10 == .unprocessableContent)
            let again = try await harness.send(
                .post, "/api/v1/sign-in/codes", json: SignInCodeRequest(phone: "13812345678"))
            #expect(again.status == .tooManyRequests && again.headers["retry-after"] != nil)
        }
    }

    @Test func `of fifty right tries at once one opens a session`() async throws {
        try await with { harness, street, _ in
            _ = try await harness.send(.post, "/api/v1/sign-in/codes", json: SignInCodeRequest(phone: "13812345678"))
            let code = try street.code()
            let opened = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        try await harness.send(
                            .post, "/api/v1/sign-in", json: SignInRequest(phone: "13812345678", code: code)
                        ).status == .created
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(opened == 1)
        }
    }

    @Test func `a code is good for its own number and for five minutes`() async throws {
        let hand = HandClock()
        try await with(clock: hand.clock) { harness, street, _ in
            for phone in ["13812345678", "13912345678"] {
                _ = try await harness.send(.post, "/api/v1/sign-in/codes", json: SignInCodeRequest(phone: phone))
            }
            let second = try street.code()
            let answer11 = try await harness.send(
                .post, "/api/v1/sign-in", json: SignInRequest(phone: "13812345678", code: second)
            ).status
            #expect(answer11 == .unprocessableContent)
            hand.advance(seconds: 301)
            let answer12 = try await harness.send(
                .post, "/api/v1/sign-in", json: SignInRequest(phone: "13912345678", code: second)
            ).status
            #expect(answer12 == .unprocessableContent)
        }
    }

    @Test func `codes are limited a phone and an address, and the answer is the same for all numbers`() async throws {
        try await with(["SIGN_IN_CODES_PER_ADDRESS_HOUR": "3"]) { harness, _, _ in
            func ask(_ phone: String) async throws -> HTTPStatus {
                try await harness.send(.post, "/api/v1/sign-in/codes", json: SignInCodeRequest(phone: phone)).status
            }
            let answer13 = try await ask("13812345678")
            #expect(answer13 == .accepted)
            let answer14 = try await ask("13812345678")
            #expect(answer14 == .tooManyRequests)
            let answer15 = try await ask("13812345679")
            #expect(answer15 == .accepted)
            let answer16 = try await ask("13800000000")
            #expect(answer16 == .accepted)
            let answer17 = try await ask("13812345680")
            #expect(answer17 == .tooManyRequests)
        }
    }

    @Test func `a form without the token, with another session's, or from another site is refused and does nothing`()
        async throws
    {
        try await with { harness, street, browser in
            _ = try await browser.signIn("13812345678", street)
            let other = Browser(harness)
            _ = try await other.signIn("13912345678", street)
            let foreign = Browser.token(in: try await other.get("/account"))
            let own = Browser.token(in: try await browser.get("/account"))
            let answer18 = try await browser.post("/sign-out", []).status
            #expect(answer18 == .forbidden)
            let answer19 = try await browser.post("/sign-out", [], token: foreign).status
            #expect(answer19 == .forbidden)
            let answer20 = try await browser.post("/sign-out", [], token: own, origin: "https://evil.example").status
            #expect(answer20 == .forbidden)
            let answer21 = try await browser.post("/sign-out", [], token: own, origin: "null").status
            #expect(answer21 == .forbidden)
            let answer22 = try await browser.get("/account").status
            #expect(answer22 == .ok)
        }
    }

    @Test func `every route of the API that needs a person refuses strangers and never calls a neighbour for them`()
        async throws
    {
        try await with { harness, street, _ in
            let id = street.store.summary.id
            let order = OrderID.make(at: Timestamp(microseconds: 1))
            let calls: [(HTTPMethod, String)] = [
                (.get, "/api/v1/me"), (.get, "/api/v1/orders"), (.post, "/api/v1/orders"), (.post, "/api/v1/quotes"),
                (.get, "/api/v1/orders/\(order)"), (.post, "/api/v1/orders/\(order)/payments"),
                (.post, "/api/v1/orders/\(order)/cancel"),
                (.post, "/api/v1/orders/\(order)/accept"), (.post, "/api/v1/orders/\(order)/refunds"),
                (.get, "/api/v1/stores/\(id)/board"),
                (.post, "/api/v1/stores/\(id)/collections"), (.get, "/api/v1/stores/\(id)/figures"),
                (.get, "/api/v1/stores/\(id)/stock"),
                (.post, "/api/v1/merchants"), (.post, "/api/v1/stores"), (.post, "/api/v1/items"),
                (.post, "/api/v1/imports/stores"), (.post, "/api/v1/reconciliations"),
                (.get, "/api/v1/reconciliations"), (.get, "/api/v1/reconciliations/wechat/2026-11-23/differences"),
                (.get, "/api/v1/inbox"), (.get, "/api/v1/streams/me"), (.get, "/api/v1/streams/stores/\(id)"),
                (.post, "/api/v1/staff"),
                (.get, "/api/v1/stores/\(id)/staff"), (.post, "/api/v1/sign-out"),
            ]
            for (method, path) in calls {
                for headers in [[], [("x-user-id", "acc_1"), ("x-role", "operator")]] {
                    let answer = try await harness.send(
                        method, path, body: method == .post ? Array("{}".utf8) : [], headers: headers)
                    #expect(answer.status == .unauthorized, "\(method) \(path)")
                    #expect(answer.headers["content-type"] == "application/problem+json")
                }
            }
            #expect(
                street.orders.requests.isEmpty && street.notifications.requests.isEmpty
                    && street.catalog.requests.isEmpty)
        }
    }

    @Test func `the API passes on a token of the person and the neighbour's refusal, and nothing a client made up`()
        async throws
    {
        try await with { harness, street, browser in
            _ = try await browser.signIn("13812345678", street)
            let token = try #require(browser.cookies["linli_session"])
            let order = OrderID.make(at: Timestamp(microseconds: 1))
            let answer = try await harness.send(
                .get, "/api/v1/orders/\(order)", token: token,
                headers: [("on-behalf-of", "acc_1"), ("x-forwarded-for", "1.2.3.4")])
            #expect(answer.status == .notFound && answer.headers["content-type"] == "application/problem+json")
            let seen = try #require(street.orders.requests.last)
            #expect(seen.headers["authorization"]?.hasPrefix("Bearer ey") == true)
            #expect(seen.headers["on-behalf-of"] == nil && seen.headers["cookie"] == nil)
            // A browser's cookie alone changes nothing through the API.
            let forged = try await harness.send(
                .post, "/api/v1/orders/\(order)/cancel", body: Array("{}".utf8),
                headers: [("cookie", "linli_session=\(token)"), ("origin", "https://evil.example")])
            #expect(forged.status == .forbidden)
        }
    }

    @Test func `the console of a store is not there for people who do not work in it`() async throws {
        try await with { harness, street, browser in
            _ = try await browser.signIn("13812345678", street)
            let id = street.store.summary.id
            let answer23 = try await browser.get("/console/\(id)").status
            #expect(answer23 == .notFound)
            let token = try #require(browser.cookies["linli_session"])
            let grant = StaffGrant(storeID: id, phone: "13812345678", role: "manager")
            let answer24 = try await harness.send(.post, "/api/v1/staff", json: grant, token: token).status
            #expect(answer24 == .notFound)
            let boss = Browser(harness)
            _ = try await boss.signIn("13800000000", street)
            let operatorToken = try #require(boss.cookies["linli_session"])
            let answer25 = try await harness.send(.post, "/api/v1/staff", json: grant, token: operatorToken).status
            #expect(answer25 == .created)
            let me: Account = try await harness.send(.get, "/api/v1/me", token: token).decoded()
            #expect(me.stores == [id.description: "manager"])
            let members: Models.Page<StaffMember> = try await harness.send(
                .get, "/api/v1/stores/\(id)/staff", token: token
            ).decoded()
            #expect(members.items.map(\.phone) == ["138****5678"])
            let removal = "/api/v1/stores/\(id)/staff/\(me.id)"
            let answer26 = try await harness.send(.delete, removal, token: operatorToken).status
            #expect(answer26 == .noContent)
            let answer27 = try await browser.get("/console/\(id)").status
            #expect(answer27 == .notFound)
        }
    }

    @Test func `bodies of the API are read strictly`() async throws {
        try await with { harness, _, _ in
            for body in [
                "", "{", "[]", "{\"phone\":1}", "{\"phone\":\"13812345678\",\"role\":\"operator\"}",
                "{\"phone\":\"x\"}",
            ] {
                let answer = try await harness.send(
                    .post, "/api/v1/sign-in/codes", body: Array(body.utf8),
                    headers: [("content-type", "application/json")])
                #expect([400, 422].contains(answer.status.code), "\(body)")
                let problem: Problem = try answer.decoded()
                #expect(!problem.code.isEmpty)
            }
            let big = try await harness.send(
                .post, "/api/v1/sign-in/codes", body: [UInt8](repeating: 32, count: 20_000))
            #expect(big.status == .contentTooLarge)
        }
    }

    @Test func `production shows no mailbox`() async throws {
        try await with(["LINLI_ENVIRONMENT": "production"]) { _, street, browser in
            let answer28 = try await browser.get("/development/mailbox").status
            #expect(answer28 == .notFound)
            #expect(street.notifications.requests.isEmpty)
            let answer29 = try await browser.get("/").text.contains("/development/")
            #expect(!answer29)
        }
    }
}
