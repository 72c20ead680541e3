import Crypto
public import EventLoop
public import HTTPClient
import HTTPCore
public import Models

/// A merchant's side of UnionPay ACP 5.1.0: forms signed over a double hash, answers and notifications verified.
public final class UnionPayClient: Sendable {
    private let configuration: UnionPayConfiguration
    private let http: HTTPClient

    /// The longest a call may take, in seconds.
    private static let callSecondsMax = 5
    /// 256 MiB of text.
    private static let fileBytesMax = 1 << 28
    /// The gateway's answer when a day has no file.
    private static let noFileCode = "98"

    /// A client over `http`.
    public init(configuration: UnionPayConfiguration, http: HTTPClient) {
        self.configuration = configuration
        self.http = http
    }

    // MARK: Ways to pay

    /// The form that brings the customer's browser to the card page.
    public func frontPayment(
        _ number: UnionPayNumber, fen: Int64, expiresAt: Timestamp, frontURL: String?
    ) async throws(UnionPayError) -> UnionPayForm {
        var fields = payment(number, fen: fen, expiresAt: expiresAt, type: "01", product: "000201")
        fields["frontUrl"] = frontURL
        return UnionPayForm(
            address: "\(configuration.cashierBaseURL)/gateway/api/frontTransReq.do", fields: try await signed(fields))
    }

    /// What a code on a screen says.
    public func codePayment(
        _ number: UnionPayNumber, fen: Int64, expiresAt: Timestamp, until deadline: Instant
    ) async throws(UnionPayError) -> String {
        let fields = payment(number, fen: fen, expiresAt: expiresAt, type: "07", product: "000000")
        guard let code = try await call(address("backTransReq.do"), fields, deadline)["qrCode"], !code.isEmpty else {
            throw .malformed("the answer has no code")
        }
        return code
    }

    private func payment(
        _ number: UnionPayNumber, fen: Int64, expiresAt: Timestamp, type: String, product: String
    ) -> [String: String] {
        common(number).merging([
            "txnType": "01", "txnSubType": type, "bizType": product, "txnAmt": String(fen), "currencyCode": "156",
            "backUrl": configuration.notifyURL,
            "payTimeout": UnionPayNumber(orderID: "", madeAt: expiresAt).txnTime,
        ]) { $1 }
    }

    // MARK: Calls

    /// What became of a payment or refund. `.refused` with code 34: the gateway never heard of it.
    public func query(
        _ number: UnionPayNumber, until deadline: Instant
    ) async throws(UnionPayError) -> UnionPayTransaction {
        let fields = common(number).merging(["txnType": "00", "txnSubType": "00", "bizType": "000000"]) { $1 }
        let answer = try await call(address("queryTrans.do"), fields, deadline)
        guard answer["orderId"] == number.orderID else { throw .mismatch("orderId") }
        return try Self.transaction(answer, outcome: answer["origRespCode"])
    }

    /// Sends a part or all of a payment back; the identity is `number`. Accepted is not done: ask.
    public func refund(
        _ number: UnionPayNumber, ofQueryID queryID: String, fen: Int64, until deadline: Instant
    ) async throws(UnionPayError) {
        try await giveBack("04", number, queryID, fen, deadline)
    }

    /// Undoes a whole payment of the same day.
    public func undo(
        _ number: UnionPayNumber, ofQueryID queryID: String, fen: Int64, until deadline: Instant
    ) async throws(UnionPayError) {
        try await giveBack("31", number, queryID, fen, deadline)
    }

    private func giveBack(
        _ type: String, _ number: UnionPayNumber, _ queryID: String, _ fen: Int64, _ deadline: Instant
    ) async throws(UnionPayError) {
        let fields = common(number).merging([
            "txnType": type, "txnSubType": "00", "bizType": "000201", "origQryId": queryID, "txnAmt": String(fen),
            "currencyCode": "156", "backUrl": configuration.notifyURL,
        ]) { $1 }
        _ = try await call(address("backTransReq.do"), fields, deadline)
    }

    /// What settled on a day (`MMDD`): a ZIP, deflated once more, in Base64.
    public func file(
        settleDate: String, _ number: UnionPayNumber, until deadline: Instant
    ) async throws(UnionPayError) -> [UInt8] {
        var fields = common(number)
        fields["orderId"] = nil
        fields.merge([
            "txnType": "76", "txnSubType": "01", "bizType": "000000", "fileType": "00", "settleDate": settleDate,
        ]) { $1 }
        let answer = try await call(configuration.fileURL, fields, deadline)
        guard let content = answer["fileContent"].flatMap(Base64.decode) else { throw .malformed("there is no file") }
        return content
    }

    /// What settled on a day (`MMDD`): the text of each file; nil when there is none: nothing moved, or it is not made
    /// yet.
    public func settlementFiles(
        settleDate: String, now: Timestamp, until deadline: Instant
    ) async throws(UnionPayError) -> [(name: [UInt8], content: [UInt8])]? {
        let packed: [UInt8]
        do throws(UnionPayError) {
            packed = try await file(settleDate: settleDate, UnionPayNumber(orderID: "", madeAt: now), until: deadline)
        } catch {
            guard case .refused(Self.noFileCode, _) = error else { throw error }
            return nil
        }
        let files = try? await BlockingPool.shared.run {
            try ZipFile.entries(
                try Inflate.zlib(packed, bytesMax: Self.fileBytesMax), bytesMax: Self.fileBytesMax)
        }
        guard let files else { throw .malformed("the file cannot be unpacked") }
        return files.map { ($0.name, $0.content) }
    }

    // MARK: Notifications

    /// Verifies a notification: its signature, and that it is for this merchant.
    public func verifyNotification(
        _ parameters: [String: String]
    ) async throws(UnionPayError) -> UnionPayTransaction {
        try verify(parameters)
        guard parameters["merId"] == configuration.merID else { throw .mismatch("merId") }
        return try Self.transaction(parameters, outcome: parameters["respCode"])
    }

    private static func transaction(
        _ fields: [String: String], outcome: String?
    ) throws(UnionPayError) -> UnionPayTransaction {
        guard let orderID = fields["orderId"], let queryID = fields["queryId"],
            let fen = fields["txnAmt"].flatMap({ Int64($0) }), let outcome
        else { throw .malformed("this is no transaction") }
        let state: UnionPayTransaction.State =
            switch outcome {
            case "00", "A6": .done
            case "03", "04", "05": .waiting
            default: .failed
            }
        let kind: UnionPayTransaction.Kind =
            switch fields["txnType"] {
            case "01": .payment
            case "04", "31": .refund
            default: .other
            }
        return UnionPayTransaction(
            orderID: orderID, kind: kind, state: state, queryID: queryID, fen: fen,
            currencyCode: fields["currencyCode"] ?? "")
    }

    // MARK: Transport

    private func address(_ name: String) -> String { "\(configuration.baseURL)/gateway/api/\(name)" }

    private func common(_ number: UnionPayNumber) -> [String: String] {
        [
            "version": "5.1.0", "encoding": "UTF-8", "certId": configuration.certificate.serialDecimal,
            "signMethod": "01", "channelType": "07", "accessType": "0", "merId": configuration.merID,
            "orderId": number.orderID, "txnTime": number.txnTime,
        ]
    }

    /// The hexadecimal SHA-256 of the sorted fields is what is signed.
    private static func digest(_ fields: [String: String]) -> String {
        Hex.encode(SHA256.hash(Array(SignedForm.text(fields.filter { $0.key != "signature" }).utf8)))
    }

    private func signed(_ fields: [String: String]) async throws(UnionPayError) -> [String: String] {
        var all = fields.filter { !$0.value.isEmpty }
        guard let signature = await SignedForm.signature(of: Self.digest(all), with: configuration.privateKey) else {
            throw .unknownOutcome("the request could not be signed")
        }
        all["signature"] = signature
        return all
    }

    private func verify(_ fields: [String: String]) throws(UnionPayError) {
        guard let signature = fields["signature"].flatMap(Base64.decode) else {
            throw .invalidSignature("there is no signature")
        }
        // The certificate that comes along proves nothing: only the configured one is believed.
        let key = configuration.gatewayCertificate.publicKey
        guard key.isValidSignature(signature, for: Array(Self.digest(fields).utf8)) else { throw .invalidSignature("the signature does not match") }
    }

    private func call(
        _ url: String, _ fields: [String: String], _ deadline: Instant
    ) async throws(UnionPayError) -> [String: String] {
        let body = SignedForm.encoded(try await signed(fields))
        let response: ClientResponse
        do throws(HTTPClientError) {
            response = try await http.send(ClientRequest(
                method: .post, url: url,
                headers: ["content-type": "application/x-www-form-urlencoded; charset=utf-8"], body: Array(body.utf8),
                deadline: min(deadline, Instant.now + .seconds(Self.callSecondsMax)), idempotent: true))
        } catch {
            throw .unknownOutcome("\(error)")
        }
        guard response.status == .ok else { throw .unknownOutcome("status \(response.status.code)") }
        let answer = Self.fields(response.body)
        let code = answer["respCode"] ?? ""
        // Who is not recognised gets a refusal without signature; nothing was done then.
        if answer["signature"] == nil, ["10", "11", "13"].contains(code) {
            throw .refused(code: code, message: answer["respMsg"] ?? "")
        }
        try verify(answer)
        guard answer["merId"] == configuration.merID else { throw .mismatch("merId") }
        switch code {
        case "00": return answer
        case "03", "04", "05": throw .unknownOutcome(code)
        default: throw .refused(code: code, message: answer["respMsg"] ?? "")
        }
    }

    /// `k=v&k=v`, not percent-encoded.
    private static func fields(_ body: [UInt8]) -> [String: String] {
        var fields: [String: String] = [:]
        for part in String(decoding: body, as: UTF8.self).split(separator: "&") {
            guard let equals = part.firstIndex(of: "=") else { continue }
            fields[String(part[..<equals])] = String(part[part.index(after: equals)...])
        }
        return fields
    }
}
