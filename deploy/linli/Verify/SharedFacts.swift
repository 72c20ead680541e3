import Models
import Postgres

/// What orders took through the gateway, by the number it gave the gateway.
struct PaymentsOfOrders: Facts {
    static let name: StaticString = "payments_of_orders"
    static let sql: StaticString = "SELECT id, amount FROM payments WHERE state IN ('paid', 'late')"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        let id: PaymentID = try row.next()
        return Fact(key: id.description, value: "\(try row.next(Int64.self))")
    }
}

/// What the gateway took.
struct PaymentsOfGateway: Facts {
    static let name: StaticString = "payments_of_gateway"
    static let sql: StaticString = "SELECT out_trade_no, total FROM wechat_transactions WHERE transaction_id IS NOT NULL"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        Fact(key: try row.next(), value: "\(try row.next(Int64.self))")
    }
}

/// What orders gave back through the gateway.
struct RefundsOfOrders: Facts {
    static let name: StaticString = "refunds_of_orders"
    static let sql: StaticString = "SELECT id, amount FROM refunds WHERE state = 'succeeded'"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        let id: RefundID = try row.next()
        return Fact(key: id.description, value: "\(try row.next(Int64.self))")
    }
}

/// What the gateway gave back.
struct RefundsOfGateway: Facts {
    static let name: StaticString = "refunds_of_gateway"
    static let sql: StaticString = "SELECT out_refund_no, amount FROM wechat_refunds WHERE status = 'SUCCESS'"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        Fact(key: try row.next(), value: "\(try row.next(Int64.self))")
    }
}

/// What each order means for its stock.
struct StockOfOrders: Facts {
    static let name: StaticString = "stock_of_orders"
    static let sql: StaticString = """
        SELECT id, CASE
            WHEN order_state IN ('cancelled', 'expired') THEN 'given back'
            WHEN payment_state <> 'unpaid' THEN 'taken'
            ELSE 'held' END
        FROM orders
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        let id: OrderID = try row.next()
        return Fact(key: id.description, value: try row.next())
    }
}

/// What became of each order's stock. One that never became an order holds nothing in the end.
struct StockOfReservations: Facts {
    static let name: StaticString = "stock_of_reservations"
    static let sql: StaticString = """
        SELECT order_id, CASE state WHEN 'committed' THEN 'taken' WHEN 'held' THEN 'held' ELSE 'given back' END
        FROM reservations
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        let id: OrderID = try row.next()
        return Fact(key: id.description, value: try row.next())
    }
}

/// Orders that were made ready.
struct ReadyOrders: Facts {
    static let name: StaticString = "ready_orders"
    static let sql: StaticString = "SELECT DISTINCT order_id FROM order_story WHERE move = 'ready'"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        let id: OrderID = try row.next()
        return Fact(key: id.description, value: "ready")
    }
}

/// Orders whose customer was told that they are ready.
struct ReadyMessages: Facts {
    static let name: StaticString = "ready_messages"
    static let sql: StaticString = "SELECT DISTINCT order_id FROM messages WHERE kind = 'ready'"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        let id: OrderID = try row.next()
        return Fact(key: id.description, value: "ready")
    }
}
