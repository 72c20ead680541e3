import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

extension ControlInterface {
    func addAlipayRoutes(to routes: inout Routes) {
        routes.post("/_control/alipay/scan", access: .gatewaySignature) { request, _ in
            let body = try await Self.body(request)
            let trade = try await find(body)
            return try Self.done(try await alipay.scan(trade, buyerID: try buyer(body, trade)))
        }
        routes.post("/_control/alipay/pay", access: .gatewaySignature) { request, _ in
            let body = try await Self.body(request)
            if let url = body["pay_url"]?.string, let query = url.split(separator: "?", maxSplits: 1).last {
                try await open(String(query))
            }
            return try await pay(try await find(body), body)
        }
        routes.post("/_control/alipay/app-invoke", access: .gatewaySignature) { request, _ in
            let body = try await Self.body(request)
            let text = try Self.text(body, "order_string")
            try await open(text)
            let parameters = Self.parameters(text)
            let content = try JSON.decode(JSONValue.self, from: Array((parameters["biz_content"] ?? "{}").utf8))
            let statement = FindAlipayTrade(
                appID: parameters["app_id"] ?? "", outTradeNo: content["out_trade_no"]?.string ?? "")
            return try await pay(try await alipay.kit.database.one(statement), body)
        }
    }

    private static func parameters(_ query: String) -> [String: String] {
        Dictionary(QueryItems(query).pairs.map { ($0.name, $0.value) }) { _, last in last }
    }

    /// What the browser or app does with what the merchant signed.
    private func open(_ query: String) async throws {
        do {
            let call = try await AlipayRequest(Self.parameters(query), alipay.configuration.alipay)
            let products = [
                "alipay.trade.page.pay": "page", "alipay.trade.wap.pay": "wap", "alipay.trade.app.pay": "app",
            ]
            guard let product = products[call.method] else {
                throw AlipayRefusal.invalid("isv.invalid-method", "不存在的方法名")
            }
            _ = try await alipay.page(call, product)
        } catch let refusal as AlipayRefusal {
            // What is paid already is told by the payment itself.
            guard refusal.subCode != "ACQ.TRADE_HAS_SUCCESS" else { return }
            throw Self.refused.error("\(refusal.subCode): \(refusal.subMessage)")
        }
    }

    private func find(_ body: JSONValue) async throws -> AlipayTrade {
        let appID = body["app_id"]?.string ?? alipay.configuration.alipay.first?.appID ?? ""
        let statement = FindAlipayTrade(appID: appID, outTradeNo: try Self.text(body, "out_trade_no"))
        guard let trade = try await alipay.kit.database.first(statement) else {
            throw KitProblems.notFound.error("There is no such trade or code.")
        }
        return trade
    }

    private func buyer(_ body: JSONValue, _ trade: AlipayTrade) throws -> String {
        body["buyer_id"]?.string ?? alipay.configuration.alipay.first { $0.appID == trade.appID }?.buyerID ?? ""
    }

    private func pay(_ trade: AlipayTrade, _ body: JSONValue) async throws -> Response {
        let isPaid = try await alipay.pay(trade, buyerID: try buyer(body, trade))
        guard isPaid else { return try Self.done(false) }
        let paid = try await alipay.kit.database.one(FindAlipayTrade(token: trade.token))
        guard let url = try await alipay.returnURL(paid) else { return .noContent }
        return .json(.ok, JSONValue.object(["return_url": .string(url)]))
    }
}
