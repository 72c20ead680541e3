import Models
import Postgres
import ServiceKit

/// Gives an account a role in a store, making the account when the phone number never signed in.
struct GrantStaffRole: Statement {
    let storeID: StoreID
    let newAccountID: AccountID
    let phone: Phone
    let role: StaffRole
    let grantedBy: AccountID
    let now: Timestamp

    static let name: StaticString = "grant_staff_role"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH account AS (
            INSERT INTO accounts (account_id, phone, created_at)
            VALUES ($2, $3, $6)
            ON CONFLICT (phone) DO UPDATE SET phone = excluded.phone
            RETURNING account_id
        ), noted AS (
            INSERT INTO staff_changes (store_id, account_id, role, changed_by, changed_at)
            SELECT $1, account_id, $4, $5, $6 FROM account
        )
        INSERT INTO staff (store_id, account_id, role, granted_by, granted_at)
        SELECT $1, account_id, $4, $5, $6 FROM account
        ON CONFLICT (store_id, account_id) DO UPDATE
        SET role = excluded.role, granted_by = excluded.granted_by, granted_at = excluded.granted_at
        RETURNING account_id
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(storeID)
        parameters.append(newAccountID)
        parameters.append(phone.text)
        parameters.append(role.rawValue)
        parameters.append(grantedBy)
        parameters.append(now)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> AccountID { try row.next() }
}

/// Takes a role away.
struct RemoveStaff: Statement {
    let storeID: StoreID
    let accountID: AccountID
    let removedBy: AccountID
    let now: Timestamp

    static let name: StaticString = "remove_staff"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH removed AS (
            DELETE FROM staff
            WHERE store_id = $1 AND account_id = $2
            RETURNING store_id, account_id
        )
        INSERT INTO staff_changes (store_id, account_id, role, changed_by, changed_at)
        SELECT store_id, account_id, NULL, $3, $4 FROM removed
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(storeID)
        parameters.append(accountID)
        parameters.append(removedBy)
        parameters.append(now)
    }
}

/// Who works in a store, in the order of their accounts.
struct StaffOfStore: Statement {
    let storeID: StoreID

    static let name: StaticString = "staff_of_store"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT f.account_id, a.phone, f.role, f.granted_at
        FROM staff f
        JOIN accounts a ON a.account_id = f.account_id
        WHERE f.store_id = $1
        ORDER BY f.account_id
        LIMIT 200
        """
    func bind(to parameters: inout Parameters) { parameters.append(storeID) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> StaffRow {
        StaffRow(accountID: try row.next(), phone: try row.next(), role: try row.next(), grantedAt: try row.next())
    }
}

/// A row of ``StaffOfStore``.
struct StaffRow: Sendable {
    let accountID: AccountID
    let phone: String
    let role: String
    let grantedAt: Timestamp
}
