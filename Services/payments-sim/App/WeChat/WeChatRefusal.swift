import HTTPCore
import JSON

/// What the gateway answers when it refuses: its documented status and code.
struct WeChatRefusal: Error {
    let status: HTTPStatus
    let code: String
    let message: String
    var detail: JSONValue?

    static func parameter(_ field: String, _ issue: String, location: String = "body") -> WeChatRefusal {
        WeChatRefusal(
            status: .badRequest, code: "PARAM_ERROR", message: "参数错误",
            detail: ["field": .string(field), "issue": .string(issue), "location": .string(location)])
    }

    static func signature(_ issue: String) -> WeChatRefusal {
        WeChatRefusal(
            status: .unauthorized, code: "SIGN_ERROR", message: "错误的签名，验签失败",
            detail: ["field": "signature", "issue": .string(issue), "location": "authorization"])
    }

    static func invalid(_ message: String) -> WeChatRefusal {
        WeChatRefusal(status: .badRequest, code: "INVALID_REQUEST", message: message)
    }

    static let orderNotExist = WeChatRefusal(status: .notFound, code: "ORDER_NOT_EXIST", message: "订单不存在")
    static let orderPaid = WeChatRefusal(status: .badRequest, code: "ORDER_PAID", message: "订单已支付")
    static let orderClosed = WeChatRefusal(status: .badRequest, code: "ORDER_CLOSED", message: "订单已关闭")
    static let outTradeNoUsed = WeChatRefusal(
        status: .forbidden, code: "OUT_TRADE_NO_USED", message: "商户订单号重复：同一单号的请求参数须一致")
    static let refundNotExist = WeChatRefusal(status: .notFound, code: "RESOURCE_NOT_EXISTS", message: "退款单不存在")
    static let appidMismatch = WeChatRefusal(
        status: .badRequest, code: "APPID_MCHID_NOT_MATCH", message: "appid和mch_id不匹配")
    static let frequencyLimited = WeChatRefusal(
        status: .tooManyRequests, code: "FREQUENCY_LIMITED", message: "频率超限，请降低频率后重试")
    static let systemError = WeChatRefusal(
        status: .internalServerError, code: "SYSTEM_ERROR", message: "系统异常，请用相同参数重新调用")
    static let refundTooMuch = WeChatRefusal.invalid("退款金额大于订单可退金额")

    var body: JSONValue {
        var members: [String: JSONValue] = ["code": .string(code), "message": .string(message)]
        members["detail"] = detail
        return .object(members)
    }
}
