import Crypto
import EventLoop
import HTTPClient
import HTTPCore
import JSON
import Models
import ServiceKit

/// How a gateway tells its merchants.
protocol NotificationSender: Sendable {
    /// Sends it once. True when the merchant acknowledged.
    func send(_ notification: PendingNotification, _ subject: String) async throws -> Bool
}

/// How long a merchant may take to acknowledge.
private let answerSeconds = 5

extension WeChatGateway: NotificationSender {
    /// Same payload on every try, a fresh signature each time.
    func send(_ notification: PendingNotification, _ subject: String) async throws -> Bool {
        guard let merchant = configuration.merchant(notification.mchid) else { return false }
        let body = try seal(notification, merchant)
        var headers = try await signatures.headers(
            for: body, merchant: merchant, serial: notification.signingSerial, trouble: trouble(subject))
        headers.set("content-type", "application/json; charset=utf-8")
        let answer = try await kit.http.send(ClientRequest(
            method: .post, url: notification.url, headers: headers, body: body,
            deadline: .now + .seconds(answerSeconds)))
        // Only the status counts; the body is not looked at.
        return answer.status == .ok || answer.status == .noContent
    }

    private func seal(_ notification: PendingNotification, _ merchant: WeChatMerchant) throws -> [UInt8] {
        let nonce = Hex.encode(RandomBytes.make(6))
        let sealed = try AESGCM.seal(
            Array(notification.resource.utf8), key: merchant.apiV3Key, nonce: Array(nonce.utf8),
            authenticating: Array(notification.originalType.utf8))
        let message: JSONValue = [
            "id": .string(notification.id.description),
            "create_time": .string(BeijingTime.text(notification.createdAt)),
            "event_type": .string(notification.eventType), "resource_type": "encrypt-resource",
            "summary": .string(notification.summary),
            "resource": [
                "original_type": .string(notification.originalType), "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": .string(Base64.encode(sealed)), "associated_data": .string(notification.originalType),
                "nonce": .string(nonce),
            ],
        ]
        return JSON.encode(message)
    }
}

extension AlipayGateway: NotificationSender {
    /// A signed form; acknowledged by a body of exactly `success`. The number stays the same on every try.
    func send(_ notification: PendingNotification, _ subject: String) async throws -> Bool {
        guard let merchant = configuration.alipay.first(where: { $0.appID == notification.mchid }) else { return false }
        let kept = try JSON.decode([String: String].self, from: Array(notification.resource.utf8))
        var parameters = kept
        parameters["notify_id"] = notification.id.description.replacing("-", with: "")
        parameters["notify_time"] = BeijingTime.plain(clock.now())
        var signature = try await sign(AlipayRequest.signed(parameters), merchant)
        if faults.strike(.wrongSignature, subject) != nil { signature = Base64.encode(RandomBytes.make(256)) }
        parameters["sign"] = signature
        parameters["sign_type"] = "RSA2"
        let headers: HTTPHeaders = ["content-type": "application/x-www-form-urlencoded; charset=utf-8"]
        let answer = try await kit.http.send(ClientRequest(
            method: .post, url: notification.url, headers: headers, body: Array(FormText.encode(parameters).utf8),
            deadline: .now + .seconds(answerSeconds)))
        return answer.status == .ok && answer.body == Array("success".utf8)
    }
}
