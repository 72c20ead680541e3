import Crypto
import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// The simulated UnionPay ACP 5.1.0 (protocol facts, section 5): signed forms in, signed text out.
struct UnionPayGateway: Sendable {
    let configuration: GatewayConfiguration
    let kit: Toolkit
    let clock: BusinessClock
    let faults: Faults

    private static let bodyBytesMax = 1 << 18
    private static let lifetime = Duration.seconds(1_800)

    func addRoutes(to routes: inout Routes) {
        let base = "/gateway/api"
        routes.post(PathPattern(base + "/frontTransReq.do"), access: .gatewaySignature) { request, _ in
            try await front(request)
        }
        for name in ["backTransReq.do", "appTransReq.do", "queryTrans.do", "fileTransRequest.do"] {
            routes.post(PathPattern("\(base)/\(name)"), access: .gatewaySignature) { request, _ in
                try await back(request)
            }
        }
    }

    // MARK: Messages

    private func verified(_ request: Request) async throws -> ([String: String], UnionPayMerchant) {
        var content = request.body
        let form = QueryItems(String(decoding: try await content.collect(upTo: Self.bodyBytesMax), as: UTF8.self))
        let parameters = Dictionary(form.pairs.map { ($0.name, $0.value) }) { _, last in last }
        for name in ["version", "encoding", "certId", "signMethod", "signature", "txnType", "merId", "txnTime"] {
            guard parameters[name]?.isEmpty == false else { throw UnionPayRefusal.missing(name) }
        }
        guard parameters["version"] == "5.1.0", parameters["signMethod"] == "01",
            !parameters.values.contains(where: { $0.utf8.contains(0) })
        else {
            throw UnionPayRefusal.badMessage
        }
        let merchant = configuration.unionPay.first { $0.merID == parameters["merId"] }
        guard let merchant, merchant.certificateID == parameters["certId"] else { throw UnionPayRefusal.signature }
        let signature = Base64.decode(parameters["signature"] ?? "") ?? []
        let text = UnionPaySignature.text(parameters), key = merchant.publicKey
        let isValid = try await BlockingPool.shared.run { key.isValidSignature(signature, for: text) }
        guard isValid else { throw UnionPayRefusal.signature }
        return (parameters, merchant)
    }

    /// What was asked, back, with the outcome and our signature.
    ///
    /// - Parameter subject: what a misbehaviour may strike.
    func signed(
        _ parameters: [String: String], _ merchant: UnionPayMerchant, _ subject: String
    ) async throws -> [String: String] {
        var all = parameters
        all["certId"] = merchant.ownCertificateID
        all["signPubKeyCert"] = merchant.ownCertificate
        all["signature"] = nil
        let key = merchant.privateKey, text = UnionPaySignature.text(all)
        let signature = try await BlockingPool.shared.run { try key.sign(text) }
        let isWrong = faults.strike(.wrongSignature, subject) != nil
        all["signature"] = Base64.encode(isWrong ? signature.reversed() : signature)
        return all
    }

    /// A server's call. The answer's values are not percent-encoded.
    private func back(_ request: Request) async throws -> Response {
        do {
            if let slow = faults.strike(.slowAnswer, request.path) {
                try await EventLoop.current?.sleep(until: .now + .milliseconds(Int64(slow.seconds * 1_000)))
            }
            let (parameters, merchant) = try await verified(request)
            var answer = parameters
            do {
                if faults.strike(.serverError, request.path) != nil { throw UnionPayRefusal.system }
                answer.merge(try await handle(parameters, merchant)) { $1 }
                if faults.strike(.serverErrorAfter, request.path) != nil { throw UnionPayRefusal.system }
                answer.merge(["respCode": "00", "respMsg": "成功[0000000]"]) { old, _ in old }
            } catch let refusal as UnionPayRefusal {
                answer.merge(["respCode": refusal.code, "respMsg": refusal.message]) { $1 }
            }
            return Self.text(try await signed(answer, merchant, request.path))
        } catch let refusal as UnionPayRefusal {
            // Who does not sign rightly gets no signature either.
            return Self.text(["respCode": refusal.code, "respMsg": refusal.message])
        }
    }

    private static func text(_ fields: [String: String]) -> Response {
        .text(.ok, fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "&"))
    }

    private func handle(_ parameters: [String: String], _ merchant: UnionPayMerchant) async throws -> [String: String] {
        switch (parameters["txnType"], parameters["txnSubType"]) {
        case ("00", _): return try await query(parameters, merchant)
        case ("01", "07"), ("01", "01"):
            let transaction = try await open(parameters, merchant)
            return ["qrCode": cardURL(transaction.token), "tn": transaction.token]
        case ("04", _): return try await giveBack(parameters, merchant, kind: "refund")
        case ("31", _): return try await giveBack(parameters, merchant, kind: "cancel")
        case ("99", _): return try await reverse(parameters, merchant)
        case ("76", _): return try await file(parameters, merchant)
        default: throw UnionPayRefusal.badMessage
        }
    }

    // MARK: Payments

    /// The browser brings the merchant's form and goes to the card page.
    private func front(_ request: Request) async throws -> Response {
        do {
            let (parameters, merchant) = try await verified(request)
            guard parameters["txnType"] == "01" else { throw UnionPayRefusal.badMessage }
            return .redirect(to: cardURL(try await open(parameters, merchant).token))
        } catch let refusal as UnionPayRefusal {
            let message = CashierPage.escaped("\(refusal.message) [\(refusal.code)]")
            let html = "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><p>\(message)</p></html>"
            return CashierPage.plain(html)
        }
    }

    func cardURL(_ token: String) -> String { "\(configuration.cashierBaseURL)/cashier/card/\(token)" }

    private func open(
        _ parameters: [String: String], _ merchant: UnionPayMerchant
    ) async throws -> UnionPayTransaction {
        let amount = try Self.amount(parameters)
        guard (parameters["currencyCode"] ?? "156") == "156" else { throw UnionPayRefusal.badMessage }
        let now = clock.now()
        let transaction = UnionPayTransaction(
            merID: merchant.merID, orderID: try Self.number(parameters), txnTime: try Self.time(parameters),
            kind: "pay",
            queryID: Self.queryID(at: now), origQueryID: nil, amount: amount, frontURL: parameters["frontUrl"] ?? "",
            backURL: parameters["backUrl"] ?? "", reserved: parameters["reqReserved"] ?? "",
            token: Hex.encode(RandomBytes.make(16)), state: "OPEN", cardLast4: "", code: "", tries: 0, createdAt: now,
            expiresAt: now + Self.lifetime, settledAt: nil, refunded: 0)
        guard try await kit.database.first(InsertUnionPay(transaction: transaction)) != nil else {
            throw UnionPayRefusal.duplicate
        }
        return transaction
    }

    /// Whole fen, up to a hundred million yuan.
    private static func amount(_ parameters: [String: String]) throws(UnionPayRefusal) -> Int64 {
        guard let text = parameters["txnAmt"], !text.isEmpty else { throw .missing("txnAmt") }
        guard let amount = Int64(text), amount > 0, amount < 10_000_000_000 else { throw .badMessage }
        return amount
    }

    private static func number(_ parameters: [String: String]) throws(UnionPayRefusal) -> String {
        guard let number = parameters["orderId"] else { throw .missing("orderId") }
        let isRight = number.utf8.allSatisfy { ($0 | 0x20) &- 97 < 26 || $0 &- 48 < 10 }
        guard isRight, (8...40).contains(number.utf8.count) else { throw .badMessage }
        return number
    }

    private static func time(_ parameters: [String: String]) throws(UnionPayRefusal) -> String {
        guard let time = parameters["txnTime"], time.utf8.count == 14, time.utf8.allSatisfy({ $0 &- 48 < 10 }) else {
            throw .badMessage
        }
        return time
    }

    /// 21 digits, the time first.
    private static func queryID(at time: Timestamp) -> String {
        let digits = BeijingTime.plain(time).filter(\.isNumber)
        return digits + RandomBytes.make(7).map { String($0 % 10) }.joined()
    }

    /// The card pays. False when it can't (any more).
    func settle(_ transaction: UnionPayTransaction, last4: String) async throws -> Bool {
        let now = clock.now()
        var fields = notice(transaction, last4: last4)
        fields["settleDate"] = String(BeijingTime.day(now).filter(\.isNumber).suffix(4))
        return try await kit.database.first(SettleUnionPay(
            token: transaction.token, at: now, notificationID: .version7(at: kit.now()),
            resource: String(decoding: JSON.encode(fields), as: UTF8.self))) != nil
    }

    private func notice(_ transaction: UnionPayTransaction, last4: String) -> [String: String] {
        let type = ["pay": "01", "refund": "04", "cancel": "31"][transaction.kind] ?? "01"
        return [
            "version": "5.1.0", "encoding": "UTF-8", "signMethod": "01", "txnType": type,
            "txnSubType": type == "01" ? "01" : "00",
            "bizType": "000201", "accessType": "0", "merId": transaction.merID, "orderId": transaction.orderID,
            "txnTime": transaction.txnTime, "txnAmt": String(transaction.amount), "currencyCode": "156",
            "queryId": transaction.queryID, "origQryId": transaction.origQueryID ?? "",
            "reqReserved": transaction.reserved, "respCode": "00", "respMsg": "成功[0000000]",
            "settleAmt": String(transaction.amount), "settleCurrencyCode": "156", "accNo": last4,
            "traceNo": String(transaction.queryID.suffix(6)), "traceTime": String(transaction.txnTime.suffix(10)),
        ]
    }

    // MARK: What the merchant asks

    private func query(_ parameters: [String: String], _ merchant: UnionPayMerchant) async throws -> [String: String] {
        let queryID = parameters["queryId"].flatMap { $0.isEmpty ? nil : $0 }
        let found = try await kit.database.first(FindUnionPay(
            merID: merchant.merID, orderID: queryID == nil ? try Self.number(parameters) : "",
            txnTime: try Self.time(parameters), queryID: queryID))
        guard let found else { throw UnionPayRefusal.notFound }
        var fields = notice(found, last4: found.cardLast4)
        let isDone = ["SUCCESS", "UNDONE"].contains(found.state), isOver = found.expiresAt <= clock.now()
        // The outcome of the query is one thing, that of the transaction another.
        fields["origRespCode"] = isDone ? "00" : found.state == "OPEN" && !isOver ? "05" : "02"
        fields["origRespMsg"] = isDone ? "交易成功" : found.state == "OPEN" && !isOver ? "交易已受理，等待支付" : "交易未完成"
        fields["settleDate"] = found.settledAt.map { String(BeijingTime.day($0).filter(\.isNumber).suffix(4)) }
        return fields
    }

    private func giveBack(
        _ parameters: [String: String], _ merchant: UnionPayMerchant, kind: String
    ) async throws -> [String: String] {
        guard let original = parameters["origQryId"], !original.isEmpty else {
            throw UnionPayRefusal.missing("origQryId")
        }
        let amount = try Self.amount(parameters)
        let number = try Self.number(parameters), time = try Self.time(parameters)
        guard try await kit.database.first(FindUnionPay(merID: merchant.merID, orderID: number, txnTime: time)) == nil
        else { throw UnionPayRefusal.duplicate }
        let payment = try await kit.database.first(FindUnionPay(merID: merchant.merID, queryID: original))
        guard let payment, payment.kind == "pay", payment.state == "SUCCESS" else { throw UnionPayRefusal.wrongState }
        let now = clock.now(), day = BeijingTime.day(now)
        if kind == "cancel" {
            // Only on the day of the payment, and only whole.
            guard payment.settledAt.map(BeijingTime.day) == day else { throw UnionPayRefusal.wrongState }
            guard amount == payment.amount else { throw UnionPayRefusal.mismatch }
        }
        let subject = "\(payment.orderID) \(original) \(number)"
        if faults.strike(.failRefund, subject) != nil { throw UnionPayRefusal.system }
        let refund = UnionPayTransaction(
            merID: merchant.merID, orderID: number, txnTime: time, kind: kind,
            queryID: Self.queryID(at: now), origQueryID: original, amount: amount, frontURL: "",
            backURL: parameters["backUrl"] ?? "", reserved: parameters["reqReserved"] ?? "",
            token: Hex.encode(RandomBytes.make(16)), state: "SUCCESS", cardLast4: payment.cardLast4, code: "", tries: 0,
            createdAt: now, expiresAt: now, settledAt: now, refunded: 0)
        let resource = String(decoding: JSON.encode(notice(refund, last4: payment.cardLast4)), as: UTF8.self)
        let statement = RefundUnionPay(
            refund: refund, notificationID: .version7(at: kit.now()), resource: resource)
        let isDone: Bool
        do throws(PostgresError) {
            isDone = try await kit.database.first(statement) != nil
        } catch {
            // Two came at once. The transaction and its posting bear the same number; which of them meets the first one is the server's.
            guard error.isUniqueViolation("unionpay_transactions_pkey")
                || error.isUniqueViolation("ledger_postings_kind_reference_key")
            else { throw error }
            throw UnionPayRefusal.duplicate
        }
        guard isDone else { throw UnionPayRefusal.mismatch }
        // Done, but the merchant does not learn it: it asks.
        if faults.strike(.hangRefund, subject) != nil { throw UnionPayRefusal.system }
        return ["queryId": refund.queryID]
    }

    /// For unknown results: the payment of the same number and time is undone.
    private func reverse(
        _ parameters: [String: String], _ merchant: UnionPayMerchant
    ) async throws -> [String: String] {
        let found = try await kit.database.first(FindUnionPay(
            merID: merchant.merID, orderID: try Self.number(parameters), txnTime: try Self.time(parameters)))
        guard let payment = found, payment.kind == "pay" else { throw UnionPayRefusal.notFound }
        guard payment.state == "SUCCESS" else { return [:] }
        var undo = parameters
        undo["origQryId"] = payment.queryID
        undo["txnAmt"] = String(payment.amount)
        undo["orderId"] = String(("R" + payment.orderID).prefix(40))
        undo["backUrl"] = ""
        return try await giveBack(undo, merchant, kind: "cancel")
    }

    /// What settled on a day (MMDD), as a ZIP in Base64.
    private func file(_ parameters: [String: String], _ merchant: UnionPayMerchant) async throws -> [String: String] {
        let wanted = parameters["settleDate"] ?? "", now = clock.now()
        // The newest day of that name, today included.
        let day = (0..<366).lazy.compactMap { BillDay(of: now + .seconds(Int64(-$0) * 86_400)) }
            .first { $0.text.filter(\.isNumber).hasSuffix(wanted) }
        guard wanted.utf8.count == 4, let day else { throw UnionPayRefusal.missing("settleDate") }
        let rows = try await kit.database.all(SettledUnionPay(merID: merchant.merID, from: day.start, to: day.end))
        guard !rows.isEmpty else { throw UnionPayRefusal(code: "98", message: "文件不存在") }
        let name = "ZM_\(merchant.merID)_\(day.text.filter(\.isNumber))"
        let text = Array(SettlementFile.text(rows, merID: merchant.merID).utf8)
        return [
            "fileName": name + ".zip", "settleDate": wanted,
            "fileContent": Base64.encode(Archives.zlib(Archives.zip([(Array(name.utf8), text)]))),
        ]
    }
}

extension UnionPayGateway: NotificationSender {
    /// An ordinary form; acknowledged by status 200.
    func send(_ notification: PendingNotification, _ subject: String) async throws -> Bool {
        guard let merchant = configuration.unionPay.first(where: { $0.merID == notification.mchid }) else {
            return false
        }
        let kept = try JSON.decode([String: String].self, from: Array(notification.resource.utf8))
        let form = FormText.encode(try await signed(kept, merchant, subject))
        let answer = try await kit.http.send(ClientRequest(
            method: .post, url: notification.url, headers: ["content-type": "application/x-www-form-urlencoded"],
            body: Array(form.utf8), deadline: .now + .seconds(5)))
        return answer.status == .ok
    }
}
