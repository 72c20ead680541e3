import Crypto
import HTTPClient
import HTTPCore
import JSON
import Models
import TestSupport
import Testing
@testable import PaymentsSim

/// Profit sharing over the real routes.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WeChatSharingTests {
    private let base = "/v3/profitsharing"
    private let appid = JSONValue.string(RehearsalKeys.shared.appid)

    private func addReceiver(_ rehearsal: Rehearsal, name: String = "邻里团长") async throws -> Answer {
        let sealed = try RehearsalKeys.shared.encryptionKey.encryptOAEP(Array(name.utf8))
        return try await rehearsal.call(.post, base + "/receivers/add", [
            "appid": appid, "type": "MERCHANT_ID", "account": "1900000110", "name": .string(Base64.encode(sealed)),
            "relation_type": "PARTNER",
        ])
    }

    private func share(
        _ rehearsal: Rehearsal, _ number: String, _ id: String, _ amount: Int64, finishes: Bool = false
    ) async throws -> Answer {
        try await rehearsal.call(.post, base + "/orders", [
            "appid": appid, "transaction_id": .string(id), "out_order_no": .string(number),
            "receivers": [
                ["type": "MERCHANT_ID", "account": "1900000110", "amount": .int(amount), "description": "团长佣金"],
            ],
            "unfreeze_unsplit": .bool(finishes),
        ])
    }

    private func finished(_ rehearsal: Rehearsal, _ number: String, _ id: String) async throws -> JSONValue {
        var found = JSONValue.null
        for _ in 0..<5_000 {
            found = try await rehearsal.call(.get, "\(base)/orders/\(number)?transaction_id=\(id)").body
            if found["state"] == "FINISHED" { break }
        }
        return found
    }

    private func paid(_ rehearsal: Rehearsal, _ number: String, shares: Bool = true) async throws -> String {
        let order = rehearsal.order(number, total: 10_000, changes: ["settle_info": ["profit_sharing": .bool(shares)]])
        _ = try await rehearsal.call(.post, "/v3/pay/transactions/native", order)
        #expect(try await rehearsal.pay(number) == 204)
        return try #require(try await rehearsal.query(number).body["transaction_id"]?.string)
    }

    @Test func `money is frozen, shared, partly returned and unfrozen`() async throws {
        try await Rehearsal.with { rehearsal in
            let own = "merchant:\(RehearsalKeys.shared.mchid)", frozen = "sharing:\(RehearsalKeys.shared.mchid)"
            #expect(try await addReceiver(rehearsal).status == 200)
            let id = try await paid(rehearsal, "share-order-1")
            #expect(try await rehearsal.balances()[frozen] == 10_000)
            let first = try await share(rehearsal, "share-1", id, 1_000)
            #expect(try first.body["state"] == "PROCESSING")
            #expect(try await share(rehearsal, "share-1", id, 1_000).status == 200)
            #expect(try await share(rehearsal, "share-1", id, 999).code == "INVALID_REQUEST")
            let done = try await finished(rehearsal, "share-1", id)
            #expect(done["receivers"]?.array?.first?["result"] == "SUCCESS")
            #expect(try await rehearsal.balances()["merchant:1900000110"] == 1_000)
            let left = try await rehearsal.call(.get, "\(base)/transactions/\(id)/amounts").body
            #expect(left["unsplit_amount"] == 9_000)
            // At most three tenths, and never more than is left.
            #expect(try await share(rehearsal, "share-2", id, 2_001).code == "INVALID_REQUEST")
            #expect(try await share(rehearsal, "share-2", id, 9_001).code == "NOT_ENOUGH")

            let back: JSONValue = [
                "out_order_no": "share-1", "out_return_no": "back-1", "return_mchid": "1900000110", "amount": 400,
                "description": "退货",
            ]
            #expect(try await rehearsal.call(.post, base + "/return-orders", back).body["result"] == "SUCCESS")
            #expect(try await rehearsal.call(.post, base + "/return-orders", back).status == 200)
            // The odd question mark of a public client.
            let path = base + "/return-orders/back-1?&out_order_no=share-1"
            #expect(try await rehearsal.call(.get, path).body["amount"] == 400)
            #expect(try await rehearsal.balances()["merchant:1900000110"] == 600)

            let rest: JSONValue = ["transaction_id": .string(id), "out_order_no": "rest-1", "description": "解冻"]
            #expect(try await rehearsal.call(.post, base + "/orders/unfreeze", rest).status == 200)
            _ = try await finished(rehearsal, "rest-1", id)
            let balances = try await rehearsal.balances()
            #expect(balances[frozen] == 0)
            #expect(balances[own] == 9_340)
            #expect(try await share(rehearsal, "share-3", id, 1).code == "NOT_ENOUGH")
            try await rehearsal.expectBalanced()
        }
    }

    @Test func `orders that are not to be shared, and strangers, are refused`() async throws {
        try await Rehearsal.with { rehearsal in
            let plain = try await paid(rehearsal, "share-order-2", shares: false)
            let id = try await paid(rehearsal, "share-order-3")
            #expect(try await addReceiver(rehearsal, name: "别人").code == "INVALID_REQUEST")
            #expect(try await share(rehearsal, "share-1", id, 100).code == "INVALID_REQUEST")
            #expect(try await addReceiver(rehearsal).status == 200)
            #expect(try await share(rehearsal, "share-1", plain, 100).code == "INVALID_REQUEST")
            let config = try await rehearsal.call(.get, base + "/merchant-configs/\(RehearsalKeys.shared.mchid)").body
            #expect(config["max_ratio"] == 3_000)
        }
    }

    @Test func `a refund takes frozen money first`() async throws {
        try await Rehearsal.with { rehearsal in
            let id = try await paid(rehearsal, "share-order-4")
            #expect(try await rehearsal.refund("r-1", of: "share-order-4", 9_500, total: 10_000).status == 200)
            let left = try await rehearsal.call(.get, "\(base)/transactions/\(id)/amounts").body
            #expect(left["unsplit_amount"] == 500)
            #expect(try await rehearsal.refund("r-2", of: "share-order-4", 500, total: 10_000).status == 200)
            #expect(try await rehearsal.balances().values.allSatisfy { $0 == 0 })
        }
    }
}
