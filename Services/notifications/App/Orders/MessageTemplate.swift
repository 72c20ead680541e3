import Models

/// What people are told about their order, in both languages.
///
/// Not every move is worth a message: that an order was placed or is being prepared is seen on its page, live.
enum MessageTemplate {
    struct Words: Equatable {
        /// For programs: the last word of the event's type.
        let kind: String
        let title: LocalizedText
        let body: LocalizedText
    }

    /// The message for an event; nil when it makes none.
    static func words(for type: String, _ order: OrderEventData) -> Words? {
        let (zh, en) = (order.storeName.zh, order.storeName.en)
        let number = order.number
        switch type {
        case OrderEvents.paid:
            let queue = order.queueNumber.map { ("，取餐号 \($0)", " Your number is \($0).") } ?? ("", "")
            return Words(
                kind: "paid", title: text("付款成功", "Payment received"),
                body: text(
                    "「\(zh)」已收到订单 \(number) 的付款 ¥\(order.total.formatted)\(queue.0)。",
                    "\(en) received your payment of ¥\(order.total.formatted) for order \(number).\(queue.1)"))
        case OrderEvents.depositPaid:
            let rest = order.balanceDue?.formatted ?? order.total.formatted
            let due = order.balanceDueAt.map(day) ?? ""
            return Words(
                kind: "deposit_paid", title: text("定金已付", "Deposit received"),
                body: text(
                    "「\(zh)」已收到订单 \(number) 的定金。请在 \(due) 前支付余款 ¥\(rest)。",
                    "\(en) received your deposit for order \(number). ¥\(rest) is due by \(due)."))
        case OrderEvents.accepted:
            return Words(
                kind: "accepted", title: text("商家已接单", "Order accepted"),
                body: text("「\(zh)」已接订单 \(number)。", "\(en) accepted order \(number)."))
        case OrderEvents.ready:
            return Words(
                kind: "ready", title: text("可以取货了", "Ready for pickup"),
                body: text(
                    "订单 \(number) 已备好，请到「\(zh)」出示取货码。",
                    "Order \(number) is ready. Show your pickup code at \(en)."))
        case OrderEvents.collected:
            return Words(
                kind: "collected", title: text("订单已完成", "Order completed"),
                body: text(
                    "订单 \(number) 已取货，欢迎评价「\(zh)」。",
                    "Order \(number) was collected. How was \(en)? A review helps others."))
        case OrderEvents.cancelled:
            let reason = order.reason.map { ("原因：\($0)。", " Reason: \($0).") } ?? ("", "")
            return Words(
                kind: "cancelled", title: text("订单已取消", "Order cancelled"),
                body: text(
                    "「\(zh)」的订单 \(number) 已取消。\(reason.0)", "Order \(number) at \(en) was cancelled.\(reason.1)"))
        case OrderEvents.expired:
            return Words(
                kind: "expired", title: text("订单已失效", "Order expired"),
                body: text(
                    "订单 \(number) 未在时限内付款，已失效。",
                    "Order \(number) was not paid in time and has expired."))
        case OrderEvents.refunded:
            let amount = (order.refund?.amount ?? order.total).formatted
            return Words(
                kind: "refunded", title: text("退款成功", "Refund paid"),
                body: text(
                    "订单 \(number) 的退款 ¥\(amount) 已原路退回。",
                    "¥\(amount) for order \(number) went back the way it was paid."))
        default: return nil
        }
    }

    /// `2026-12-01 18:00`, on the clock of Beijing: events do not say which clock the store has.
    private static func day(_ time: Timestamp) -> String {
        let text = (time + .seconds(8 * 3_600)).description
        return text.prefix(10) + " " + text.dropFirst(11).prefix(5)
    }

    private static func text(_ zh: String, _ en: String) -> LocalizedText { LocalizedText(zh: zh, en: en) }
}
