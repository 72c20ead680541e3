import Models

/// Paying in parts: what was agreed and paid so far, and the customer's points.
enum OrderMoney {
    /// What the button that pays says.
    static func payPhrase(_ order: Order) -> Phrase {
        guard let deposit = order.deposit else { return .payNow }
        return order.totals.paid.minorUnits < deposit.minorUnits ? .payDeposit : .payBalance
    }

    /// The deposit and what is left, once there is more than one payment to speak of.
    static func parts(_ order: Order, zone: String, _ c: PageContext) -> HTML {
        guard order.deposit != nil || order.totals.paid.minorUnits > 0 else { return .empty }
        var text: HTML = """
            <p class="pair"><span>\(c.words[.paidSoFar])</span><span class="num">\
            \(Pieces.text(order.totals.paid))</span></p>\
            <p class="pair"><span>\(c.words[.leftToPay])</span><span class="num strong" data-testid="rest">\
            \(Pieces.text(order.totals.rest))</span></p>
            """
        if let deposit = order.deposit, let due = order.balanceDueAt {
            let until = c.clock.show(due, zone: zone)
            let isPaid = order.totals.paid.minorUnits >= deposit.minorUnits
            text += """
                <p data-testid="deposit">\(isPaid
                    ? c.words(.depositPaidText, Pieces.text(order.totals.rest), until)
                    : c.words(.depositAgreedText, Pieces.text(deposit), until))</p>
                """
        }
        return "<section class=\"card stack tight\">\(text)</section>"
    }

    /// Points as a way to pay, shown to those who have some.
    static func points(_ order: Order, _ balance: Int64, key: String, _ c: PageContext) -> HTML {
        guard balance > 0, order.totals.total.currency == Points.currency else { return .empty }
        let most = Money(minorUnits: min(balance, order.amountDue.minorUnits), currency: Points.currency)
        return """
            <details><summary>\(c.words(.usePointsOf, "\(balance)"))</summary><form class="stack tight" method="post" \
            action="\(Link("/orders/\(order.id.description)/pay"))">\(c.formField)<input type="hidden" name="key" \
            value="\(key)"><input type="hidden" name="gateway" value="points">\
            <div class="field"><label for="points-amount">\(c.words[.pointsAmount])</label><input class="input" \
            id="points-amount" name="amount" inputmode="decimal" autocomplete="off" maxlength="12" required \
            aria-describedby="points-hint" value="\(most.formatted)"><p class="hint" id="points-hint">\
            \(c.words[.pointsHow])</p></div><button class="btn" data-testid="pay-points">\(c.words[.usePoints])</button>\
            </form></details>
            """
    }
}
