/// The words of a cashier's page.
struct CashierText: Sendable {
    let title, pay: String
    /// The gateway's colour, dark enough for white text on it, and a light one for dark screens.
    let colour, lightColour: String
    let isChinese: Bool

    static let weChat = [
        CashierText(title: "微信支付（模拟）", pay: "确认支付", colour: "#07803f", lightColour: "#4fd08a", isChinese: true),
        CashierText(
            title: "WeChat Pay (simulated)", pay: "Pay now", colour: "#07803f", lightColour: "#4fd08a",
            isChinese: false),
    ]
    static let alipay = [
        CashierText(title: "支付宝（模拟）", pay: "确认付款", colour: "#0b62c4", lightColour: "#7db8ff", isChinese: true),
        CashierText(
            title: "Alipay (simulated)", pay: "Pay now", colour: "#0b62c4", lightColour: "#7db8ff", isChinese: false),
    ]
    static let card = [
        CashierText(title: "银行卡支付（模拟）", pay: "确认支付", colour: "#a8232b", lightColour: "#ff9aa0", isChinese: true),
        CashierText(
            title: "Bank card (simulated)", pay: "Pay now", colour: "#a8232b", lightColour: "#ff9aa0",
            isChinese: false),
    ]

    var scan: String { isChinese ? "付款二维码" : "Payment code" }
    var refuse: String { isChinese ? "暂不支付" : "Not now" }
    var wait: String { isChinese ? "等待手机扫码支付" : "Wait while a phone pays" }
    var waiting: String { isChinese ? "正在等待支付结果…" : "Waiting for the payment…" }
    var till: String { isChinese ? "请向收银员出示付款码" : "Show this code at the till" }
    var paid: String { isChinese ? "支付成功" : "Paid" }
    var over: String { isChinese ? "该笔支付已关闭" : "This payment is closed" }
    var back: String { isChinese ? "返回商家" : "Back to the shop" }
    var note: String {
        isChinese ? "这是演练用的模拟收银台，不会产生真实扣款。" : "A simulated cashier for rehearsal: no real money moves."
    }
}
