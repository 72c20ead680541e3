import Crypto
import Models
import ServiceKit

/// An order as placed: every fact of it that never changes. The answer to placing is made from these alone, so a
/// repeated request, however late, gets the same bytes.
struct PlacedOrder: Sendable {
    let id: OrderID
    let customerID: AccountID
    let storeID: StoreID
    let merchantID: MerchantID
    let storeName: LocalizedText
    let timeZone: String
    let lines: [QuoteLine]
    let subtotal: Money
    let discountTotal: Money
    let total: Money
    let placedAt: Timestamp
    let expiresAt: Timestamp
    /// The trace of the request that placed it (W3C traceparent).
    let traceparent: String?

    /// How many things.
    var itemCount: Int { lines.reduce(0) { $0 + $1.quantity } }

    /// The states of every order at its beginning.
    static let states = OrderStates(payment: .unpaid, order: .open, fulfilment: .waiting)

    /// The first entry of its story.
    var storyEntry: StoryEntry {
        StoryEntry(at: placedAt, actor: "customer", move: .placed, trace: TraceText.traceID(of: traceparent))
    }

    /// The same with its lines, once they are loaded.
    func with(lines: [QuoteLine]) -> PlacedOrder {
        PlacedOrder(
            id: id, customerID: customerID, storeID: storeID, merchantID: merchantID, storeName: storeName,
            timeZone: timeZone, lines: lines, subtotal: subtotal, discountTotal: discountTotal, total: total,
            placedAt: placedAt, expiresAt: expiresAt, traceparent: traceparent)
    }

    /// The order, as it was when it was placed.
    var order: Order {
        Order(
            id: id, number: OrderNumber.text(id), storeID: storeID, storeName: storeName, customerID: customerID,
            fulfilment: .pickup, states: Self.states, lines: lines,
            totals: OrderTotals(
                subtotal: subtotal, discountTotal: discountTotal, total: total, refunded: .zero(total.currency)),
            placedAt: placedAt, expiresAt: expiresAt, story: [storyEntry], payments: [], refunds: [])
    }

    /// The payload of `order.placed`.
    var eventData: OrderEventData {
        OrderEventData(
            orderID: id, number: OrderNumber.text(id), storeID: storeID, storeName: storeName, customerID: customerID,
            states: Self.states, total: total, itemCount: itemCount)
    }
}

/// An order about to be placed, with the request that asks for it.
struct OrderDraft: Sendable {
    let order: PlacedOrder
    let key: PlacementKey
    /// Made once, before the first try.
    let eventID: EventID
}

/// The trace id inside a W3C traceparent (`00-<32 hex digits>-<16>-<2>`).
enum TraceText {
    static func traceID(of traceparent: String?) -> String? {
        let parts = traceparent?.split(separator: "-") ?? []
        return parts.count >= 2 ? String(parts[1]) : nil
    }
}

/// The permanent identity of a placing request: 128 bits of SHA-256 each, of whose key it is, and of what it asked.
struct PlacementKey: Sendable, Hashable {
    let key: UUID128
    let digest: UUID128

    init(key: UUID128, digest: UUID128) {
        self.key = key
        self.digest = digest
    }

    init(_ ticket: IdempotencyTicket) {
        var hash = SHA256()
        hash.update([UInt8](ticket.caller.utf8))
        hash.update([0x1F])
        hash.update([UInt8](ticket.key.utf8))
        key = Self.prefix(hash.finalize())
        digest = Self.prefix(ticket.fingerprint)
    }

    private static func prefix(_ hash: [UInt8]) -> UUID128 {
        func word(_ range: Range<Int>) -> UInt64 { hash[range].reduce(0) { $0 << 8 | UInt64($1) } }
        return UUID128(high: word(0..<8), low: word(8..<16))
    }
}
