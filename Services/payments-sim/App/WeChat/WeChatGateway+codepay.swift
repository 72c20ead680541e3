import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// The till's way: the shop reads the payment code on the person's phone.
extension WeChatGateway {
    func addCodeRoutes(to routes: inout Routes) {
        post(&routes, "/v3/pay/transactions/codepay") { try await payByCode($0) }
        post(&routes, "/v3/pay/transactions/out-trade-no/{out_trade_no}/reverse") { try await reverse($0) }
    }

    private func payByCode(_ verified: VerifiedRequest) async throws -> Answer {
        let code = verified.body["payer"]?["auth_code"]?.string ?? ""
        var transaction = try PrepayInput(verified, tradeType: "MICROPAY", now: clock.now()).transaction
        let outcome = verified.merchant.authCodes.outcome(code, prefixes: 10...15, length: 18...18)
        if outcome == .invalid { throw WeChatRefusal.authCodeInvalid }
        if outcome == .insufficient { transaction.state = "PAYERROR" }
        guard try await kit.database.first(InsertTransaction(transaction: transaction)) != nil else {
            throw try await taken(transaction)
        }
        switch outcome {
        case .insufficient: throw WeChatRefusal.notEnough
        case .paying: throw WeChatRefusal.userPaying
        default: break
        }
        _ = try await pay(token: transaction.token, openid: nil)
        let number = TransactionByNumber(mchid: transaction.mchid, outTradeNo: transaction.outTradeNo)
        return (.ok, try await kit.database.one(number).object)
    }

    private func taken(_ transaction: WeChatTransaction) async throws -> WeChatRefusal {
        let number = TransactionByNumber(mchid: transaction.mchid, outTradeNo: transaction.outTradeNo)
        switch try await kit.database.one(number).state {
        case "USERPAYING": return .userPaying
        case "SUCCESS", "REFUND": return .orderPaid
        case "REVOKED", "CLOSED": return .orderClosed
        default: return .outTradeNoUsed
        }
    }

    private func reverse(_ verified: VerifiedRequest) async throws -> Answer {
        guard verified.body["mchid"]?.string == verified.merchant.mchid else {
            throw WeChatRefusal.parameter("mchid", "mchid与签名商户号不一致")
        }
        let number = try verified.request.parameters.require("out_trade_no", as: String.self)
        let mchid = verified.merchant.mchid
        let reversed = try await kit.database.first(
            ReverseTransaction(mchid: mchid, outTradeNo: number, at: clock.now()))
        if reversed != nil { return (.noContent, nil) }
        let found = try await kit.database.first(TransactionByNumber(mchid: mchid, outTradeNo: number))
        guard let found else { throw WeChatRefusal.orderNotExist }
        guard found.state == "REVOKED" else { throw WeChatRefusal.invalid("订单不可撤销") }
        return (.noContent, nil)
    }
}

extension WeChatRefusal {
    static let authCodeInvalid = WeChatRefusal(
        status: .badRequest, code: "AUTH_CODE_INVALID", message: "付款码无效，请用户刷新后再试")
    static let notEnough = WeChatRefusal(status: .forbidden, code: "NOT_ENOUGH", message: "余额不足")
    static let userPaying = WeChatRefusal(
        status: .accepted, code: "USER_PAYING", message: "用户支付中，需要输入密码，请查询结果")
}
