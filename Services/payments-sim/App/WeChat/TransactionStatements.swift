import JSON
import Models
import Postgres

/// Reads the columns of a transaction in the order that every statement here lists them.
extension WeChatTransaction {
    init(_ row: inout RowReader) throws(PostgresError) {
        mchid = try row.next()
        outTradeNo = try row.next()
        appid = try row.next()
        tradeType = try row.next()
        description = try row.next()
        attach = try row.next()
        notifyURL = try row.next()
        total = try row.next()
        openid = try row.next()
        token = try row.next()
        state = try row.next()
        transactionID = try row.next()
        createdAt = try row.next()
        expiresAt = try row.next()
        paidAt = try row.next()
        refunded = try row.next()
        shares = try row.next()
        unsplit = try row.next()
        signingSerial = try row.next()
        combineMchid = try row.next()
        combineOutTradeNo = try row.next()
    }
}

/// Creates a transaction unless its number is taken; no row when it is.
struct InsertTransaction: Statement {
    let transaction: WeChatTransaction

    static let name: StaticString = "insert_wechat_transaction"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO wechat_transactions (mchid, out_trade_no, appid, trade_type, description, attach, notify_url, total,
            currency, openid, token, state, created_at, expires_at, shares, signing_serial,
            combine_mchid, combine_out_trade_no)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'CNY', $9, $10, $13, $11, $12, $14, $15, $16, $17)
        ON CONFLICT (mchid, out_trade_no) DO NOTHING
        RETURNING token
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(transaction.mchid)
        parameters.append(transaction.outTradeNo)
        parameters.append(transaction.appid)
        parameters.append(transaction.tradeType)
        parameters.append(transaction.description)
        parameters.append(transaction.attach)
        parameters.append(transaction.notifyURL)
        parameters.append(transaction.total)
        parameters.append(transaction.openid)
        parameters.append(transaction.token)
        parameters.append(transaction.createdAt)
        parameters.append(transaction.expiresAt)
        parameters.append(transaction.state)
        parameters.append(transaction.shares)
        parameters.append(transaction.signingSerial)
        parameters.append(transaction.combineMchid)
        parameters.append(transaction.combineOutTradeNo)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

/// Creates many transactions with one commit; a row for each whose number was free.
struct InsertTransactions: Statement {
    /// None of a combined payment.
    let transactions: [WeChatTransaction]

    static let name: StaticString = "insert_wechat_transactions"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO wechat_transactions (mchid, out_trade_no, appid, trade_type, description, attach, notify_url, total,
            currency, openid, token, state, created_at, expires_at, shares, signing_serial)
        SELECT mchid, out_trade_no, appid, trade_type, description, attach, notify_url, total, 'CNY', openid, token, state,
            created_at, expires_at, shares, signing_serial
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
            $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::boolean[], $15::text[])
            AS t (mchid, out_trade_no, appid, trade_type, description, attach, notify_url, total, openid, token, state,
                created_at, expires_at, shares, signing_serial)
        ON CONFLICT (mchid, out_trade_no) DO NOTHING
        RETURNING token
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(transactions.map(\.mchid))
        parameters.append(transactions.map(\.outTradeNo))
        parameters.append(transactions.map(\.appid))
        parameters.append(transactions.map(\.tradeType))
        parameters.append(transactions.map(\.description))
        parameters.append(transactions.map(\.attach))
        parameters.append(transactions.map(\.notifyURL))
        parameters.append(transactions.map(\.total))
        parameters.append(transactions.map(\.openid))
        parameters.append(transactions.map(\.token))
        parameters.append(transactions.map(\.state))
        parameters.append(transactions.map(\.createdAt))
        parameters.append(transactions.map(\.expiresAt))
        parameters.append(transactions.map(\.shares))
        parameters.append(transactions.map(\.signingSerial))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

struct TransactionByNumber: Statement {
    let mchid: String
    let outTradeNo: String

    static let name: StaticString = "wechat_transaction_by_number"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT mchid, out_trade_no, appid, trade_type, description, attach, notify_url, total, openid, token, state,
            transaction_id, created_at, expires_at, paid_at, refunded, shares, unsplit, signing_serial, combine_mchid,
            combine_out_trade_no
        FROM wechat_transactions
        WHERE mchid = $1 AND out_trade_no = $2
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(outTradeNo)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> WeChatTransaction {
        try WeChatTransaction(&row)
    }
}

/// Of the merchant itself, or a part of its combined payment.
struct TransactionByID: Statement {
    let mchid: String
    let transactionID: String

    static let name: StaticString = "wechat_transaction_by_id"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT mchid, out_trade_no, appid, trade_type, description, attach, notify_url, total, openid, token, state,
            transaction_id, created_at, expires_at, paid_at, refunded, shares, unsplit, signing_serial, combine_mchid,
            combine_out_trade_no
        FROM wechat_transactions
        WHERE transaction_id = $2 AND (mchid = $1 OR combine_mchid = $1)
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(transactionID)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> WeChatTransaction {
        try WeChatTransaction(&row)
    }
}

struct TransactionByToken: Statement {
    let token: String

    static let name: StaticString = "wechat_transaction_by_token"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT mchid, out_trade_no, appid, trade_type, description, attach, notify_url, total, openid, token, state,
            transaction_id, created_at, expires_at, paid_at, refunded, shares, unsplit, signing_serial, combine_mchid,
            combine_out_trade_no
        FROM wechat_transactions
        WHERE token = $1
        """
    func bind(to parameters: inout Parameters) { parameters.append(token) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> WeChatTransaction {
        try WeChatTransaction(&row)
    }
}

/// The payer pays: state, ledger posting and notification in one statement, once. No row when it can't be paid (any
/// more).
struct PayTransaction: Statement {
    let token: String
    let transactionID: String
    let openid: String
    let at: Timestamp
    let notificationID: UUID128
    /// The transaction object as it will be once paid.
    let resource: String
    /// Pays even what is closed: the gateway does that when the person was faster.
    let paysClosed: Bool

    static let name: StaticString = "pay_wechat_transaction"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH paid AS (
            UPDATE wechat_transactions
            SET state = 'SUCCESS', transaction_id = $2, openid = $3, paid_at = $4,
                unsplit = CASE WHEN shares THEN total ELSE 0 END
            WHERE token = $1
                AND (state IN ('NOTPAY', 'USERPAYING') AND expires_at > $4
                    OR $7 AND state IN ('NOTPAY', 'USERPAYING', 'CLOSED'))
            RETURNING mchid, out_trade_no, notify_url, total, currency, shares, signing_serial
        ), posting AS (
            INSERT INTO ledger_postings (kind, reference, at, document)
            SELECT 'payment', mchid || ':' || out_trade_no, $4, $2 FROM paid
            RETURNING id
        ), entries AS (
            INSERT INTO ledger_entries (posting_id, account, currency, amount)
            SELECT posting.id, entry.account, paid.currency, entry.amount
            FROM paid
            CROSS JOIN posting
            CROSS JOIN LATERAL (VALUES
                ('customers', -paid.total),
                ('merchant:' || paid.mchid, CASE WHEN paid.shares THEN 0 ELSE paid.total END - fee_of(paid.total)),
                ('sharing:' || paid.mchid, CASE WHEN paid.shares THEN paid.total ELSE 0 END),
                ('fees', fee_of(paid.total))
            ) AS entry (account, amount)
            WHERE entry.amount <> 0
        ), told AS (
            INSERT INTO notifications (id, gateway, mchid, url, event_type, original_type, summary, resource,
                created_at,
                next_at, signing_serial)
            SELECT $5, 'wechat', mchid, notify_url, 'TRANSACTION.SUCCESS', 'transaction', '支付成功', $6, $4, $4,
                signing_serial
            FROM paid
            WHERE notify_url <> ''
        )
        SELECT out_trade_no FROM paid
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(token)
        parameters.append(transactionID)
        parameters.append(openid)
        parameters.append(at)
        parameters.append(notificationID)
        parameters.append(resource)
        parameters.append(paysClosed)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

/// Closes an unpaid transaction; no row when it is not unpaid.
struct CloseTransaction: Statement {
    let mchid: String
    let outTradeNo: String

    static let name: StaticString = "close_wechat_transaction"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE wechat_transactions
        SET state = 'CLOSED'
        WHERE mchid = $1 AND out_trade_no = $2 AND state = 'NOTPAY' AND combine_mchid IS NULL
        RETURNING out_trade_no
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(outTradeNo)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

/// The person does not confirm what a till asks for.
struct RefuseTransaction: Statement {
    let token: String

    static let name: StaticString = "refuse_wechat_transaction"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE wechat_transactions SET state = 'PAYERROR' WHERE token = $1 AND state = 'USERPAYING'
        """
    func bind(to parameters: inout Parameters) { parameters.append(token) }
}

/// A payment by payment code is taken back: unpaid it ends, paid the money returns. No row when it cannot be (any
/// more).
struct ReverseTransaction: Statement {
    let mchid: String
    let outTradeNo: String
    let at: Timestamp

    static let name: StaticString = "reverse_wechat_transaction"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH reversed AS (
            UPDATE wechat_transactions
            SET state = 'REVOKED', refunded = CASE WHEN paid_at IS NULL THEN 0 ELSE total END, unsplit = 0
            WHERE mchid = $1 AND out_trade_no = $2 AND trade_type = 'MICROPAY' AND refunded = 0
                AND state IN ('USERPAYING', 'SUCCESS', 'PAYERROR')
            RETURNING mchid, out_trade_no, transaction_id, paid_at
        ), posting AS (
            INSERT INTO ledger_postings (kind, reference, at, document)
            SELECT 'refund', mchid || ':' || out_trade_no || ':reverse', $3, transaction_id
            FROM reversed
            WHERE paid_at IS NOT NULL
            RETURNING id
        ), entries AS (
            INSERT INTO ledger_entries (posting_id, account, currency, amount)
            SELECT posting.id, entry.account, entry.currency, -entry.amount
            FROM posting
            CROSS JOIN reversed
            JOIN ledger_postings AS payment ON payment.kind = 'payment'
                AND payment.reference = reversed.mchid || ':' || reversed.out_trade_no
            JOIN ledger_entries AS entry ON entry.posting_id = payment.id
        )
        SELECT out_trade_no FROM reversed
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(mchid)
        parameters.append(outTradeNo)
        parameters.append(at)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}
