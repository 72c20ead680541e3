import JSON

/// What Alipay answers when it refuses: always with HTTP 200 (protocol facts, section 4.6).
struct AlipayRefusal: Error {
    let code: String
    let message: String
    let subCode: String
    let subMessage: String
    /// Gateway refusals before the signature is known to be right are not signed.
    var isSigned = true

    static func business(_ subCode: String, _ message: String) -> AlipayRefusal {
        AlipayRefusal(code: "40004", message: "Business Failed", subCode: subCode, subMessage: message)
    }

    static func missing(_ subCode: String, _ message: String) -> AlipayRefusal {
        AlipayRefusal(
            code: "40001", message: "Missing Required Arguments", subCode: subCode, subMessage: message,
            isSigned: false)
    }

    static func invalid(_ subCode: String, _ message: String) -> AlipayRefusal {
        AlipayRefusal(
            code: "40002", message: "Invalid Arguments", subCode: subCode, subMessage: message, isSigned: false)
    }

    static func parameter(_ name: String) -> AlipayRefusal {
        .business("ACQ.INVALID_PARAMETER", "参数无效：\(name)")
    }

    static let unknown = AlipayRefusal(
        code: "20000", message: "Service Currently Unavailable", subCode: "isp.unknow-error", subMessage: "系统繁忙")
    static let systemError = business("ACQ.SYSTEM_ERROR", "系统错误，请用相同参数重新调用")
    static let tradeNotExist = business("ACQ.TRADE_NOT_EXIST", "交易不存在")
    static let tradeStatus = business("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
    static let inconsistent = business("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
    static let hasSuccess = business("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
    static let hasClosed = business("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
    static let hasFinished = business("ACQ.TRADE_HAS_FINISHED", "交易已完结")
    static let authCodeInvalid = business("ACQ.PAYMENT_AUTH_CODE_INVALID", "支付授权码无效")
    static let balanceNotEnough = business("ACQ.BUYER_BALANCE_NOT_ENOUGH", "买家余额不足")
    static let refundNotEqual = business("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额无效，部分退款须传退款请求号")
    static let refundTooMuch = business("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效，累计退款大于交易金额")
    static let repeatDiffers = business("ACQ.DISCORDANT_REPEAT_REQUEST", "请求信息不一致")
    static let sellerBalance = business("ACQ.SELLER_BALANCE_NOT_ENOUGH", "商户余额不足")
    static let cancelTooLate = business("ACQ.CANCEL_NOT_ALLOWED", "超过撤销时间")
    static let royaltyAmount = business("ACQ.ALLOC_AMOUNT_VALIDATE_ERROR", "分账金额验证失败")
    static let royaltyAccount = business("ACQ.ROYALTY_ACCOUNT_NOT_EXIST", "分账方未绑定分账关系")

    var node: JSONValue {
        [
            "code": .string(code), "msg": .string(message), "sub_code": .string(subCode),
            "sub_msg": .string(subMessage),
        ]
    }
}
