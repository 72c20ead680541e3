public import Models
public import Postgres
import ServiceKit

/// A row of `orders`: what was placed, and where it stands.
struct OrderRecord: Sendable {
    /// The facts of placing; its lines are loaded apart and empty here.
    let placed: PlacedOrder
    let states: OrderStates
    let refunded: Int64
    let itemCount: Int
    let paidAt: Timestamp?
    let queueNumber: Int?
    let pickupAttempt: Int
    /// What of the total is settled, in minor units.
    let paid: Int64
    /// An agreed deposit.
    let deposit: Int64?
    let balanceDueAt: Timestamp?

    var id: OrderID { placed.id }

    /// What is still to be paid.
    var rest: Money { placed.total.with(placed.total.minorUnits - paid) }

    /// What the next payment is for when nobody says: the deposit, or the rest.
    var amountDue: Money {
        guard let deposit, paid < deposit else { return rest }
        return placed.total.with(deposit - paid)
    }

    /// The amount of a payment: what is asked for, or what is due.
    ///
    /// - Throws: `.wrongCurrency`, `.amountExceedsRest`.
    func amount(toPay asked: Money?) throws(OrdersError) -> Money {
        guard let asked else { return amountDue }
        guard asked.currency == rest.currency else { throw .wrongCurrency(rest.currency) }
        guard asked.minorUnits <= rest.minorUnits else { throw .amountExceedsRest(left: rest) }
        return asked
    }

    /// Whether money can still come for it.
    var isPayable: Bool { states.order == .open && states.payment == .unpaid }

    /// Whether a caller may see the order: its customer, and the staff of its store.
    func isVisible(to caller: Caller) -> Bool {
        if case .user(let account, _, _) = caller, account == placed.customerID { return true }
        return caller.mayAct(for: placed.storeID)
    }

    /// The payload of an event that leaves the order in `states`.
    func eventData(_ states: OrderStates, lines: [QuoteLine] = [], reason: String? = nil) -> OrderEventData {
        OrderEventData(
            orderID: id, number: OrderNumber.text(id), storeID: placed.storeID, storeName: placed.storeName,
            customerID: placed.customerID, states: states, total: placed.total, itemCount: itemCount,
            lines: lines.map { OrderEventLine(skuID: $0.skuID, name: $0.itemName, quantity: $0.quantity) },
            queueNumber: queueNumber, reason: reason,
            balanceDue: deposit == nil ? nil : rest, balanceDueAt: balanceDueAt)
    }

    /// Reads the columns that every statement about whole orders lists, in this order:
    ///
    /// id, customer_id, store_id, merchant_id, store_name_zh, store_name_en, time_zone, currency, subtotal,
    /// discount_total, total, placed_at, expires_at, trace, payment_state, order_state, fulfilment_state, refunded,
    /// item_count, paid_at, queue_number, pickup_attempt, paid, deposit, balance_due_at
    init(_ row: inout RowReader) throws(PostgresError) {
        let id: OrderID = try row.next()
        let customerID: AccountID = try row.next()
        let storeID: StoreID = try row.next()
        let merchantID: MerchantID = try row.next()
        let storeName = LocalizedText(zh: try row.next(), en: try row.next())
        let timeZone: String = try row.next()
        let currency = try row.currency()
        let subtotal = Money(minorUnits: try row.next(), currency: currency)
        let discountTotal = Money(minorUnits: try row.next(), currency: currency)
        let total = Money(minorUnits: try row.next(), currency: currency)
        placed = PlacedOrder(
            id: id, customerID: customerID, storeID: storeID, merchantID: merchantID, storeName: storeName,
            timeZone: timeZone, lines: [], subtotal: subtotal, discountTotal: discountTotal, total: total,
            placedAt: try row.next(), expiresAt: try row.next(), traceparent: try row.next())
        states = OrderStates(payment: try row.next(), order: try row.next(), fulfilment: try row.next())
        refunded = try row.next()
        itemCount = try row.next()
        paidAt = try row.next()
        queueNumber = try row.next()
        pickupAttempt = try row.next()
        paid = try row.next()
        deposit = try row.next()
        balanceDueAt = try row.next()
    }
}

extension Money {
    /// As many minor units of the same currency.
    func with(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: currency) }
}

extension RowReader {
    /// A currency column.
    mutating func currency() throws(PostgresError) -> Currency {
        let code: String = try next()
        guard let currency = Currency(code) else {
            throw .decoding(statement: "orders", column: 0, problem: "is not a currency")
        }
        return currency
    }
}

extension OrderPaymentState: PostgresCodable {}
extension OrderState: PostgresCodable {}
extension FulfilmentState: PostgresCodable {}
extension StoryMove: PostgresCodable {}
extension GatewayName: PostgresCodable {}
extension PaymentChannel: PostgresCodable {}
extension PaymentState: PostgresCodable {}
extension RefundState: PostgresCodable {}
extension PointCause: PostgresCodable {}
extension ReconciliationState: PostgresCodable {}
extension DifferenceKind: PostgresCodable {}
extension DifferenceState: PostgresCodable {}
extension BillEntry: PostgresCodable {}
