import Models

/// Everything that can be wrong with a request to this service. Facts only: `Problems.swift` finds the words.
enum OrdersError: Error, Hashable {
    /// There is no such thing, or it is not the caller's.
    case notFound(String)

    case cartFull(linesMax: Int)

    case unknownSKUs(pointers: [String])
    case storeNotAccepting
    case storeClosed
    case nothingToPay
    case totalTooLarge
    case quoteInvalid
    case quoteExpired
    case quoteAlreadyUsed
    case keyReused
    case priceChanged(SKUID, quoted: Money, current: Money)
    case outOfStock(SKUID, available: Int)
    case tooManyUnpaid(max: Int)
    /// Two requests met; the same request may go through a moment later.
    case busy
    /// A neighbour that is needed cannot be reached.
    case neighbourUnavailable(String)

    case moveNotAllowed(OrderMove, from: OrderStates)
    case notPayable(OrderStates)
    case openIDMissing
    case methodNotOffered([GatewayName])
    case gatewayUnavailable
    case gatewayRefused(code: String)
    case notificationForged
    case notificationMismatch(String)
    case notificationMalformed
    case refundExceedsPayment(left: Money)
    /// More than is left to pay.
    case amountExceedsRest(left: Money)
    case tenderedTooLittle(amount: Money)
    case slipMissing
    /// A slip says nothing about cash, and nobody hands money over at a terminal.
    case slipNotExpected
    case slipAlreadyBooked
    case partlyPaid(paid: Money)
    case refundNotWaiting
    case insufficientPoints(available: Int64)
    /// Names the member at fault.
    case invalidDeposit(pointer: String, detail: String)
    case wrongCurrency(Currency)

    case wrongPickupCode
    case tooManyPickupTries(retryAfterSeconds: Int)

    case notReviewable
    case alreadyReviewed
    case badMoment(parameter: String)

    case dayNotBegun
    case billPruned
    case badWord(parameter: String, words: [String])

    case dayNotOver
    case termsDivideWrongly
    case termsInThePast
    case termsExist
    case settlementStandsElsewhere(SettlementState)
}
