import Crypto
import JSON
import Models

/// A transaction as the gateway stores it.
struct WeChatTransaction: Sendable {
    var mchid: String
    var outTradeNo: String
    var appid: String
    var tradeType: String
    var description: String
    var attach: String
    var notifyURL: String
    var total: Int64
    var openid: String
    var token: String
    var state: String
    var transactionID: String?
    var createdAt: Timestamp
    var expiresAt: Timestamp
    var paidAt: Timestamp?
    var refunded: Int64
    /// The money stays frozen until it is shared.
    var shares: Bool
    /// What is still frozen, in fen.
    var unsplit: Int64
    /// Names the key that notifications are signed with; empty for the current one.
    var signingSerial: String
    var combineMchid: String?
    var combineOutTradeNo: String?

    /// The transaction object of queries and notifications.
    var object: JSONValue {
        var members: [String: JSONValue] = [
            "mchid": .string(mchid), "appid": .string(appid), "out_trade_no": .string(outTradeNo),
            "trade_type": .string(tradeType), "trade_state": .string(state),
            "trade_state_desc": .string(Self.descriptions[state] ?? state), "attach": .string(attach),
            "amount": ["total": .int(total), "currency": "CNY"],
        ]
        if let transactionID, let paidAt {
            members["transaction_id"] = .string(transactionID)
            members["bank_type"] = "OTHERS"
            members["success_time"] = .string(BeijingTime.text(paidAt))
            members["payer"] = ["openid": .string(openid)]
            members["amount"] = [
                "total": .int(total), "payer_total": .int(total), "currency": "CNY", "payer_currency": "CNY",
            ]
        }
        return .object(members)
    }

    private static let descriptions = [
        "NOTPAY": "订单未支付", "USERPAYING": "用户支付中，需要输入密码", "SUCCESS": "支付成功", "REFUND": "转入退款",
        "CLOSED": "订单已关闭", "REVOKED": "订单已撤销", "PAYERROR": "支付失败",
    ]

    /// Expired without payment: the gateway treats it as closed.
    func isExpired(at now: Timestamp) -> Bool { state == "NOTPAY" && expiresAt <= now }
}

/// A refund as the gateway stores it.
struct WeChatRefund: Sendable {
    var mchid: String
    var outRefundNo: String
    var outTradeNo: String
    var transactionID: String
    var refundID: String
    var amount: Int64
    var total: Int64
    var status: String
    var createdAt: Timestamp
    var completedAt: Timestamp?
    var notifyURL: String
    /// The merchant that asked for it.
    var requestedBy: String
    /// What the bank will say.
    var outcome: String
    var signingSerial: String

    private var amounts: [String: JSONValue] {
        ["total": .int(total), "refund": .int(amount), "payer_total": .int(total), "payer_refund": .int(amount)]
    }

    /// The refund object of answers.
    var object: JSONValue {
        var amounts = amounts
        amounts["settlement_total"] = .int(total)
        amounts["settlement_refund"] = .int(amount)
        amounts["discount_refund"] = 0
        amounts["currency"] = "CNY"
        amounts["from"] = []
        var members: [String: JSONValue] = [
            "refund_id": .string(refundID), "out_refund_no": .string(outRefundNo),
            "transaction_id": .string(transactionID), "out_trade_no": .string(outTradeNo), "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱", "create_time": .string(BeijingTime.text(createdAt)),
            "status": .string(status), "funds_account": "AVAILABLE", "amount": .object(amounts), "promotion_detail": [],
        ]
        members["success_time"] = completedAt.map { .string(BeijingTime.text($0)) }
        return .object(members)
    }

    /// The refund object of notifications.
    var notice: JSONValue {
        var members: [String: JSONValue] = [
            "mchid": .string(mchid), "transaction_id": .string(transactionID), "out_trade_no": .string(outTradeNo),
            "refund_id": .string(refundID), "out_refund_no": .string(outRefundNo), "refund_status": .string(status),
            "user_received_account": "支付用户零钱", "amount": .object(amounts),
        ]
        members["success_time"] = completedAt.map { .string(BeijingTime.text($0)) }
        return .object(members)
    }
}

/// Times as the gateway writes them: RFC 3339 at Beijing's offset, whole seconds.
enum BeijingTime {
    static func text(seconds: Int64) -> String { text(Timestamp(microseconds: seconds * 1_000_000)) }

    static func text(_ time: Timestamp) -> String {
        let shifted = Timestamp(microseconds: time.microseconds / 1_000_000 * 1_000_000) + .seconds(8 * 3_600)
        return String(shifted.description.dropLast()) + "+08:00"
    }
}

/// The gateway's own numbers: 28 digits, a prefix that tells the kind, the day, and a random rest.
enum GatewayNumbers {
    static func transaction(at time: Timestamp) -> String { "4200" + tail(time) }
    static func refund(at time: Timestamp) -> String { "5030" + tail(time) }
    static func sharing(at time: Timestamp) -> String { "3008" + tail(time) }
    static func sharingPart(at time: Timestamp) -> String { "3601" + tail(time) }
    static func sharingReturn(at time: Timestamp) -> String { "3009" + tail(time) }

    private static func tail(_ time: Timestamp) -> String {
        let (year, month, day) = (time + .seconds(8 * 3_600)).date
        let date = String(year * 10_000 + month * 100 + day)
        return "00" + date + RandomBytes.make(14).map { String($0 % 10) }.joined()
    }
}
