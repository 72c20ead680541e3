import Crypto
import HTTPCore
import JSON
import Models

/// Several orders, possibly of several merchants, that a person pays at once.
struct CombinedPayment: Sendable {
    var mchid: String
    var outTradeNo: String
    var appid: String
    var tradeType: String
    var notifyURL: String
    var openid: String
    var token: String
    var signingSerial: String
    var createdAt: Timestamp
    var expiresAt: Timestamp
    var paidAt: Timestamp?
    var closedAt: Timestamp?
    var parts: [WeChatTransaction] = []

    var total: Int64 { parts.reduce(0) { $0 + $1.total } }

    /// The object of queries and of the one notification.
    var object: JSONValue {
        var members: [String: JSONValue] = [
            "combine_appid": .string(appid), "combine_mchid": .string(mchid),
            "combine_out_trade_no": .string(outTradeNo), "sub_orders": .array(parts.map(\.combinedObject)),
        ]
        if paidAt != nil { members["combine_payer_info"] = ["openid": .string(openid)] }
        return .object(members)
    }

    func isSame(as other: CombinedPayment) -> Bool {
        func key(_ part: WeChatTransaction) -> [String] {
            [part.mchid, part.outTradeNo, part.description, part.attach, String(part.total)]
        }
        return appid == other.appid && tradeType == other.tradeType && notifyURL == other.notifyURL
            && parts.map(key).sorted { $0.lexicographicallyPrecedes($1) }
                == other.parts.map(key).sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Reads a request (protocol facts, section 3.11).
    init(_ verified: VerifiedRequest, tradeType: String, now: Timestamp) throws(WeChatRefusal) {
        let body = verified.body, merchant = verified.merchant
        appid = try PrepayInput.text(body, "combine_appid", 1...32)
        guard merchant.appids.contains(appid) else { throw .appidMismatch }
        mchid = try PrepayInput.text(body, "combine_mchid", 1...32)
        guard mchid == merchant.mchid else { throw .parameter("combine_mchid", "与签名商户号不一致") }
        outTradeNo = try PrepayInput.number(body, "combine_out_trade_no")
        openid = body["combine_payer_info"]?["openid"]?.string ?? ""
        if tradeType == "JSAPI", openid.isEmpty { throw .parameter("/combine_payer_info/openid", "必填") }
        if tradeType == "MWEB" { try PrepayInput.checkScene(body) }
        self.tradeType = tradeType
        notifyURL = try PrepayInput.notifyURL(body, merchant)
        token = Hex.encode(RandomBytes.make(16))
        signingSerial = PrepayInput.signingSerial(verified)
        createdAt = now
        expiresAt = try PrepayInput.expiry(body, now)
        guard let orders = body["sub_orders"]?.array, (1...50).contains(orders.count) else {
            throw .parameter("sub_orders", "1至50个子单")
        }
        for order in orders { parts.append(try part(order, merchant)) }
        guard Set(parts.map { [$0.mchid, $0.outTradeNo] }).count == parts.count else {
            throw .parameter("sub_orders", "子单商户订单号重复")
        }
    }

    private func part(_ order: JSONValue, _ merchant: WeChatMerchant) throws(WeChatRefusal) -> WeChatTransaction {
        let owner = try PrepayInput.text(order, "mchid", 1...32)
        guard merchant.speaks(for: owner) else {
            throw WeChatRefusal(status: .forbidden, code: "NO_AUTH", message: "子单商户号未授权合单支付")
        }
        return WeChatTransaction(
            mchid: owner, outTradeNo: try PrepayInput.number(order, "out_trade_no"), appid: appid,
            tradeType: tradeType, description: try PrepayInput.text(order, "description", 1...127),
            attach: try PrepayInput.optional(order, "attach", 128), notifyURL: "",
            total: try PrepayInput.total(order["amount"], "total_amount"), openid: openid,
            token: Hex.encode(RandomBytes.make(16)), state: "NOTPAY", transactionID: nil, createdAt: createdAt,
            expiresAt: expiresAt, paidAt: nil, refunded: 0, shares: PrepayInput.shares(order), unsplit: 0,
            signingSerial: signingSerial, combineMchid: mchid, combineOutTradeNo: outTradeNo)
    }
}

extension WeChatTransaction {
    /// A part in the object of a combined payment: other names for the amounts.
    var combinedObject: JSONValue {
        var members: [String: JSONValue] = [
            "mchid": .string(mchid), "trade_type": .string(tradeType), "trade_state": .string(state),
            "out_trade_no": .string(outTradeNo), "attach": .string(attach),
            "amount": ["total_amount": .int(total), "currency": "CNY"],
        ]
        if let transactionID, let paidAt {
            members["transaction_id"] = .string(transactionID)
            members["bank_type"] = "OTHERS"
            members["success_time"] = .string(BeijingTime.text(paidAt))
            members["amount"] = [
                "total_amount": .int(total), "payer_amount": .int(total), "currency": "CNY", "payer_currency": "CNY",
            ]
        }
        return .object(members)
    }
}
