import EventLoop
import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// Where statements run: on the shared connections, or inside a transaction.
enum Reader: Sendable {
    case database(Database, Instant)
    case transaction(Transaction)

    func all<S: Statement>(_ statement: S) async throws(PostgresError) -> [S.Row] {
        switch self {
        case .database(let database, let deadline): try await database.all(statement, deadline: deadline)
        case .transaction(let transaction): try await transaction.all(statement)
        }
    }
}

/// Puts an order together from its rows.
struct OrderAssembler: Sendable {
    let pickupCodes: PickupCodes

    /// The order as `caller` may see it.
    func order(_ record: OrderRecord, for caller: Caller, from reader: Reader) async throws(PostgresError) -> Order {
        let lines = try await reader.all(LinesOfOrder(id: record.id))
        let story = try await reader.all(StoryOfOrder(id: record.id))
        let payments = try await reader.all(PaymentsOfOrder(id: record.id))
        let refunds = try await reader.all(RefundsOfOrder(id: record.id))
        let review = try await reader.all(ReviewOfOrder(id: record.id)).first
        let placed = record.placed.with(lines: lines)
        let totals = OrderTotals(
            subtotal: placed.subtotal, discountTotal: placed.discountTotal, total: placed.total,
            refunded: placed.total.with(record.refunded), paid: placed.total.with(record.paid))
        let isOwner = caller.accountID == placed.customerID
        return Order(
            id: record.id, number: OrderNumber.text(record.id), storeID: placed.storeID, storeName: placed.storeName,
            customerID: placed.customerID, fulfilment: .pickup, states: record.states, lines: lines, totals: totals,
            placedAt: placed.placedAt, expiresAt: placed.expiresAt,
            pickupCode: isOwner ? pickupCodes.shownCode(of: record) : nil, queueNumber: record.queueNumber,
            story: [placed.storyEntry] + story, payments: isOwner ? payments : payments.map(\.withoutLinks),
            refunds: refunds, review: review, deposit: record.deposit.map { placed.total.with($0) },
            balanceDueAt: record.balanceDueAt)
    }
}

/// `GET /v1/orders/{order_id}`: 404 for everybody but its customer and the staff of its store.
struct ReadOrder: Sendable {
    let kit: Toolkit
    let assembler: OrderAssembler

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try request.parameters.require("order_id", as: OrderID.self)
        let reader = Reader.database(kit.database, request.deadline)
        guard let record = try await reader.all(OrderByID(id: id)).first, record.isVisible(to: caller) else {
            throw OrdersError.notFound("order")
        }
        return .json(.ok, try await assembler.order(record, for: caller, from: reader))
    }
}

/// `GET /v1/orders`: the caller's own, newest first.
struct ListOrders: Sendable {
    /// Page sizes.
    private static let limits = 1...100

    let kit: Toolkit

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        guard let customer = caller.accountID else { throw KitProblems.forbidden.error("Only customers have orders.") }
        let limit = try request.query.int("limit", in: Self.limits) ?? 20
        var before = UUID128(high: .max, low: .max)
        if let cursor = request.query["cursor"] {
            guard let id = OrderID(try Cursor.decode(cursor, count: 1)[0]) else {
                throw KitProblems.invalidCursorKind.error("The cursor was not made by this list.")
            }
            before = id.uuid
        }
        var items = try await kit.database.all(
            OrdersOfCustomer(customerID: customer, before: before, limit: limit + 1), deadline: request.deadline)
        var next: String?
        if items.count > limit {
            items.removeLast()
            next = items.last.map { Cursor.encode($0.id.description) }
        }
        return .json(.ok, Page(items: items, nextCursor: next))
    }
}
