import HTTPCore
import JSON
import Models

/// A request to share an order's money, or to unfreeze the rest of it.
struct SharingOrder: Sendable {
    var mchid: String
    var outOrderNo: String
    var transactionID: String
    var orderID: String
    /// What was asked for, without what is sealed afresh each time.
    var request: String
    var finishes: Bool
    /// What goes to the merchant itself, in fen.
    var unfrozen: Int64
    var state: String
    var createdAt: Timestamp
    var finishedAt: Timestamp?
    var parts: [SharingPart] = []

    var object: JSONValue {
        var receivers = parts.map { $0.object(self) }
        if parts.isEmpty {
            let rest = SharingPart(
                detailID: orderID, type: "MERCHANT_ID", account: mchid, amount: unfrozen, description: "解冻给分账方",
                returned: 0)
            receivers.append(rest.object(self))
        }
        return [
            "transaction_id": .string(transactionID), "out_order_no": .string(outOrderNo), "order_id": .string(orderID),
            "state": .string(state), "receivers": .array(receivers),
        ]
    }
}

/// What one receiver gets.
struct SharingPart: Sendable {
    var detailID: String
    var type: String
    var account: String
    var amount: Int64
    var description: String
    var returned: Int64

    func object(_ order: SharingOrder) -> JSONValue {
        var members: [String: JSONValue] = [
            "type": .string(type), "account": .string(account), "amount": .int(amount),
            "description": .string(description), "result": order.state == "FINISHED" ? "SUCCESS" : "PENDING",
            "detail_id": .string(detailID), "create_time": .string(BeijingTime.text(order.createdAt)),
        ]
        members["finish_time"] = .string(BeijingTime.text(order.finishedAt ?? order.createdAt))
        return .object(members)
    }
}

/// Money that a receiver gives back.
struct SharingReturn: Sendable {
    var mchid: String
    var outReturnNo: String
    var outOrderNo: String
    var orderID: String
    var returnID: String
    var returnMchid: String
    var amount: Int64
    var description: String
    var createdAt: Timestamp

    var object: JSONValue {
        [
            "order_id": .string(orderID), "out_order_no": .string(outOrderNo), "out_return_no": .string(outReturnNo),
            "return_id": .string(returnID), "return_mchid": .string(returnMchid), "amount": .int(amount),
            "description": .string(description), "result": "SUCCESS",
            "create_time": .string(BeijingTime.text(createdAt)), "finish_time": .string(BeijingTime.text(createdAt)),
        ]
    }
}

/// Refusals of the sharing calls.
extension WeChatRefusal {
    static let notShared = WeChatRefusal.invalid("非分账订单不支持分账")
    static let overRatio = WeChatRefusal.invalid("分账金额超过最大分账比例")
    static let unsplitNotEnough = WeChatRefusal(
        status: .forbidden, code: "NOT_ENOUGH", message: "分账金额不足：超过订单剩余待分金额")
    static let returnNotEnough = WeChatRefusal(
        status: .forbidden, code: "NOT_ENOUGH", message: "回退金额超过该接收方可回退金额")
    static let sharingNotExist = WeChatRefusal(
        status: .notFound, code: "RESOURCE_NOT_EXISTS", message: "分账记录不存在")
    static let sharingNumberUsed = WeChatRefusal.invalid("同一单号的请求参数须一致")
}
