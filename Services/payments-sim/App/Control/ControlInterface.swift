import Crypto
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// What a payer, or time, would do, for tests and rehearsals; only when enabled at start.
struct ControlInterface: Sendable {
    let wechat: WeChatGateway
    let alipay: AlipayGateway
    let unionPay: UnionPayGateway
    let clock: BusinessClock
    let faults: Faults

    private static let bodyBytesMax = 65_536

    func addRoutes(to routes: inout Routes) {
        addWeChatRoutes(to: &routes)
        addAlipayRoutes(to: &routes)
        addLedgerRoutes(to: &routes)
        routes.post("/_control/unionpay/pay", access: .gatewaySignature) { request, _ in
            let body = try await Self.body(request)
            let found = try await unionPay.kit.database.first(
                FindUnionPay(merID: try Self.text(body, "merId"), orderID: try Self.text(body, "orderId")))
            guard let found, found.kind == "pay" else { throw KitProblems.notFound.error("There is no such payment.") }
            return try Self.done(try await unionPay.settle(found, last4: "0018"))
        }
        routes.post("/_control/clock/advance", access: .gatewaySignature) { request, _ in
            let body = try await Self.body(request)
            guard let seconds = body["seconds"]?.int, (0...315_360_000).contains(seconds) else {
                throw QueryItems.invalid("seconds", "must be a whole number of at least 0")
            }
            try await clock.advance(seconds: seconds)
            return .noContent
        }
        routes.get("/_control/clock", access: .public) { _, _ in
            .json(.ok, JSONValue.object(["now": .int(clock.now().microseconds / 1_000_000)]))
        }
        routes.post("/_control/faults", access: .gatewaySignature) { request, _ in
            faults.add(try Self.fault(try await Self.body(request)))
            return .noContent
        }
        routes.delete("/_control/faults", access: .gatewaySignature) { _, _ in
            faults.clear()
            return .noContent
        }
        routes.post("/_control/bills/make", access: .gatewaySignature) { request, _ in
            let body = try await Self.body(request)
            let found = body["date"]?.string.map { BillDay($0) } ?? BillDay(of: clock.now())
            guard let day = found else { throw QueryItems.invalid("date", "must be YYYY-MM-DD") }
            for merchant in wechat.configuration.merchants {
                try await wechat.makeBills(day, merchant.mchid, replaces: true)
            }
            if let period = BillPeriod(day.text) {
                for merchant in wechat.configuration.alipay {
                    try await alipay.makeBills(period, merchant, replaces: true)
                }
            }
            return .json(.ok, JSONValue.object(["date": .string(day.text)]))
        }
    }

    private func addWeChatRoutes(to routes: inout Routes) {
        routes.post("/_control/wechat/pay", access: .gatewaySignature) { request, _ in
            let body = try await Self.body(request)
            let mchid = try Self.text(body, "mchid"), number = try Self.text(body, "out_trade_no")
            let found = try await wechat.kit.database.first(TransactionByNumber(mchid: mchid, outTradeNo: number))
            guard let transaction = found else { throw KitProblems.notFound.error("There is no such transaction.") }
            return try Self.done(try await wechat.pay(token: transaction.token, openid: body["openid"]?.string))
        }
        routes.post("/_control/wechat/pay-combine", access: .gatewaySignature) { request, _ in
            let body = try await Self.body(request)
            let statement = FindCombined(
                mchid: try Self.text(body, "combine_mchid"), outTradeNo: try Self.text(body, "combine_out_trade_no"))
            guard let payment = try await wechat.combined(statement) else {
                throw KitProblems.notFound.error("There is no such payment.")
            }
            return try Self.done(try await wechat.payCombined(payment, openid: body["openid"]?.string))
        }
        routes.post("/_control/wechat/jsapi-invoke", access: .gatewaySignature) { request, _ in
            let body = try await Self.body(request)
            let package = try Self.text(body, "package")
            let lines = try ["appId", "timeStamp", "nonceStr", "package"].map { try Self.text(body, $0) + "\n" }
            let signature = Base64.decode(try Self.text(body, "paySign")) ?? []
            let merchant = wechat.configuration.merchants.first { $0.appids.contains(body["appId"]?.string ?? "") }
            guard let merchant, body["signType"] == "RSA", package.hasPrefix("prepay_id=wx"),
                merchant.publicKey.isValidSignature(signature, for: Array(lines.joined().utf8))
            else { throw Self.refused.error("The pay sign does not match.") }
            let token = String(package.dropFirst("prepay_id=wx".utf8.count))
            guard try await wechat.cashierPayment(token) != nil else {
                throw KitProblems.notFound.error("There is no such payment.")
            }
            return try Self.done(try await wechat.cashierPay(token))
        }
        routes.post("/_control/wechat/rotate", access: .gatewaySignature) { _, _ in
            for merchant in wechat.configuration.merchants { merchant.rotation.turn() }
            return .noContent
        }
    }

    static let kinds = [notPayable, refused]

    private static let notPayable = ProblemKind(
        code: "not_payable", title: "Not payable", status: 409, meaning: "The transaction cannot be paid any more.")
    static let refused = ProblemKind(
        code: "refused", title: "Refused", status: 403, meaning: "What the client was given is not rightly signed.")

    static func done(_ isPaid: Bool) throws -> Response {
        guard isPaid else { throw notPayable.error("The transaction is paid, closed or expired.") }
        return .noContent
    }

    private static func fault(_ body: JSONValue) throws -> Fault {
        guard let kind = FaultKind(rawValue: try text(body, "kind")) else {
            let known = FaultKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw QueryItems.invalid("kind", "must be one of " + known)
        }
        let probability = number(body["probability"]) ?? 1, seconds = number(body["seconds"]) ?? 60
        guard (0...1).contains(probability), (-86_400...86_400).contains(seconds) else {
            throw QueryItems.invalid("probability", "must be between 0 and 1, and seconds at most a day")
        }
        return Fault(
            kind: kind, probability: probability, remaining: body["count"]?.int, seconds: seconds,
            match: body["match"]?.string ?? "")
    }

    private static func number(_ value: JSONValue?) -> Double? {
        switch value {
        case .int(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }

    static func body(_ request: Request) async throws -> JSONValue {
        var content = request.body
        let bytes = try await content.collect(upTo: bodyBytesMax)
        return bytes.isEmpty ? .object([:]) : try JSON.decode(JSONValue.self, from: bytes)
    }

    static func text(_ body: JSONValue, _ name: String) throws -> String {
        guard let text = body[name]?.string else { throw QueryItems.invalid(name, "is required") }
        return text
    }
}
