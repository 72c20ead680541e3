import Crypto
import HTTPClient
import HTTPCore
import JSON
import Models
import Postgres
import ServiceKit
import TestSupport
import Testing
@testable import PaymentsSim

/// What the gateway signs and what it refuses: the surprises of the protocol that break naive simulators.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WeChatSignatureTests {
    private func refused(_ signing: Signing) async throws {
        try await Rehearsal.with { rehearsal in
            let order = rehearsal.order("order-0001")
            let answer = try await rehearsal.call(.post, "/v3/pay/transactions/native", order, signing: signing)
            #expect(answer.status == 401)
            #expect(answer.code == "SIGN_ERROR")
            // Only answers to right signatures are signed.
            #expect(answer.response.headers["wechatpay-signature"] == nil)
            #expect(try await rehearsal.query("order-0001").code == "ORDER_NOT_EXIST")
        }
    }

    @Test func `a signature with another key is refused`() async throws {
        try await refused(Signing(key: try RSAPrivateKey.generate()))
    }

    @Test func `a signature over another body is refused`() async throws {
        try await refused(Signing(signedBody: Array("{}".utf8)))
    }

    @Test(arguments: [-400, 400] as [Int64])
    func `a signature of another time is refused`(seconds: Int64) async throws {
        var signing = Signing()
        signing.timestamp += seconds
        try await refused(signing)
    }

    @Test func `an unknown serial and an unknown merchant are refused`() async throws {
        try await refused(Signing(serial: "00000000000000000000000000000000000000FF"))
        try await refused(Signing(mchid: "1999999999"))
    }

    @Test func `a request without or with a broken Authorization is refused`() async throws {
        try await Rehearsal.with { rehearsal in
            for value in ["", "Bearer x", "WECHATPAY2-SHA256-RSA2048", "WECHATPAY2-SHA256-RSA2048 mchid=\"1\",,=,\""] {
                let answer = try await rehearsal.simulator.send(
                    .get, "/v3/certificates", headers: [("authorization", value)])
                #expect(answer.status.code == 401)
            }
        }
    }

    @Test func `a replayed request moves nothing twice`() async throws {
        try await Rehearsal.with { rehearsal in
            try await rehearsal.paid("order-0002")
            let signing = Signing()
            let body: JSONValue = [
                "out_trade_no": "order-0002", "out_refund_no": "r-1",
                "amount": ["refund": 400, "total": 1_000, "currency": "CNY"],
            ]
            let first = try await rehearsal.call(.post, "/v3/refund/domestic/refunds", body, signing: signing)
            let balances = try await rehearsal.balances()
            let second = try await rehearsal.call(.post, "/v3/refund/domestic/refunds", body, signing: signing)
            #expect(try second.body["refund_id"] == first.body["refund_id"])
            #expect(try await rehearsal.balances() == balances)
        }
    }

    @Test func `both certificates are listed, and each opens with the merchant's key`() async throws {
        try await Rehearsal.with { rehearsal in
            let answer = try await rehearsal.call(.get, "/v3/certificates")
            let entries = try #require(try answer.body["data"]?.array)
            #expect(entries.count == 2)
            for entry in entries {
                let sealed = try #require(entry["encrypt_certificate"])
                let pem = try AESGCM.open(
                    try #require(Base64.decode(sealed["ciphertext"]?.string ?? "")),
                    key: RehearsalKeys.shared.apiV3Key, nonce: Array((sealed["nonce"]?.string ?? "").utf8),
                    authenticating: Array("certificate".utf8))
                let certificate = try X509Certificate(pem: String(decoding: pem, as: UTF8.self))
                let serial = try #require(entry["serial_no"]?.string)
                #expect(certificate.serialHex == serial)
                // Clients print serials as numbers: no leading zeros.
                #expect(serial.count == 40 && !serial.hasPrefix("0"))
            }
        }
    }

    @Test func `the control interface is closed unless opened at start`() async throws {
        try await Rehearsal.with(environment: ["PAYMENTS_SIM_CONTROL": "0"]) { rehearsal in
            _ = try await rehearsal.prepay("order-0006")
            #expect(try await rehearsal.pay("order-0006") == 404)
            #expect(try await rehearsal.control("clock/advance", ["seconds": 1]) == 404)
        }
    }
}
