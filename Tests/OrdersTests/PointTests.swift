import EventLoop
import HTTPClient
import HTTPCore
import JSON
import Models
import Postgres
import ServiceKit
import TestSupport
import Testing

@testable import Orders

/// Points: earned, spent once, restored and taken back; a balance is always the sum of its entries.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PointTests {
    @Test func `a completed order earns a point for each whole yuan of money`() async throws {
        try await Shop.open { shop in
            let (customer, clerk) = (try shop.customer(), try shop.staff())
            let order = try await shop.completedOrder(customer, clerk)
            let points = try await shop.points(customer)
            #expect(points.balance == 57)
            #expect(points.items.map { [$0.cause.rawValue, String($0.delta)] } == [["earned", "57"]])
            #expect(points.items.first?.orderID == order.id)
            #expect(try await shop.points(clerk).balance == 0)
        }
    }

    @Test func `points and money pay an order together`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            try await shop.grant(customer, 300)
            let order = try await shop.place(customer)
            let payment = try await shop.startPayment(customer, order.id, gateway: .points)
            #expect(payment.state == .paid)
            #expect(payment.amount.minorUnits == 300)
            #expect(try await shop.points(customer).balance == 0)
            let rest = try await shop.startPayment(customer, order.id)
            #expect(rest.amount.minorUnits == 5_480)
            try await shop.payByWeChat(rest)
            let paid = try await shop.read(customer, order.id)
            #expect(paid.states.payment == .paid)
            #expect(paid.story.map(\.move) == [.placed, .partPaid, .paid])
            // Only the money earns.
            let clerk = try shop.staff()
            try await shop.makeReady(order.id, clerk)
            let code = try #require(try await shop.read(customer, order.id).pickupCode)
            #expect(try await shop.collect(code, clerk).status == .ok)
            #expect(try await shop.points(customer).balance == 54)
        }
    }

    @Test func `points alone can pay an order, at once and once`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            try await shop.grant(customer, 10_000)
            let order = try await shop.place(customer)
            let answers = try await together(5) { _ in
                try await shop.paymentAnswer(customer, order.id, gateway: .points, key: "k")
            }
            #expect(answers.contains { $0.status == .created })
            let paid = try await shop.read(customer, order.id)
            #expect(paid.states.payment == .paid)
            #expect(try await shop.points(customer).balance == 10_000 - 5_780)
            #expect(try await shop.count(.payments) == 1)
        }
    }

    @Test func `more points than there are is refused with what is there`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            let order = try await shop.place(customer)
            #expect(try await shop.paymentAnswer(customer, order.id, gateway: .points).code == "insufficient_points")
            try await shop.grant(customer, 99)
            let refused = try await shop.paymentAnswer(customer, order.id, gateway: .points, amount: 100)
            #expect(refused.status.code == 409)
            #expect(refused.code == "insufficient_points")
            #expect(refused.problem?.extensions["available"] == .int(99))
            #expect(try await shop.count(.payments) == 0)
            let stranger = try shop.customer()
            #expect(try await shop.paymentAnswer(stranger, order.id, gateway: .points).status == .notFound)
        }
    }

    @Test(arguments: 1...3) func `two orders that want the same points never get more than there are`(
        _ round: Int
    ) async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            try await shop.grant(customer, 1_000)
            let orders = [try await shop.place(customer), try await shop.place(customer)]
            let answers = try await together(8) { n in
                try await shop.paymentAnswer(customer, orders[n % 2].id, gateway: .points, amount: 300)
            }
            #expect(answers.filter { $0.status == .created }.count == 3)
            #expect(answers.filter { $0.code == "insufficient_points" }.count == 5)
            #expect(try await shop.points(customer).balance == 100)
            let paid = try await shop.read(customer, orders[0].id).totals.paid.minorUnits
                + shop.read(customer, orders[1].id).totals.paid.minorUnits
            #expect(paid == 900)
        }
    }

    @Test func `points come back when the order is called off or expires`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            try await shop.grant(customer, 1_000)
            let cancelled = try await shop.place(customer)
            _ = try await shop.startPayment(customer, cancelled.id, gateway: .points, amount: 400)
            try await shop.payByWeChat(try await shop.startPayment(customer, cancelled.id))
            let expiring = try await shop.place(customer)
            _ = try await shop.startPayment(customer, expiring.id, gateway: .points, amount: 600)
            #expect(try await shop.points(customer).balance == 0)
            _ = try await shop.post(OrdersAPI.orderCancel, cancelled.id, customer)
            try await shop.passTimeToPay()
            #expect(try await shop.expireUntil { try await shop.read(customer, expiring.id).states.order == .expired })
            #expect(try await shop.refundUntil { try await shop.points(customer).balance == 1_000 })
            #expect(
                try await shop.refundUntil {
                    try await shop.read(customer, cancelled.id).states.payment == .refunded
                })
            #expect(shop.refundedFen == 5_380)
            let entries = try await shop.points(customer).items
            #expect(entries.filter { $0.cause == .restored }.map(\.delta).sorted() == [400, 600])
        }
    }

    @Test func `money that goes back takes earned points with it, never below zero`() async throws {
        try await Shop.open { shop in
            let (customer, clerk, manager) = (try shop.customer(), try shop.staff(), try shop.staff(.manager))
            let order = try await shop.completedOrder(customer, clerk)
            func refund(_ fen: Int64) async throws {
                let answer = try await shop.orders.send(
                    .post, OrdersAPI.orderRefunds.path(order.id),
                    json: NewRefund(amount: Money(minorUnits: fen), reason: "凉了"), token: manager.token)
                guard answer.status == .created else { throw UnexpectedAnswer(answer) }
                let back = try await shop.read(customer, order.id).totals.refunded.minorUnits
                #expect(
                    try await shop.refundUntil {
                        try await shop.read(customer, order.id).totals.refunded.minorUnits > back
                    })
            }
            // 57.80 keep 57; 47.79 keep 47.
            try await refund(1_001)
            #expect(try await shop.points(customer).balance == 47)
            // 40 of the 47 are gone on something else when all of the rest goes back.
            let other = try await shop.place(customer)
            _ = try await shop.startPayment(customer, other.id, gateway: .points, amount: 40)
            try await refund(4_779)
            #expect(try await shop.points(customer).balance == 0)
            #expect(try await shop.points(customer).items.first.map { [$0.cause.rawValue, String($0.delta)] }
                == ["clawed_back", "-7"])
        }
    }

    @Test func `what changed the balance comes in pages, and nobody else sees it`() async throws {
        try await Shop.open { shop in
            let customer = try shop.customer()
            for amount in 1...5 { try await shop.grant(customer, Int64(amount)) }
            let first = try await shop.points(customer, "?limit=2")
            #expect(first.items.map(\.delta) == [5, 4])
            #expect(first.balance == 15)
            let second = try await shop.points(customer, "?limit=3&cursor=\(first.nextCursor ?? "")")
            #expect(second.items.map(\.delta) == [3, 2, 1])
            #expect(second.nextCursor == nil)
            #expect(try await shop.orders.send(.get, "/v1/points").status == .unauthorized)
            #expect(try await shop.points(try shop.customer()).items.isEmpty)
        }
    }
}

extension Shop {
    func points(_ person: Person, _ query: String = "") async throws -> Points {
        let answer = try await orders.send(.get, OrdersAPI.points.path() + query, token: person.token)
        guard answer.status == .ok else { throw UnexpectedAnswer(answer) }
        let points: Points = try answer.decoded()
        #expect(try await kit.database.one(PointSum(customerID: person.id)) == points.balance)
        return points
    }

    /// An order that was paid by WeChat Pay and collected.
    func completedOrder(_ customer: Person, _ clerk: Person) async throws -> Order {
        let order = try await paidOrder(customer).order
        try await makeReady(order.id, clerk)
        let code = try #require(try await read(customer, order.id).pickupCode)
        guard try await collect(code, clerk).status == .ok else { throw UnexpectedAnswer(try await collect(code, clerk)) }
        return order
    }

    /// Points from nowhere, with the entry that says so, on an order that is cancelled at once.
    func grant(_ person: Person, _ points: Int64) async throws {
        let order = try await place(person)
        guard try await post(OrdersAPI.orderCancel, order.id, person).status == .ok else { return }
        _ = try await kit.database.execute(
            GrantPoints(customerID: person.id, orderID: order.id, points: points, now: kit.now()))
    }
}

struct GrantPoints: Statement {
    static let name: StaticString = "test_grant_points"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH account AS (
            INSERT INTO point_accounts (customer_id, balance) VALUES ($1, $3::bigint)
            ON CONFLICT (customer_id) DO UPDATE SET balance = point_accounts.balance + excluded.balance
        )
        INSERT INTO point_entries (customer_id, at, cause, delta, order_id) VALUES ($1, $4, 'earned', $3::bigint, $2)
        """
    let customerID: AccountID
    let orderID: OrderID
    let points: Int64
    let now: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(customerID.uuid)
        parameters.append(orderID.uuid)
        parameters.append(points)
        parameters.append(now)
    }
}

struct PointSum: Statement {
    static let name: StaticString = "test_point_sum"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT coalesce(sum(delta), 0)::bigint FROM point_entries WHERE customer_id = $1
        """
    let customerID: AccountID

    func bind(to parameters: inout Parameters) { parameters.append(customerID.uuid) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.next() }
}
