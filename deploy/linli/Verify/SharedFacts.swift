import Models
import Postgres

/// Our numbers at the gateways; others may use the same ones. nil: everybody's are ours.
struct Merchants: Sendable {
    var weChat: String?
    var alipay: String?
    var card: String?
}

extension Parameters {
    fileprivate mutating func append(_ merchants: Merchants) {
        append(merchants.weChat)
        append(merchants.alipay)
        append(merchants.card)
    }
}

/// What orders took through gateways, by the number it gave them.
struct PaymentsOfOrders: Facts {
    static let name: StaticString = "payments_of_orders"
    static let sql: StaticString = """
        SELECT id, format('%s as %s', amount, coalesce(transaction_id, 'nothing'))
        FROM payments
        WHERE state IN ('paid', 'late') AND gateway IN ('wechat', 'alipay', 'card')
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        Fact(key: try row.next(PaymentID.self).description, value: try row.next())
    }
}

/// What the gateways took for us. Card numbers have no underscore there.
struct PaymentsOfGateway: Facts {
    let merchants: Merchants

    static let name: StaticString = "payments_of_gateway"
    static let sql: StaticString = """
        SELECT out_trade_no, format('%s as %s', total, transaction_id)
        FROM wechat_transactions
        WHERE state IN ('SUCCESS', 'REFUND') AND ($1::text IS NULL OR mchid = $1)
        UNION ALL
        SELECT out_trade_no, format('%s as %s', total, trade_no)
        FROM alipay_trades
        WHERE paid_at IS NOT NULL AND ($2::text IS NULL OR app_id = $2)
        UNION ALL
        SELECT regexp_replace(order_id, '^pay', 'pay_'), format('%s as %s', amount, query_id)
        FROM unionpay_transactions
        WHERE kind = 'pay' AND settled_at IS NOT NULL AND ($3::text IS NULL OR mer_id = $3)
        """
    func bind(to parameters: inout Parameters) { parameters.append(merchants) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        Fact(key: try row.next(), value: try row.next())
    }
}

/// What orders gives back through gateways. One that is only asked for may be unknown there, as may one it refused.
struct RefundsOfOrders: Facts {
    static let name: StaticString = "refunds_of_orders"
    static let sql: StaticString = """
        SELECT refunds.id,
            format('%s %s', refunds.amount, CASE refunds.state
                WHEN 'succeeded' THEN 'arrived' WHEN 'failed' THEN 'failed' ELSE 'on its way' END),
            refunds.state IN ('requested', 'failed')
        FROM refunds
        JOIN payments ON payments.id = refunds.payment_id
        WHERE payments.gateway IN ('wechat', 'alipay', 'card')
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        Fact(key: try row.next(RefundID.self).description, value: try row.next(), mayBeAlone: try row.next())
    }
}

/// What the gateways give back for us.
struct RefundsOfGateway: Facts {
    let merchants: Merchants

    static let name: StaticString = "refunds_of_gateway"
    static let sql: StaticString = """
        SELECT out_refund_no, format('%s %s', amount, CASE status
            WHEN 'SUCCESS' THEN 'arrived' WHEN 'PROCESSING' THEN 'on its way' ELSE 'failed' END)
        FROM wechat_refunds
        WHERE $1::text IS NULL OR mchid = $1
        UNION ALL
        SELECT out_request_no, format('%s arrived', amount)
        FROM alipay_refunds
        WHERE $2::text IS NULL OR app_id = $2
        UNION ALL
        SELECT regexp_replace(order_id, '^rfd', 'rfd_'), format('%s %s', amount, CASE state
            WHEN 'SUCCESS' THEN 'arrived' WHEN 'OPEN' THEN 'on its way' ELSE 'failed' END)
        FROM unionpay_transactions
        WHERE kind <> 'pay' AND ($3::text IS NULL OR mer_id = $3)
        """
    func bind(to parameters: inout Parameters) { parameters.append(merchants) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        Fact(key: try row.next(), value: try row.next())
    }
}

/// What the bills that were fetched say was moved.
struct LinesOfBills: Facts {
    static let name: StaticString = "lines_of_bills"
    static let sql: StaticString = """
        SELECT entry || ' ' || number, sum(amount)::text FROM bill_lines GROUP BY entry, number
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        Fact(key: try row.next(), value: try row.next())
    }
}

/// What the gateways' ledger says was moved from or to customers. A bill of it may not have been fetched.
struct MovesOfLedger: Facts {
    static let name: StaticString = "moves_of_ledger"
    static let sql: StaticString = """
        SELECT posting.kind || ' ' || CASE
                WHEN reference LIKE 'alipay:%' AND posting.kind = 'refund' THEN split_part(reference, ':', 4)
                WHEN reference LIKE 'card:%' THEN split_part(reference, ':', 3)
                ELSE split_part(reference, ':', 2) END,
            abs(entry.amount)::text
        FROM ledger_postings AS posting
        JOIN ledger_entries AS entry ON entry.posting_id = posting.id AND entry.account = 'customers'
        WHERE posting.kind IN ('payment', 'refund')
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        Fact(key: try row.next(), value: try row.next(), mayBeAlone: true)
    }
}

/// What each order means for its stock.
struct StockOfOrders: Facts {
    static let name: StaticString = "stock_of_orders"
    static let sql: StaticString = """
        SELECT id, CASE
            WHEN order_state IN ('cancelled', 'expired') THEN 'given back'
            WHEN payment_state <> 'unpaid' OR paid >= deposit THEN 'taken'
            ELSE 'held' END
        FROM orders
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        Fact(key: try row.next(OrderID.self).description, value: try row.next())
    }
}

/// What became of each order's stock. One that never became an order takes nothing in the end.
struct StockOfReservations: Facts {
    static let name: StaticString = "stock_of_reservations"
    static let sql: StaticString = """
        SELECT order_id, CASE state WHEN 'committed' THEN 'taken' WHEN 'held' THEN 'held' ELSE 'given back' END,
            state <> 'committed'
        FROM reservations
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        Fact(key: try row.next(OrderID.self).description, value: try row.next(), mayBeAlone: try row.next())
    }
}

/// What was ordered, by SKU.
struct GoodsOfOrders: Facts {
    static let name: StaticString = "goods_of_orders"
    static let sql: StaticString = """
        SELECT order_id, string_agg(quantity || ' of ' || sku_id, ', ' ORDER BY sku_id)
        FROM (
            SELECT order_id, sku_id, sum(quantity) AS quantity FROM order_lines GROUP BY order_id, sku_id
        ) AS goods
        GROUP BY order_id
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        Fact(key: try row.next(OrderID.self).description, value: try row.next())
    }
}

/// What was reserved, by SKU.
struct GoodsOfReservations: Facts {
    static let name: StaticString = "goods_of_reservations"
    static let sql: StaticString = """
        SELECT order_id, (
            SELECT string_agg(line.quantity || ' of ' || line.sku_id, ', ' ORDER BY line.sku_id)
            FROM unnest(sku_ids, quantities) AS line (sku_id, quantity))
        FROM reservations
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        Fact(key: try row.next(OrderID.self).description, value: try row.next(), mayBeAlone: true)
    }
}

/// Orders that were made ready, and whose they are.
struct ReadyOrders: Facts {
    static let name: StaticString = "ready_orders"
    static let sql: StaticString = """
        SELECT id, customer_id
        FROM orders
        WHERE id IN (SELECT order_id FROM order_story WHERE move = 'ready')
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        Fact(key: try row.next(OrderID.self).description, value: "ready for \(try row.next(AccountID.self))")
    }
}

/// Who was told that an order is ready.
struct ReadyMessages: Facts {
    static let name: StaticString = "ready_messages"
    static let sql: StaticString = "SELECT DISTINCT order_id, account_id FROM messages WHERE kind = 'ready'"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        Fact(key: try row.next(OrderID.self).description, value: "ready for \(try row.next(AccountID.self))")
    }
}

/// People who ordered.
struct CustomersOfOrders: Facts {
    static let name: StaticString = "customers_of_orders"
    static let sql: StaticString = "SELECT DISTINCT customer_id FROM orders"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        Fact(key: try row.next(AccountID.self).description, value: "known")
    }
}

/// People who have an account.
struct AccountsOfStorefront: Facts {
    static let name: StaticString = "accounts_of_storefront"
    static let sql: StaticString = "SELECT account_id FROM accounts"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Fact {
        Fact(key: try row.next(AccountID.self).description, value: "known", mayBeAlone: true)
    }
}
