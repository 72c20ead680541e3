import HTTPCore
import JSON
import Models
import Postgres
import ServiceKit

/// Giving parts of a trade to others (protocol facts, section 4.5).
extension AlipayGateway {
    private static let receiversMax = 50

    func bind(_ call: AlipayRequest) async throws -> Answer {
        try await kit.database.execute(BindAlipayReceivers(
            appID: call.merchant.appID, receivers: try Self.list(call), at: clock.now()))
        return .fields(["result_code": "SUCCESS"])
    }

    func unbind(_ call: AlipayRequest) async throws -> Answer {
        try await kit.database.execute(
            UnbindAlipayReceivers(appID: call.merchant.appID, receivers: try Self.list(call)))
        return .fields(["result_code": "SUCCESS"])
    }

    func receivers(_ call: AlipayRequest) async throws -> Answer {
        let bound = try await kit.database.all(ListAlipayReceivers(appID: call.merchant.appID))
        let list = bound.map { receiver -> JSONValue in
            [
                "type": .string(receiver.type), "account": .string(receiver.account), "name": .string(receiver.name),
                "memo": .string(receiver.memo),
            ]
        }
        return .fields([
            "result_code": "SUCCESS", "receiver_list": .array(list), "total_page_num": 1,
            "total_record_num": .int(Int64(list.count)),
            "current_page_num": 1, "current_page_size": .int(Int64(list.count)),
        ])
    }

    private static func list(_ call: AlipayRequest) throws(AlipayRefusal) -> [AlipayReceiver] {
        guard let list = call.content["receiver_list"]?.array, (1...receiversMax).contains(list.count) else {
            throw .parameter("receiver_list")
        }
        var receivers: [AlipayReceiver] = []
        for value in list {
            guard let type = value["type"]?.string, ["userId", "loginName"].contains(type),
                let account = value["account"]?.string, (1...60).contains(account.count)
            else { throw .parameter("receiver_list") }
            receivers.append(AlipayReceiver(
                type: type, account: account, name: value["name"]?.string ?? "", memo: value["memo"]?.string ?? ""))
        }
        return receivers
    }

    func settle(_ call: AlipayRequest) async throws -> Answer {
        let merchant = call.merchant, number = try call.text("out_request_no", 1...64)
        guard let trade = try await named(call) else { throw AlipayRefusal.tradeNotExist }
        let wanted = call.content["royalty_parameters"]?.array
        guard let parts = wanted, (1...Self.receiversMax).contains(parts.count) else {
            throw AlipayRefusal.parameter("royalty_parameters")
        }
        let bound = try await kit.database.all(ListAlipayReceivers(appID: merchant.appID)).map(\.account)
        var settlement = AlipaySettlement(
            appID: merchant.appID, outRequestNo: number, tradeNo: trade.tradeNo,
            settleNo: AlipayNumbers.settlement(at: clock.now()), accounts: [], amounts: [], at: clock.now())
        for part in parts {
            guard let account = part["trans_in"]?.string, (bound + merchant.royaltyReceivers).contains(account) else {
                throw AlipayRefusal.royaltyAccount
            }
            guard let amount = AlipayRequest.fen(part["amount"]), amount > 0 else { throw AlipayRefusal.royaltyAmount }
            settlement.accounts.append(account)
            settlement.amounts.append(amount)
        }
        let find = FindAlipaySettlement(appID: merchant.appID, outRequestNo: number)
        if let earlier = try await kit.database.first(find) { return try Self.repeated(earlier, settlement) }
        guard trade.paidAt != nil, trade.state != "TRADE_CLOSED" else { throw AlipayRefusal.tradeStatus }
        do {
            let statement = InsertAlipaySettlement(
                settlement: settlement, sellerID: merchant.sellerID, maxPercent: merchant.maxRoyaltyPercent)
            guard try await kit.database.first(statement) != nil else { throw AlipayRefusal.royaltyAmount }
        } catch let error as PostgresError where error.isUniqueViolation("alipay_settlements_pkey") {
            return try Self.repeated(try await kit.database.one(find), settlement)
        }
        return try Self.repeated(settlement, settlement)
    }

    private static func repeated(
        _ earlier: AlipaySettlement, _ wanted: AlipaySettlement
    ) throws(AlipayRefusal) -> Answer {
        let isSame = earlier.tradeNo == wanted.tradeNo && earlier.accounts == wanted.accounts
            && earlier.amounts == wanted.amounts
        guard isSame else { throw .repeatDiffers }
        return .fields(["trade_no": .string(earlier.tradeNo), "settle_no": .string(earlier.settleNo)])
    }

    func querySettlement(_ call: AlipayRequest) async throws -> Answer {
        let number = try call.optional("out_request_no", 64), settleNo = try call.optional("settle_no", 64)
        let found = try await kit.database.first(FindAlipaySettlement(
            appID: call.merchant.appID, outRequestNo: settleNo.isEmpty ? number : nil, settleNo: settleNo.isEmpty ? nil : settleNo))
        guard let found else { throw AlipayRefusal.tradeNotExist }
        let time = JSONValue.string(BeijingTime.plain(found.at))
        let details = zip(found.accounts, found.amounts).enumerated().map { index, part -> JSONValue in
            [
                "operation_type": "transfer", "state": "SUCCESS", "amount": .string(part.1.yuan),
                "trans_in": .string(part.0), "trans_in_type": "userId", "trans_out": .string(call.merchant.sellerID),
                "trans_out_type": "userId", "execute_dt": time, "detail_id": .string("\(found.settleNo)\(index)"),
            ]
        }
        return .fields([
            "out_request_no": .string(found.outRequestNo), "operation_dt": time, "royalty_detail_list": .array(details),
        ])
    }

    func unsettled(_ call: AlipayRequest) async throws -> Answer {
        guard let trade = try await named(call) else { throw AlipayRefusal.tradeNotExist }
        let left = trade.paidAt == nil ? 0 : max(0, trade.total - trade.refunded - trade.settled)
        return .fields(["unsettled_amount": .string(left.yuan)])
    }
}
