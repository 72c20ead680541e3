import Models

/// One reservation request in the form that the statement takes: lines of one SKU added up, in ascending order of SKU.
struct ReservationDraft: Sendable, Equatable {
    let orderID: OrderID
    let storeID: StoreID
    let expiresAt: Timestamp
    let lines: [ReservationLine]

    init(_ request: ReservationRequest) {
        orderID = request.orderID
        storeID = request.storeID
        expiresAt = request.expiresAt
        lines = Self.summed(request.lines)
    }

    /// No price: nothing costs less than nothing, so a line that names it is answered with the present price.
    static let noPrice = Money(minorUnits: -1)

    /// Adds up the lines of each SKU, in byte order of their uuids, which is PostgreSQL's. Lines that name different
    /// prices of one SKU cannot both be right.
    static func summed(_ lines: [ReservationLine]) -> [ReservationLine] {
        guard lines.count > 1 else { return lines }
        let sorted = lines.sorted { $0.skuID < $1.skuID }
        var result: [ReservationLine] = []
        result.reserveCapacity(sorted.count)
        for line in sorted {
            if let last = result.indices.last, result[last].skuID == line.skuID {
                result[last].quantity += line.quantity
                guard let price = line.unitPrice else { continue }
                result[last].unitPrice = result[last].unitPrice.map { $0 == price ? $0 : noPrice } ?? price
            } else {
                result.append(line)
            }
        }
        return result
    }

    /// Whether a stored reservation has just this content.
    func matches(_ stored: StoredReservation) -> Bool {
        stored.storeID == storeID
            && stored.lines.elementsEqual(lines) { $0.skuID == $1.skuID && $0.quantity == $1.quantity }
    }
}

/// A reservation as the database has it.
struct StoredReservation: Sendable, Equatable {
    let orderID: OrderID
    let storeID: StoreID
    let state: ReservationState
    let expiresAt: Timestamp
    /// Ascending by SKU.
    let lines: [ReservationLine]
}

/// A line of an order for which nothing was taken.
struct RefusedLine: Sendable, Equatable {
    let orderID: OrderID
    let skuID: SKUID
    /// What is left after this statement; nil when the store has no such SKU.
    let left: Int64?
    /// What one costs now; nil when the store has no such SKU.
    let price: Money?
}

/// What one statement answered about a batch of drafts.
struct ReservationAnswer: Sendable, Equatable {
    var held: Set<OrderID> = []
    var refused: [OrderID: [RefusedLine]] = [:]
    var known: [OrderID: StoredReservation] = [:]
}

/// Turns a batch of requests into rounds of the reservation statement until each has its exact answer.
///
/// The statement judges an order by what the orders before it in the batch *ask* for, so an order may be refused
/// because of a neighbour that got nothing itself. Such an order is asked again in the next round. The first order of
/// a round is always judged exactly, so every round answers one order at least, and nearly always all of them.
struct ReservationPlan {
    private let drafts: [ReservationDraft]
    private var results: [ReservationResult?]
    /// Positions that have no answer yet, in order of arrival.
    private(set) var open: [Int]
    /// Refused, unless a reservation of the same order shows up that was not there when the statement began.
    private(set) var unconfirmed: [Int: ReservationResult] = [:]

    init(_ requests: [ReservationRequest]) {
        drafts = requests.map(ReservationDraft.init)
        results = Array(repeating: nil, count: requests.count)
        open = Array(drafts.indices)
    }

    /// The orders of the next round: a second request of an order waits for the answer to the first.
    func round(limit: Int) -> [ReservationDraft] {
        var seen = Set<OrderID>()
        var round: [ReservationDraft] = []
        for position in open where round.count < limit {
            if seen.insert(drafts[position].orderID).inserted { round.append(drafts[position]) }
        }
        return round
    }

    /// Takes the answers of a round.
    mutating func apply(_ answer: ReservationAnswer) {
        var seen = Set<OrderID>()
        for position in open {
            let draft = drafts[position]
            guard seen.insert(draft.orderID).inserted else { continue }
            if answer.held.contains(draft.orderID) {
                results[position] = Self.reserved(draft)
            } else if let stored = answer.known[draft.orderID] {
                results[position] = Self.judge(draft, against: stored)
            } else if let lines = answer.refused[draft.orderID] {
                refuse(position, lines)
            }
        }
        open.removeAll { results[$0] != nil || unconfirmed[$0] != nil }
    }

    /// Takes the reservations that exist of the unconfirmed orders: an order refused for lack of stock may have
    /// taken that stock itself, by the same request a moment before.
    mutating func confirm(_ existing: [StoredReservation]) {
        let existing = Dictionary(existing.map { ($0.orderID, $0) }, uniquingKeysWith: { first, _ in first })
        for (position, result) in unconfirmed {
            let stored = existing[drafts[position].orderID]
            results[position] = stored.map { Self.judge(drafts[position], against: $0) } ?? result
        }
        unconfirmed.removeAll()
    }

    /// The order ids that `confirm` is to be told about.
    var unconfirmedOrders: [OrderID] { unconfirmed.keys.map { drafts[$0].orderID } }

    /// The answers in the order of the requests, once nothing is open.
    var answers: [ReservationResult] {
        precondition(open.isEmpty && unconfirmed.isEmpty, "every request needs its answer")
        return results.compactMap(\.self)
    }

    private mutating func refuse(_ position: Int, _ lines: [RefusedLine]) {
        let draft = drafts[position]
        if let unknown = lines.first(where: { $0.left == nil }) {
            results[position] = ReservationResult(
                orderID: draft.orderID, outcome: .unknownSKU, skuID: unknown.skuID)
            return
        }
        let asked = Dictionary(draft.lines.map { ($0.skuID, $0) }, uniquingKeysWith: { first, _ in first })
        for line in lines {
            guard let agreed = asked[line.skuID]?.unitPrice, agreed != line.price else { continue }
            unconfirmed[position] = ReservationResult(
                orderID: draft.orderID, outcome: .priceChanged, skuID: line.skuID, price: line.price)
            return
        }
        for line in lines {
            guard let left = line.left, let quantity = asked[line.skuID]?.quantity, Int64(quantity) > left
            else { continue }
            unconfirmed[position] = ReservationResult(
                orderID: draft.orderID, outcome: .outOfStock, skuID: line.skuID, available: Int(max(0, left)))
            return
        }
    }

    private static func reserved(_ draft: ReservationDraft) -> ReservationResult {
        ReservationResult(
            orderID: draft.orderID, outcome: .reserved, reservationID: ReservationID(uuid: draft.orderID.uuid))
    }

    /// The same request again gets the first answer while the stock is held or sold; otherwise it is a conflict.
    private static func judge(_ draft: ReservationDraft, against stored: StoredReservation) -> ReservationResult {
        let isGood = stored.state == .held || stored.state == .committed
        guard isGood, draft.matches(stored) else {
            return ReservationResult(orderID: draft.orderID, outcome: .conflict)
        }
        return reserved(draft)
    }
}
