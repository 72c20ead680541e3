import Crypto
import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Models
import TestSupport
import Testing
@testable import PaymentsSim

/// Misbehaviour on demand: each kind does what it says, as often as it was told.
@Suite(.serialized, .timeLimit(.minutes(5))) struct FaultTests {
    private func fault(
        _ rehearsal: Rehearsal, _ kind: FaultKind, seconds: Int64 = 60, match: String = ""
    ) async throws {
        let body: JSONValue = [
            "kind": .string(kind.rawValue), "count": 1, "seconds": .int(seconds), "match": .string(match),
        ]
        #expect(try await rehearsal.control("faults", body) == 204)
    }

    @Test func `a lost notification comes with the next try`() async throws {
        try await Rehearsal.with { rehearsal in
            try await fault(rehearsal, .loseNotification)
            try await rehearsal.paid("fault-0001")
            try await rehearsal.paid("fault-0002")
            let first = try await rehearsal.notifications(1)[0]
            #expect(first["opened"]?["out_trade_no"] == "fault-0002")
            try await rehearsal.advance(15)
            #expect(try await rehearsal.notifications(2)[1]["opened"]?["out_trade_no"] == "fault-0001")
        }
    }

    @Test func `a delayed notification is overtaken`() async throws {
        try await Rehearsal.with { rehearsal in
            try await fault(rehearsal, .delayNotification, seconds: 600, match: "fault-0003")
            try await rehearsal.paid("fault-0003")
            try await rehearsal.paid("fault-0004")
            #expect(try await rehearsal.notifications(1)[0]["opened"]?["out_trade_no"] == "fault-0004")
            try await rehearsal.advance(601)
            #expect(try await rehearsal.notifications(2)[1]["opened"]?["out_trade_no"] == "fault-0003")
        }
    }

    @Test func `a duplicated notification comes twice`() async throws {
        try await Rehearsal.with { rehearsal in
            try await fault(rehearsal, .duplicateNotification)
            try await rehearsal.paid("fault-0005")
            let told = try await rehearsal.notifications(2)
            #expect(told[0]["id"] == told[1]["id"])
        }
    }

    @Test func `a person may pay what was closed meanwhile`() async throws {
        try await Rehearsal.with { rehearsal in
            _ = try await rehearsal.prepay("fault-0006")
            #expect(try await rehearsal.close("fault-0006").status == 204)
            try await fault(rehearsal, .payAfterClose)
            #expect(try await rehearsal.pay("fault-0006") == 204)
            #expect(try await rehearsal.query("fault-0006").body["trade_state"] == "SUCCESS")
            #expect(try await rehearsal.refund("late", of: "fault-0006", 1_000).status == 200)
        }
    }

    @Test func `a failed refund gives the money back to the merchant, and may be tried again`() async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paid("fault-0007")
            let before = try await rehearsal.balances()
            try await fault(rehearsal, .failRefund)
            #expect(try await rehearsal.refund("r-1", of: "fault-0007", 1_000).status == 200)
            let told = try await rehearsal.notifications(2)[1]
            #expect(told["event_type"] == "REFUND.CLOSED")
            #expect(told["opened"]?["refund_status"] == "CLOSED")
            #expect(try await rehearsal.balances() == before)
            #expect(try await rehearsal.refund("r-2", of: "fault-0007", 1_000).status == 200)
            #expect(try await rehearsal.notifications(3)[2]["event_type"] == "REFUND.SUCCESS")
        }
    }

    @Test func `a stuck refund is told and goes to another account`() async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paid("fault-0008")
            try await fault(rehearsal, .abnormalRefund)
            let id = try #require(try await rehearsal.refund("r-1", of: "fault-0008", 1_000).body["refund_id"]?.string)
            #expect(try await rehearsal.notifications(2)[1]["event_type"] == "REFUND.ABNORMAL")
            let retry: JSONValue = ["out_refund_no": "r-1", "type": "MERCHANT_BANK_CARD"]
            let path = "/v3/refund/domestic/refunds/\(id)/apply-abnormal-refund"
            #expect(try await rehearsal.call(.post, path, retry).body["status"] == "PROCESSING")
            #expect(try await rehearsal.notifications(3)[2]["event_type"] == "REFUND.SUCCESS")
            #expect(try await rehearsal.call(.post, path, retry).code == "INVALID_REQUEST")
        }
    }

    @Test func `a hung refund is done after its time`() async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paid("fault-0009")
            _ = try await rehearsal.notifications(1)
            try await fault(rehearsal, .hangRefund, seconds: 3_600)
            _ = try await rehearsal.refund("r-1", of: "fault-0009", 400)
            _ = try await rehearsal.refund("r-2", of: "fault-0009", 600)
            #expect(try await rehearsal.notifications(2)[1]["opened"]?["out_refund_no"] == "r-2")
            let hung = try await rehearsal.call(.get, "/v3/refund/domestic/refunds/r-1").body
            #expect(hung["status"] == "PROCESSING")
            try await rehearsal.advance(3_601)
            #expect(try await rehearsal.notifications(3)[2]["opened"]?["out_refund_no"] == "r-1")
        }
    }

    @Test func `cards misbehave too: refunds whose end is not told, failures after the work, wrong signatures`()
        async throws
    {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paidByCard("faultc01")
            let id = try #require(try await rehearsal.queryCard("faultc01")["queryId"])
            let refund = [
                "txnType": "04", "txnSubType": "00", "orderId": "hungref1", "txnTime": "20261123132500", "txnAmt": "400",
                "origQryId": id,
            ]
            try await fault(rehearsal, .hangRefund, match: "hungref1")
            #expect(try await rehearsal.cardBack(refund)["respCode"] == "03")
            // Who asks learns it; who sends it again moves nothing.
            let query = ["txnType": "00", "orderId": "hungref1", "txnTime": "20261123132500"]
            #expect(try await rehearsal.cardBack(query)["origRespCode"] == "00")
            #expect(try await rehearsal.cardBack(refund)["respCode"] == "12")
            try await fault(rehearsal, .serverErrorAfter, match: "queryTrans.do")
            #expect(try await rehearsal.cardBack(query)["respCode"] == "03")
            try await fault(rehearsal, .wrongSignature, match: "queryTrans.do")
            let answer = try await rehearsal.post("/gateway/api/queryTrans.do", try rehearsal.cardForm(query))
            let key = try X509Certificate(pem: RehearsalKeys.shared.text("unionpay_cert.pem")).publicKey
            var fields: [String: String] = [:]
            for part in answer.text.split(separator: "&") {
                let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                fields[String(pair[0])] = String(pair[1])
            }
            let bytes = try #require(Base64.decode(fields["signature"] ?? ""))
            #expect(!key.isValidSignature(bytes, for: UnionPaySignature.text(fields)))
            try await rehearsal.expectBalanced()
        }
    }

    @Test func `answers fail before or after the work, as told`() async throws {
        try await Rehearsal.with { rehearsal in
            try await fault(rehearsal, .serverError, match: "native")
            let first = try await rehearsal.prepay("fault-0010")
            #expect(first.status == 500)
            #expect(first.code == "SYSTEM_ERROR")
            #expect(try await rehearsal.query("fault-0010").code == "ORDER_NOT_EXIST")
            try await fault(rehearsal, .serverErrorAfter, match: "native")
            #expect(try await rehearsal.prepay("fault-0010").status == 500)
            #expect(try await rehearsal.query("fault-0010").status == 200)
            try await fault(rehearsal, .frequencyLimited)
            #expect(try await rehearsal.prepay("fault-0010").status == 429)
            try await fault(rehearsal, .slowAnswer, seconds: 0)
            #expect(try await rehearsal.prepay("fault-0010").status == 200)
        }
    }

    @Test func `signatures are wrong or of another time, as told`() async throws {
        try await Rehearsal.with { rehearsal in
            try await fault(rehearsal, .wrongSignature)
            let probe = try await rehearsal.prepay("fault-0011")
            #expect(!probe.isSigned)
            #expect(probe.response.headers["wechatpay-signature"]?.hasPrefix("WECHATPAY/SIGNTEST/") == true)
            try await fault(rehearsal, .clockDrift, seconds: -900)
            let late = try await rehearsal.prepay("fault-0011").response.headers["wechatpay-timestamp"]
            #expect(try #require(Int64(late ?? "")) < RealTime.seconds() - 800)
            #expect(try await rehearsal.prepay("fault-0011").isSigned)
        }
    }

    @Test func `clearing ends all, and unknown kinds are refused`() async throws {
        try await Rehearsal.with { rehearsal in
            #expect(try await rehearsal.control("faults", ["kind": "server_error"]) == 204)
            #expect(try await rehearsal.prepay("fault-0012").status == 500)
            let cleared = try await rehearsal.simulator.send(.delete, "/_control/faults")
            #expect(cleared.status == .noContent)
            #expect(try await rehearsal.prepay("fault-0012").status == 200)
            #expect(try await rehearsal.control("faults", ["kind": "earthquake"]) == 400)
        }
    }
}
