import Crypto
import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Models
import TestSupport
import Testing
@testable import PaymentsSim

/// The pages on which people pay, refuse or wait, and the code they show at a till.
@Suite(.serialized, .timeLimit(.minutes(5))) struct CashierTests {
    /// The paths of an open page of each gateway.
    private func pages(_ rehearsal: Rehearsal) async throws -> [String] {
        let scene: JSONValue = ["payer_client_ip": "127.0.0.1", "h5_info": ["type": "Wap"]]
        let order = rehearsal.order("page-0001", changes: ["scene_info": scene])
        let weChat = try await rehearsal.call(.post, "/v3/pay/transactions/h5", order).body["h5_url"]?.string
        let alipay = try await rehearsal.alipay("alipay.trade.precreate", rehearsal.alipayOrder("page0001"))
        let urls = [try #require(weChat), try #require(alipay["qr_code"]?.string)]
        return urls.map { String($0.dropFirst(RehearsalKeys.baseURL.count)) }
            + [try await rehearsal.openCard("page0001")]
    }

    @Test func `every page has one heading, the amount, a code for a phone, and the three ways on`() async throws {
        try await Rehearsal.with { rehearsal in
            for page in try await pages(rehearsal) {
                let answer = try await rehearsal.simulator.send(.get, page + "?lang=en")
                #expect(answer.status == .ok)
                #expect(answer.text.components("<h1").count == 2, "\(page)")
                #expect(answer.text.contains("¥10.00"))
                #expect(answer.text.contains("width=device-width"))
                #expect(answer.text.contains("role=\"img\" aria-label=\"Payment code\""))
                for decision in ["refuse", "wait"] { #expect(answer.text.contains("value=\"\(decision)\""), "\(page)") }
                #expect(answer.text.contains("value=\"pay\"") || answer.text.contains("value=\"card\""))
                #expect(!answer.text.contains("<script") && !answer.text.contains("http-equiv=\"refresh\""))
            }
        }
    }

    @Test func `who waits sees the page look again, and pays with a phone`() async throws {
        try await Rehearsal.with { rehearsal in
            for page in try await pages(rehearsal) {
                let waits = try await rehearsal.post(page, ["decision": "wait"])
                #expect(waits.status == .seeOther)
                let path = try #require(waits.headers["location"])
                let waiting = try await rehearsal.simulator.send(.get, path).text
                #expect(waiting.contains("http-equiv=\"refresh\""))
                #expect(waiting.contains("role=\"status\""))
                guard !page.contains("card") else { continue }
                #expect(try await rehearsal.post(page, ["decision": "pay"]).status == .seeOther)
                let paid = try await rehearsal.simulator.send(.get, path + "&lang=en").text
                #expect(paid.contains(">Paid<") && !paid.contains("http-equiv=\"refresh\""))
            }
        }
    }

    @Test func `who refuses pays nothing and may come back`() async throws {
        try await Rehearsal.with { rehearsal in
            for page in try await pages(rehearsal) {
                #expect(try await rehearsal.post(page, ["decision": "refuse"]).status == .seeOther)
                #expect(try await rehearsal.post(page, ["decision": "no"]).status == .badRequest)
                #expect(try await rehearsal.simulator.send(.get, page).text.contains("value=\"refuse\""))
            }
            #expect(try await rehearsal.balances().isEmpty)
        }
    }

    @Test(arguments: [("wechat", "13"), ("alipay", "28")])
    func `a till pays with the code that a phone shows`(gateway: String, prefix: String) async throws {
        try await Rehearsal.with { rehearsal in
            let page = try await rehearsal.simulator.send(.get, "/cashier/\(gateway)/code").text
            let code = String(try #require(page.components("<p class=\"digits\">").last).prefix(18))
            #expect(code.hasPrefix(prefix) && code.allSatisfy(\.isNumber))
            #expect(page.contains("class=\"bars\"") && page.contains("class=\"code\""))
            if gateway == "wechat" {
                let order = rehearsal.order("till-0001", changes: [
                    "payer": ["auth_code": .string(code)], "scene_info": ["store_info": ["id": "1"]],
                ])
                let paid = try await rehearsal.call(.post, "/v3/pay/transactions/codepay", order)
                #expect(try paid.body["trade_state"] == "SUCCESS")
            } else {
                let paid = try await rehearsal.alipay("alipay.trade.pay", [
                    "out_trade_no": "till1", "total_amount": "10.00", "subject": "面", "scene": "bar_code",
                    "auth_code": .string(code),
                ])
                #expect(paid["code"] == "10000")
            }
        }
    }

    @Test func `bars follow Code 128`() throws {
        // The published example: "010203" in set C has the check symbol (105 + 1 * 1 + 2 * 2 + 3 * 3) mod 103 = 16.
        let widths = try #require(Barcode("010203")).widths
        let text = widths.map(String.init).joined()
        #expect(text == "211232" + "222122" + "222221" + "121223" + "123122" + "2331112")
        #expect(Set(Barcode.patterns).count == 107)
        for pattern in Barcode.patterns.dropLast() {
            let values = pattern.utf8.map { Int($0) - 48 }
            #expect(values.count == 6 && values.reduce(0, +) == 11)
            #expect((values[0] + values[2] + values[4]) % 2 == 0)
        }
        for text in ["", "1", "123", "12a4", "１２"] { #expect(Barcode(text) == nil) }
    }
}

extension String {
    /// What is between the places where `separator` occurs.
    fileprivate func components(_ separator: String) -> [Substring] {
        split(separator: separator, omittingEmptySubsequences: false)
    }
}
