import JSON
import Models

/// What people read when a neighbour refuses, by the problem's code.
enum ProblemWords {
    /// Nil: no sentence of its own; the page for the status says enough.
    static func say(_ problem: Problem, _ t: Words) -> String? {
        switch problem.code {
        case "quote_expired": t[.quoteExpiredText].description
        case "price_changed": priceChanged(problem, t)
        case "out_of_stock": t[.soldOutText].description
        case "too_many_unpaid_orders": t[.tooManyUnpaidText].description
        case "store_closed", "store_not_accepting_orders": t[.storeClosedText].description
        case "quote_already_used": t[.alreadyPlacedText].description
        case "move_not_allowed", "order_not_payable", "order_not_reviewable": t[.moveNotAllowedText].description
        case "order_already_reviewed": t[.reviewThanks].description
        case "amount_exceeds_rest": t[.amountExceedsRestText].description
        case "invalid_amount": t[.badAmountText].description
        case "tendered_too_little": t[.tenderedTooLittleText].description
        case "slip_already_booked": t[.slipBookedText].description
        case "slip_mismatch": t[.slipMissingText].description
        case "invalid_deposit": t[.badDepositText].description
        case "order_partly_paid": t[.partlyPaidText].description
        case "refund_not_waiting": t[.refundGoneText].description
        case "insufficient_points": t[.tooFewPointsText].description
        case "unknown_sku": t[.someItemsGone].description
        case "cart_full": t[.cartFullText].description
        case "wrong_pickup_code": t[.badPickupCode].description
        case "gateway_unavailable", "gateway_refused": t[.gatewayText].description
        case "stock_below_reserved": t[.stockHeldText].description
        case "invalid_price": t[.badPrice].description
        case "invalid_stock_change": t[.badStockChange].description
        case "settlement_state": t[.settlementElsewhere].description
        case "invalid_reference": t[.settlementBadReference].description
        case "forged_form": t[.staleFormText].description
        case "too_many_requests": t(.tooManyCodes, problem.retryAfterSeconds ?? 60)
        default: nil
        }
    }

    /// Both prices, when the problem tells them (extensions `quoted` and `current`).
    private static func priceChanged(_ problem: Problem, _ t: Words) -> String {
        guard let quoted = money(problem.extensions["quoted"]), let current = money(problem.extensions["current"])
        else { return t[.priceChangedTitle].description }
        return t(.priceChangedText, Pieces.text(quoted), Pieces.text(current))
    }

    private static func money(_ value: JSONValue?) -> Money? {
        guard let value else { return nil }
        return try? JSON.decode(Money.self, from: JSON.encode(value), mode: .lenient)
    }
}
