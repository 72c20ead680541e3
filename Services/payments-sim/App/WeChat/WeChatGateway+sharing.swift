import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// Profit sharing (protocol facts, section 3.10): the money of such an order stays frozen until it is shared or
/// unfrozen.
extension WeChatGateway {
    private static let relations: Set<String> = [
        "SERVICE_PROVIDER", "STORE", "STAFF", "STORE_OWNER", "PARTNER", "HEADQUARTER", "BRAND", "DISTRIBUTOR", "USER",
        "SUPPLIER", "CUSTOM",
    ]

    func addSharingRoutes(to routes: inout Routes) {
        let base = "/v3/profitsharing"
        post(&routes, "\(base)/receivers/add") { try await addReceiver($0) }
        post(&routes, "\(base)/receivers/delete") { try await deleteReceiver($0) }
        post(&routes, "\(base)/orders") { try await share($0) }
        get(&routes, "\(base)/orders/{out_order_no}") { try await querySharing($0) }
        post(&routes, "\(base)/orders/unfreeze") { try await unfreeze($0) }
        get(&routes, "\(base)/transactions/{transaction_id}/amounts") { try await unsplit($0) }
        post(&routes, "\(base)/return-orders") { try await giveBack($0) }
        get(&routes, "\(base)/return-orders/{out_return_no}") { try await queryReturn($0) }
        get(&routes, "\(base)/merchant-configs/{sub_mchid}") { verified in
            let mchid = try verified.request.parameters.require("sub_mchid", as: String.self)
            return (.ok, ["sub_mchid": .string(mchid), "max_ratio": .int(verified.merchant.maxSharePermyriad)])
        }
    }

    // MARK: Receivers

    private func addReceiver(_ verified: VerifiedRequest) async throws -> Answer {
        let body = verified.body
        let (type, account) = try receiver(body, verified.merchant)
        let relation = body["relation_type"]?.string ?? ""
        guard Self.relations.contains(relation) else { throw WeChatRefusal.parameter("relation_type", "不支持的关系类型") }
        if type == "MERCHANT_ID" {
            guard let name = body["name"]?.string.flatMap(verified.merchant.open) else {
                throw WeChatRefusal.parameter("name", "须用平台证书或公钥加密")
            }
            guard let expected = verified.merchant.receiverNames[account], expected == name else {
                throw WeChatRefusal.invalid("分账接收方商户号与商户全称不匹配")
            }
        }
        try await kit.database.execute(AddReceiver(
            mchid: verified.merchant.mchid, type: type, account: account, relation: relation, at: clock.now()))
        var echo: [String: JSONValue] = [
            "type": .string(type), "account": .string(account), "relation_type": .string(relation),
        ]
        echo["custom_relation"] = body["custom_relation"]
        return (.ok, .object(echo))
    }

    private func deleteReceiver(_ verified: VerifiedRequest) async throws -> Answer {
        let (type, account) = try receiver(verified.body, verified.merchant)
        try await kit.database.execute(DeleteReceiver(mchid: verified.merchant.mchid, type: type, account: account))
        return (.ok, ["type": .string(type), "account": .string(account)])
    }

    private func receiver(_ body: JSONValue, _ merchant: WeChatMerchant) throws(WeChatRefusal) -> (String, String) {
        guard merchant.appids.contains(try PrepayInput.text(body, "appid", 1...32)) else { throw .appidMismatch }
        guard let type = body["type"]?.string, ["MERCHANT_ID", "PERSONAL_OPENID"].contains(type) else {
            throw .parameter("type", "MERCHANT_ID或PERSONAL_OPENID")
        }
        return (type, try PrepayInput.text(body, "account", 1...64))
    }

    // MARK: Sharing

    private func share(_ verified: VerifiedRequest) async throws -> Answer {
        let body = verified.body
        let appid = try PrepayInput.text(body, "appid", 1...32)
        guard verified.merchant.appids.contains(appid) else { throw WeChatRefusal.appidMismatch }
        guard let receivers = body["receivers"]?.array, (1...50).contains(receivers.count) else {
            throw WeChatRefusal.parameter("receivers", "1至50个接收方")
        }
        var order = try order(verified, finishes: body["unfreeze_unsplit"] == .bool(true))
        for receiver in receivers {
            guard let amount = receiver["amount"]?.int, amount > 0 else {
                throw WeChatRefusal.parameter("/receivers/amount", "整数，单位为分，至少为1")
            }
            order.parts.append(SharingPart(
                detailID: GatewayNumbers.sharingPart(at: clock.now()),
                type: try PrepayInput.text(receiver, "type", 1...32),
                account: try PrepayInput.text(receiver, "account", 1...64), amount: amount,
                description: try PrepayInput.text(receiver, "description", 1...80), returned: 0))
        }
        order.request = JSON.text(Self.comparable(body))
        if let existing = try await existing(order) { return (.ok, existing.object) }
        let known = try await kit.database.one(CountReceivers(
            mchid: order.mchid, types: order.parts.map(\.type), accounts: order.parts.map(\.account)))
        guard known == order.parts.count else { throw WeChatRefusal.invalid("分账接收方未添加") }
        return try await accept(order, most: verified.merchant.maxSharePermyriad)
    }

    private func unfreeze(_ verified: VerifiedRequest) async throws -> Answer {
        var order = try order(verified, finishes: true)
        order.request = JSON.text(verified.body)
        if let existing = try await existing(order) { return (.ok, existing.object) }
        return try await accept(order, most: 10_000)
    }

    private func order(_ verified: VerifiedRequest, finishes: Bool) throws(WeChatRefusal) -> SharingOrder {
        SharingOrder(
            mchid: verified.merchant.mchid, outOrderNo: try PrepayInput.text(verified.body, "out_order_no", 1...64),
            transactionID: try PrepayInput.text(verified.body, "transaction_id", 1...32),
            orderID: GatewayNumbers.sharing(at: clock.now()), request: "", finishes: finishes, unfrozen: 0,
            state: "PROCESSING", createdAt: clock.now(), finishedAt: nil)
    }

    /// What is sealed differs each time, so it is not compared.
    private static func comparable(_ body: JSONValue) -> JSONValue {
        guard case .object(var members) = body else { return body }
        members["receivers"] = .array((body["receivers"]?.array ?? []).map { receiver in
            guard case .object(var fields) = receiver else { return receiver }
            fields["name"] = nil
            return .object(fields)
        })
        return .object(members)
    }

    private func existing(_ order: SharingOrder) async throws -> SharingOrder? {
        let found = try await sharing(FindSharingOrder(mchid: order.mchid, outOrderNo: order.outOrderNo))
        if let found, found.request != order.request { throw WeChatRefusal.sharingNumberUsed }
        return found
    }

    private func sharing(_ statement: FindSharingOrder) async throws -> SharingOrder? {
        guard var order = try await kit.database.first(statement) else { return nil }
        order.parts = try await kit.database.all(SharingParts(mchid: order.mchid, outOrderNo: order.outOrderNo))
        return order
    }

    /// Checks what is left under the order's lock and takes it.
    private func accept(_ wanted: SharingOrder, most permyriad: Int64) async throws -> Answer {
        let accepted = try await kit.database.transaction { tx in
            var order = wanted
            let lock = LockForSharing(mchid: order.mchid, transactionID: order.transactionID)
            guard let found = try await tx.first(lock), found.shares else { throw WeChatRefusal.notShared }
            let sum = order.parts.reduce(0) { $0 + $1.amount }
            guard sum <= found.unsplit, !order.parts.isEmpty || found.unsplit > 0 else {
                throw WeChatRefusal.unsplitNotEnough
            }
            guard (found.shared + sum) * 10_000 <= found.total * permyriad || order.parts.isEmpty else {
                throw WeChatRefusal.overRatio
            }
            order.unfrozen = order.finishes ? found.unsplit - sum : 0
            let isNew = try await tx.first(InsertSharingOrder(order: order)) != nil
            return isNew ? order : nil
        }
        if let accepted { return (.ok, accepted.object) }
        guard let existing = try await existing(wanted) else { throw WeChatRefusal.sharingNotExist }
        return (.ok, existing.object)
    }

    /// What the gateway does a moment later: the receivers get their money.
    func finishSharing() async throws -> JobProgress {
        let limit: Int64 = 50
        let open = try await kit.database.all(OpenSharingOrders(limit: limit))
        for order in open {
            try await kit.database.execute(
                FinishSharing(mchid: order.mchid, outOrderNo: order.outOrderNo, at: clock.now()))
        }
        return open.count == limit ? .more : .idle
    }

    // MARK: Looking and returning

    private func querySharing(_ verified: VerifiedRequest) async throws -> Answer {
        let number = try verified.request.parameters.require("out_order_no", as: String.self)
        let found = try await sharing(FindSharingOrder(mchid: verified.merchant.mchid, outOrderNo: number))
        guard let found, found.transactionID == verified.request.query["transaction_id"] else {
            throw WeChatRefusal.sharingNotExist
        }
        return (.ok, found.object)
    }

    private func unsplit(_ verified: VerifiedRequest) async throws -> Answer {
        let id = try verified.request.parameters.require("transaction_id", as: String.self)
        let found = try await kit.database.first(TransactionByID(mchid: verified.merchant.mchid, transactionID: id))
        guard let found else { throw WeChatRefusal.sharingNotExist }
        return (.ok, ["transaction_id": .string(id), "unsplit_amount": .int(found.unsplit)])
    }

    private func giveBack(_ verified: VerifiedRequest) async throws -> Answer {
        let body = verified.body, mchid = verified.merchant.mchid
        let number = try PrepayInput.text(body, "out_return_no", 1...64)
        guard let amount = body["amount"]?.int, amount > 0 else {
            throw WeChatRefusal.parameter("amount", "整数，单位为分，至少为1")
        }
        let outOrderNo = body["out_order_no"]?.string
        let found = try await sharing(FindSharingOrder(
            mchid: mchid, outOrderNo: outOrderNo, orderID: outOrderNo == nil ? body["order_id"]?.string : nil))
        guard let order = found else { throw WeChatRefusal.sharingNotExist }
        let value = SharingReturn(
            mchid: mchid, outReturnNo: number, outOrderNo: order.outOrderNo, orderID: order.orderID,
            returnID: GatewayNumbers.sharingReturn(at: clock.now()),
            returnMchid: try PrepayInput.text(body, "return_mchid", 1...32), amount: amount,
            description: try PrepayInput.text(body, "description", 1...80), createdAt: clock.now())
        if let existing = try await kit.database.first(FindSharingReturn(mchid: mchid, outReturnNo: number)) {
            let isSame = existing.outOrderNo == value.outOrderNo && existing.amount == amount
                && existing.returnMchid == value.returnMchid
            guard isSame else { throw WeChatRefusal.sharingNumberUsed }
            return (.ok, existing.object)
        }
        guard order.state == "FINISHED" else { throw WeChatRefusal.invalid("分账单处理中，请稍后再试") }
        guard try await kit.database.first(InsertSharingReturn(value: value)) != nil else {
            throw WeChatRefusal.returnNotEnough
        }
        return (.ok, value.object)
    }

    private func queryReturn(_ verified: VerifiedRequest) async throws -> Answer {
        let number = try verified.request.parameters.require("out_return_no", as: String.self)
        let statement = FindSharingReturn(mchid: verified.merchant.mchid, outReturnNo: number)
        guard let found = try await kit.database.first(statement),
            found.outOrderNo == verified.request.query["out_order_no"]
        else { throw WeChatRefusal.sharingNotExist }
        return (.ok, found.object)
    }
}
