import JSON
import Models
import ServiceKit

/// The service's problems: the only file that chooses status codes and words.
enum Problems {
    static let cartFull = ProblemKind(
        code: "cart_full", title: "The cart is full", status: 422,
        meaning: "A cart has a limited number of lines. Place an order from it, or take something out.")
    static let unknownSKU = ProblemKind(
        code: "unknown_sku", title: "Not sold here", status: 422,
        meaning: "The store does not have what a line names; `errors` points at each such line.")
    static let storeNotAccepting = ProblemKind(
        code: "store_not_accepting_orders", title: "The store takes no orders now", status: 409,
        meaning: "The store has paused online orders. Try again later, or choose another store.")
    static let storeClosed = ProblemKind(
        code: "store_closed", title: "The store is closed", status: 409,
        meaning: "Orders for pickup are taken during opening hours.")
    static let nothingToPay = ProblemKind(
        code: "nothing_to_pay", title: "Nothing to pay", status: 422,
        meaning: "The total must be at least one minor unit: no gateway moves less.")
    static let totalTooLarge = ProblemKind(
        code: "total_too_large", title: "The total is too large", status: 422,
        meaning: "An order can be worth at most 1,000,000.00. Split it.")
    static let quoteInvalid = ProblemKind(
        code: "invalid_quote", title: "Not a quote", status: 422,
        meaning: "The token was not made here, was changed, or belongs to another customer. Ask for a new quote.")
    static let quoteExpired = ProblemKind(
        code: "quote_expired", title: "The quote has expired", status: 409,
        meaning: "A quote holds for ten minutes. Ask for a new one.")
    static let quoteAlreadyUsed = ProblemKind(
        code: "quote_already_used", title: "The quote was used", status: 409,
        meaning: "An order was placed from this quote under another key. Ask for a new quote to order again.")
    static let priceChanged = ProblemKind(
        code: "price_changed", title: "A price has changed", status: 409,
        meaning: "`quoted` and `current` show both prices. Ask for a new quote, and confirm it.")
    static let outOfStock = ProblemKind(
        code: "out_of_stock", title: "Out of stock", status: 409,
        meaning: "`available` says how many of `sku_id` are left. Nothing was reserved.")
    static let tooManyUnpaid = ProblemKind(
        code: "too_many_unpaid_orders", title: "Too many unpaid orders", status: 409,
        meaning: "Pay or cancel one of your unpaid orders first, or wait until one expires.")
    static let moveNotAllowed = ProblemKind(
        code: "move_not_allowed", title: "Not possible in this state", status: 409,
        meaning: "`states` says where the order stands; look at it again before you go on.")
    static let notPayable = ProblemKind(
        code: "order_not_payable", title: "The order cannot be paid", status: 409,
        meaning: "It is paid already, or was cancelled or expired; `states` says which.")
    static let openIDMissing = ProblemKind(
        code: "openid_missing", title: "openid is missing", status: 422,
        meaning: "Paying inside the gateway's app needs the customer's openid.")
    static let methodNotOffered = ProblemKind(
        code: "method_not_offered", title: "This way to pay is not offered", status: 422,
        meaning: "`offered` names the gateways that are; not every gateway has every channel.")
    static let gatewayUnavailable = ProblemKind(
        code: "gateway_unavailable", title: "The payment gateway does not answer", status: 503,
        meaning: "Nothing was charged. Repeat the request with the same key.")
    static let gatewayRefused = ProblemKind(
        code: "gateway_refused", title: "The payment gateway refused", status: 502,
        meaning: "`gateway_code` is the gateway's own code. Nothing was charged.")
    static let notificationForged = ProblemKind(
        code: "notification_forged", title: "Not from the gateway", status: 401,
        meaning: "The signature, its age or its serial number is wrong. Nothing was changed.")
    static let notificationMismatch = ProblemKind(
        code: "notification_mismatch", title: "Does not fit a payment", status: 422,
        meaning: "The amount, currency, merchant or number is not that of a payment here. Nothing was changed.")
    static let refundExceedsPayment = ProblemKind(
        code: "refund_exceeds_payment", title: "More than was paid", status: 409,
        meaning: "`left` is what can still go back.")
    static let amountExceedsRest = ProblemKind(
        code: "amount_exceeds_rest", title: "More than is left to pay", status: 409,
        meaning: "`left` is what the order still needs.")
    static let tenderedTooLittle = ProblemKind(
        code: "tendered_too_little", title: "Less than the amount", status: 422,
        meaning: "What the customer handed over does not cover `amount`. Book a part by its own amount instead.")
    static let slipExpected = ProblemKind(
        code: "slip_mismatch", title: "The slip does not fit", status: 422,
        meaning: "A payment by terminal needs the number of its slip; cash has none, and only cash is handed over.")
    static let slipAlreadyBooked = ProblemKind(
        code: "slip_already_booked", title: "The slip was booked", status: 409,
        meaning: "Each slip of the store's terminal pays once. Look at the order that has it.")
    static let partlyPaid = ProblemKind(
        code: "order_partly_paid", title: "Paid in part", status: 409,
        meaning: "A part of a part payment cannot go back, nor a deposit be agreed any more. Call the order off: all goes back.")
    static let invalidDeposit = ProblemKind(
        code: "invalid_deposit", title: "Not a deposit", status: 422,
        meaning: "A deposit is less than the total; the rest is due after the time to pay, within 180 days.")
    static let insufficientPoints = ProblemKind(
        code: "insufficient_points", title: "Not enough points", status: 409,
        meaning: "`available` is how many there are; 100 points are worth 1.00.")
    static let refundNotWaiting = ProblemKind(
        code: "refund_not_waiting", title: "Nothing to hand out", status: 409,
        meaning: "The refund is over, or a gateway moves it.")
    static let wrongCurrency = ProblemKind(
        code: "wrong_currency", title: "Wrong currency", status: 422,
        meaning: "An order is paid, and paid back, in the currency of its total.")
    static let wrongPickupCode = ProblemKind(
        code: "wrong_pickup_code", title: "No order for this code", status: 404,
        meaning: "The code is wrong, belongs to another store, or the order is not ready or was collected.")
    static let notReviewable = ProblemKind(
        code: "order_not_reviewable", title: "Not completed yet", status: 409,
        meaning: "An order can be judged once it was collected.")
    static let alreadyReviewed = ProblemKind(
        code: "order_already_reviewed", title: "Judged already", status: 409,
        meaning: "An order is judged once.")
    static let dayNotOver = ProblemKind(
        code: "day_not_over", title: "The day is not over", status: 409,
        meaning: "Statements are made of days that are over in Shanghai.")
    static let termsDivideWrongly = ProblemKind(
        code: "terms_divide_wrongly", title: "The parts do not fit", status: 422,
        meaning: "Both rates together are at most 10,000 hundredths of a percent, and a leader's rate needs a leader.")
    static let termsInThePast = ProblemKind(
        code: "terms_in_the_past", title: "Terms begin now or later", status: 422,
        meaning: "What was sold is divided by the terms of its time; those are never changed.")
    static let termsExist = ProblemKind(
        code: "terms_exist", title: "Other terms begin then", status: 409,
        meaning: "The store has terms from this very moment on. Choose another.")
    static let settlementState = ProblemKind(
        code: "settlement_state", title: "Not possible in this state", status: 409,
        meaning: "`state` says where the statement stands: open ones are confirmed, confirmed ones paid out, once.")

    static let dayNotBegun = ProblemKind(
        code: "day_not_begun", title: "The day has not begun", status: 422,
        meaning: "Only a day that has begun in Beijing can have a bill.")
    static let billPruned = ProblemKind(
        code: "bill_pruned", title: "The bill is not kept any more", status: 422,
        meaning: "The lines of a day's bill are kept for 90 days. What was found in them stays listed.")

    static let kinds: [ProblemKind] = [
        cartFull, unknownSKU, storeNotAccepting, storeClosed, nothingToPay, totalTooLarge, quoteInvalid, quoteExpired,
        quoteAlreadyUsed, priceChanged, outOfStock, tooManyUnpaid, moveNotAllowed, notPayable, openIDMissing,
        methodNotOffered,
        gatewayUnavailable, gatewayRefused, notificationForged, notificationMismatch, refundExceedsPayment,
        amountExceedsRest, tenderedTooLittle, slipExpected, slipAlreadyBooked, partlyPaid, refundNotWaiting,
        insufficientPoints, invalidDeposit,
        wrongCurrency, wrongPickupCode, notReviewable, alreadyReviewed, dayNotBegun, billPruned,
        dayNotOver, termsDivideWrongly, termsInThePast, termsExist, settlementState,
    ]

    /// The problem for an error of this service; nil for any other error.
    static func problem(for error: any Error) -> Problem? {
        guard let error = error as? OrdersError else { return nil }
        return checkout(error) ?? counter(error) ?? afterwards(error) ?? settling(error)
    }

    private static func checkout(_ error: OrdersError) -> Problem? {
        switch error {
        case .notFound(let what): KitProblems.notFound.problem("There is no such \(what).")
        case .cartFull(let max): cartFull.problem("A cart has at most \(max) lines.")
        case .unknownSKUs(let pointers):
            unknownSKU.problem("The store does not sell this.").with(errors: pointers.map {
                FieldError(pointer: $0, code: "unknown_sku", detail: "is not sold by this store")
            })
        case .storeNotAccepting: storeNotAccepting.problem("The store has paused online orders.")
        case .storeClosed: storeClosed.problem("The store is closed now.")
        case .nothingToPay: nothingToPay.problem("The total is zero.")
        case .totalTooLarge: totalTooLarge.problem("The total is more than 1,000,000.00.")
        case .quoteInvalid:
            quoteInvalid.problem("The token is not one of ours.").with(errors: [
                FieldError(pointer: "/quote_token", code: "invalid_quote", detail: "is not a quote made for you")
            ])
        case .quoteExpired: quoteExpired.problem("The quote has expired. Ask for a new one.")
        case .quoteAlreadyUsed: quoteAlreadyUsed.problem("An order was placed from this quote already.")
        case .keyReused:
            KitProblems.idempotencyKeyReused.problem("The key belongs to another request. Use a new key.")
        case .priceChanged(let sku, let quoted, let current):
            priceChanged.problem("It now costs \(current.formatted) instead of \(quoted.formatted).").with([
                "sku_id": .string(sku.description), "quoted": quoted.fact, "current": current.fact,
            ])
        case .outOfStock(let sku, let available):
            outOfStock.problem(available == 0 ? "It is sold out." : "Only \(available) are left.").with([
                "sku_id": .string(sku.description), "available": .int(Int64(available)),
            ])
        case .tooManyUnpaid(let max):
            tooManyUnpaid.problem("At most \(max) orders can wait for payment at once.").with([
                "limit": .int(Int64(max))
            ])
        case .busy: KitProblems.unavailable.problem("Try again with the same key.", retryAfterSeconds: 1)
        case .neighbourUnavailable(let name):
            KitProblems.unavailable.problem("The \(name) cannot be reached. Repeat with the same key.", retryAfterSeconds: 1)
        default: nil
        }
    }

    private static func counter(_ error: OrdersError) -> Problem? {
        switch error {
        case .amountExceedsRest(let left):
            amountExceedsRest.problem("Only \(left.formatted) are left to pay.").with(["left": left.fact])
        case .tenderedTooLittle(let amount):
            tenderedTooLittle.problem("The customer has to hand over \(amount.formatted).").with(errors: [
                FieldError(pointer: "/tendered", code: "tendered_too_little", detail: "does not cover the amount")
            ])
        case .slipMissing:
            slipExpected.problem("A payment by terminal needs the number of its slip.").with(errors: [
                FieldError(pointer: "/reference", code: "missing", detail: "is required for this method")
            ])
        case .slipNotExpected: slipExpected.problem("`reference` is for terminal, `tendered` for cash.")
        case .slipAlreadyBooked:
            slipAlreadyBooked.problem("This slip was booked already.").with(errors: [
                FieldError(pointer: "/reference", code: "slip_already_booked", detail: "was booked already")
            ])
        case .partlyPaid(let paid):
            partlyPaid.problem("\(paid.formatted) were paid of it so far.").with(["paid": paid.fact])
        case .invalidDeposit(let pointer, let detail):
            invalidDeposit.problem("This cannot be agreed.").with(errors: [
                FieldError(pointer: pointer, code: "invalid_deposit", detail: detail)
            ])
        case .insufficientPoints(let available):
            insufficientPoints.problem("\(available) points are available.").with(["available": .int(available)])
        case .refundNotWaiting: refundNotWaiting.problem("This refund does not wait at the counter.")
        default: nil
        }
    }

    private static func afterwards(_ error: OrdersError) -> Problem? {
        switch error {
        case .moveNotAllowed(_, let states):
            moveNotAllowed.problem("The order does not stand where this begins.").with(["states": states.fact])
        case .notPayable(let states):
            notPayable.problem("The order is \(states.order.rawValue) and \(states.payment.rawValue).").with([
                "states": states.fact
            ])
        case .openIDMissing:
            openIDMissing.problem("The channel jsapi needs openid.").with(errors: [
                FieldError(pointer: "/openid", code: "missing", detail: "is required for this channel")
            ])
        case .methodNotOffered(let offered):
            methodNotOffered.problem("This gateway or channel is not offered here.")
                .with(["offered": .array(offered.map { .string($0.rawValue) })])
        case .gatewayUnavailable:
            gatewayUnavailable.problem("The gateway does not answer. Repeat with the same key.", retryAfterSeconds: 2)
        case .gatewayRefused(let code):
            gatewayRefused.problem("The gateway refused the request.").with(["gateway_code": .string(code)])
        case .notificationForged: notificationForged.problem("The signature is not the gateway's.")
        case .notificationMismatch(let what):
            notificationMismatch.problem("The notification fits no payment here.").with(["mismatch": .string(what)])
        case .notificationMalformed: KitProblems.invalidRequest.problem("The notification cannot be read.")
        case .refundExceedsPayment(let left):
            refundExceedsPayment.problem("At most \(left.formatted) can still go back.").with(["left": left.fact])
        case .wrongCurrency(let currency):
            wrongCurrency.problem("The order was paid in \(currency).").with(errors: [
                FieldError(pointer: "/amount/currency", code: "wrong_currency", detail: "must be \(currency)")
            ])
        case .wrongPickupCode: wrongPickupCode.problem("No order waits under this code.")
        case .tooManyPickupTries(let seconds):
            KitProblems.tooManyRequestsKind.problem(
                "Too many wrong codes. Wait \(seconds) s.", retryAfterSeconds: seconds)
        case .notReviewable: notReviewable.problem("The order was not collected yet.")
        case .alreadyReviewed: alreadyReviewed.problem("The order was judged already.")
        case .dayNotBegun:
            dayNotBegun.problem("There is no bill of a day that has not begun.").with(errors: [
                FieldError(pointer: "/day", code: "day_not_begun", detail: "must be today or earlier, in Beijing")
            ])
        case .billPruned:
            billPruned.problem("The day cannot be compared again: its bill is not kept any more.").with(errors: [
                FieldError(pointer: "/day", code: "bill_pruned", detail: "must be one of the last 90 days")
            ])
        case .badMoment(let parameter):
            KitProblems.invalidRequest.problem("The query cannot be read.").with(errors: [
                FieldError(
                    pointer: "/\(parameter)", code: "invalid",
                    detail: "must be a moment such as 2026-11-23T05:24:06Z or a day such as 2026-11-23")
            ])
        default: nil
        }
    }
}

extension Problems {
    private static func settling(_ error: OrdersError) -> Problem? {
        switch error {
        case .badWord(let parameter, let words):
            KitProblems.invalidRequest.problem("The query cannot be read.").with(errors: [
                FieldError(
                    pointer: "/\(parameter)", code: "invalid",
                    detail: "must be one of \(words.joined(separator: ", "))")
            ])
        case .dayNotOver: dayNotOver.problem("In Shanghai the day is not over yet.")
        case .termsDivideWrongly: termsDivideWrongly.problem("The parts are more than the whole, or nobody's.")
        case .termsInThePast: termsInThePast.problem("The terms would begin in the past.")
        case .termsExist: termsExist.problem("Other terms begin at the same moment.")
        case .settlementStandsElsewhere(let state):
            settlementState.problem("The statement is \(state.rawValue).").with(["state": .string(state.rawValue)])
        default: nil
        }
    }
}

extension Problem {
    fileprivate func with(errors: [FieldError]) -> Problem {
        var copy = self
        copy.errors = errors
        return copy
    }

    fileprivate func with(_ facts: [String: JSONValue]) -> Problem {
        var copy = self
        copy.extensions = facts
        return copy
    }
}

extension Money {
    fileprivate var fact: JSONValue { .object(["amount": .int(minorUnits), "currency": .string(currency.code)]) }
}

extension OrderStates {
    fileprivate var fact: JSONValue {
        .object([
            "payment": .string(payment.rawValue), "order": .string(order.rawValue),
            "fulfilment": .string(fulfilment.rawValue),
        ])
    }
}
