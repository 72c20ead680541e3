import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// What the ledger says of every account, now or at an earlier time.
extension ControlInterface {
    func addLedgerRoutes(to routes: inout Routes) {
        routes.get("/_control/ledger", access: .public) { request, _ in
            var at: Timestamp?
            if let text = request.query["at"] {
                guard let time = Timestamp(text) else { throw QueryItems.invalid("at", "must be a time of RFC 3339") }
                at = time
            }
            let statement = LedgerBalances(at: at, account: request.query["account"] ?? "")
            let balances = try await wechat.kit.database.all(statement).map { balance -> JSONValue in
                [
                    "account": .string(balance.account), "amount": .int(balance.amount),
                    "currency": .string(balance.currency),
                ]
            }
            return .json(.ok, JSONValue.object(["balances": .array(balances)]))
        }
    }
}

/// What each account is owed, in minor units: the sum of its entries up to a time.
struct LedgerBalances: Statement {
    struct Row {
        let account, currency: String
        let amount: Int64
    }

    /// nil: now.
    let at: Timestamp?
    /// Empty: every account.
    let account: String

    static let name: StaticString = "ledger_balances"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT e.account, e.currency, sum(e.amount)::bigint
        FROM ledger_entries AS e
        JOIN ledger_postings AS p ON p.id = e.posting_id
        WHERE ($1::timestamptz IS NULL OR p.at <= $1) AND ($2 = '' OR e.account = $2)
        GROUP BY e.account, e.currency
        ORDER BY e.account, e.currency
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(at)
        parameters.append(account)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(account: try row.next(), currency: try row.next(), amount: try row.next())
    }
}
