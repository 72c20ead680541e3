import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// What a payer, or time, would do, for tests and rehearsals; only when enabled at start.
struct ControlInterface: Sendable {
    let wechat: WeChatGateway
    let clock: BusinessClock

    private static let bodyBytesMax = 65_536

    func addRoutes(to routes: inout Routes) {
        routes.post("/_control/wechat/pay", access: .gatewaySignature) { request, _ in
            let body = try await Self.body(request)
            let mchid = try Self.text(body, "mchid"), number = try Self.text(body, "out_trade_no")
            let found = try await wechat.kit.database.first(TransactionByNumber(mchid: mchid, outTradeNo: number))
            guard let transaction = found else { throw KitProblems.notFound.error("There is no such transaction.") }
            let isPaid = try await wechat.pay(token: transaction.token, openid: body["openid"]?.string)
            guard isPaid else { throw Self.notPayable.error("The transaction is paid, closed or expired.") }
            return .noContent
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
    }

    private static let notPayable = ProblemKind(
        code: "not_payable", title: "Not payable", status: 409, meaning: "The transaction cannot be paid any more.")

    private static func body(_ request: Request) async throws -> JSONValue {
        var content = request.body
        return try JSON.decode(JSONValue.self, from: try await content.collect(upTo: bodyBytesMax))
    }

    private static func text(_ body: JSONValue, _ name: String) throws -> String {
        guard let text = body[name]?.string else { throw QueryItems.invalid(name, "is required") }
        return text
    }
}
